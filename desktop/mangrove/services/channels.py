"""Where alerts go: channels, heartbeats, what each job chose, and the hours of quiet."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from mangrove.core.alerts.address import check_web_address
from mangrove.core.alerts.alert import Severity
from mangrove.core.alerts.delivery import (
    Beat,
    Delivery,
    DeliveryKind,
    Signal,
    TargetHealth,
    health_of,
)
from mangrove.core.alerts.message import TEST_MESSAGE
from mangrove.core.alerts.policy import (
    AGENT_HEARTBEAT,
    DESKTOP,
    LEAST_EVERY,
    AlertPolicy,
    AlertSettings,
    Channel,
    ChannelId,
    Heartbeat,
    channel_ref,
    heartbeat_ref,
)
from mangrove.core.errors import AlertNotFoundError, InvalidChannelError
from mangrove.core.jobs.job import Job
from mangrove.core.ports.alert import AlertSender, AlertStore, ChannelStore, Pinger
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.state import JobStore
from mangrove.core.profile import checked_name
from mangrove.core.secret import Secret, SecretRef
from mangrove.jobs.alerts.alarm import delivery_of
from mangrove.jobs.alerts.courier import Courier

LOOKED_AT = 500
SESSION_ONLY = (
    "no usable keyring was found: the address is kept for this session only, and after it nothing"
    " can be sent there"
)


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """What a person typed for a channel.

    Attributes:
        url: None leaves the URL of an existing channel as it is.
    """

    name: str
    url: Secret | None
    least: Severity = Severity.WARNING
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel and how well it works."""

    channel: Channel
    health: TargetHealth


@dataclass(frozen=True, slots=True)
class HeartbeatView:
    """A heartbeat with the last sign that was given.

    Attributes:
        job: Its job's name; "" for the agent's own.
    """

    heartbeat: Heartbeat
    job: str
    beat: Beat | None


@dataclass(frozen=True, slots=True)
class ChannelTools:
    """What channels are kept and tried with."""

    store: ChannelStore
    alerts: AlertStore
    jobs: JobStore
    secrets: SecretStore
    sender: AlertSender
    pinger: Pinger
    courier: Courier
    clock: Clock


class Channels:
    """The channels of this workstation. Calls touch the keyring, and tests the network."""

    def __init__(self, tools: ChannelTools) -> None:
        self._tools = tools

    # --- channels ------------------------------------------------------------------------

    def all(self) -> tuple[ChannelView, ...]:
        """Return every channel by name, with how well it works."""
        sent = self._tools.alerts.deliveries(LOOKED_AT)
        return tuple(
            ChannelView(channel, health_of(channel.channel_id, sent))
            for channel in self._tools.store.channels()
        )

    def find(self, name: str) -> Channel:
        """Return a channel by its name, without regard to case.

        Raises:
            AlertNotFoundError: If there is none.
        """
        wanted = name.strip().casefold()
        channels = self._tools.store.channels()
        found = next((c for c in channels if c.name.casefold() == wanted), None)
        if found is None:
            known = ", ".join(c.name for c in channels) or "none yet"
            raise AlertNotFoundError(f"there is no channel '{name}'", hint=f"known: {known}")
        return found

    def add(self, draft: ChannelDraft) -> Channel:
        """Save a new channel; its URL goes to the keyring.

        Raises:
            InvalidChannelError, NameTakenError, SecretError: Nothing was saved.
        """
        if draft.url is None:
            raise InvalidChannelError("the address is missing; nothing was saved")
        channel = Channel(
            channel_id=ChannelId(secrets.token_hex(8)),
            name=checked_name(draft.name),
            service=self._tools.sender.service_of(draft.url),
            set_at=self._tools.clock.now(),
            least=draft.least,
            is_on=draft.is_on,
        )
        return self._saved(channel, draft.url)

    def change(self, channel_id: ChannelId, draft: ChannelDraft) -> Channel:
        """Save a channel anew; without a URL in the draft the old one stays.

        Raises:
            AlertNotFoundError: If there is none.
            InvalidChannelError, NameTakenError, SecretError: Nothing was changed.
        """
        old = self._by_id(channel_id)
        changed = replace(old, name=checked_name(draft.name), least=draft.least, is_on=draft.is_on)
        if draft.url is None:
            self._tools.store.save_channel(changed)
            return changed
        service = self._tools.sender.service_of(draft.url)
        changed = replace(changed, service=service, set_at=self._tools.clock.now())
        return self._saved(changed, draft.url)

    def remove(self, name: str) -> None:
        """Forget a channel and its URL; what is on its way there is given up.

        Raises:
            AlertNotFoundError: If there is none.
        """
        channel = self.find(name)
        self._tools.store.remove_channel(channel.channel_id)
        self._forget(channel_ref(channel.channel_id))

    def test(self, name: str) -> Delivery:
        """Send a test message through a channel, and return what became of it.

        Raises:
            AlertNotFoundError: If there is none.
        """
        return self._test(self.find(name).channel_id)

    def test_all(self) -> tuple[tuple[str, Delivery], ...]:
        """Send a test message everywhere, this desktop included; each with its channel's name."""
        tried = [
            (c.name, self._test(c.channel_id)) for c in self._tools.store.channels() if c.is_on
        ]
        if self.policy().uses_desktop:
            tried.append(("this desktop", self._test(DESKTOP)))
        return tuple(tried)

    def try_url(self, url: Secret) -> str:
        """Send a test message to a URL that is not saved yet; returns what service took it.

        Raises:
            InvalidChannelError: If no service is reached like that.
            DeliveryError: Saying why it did not arrive.
        """
        service = self._tools.sender.service_of(url)
        self._tools.sender.send(url, TEST_MESSAGE)
        return service

    def notice(self) -> str:
        """Say what a person must know about where the URLs are; "" for nothing."""
        return "" if self._tools.secrets.is_lasting() else SESSION_ONLY

    # --- heartbeats ----------------------------------------------------------------------

    def heartbeats(self) -> tuple[HeartbeatView, ...]:
        """Return every heartbeat, the agent's own first."""
        names = {str(job.job_id): job.name for job in self._tools.jobs.all()}
        beats = self._tools.alerts.beats()
        views = [
            HeartbeatView(
                one,
                "" if one.subject == AGENT_HEARTBEAT else names.get(one.subject, "(gone)"),
                beats.get(one.subject),
            )
            for one in self._settings.heartbeats
        ]
        return tuple(sorted(views, key=lambda view: view.job.casefold()))

    def set_heartbeat(
        self, url: Secret, job: str = "", every: timedelta | None = None
    ) -> Heartbeat:
        """Give signs of life to a watch outside from now on.

        Args:
            url: Its address; goes to the keyring.
            job: Whose times are told; "" for the agent itself.
            every: How often the agent is heard of.

        Raises:
            InvalidChannelError, AlertNotFoundError, SecretError: Nothing was saved.
        """
        check_web_address(url)
        if every is not None and every < LEAST_EVERY:
            raise InvalidChannelError(
                "the agent is heard of once a minute at most; nothing was saved",
                hint="choose 1 minute or more",
            )
        usual = Heartbeat(self._subject(job), self._tools.clock.now())
        heartbeat = usual if every is None else replace(usual, every=every)
        ref = heartbeat_ref(heartbeat.subject)
        self._tools.secrets.store(ref, url)
        self._tools.courier.addresses.remember(ref, heartbeat.set_at, url)
        self._save(self._settings.with_heartbeat(heartbeat.subject, heartbeat))
        return heartbeat

    def remove_heartbeat(self, job: str = "") -> None:
        """Give no more signs of life.

        Raises:
            AlertNotFoundError: If there is no such job or heartbeat.
        """
        subject = self._subject(job)
        if self._settings.heartbeat(subject) is None:
            raise AlertNotFoundError("there is no such heartbeat")
        self._save(self._settings.with_heartbeat(subject, None))
        self._forget(heartbeat_ref(subject))

    def try_heartbeat(self, url: Secret) -> None:
        """Give one sign of life to an address that is not saved yet.

        Raises:
            InvalidChannelError, DeliveryError: Saying why it did not arrive.
        """
        check_web_address(url)
        self._tools.pinger.ping(url, Signal.SUCCESS, "a test by Mangrove")

    # --- routes and policy ---------------------------------------------------------------

    def route(self, job: str) -> tuple[ChannelId, ...] | None:
        """Return where the alerts of a job go; None for everywhere.

        Raises:
            AlertNotFoundError: If there is no such job.
        """
        return self._settings.routes.of(self._job(job).job_id)

    def set_route(self, job: str, names: tuple[str, ...] | None) -> None:
        """Choose where the alerts of a job go.

        Args:
            job: Its name.
            names: Channels; none at all for an empty tuple, None for every channel again.

        Raises:
            AlertNotFoundError: If there is no such job or channel.
        """
        chosen = None if names is None else tuple(self._channel_id(name) for name in names)
        settings = self._settings
        routes = settings.routes.with_route(self._job(job).job_id, chosen)
        self._save(replace(settings, routes=routes))

    def routed_jobs(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the jobs whose alerts do not go everywhere, each with its channels' names."""
        routes = self._settings.routes
        found = [(job.name, routes.of(job.job_id)) for job in self._tools.jobs.all()]
        return tuple((name, self.names_of(own)) for name, own in found if own is not None)

    def names_of(self, chosen: tuple[ChannelId, ...]) -> tuple[str, ...]:
        """Return the names of channels; those that are gone are left out."""
        names = {c.channel_id: c.name for c in self._tools.store.channels()}
        names[DESKTOP] = DESKTOP
        return tuple(names[one] for one in chosen if one in names)

    def policy(self) -> AlertPolicy:
        """Return when alerts are told."""
        return self._settings.policy

    def set_policy(self, policy: AlertPolicy) -> None:
        """Choose when alerts are told."""
        self._save(replace(self._settings, policy=policy))

    # --- inside --------------------------------------------------------------------------

    @property
    def _settings(self) -> AlertSettings:
        return self._tools.store.settings()

    def _save(self, settings: AlertSettings) -> None:
        self._tools.store.save_settings(settings)

    def _saved(self, channel: Channel, url: Secret) -> Channel:
        """Keep name and URL; the URL first, so that no channel is ever without one."""
        ref = channel_ref(channel.channel_id)
        is_new = all(c.channel_id != channel.channel_id for c in self._tools.store.channels())
        self._tools.secrets.store(ref, url)
        try:
            self._tools.store.save_channel(channel)
        except BaseException:
            if is_new:
                self._forget(ref)
            raise
        self._tools.courier.addresses.remember(ref, channel.set_at, url)
        return channel

    def _forget(self, ref: SecretRef) -> None:
        self._tools.secrets.forget(ref)

    def _test(self, target: ChannelId) -> Delivery:
        message = delivery_of(target, TEST_MESSAGE, self._tools.clock.now(), DeliveryKind.TEST)
        return self._tools.courier.send(message)

    def _by_id(self, channel_id: ChannelId) -> Channel:
        channels = self._tools.store.channels()
        found = next((c for c in channels if c.channel_id == channel_id), None)
        if found is None:
            raise AlertNotFoundError("the channel is gone; nothing was changed")
        return found

    def _channel_id(self, name: str) -> ChannelId:
        return DESKTOP if name == DESKTOP else self.find(name).channel_id

    def _subject(self, job: str) -> str:
        return str(self._job(job).job_id) if job else AGENT_HEARTBEAT

    def _job(self, name: str) -> Job:
        wanted = name.strip().casefold()
        found = next((j for j in self._tools.jobs.all() if j.name.casefold() == wanted), None)
        if found is None:
            raise AlertNotFoundError(f"there is no job '{name}'", hint="see: mangrove job list")
        return found
