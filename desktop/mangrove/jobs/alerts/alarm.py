"""Looks at what is wrong every few minutes, keeps it, and has people and watches outside told."""

import logging
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mangrove.core.alerts.alert import Announcement
from mangrove.core.alerts.course import Course, go_on
from mangrove.core.alerts.delivery import (
    LASTS,
    PING_LASTS,
    Delivery,
    DeliveryId,
    DeliveryKind,
    DeliveryState,
    Message,
    Signal,
)
from mangrove.core.alerts.facts import Outage, Watched
from mangrove.core.alerts.message import message_of
from mangrove.core.alerts.policy import (
    AGENT_HEARTBEAT,
    DESKTOP,
    AlertSettings,
    Channel,
    ChannelId,
    Heartbeat,
)
from mangrove.core.alerts.rules import outage_between, outage_lasts, troubles_in
from mangrove.core.errors import MangroveError
from mangrove.core.jobs.job import Firing, FiringState, Job
from mangrove.core.ports.alert import AlertStore, ChannelStore
from mangrove.core.ports.clock import Clock
from mangrove.jobs.alerts.courier import Courier

log = logging.getLogger(__name__)
LOOK_EVERY = timedelta(minutes=5)
SILENCE = timedelta(minutes=30)
"""A longer time between two looks was one without agent, or with the machine asleep."""

CLOSE_DEADLINE_S = 20.0
_PING_SPACE = uuid.UUID("6b1f8c1e-4f0e-4b7c-9a53-0a6d4c1f9d10")
_SIGNALS = {
    FiringState.RUNNING: Signal.START,
    FiringState.SUCCEEDED: Signal.SUCCESS,
    FiringState.SUCCEEDED_WITH_WARNINGS: Signal.SUCCESS,
    FiringState.FAILED: Signal.FAIL,
    FiringState.INTERRUPTED: Signal.FAIL,
    FiringState.CANCELLED: Signal.FAIL,
}


@dataclass(slots=True)
class Alarm:
    """Looks, keeps and tells; of all processes of a user only the one that fires jobs does.

    Threads: one of its own from the first ``wake`` on; everything else may be called from any.

    Attributes:
        facts: Gathers what the rules look at.
        is_ours: Whether no other process fires jobs, so that nothing is told twice.
        workstation: The name of this machine, for people who have several.
    """

    store: AlertStore
    channels: ChannelStore
    courier: Courier
    facts: Callable[[datetime], Watched]
    is_ours: Callable[[], bool]
    clock: Clock
    workstation: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _round: threading.Lock = field(default_factory=threading.Lock)
    _woken: threading.Event = field(default_factory=threading.Event)
    _is_closed: bool = False
    _is_wanted: bool = False
    _thread: threading.Thread | None = None
    _looked_at: datetime | None = None
    _answered: datetime | None = None
    _beat_at: datetime | None = None
    _has_learned: bool = False
    _problem: str = ""

    def wake(self) -> None:
        """Go round soon, on a thread of our own; returns at once."""
        with self._lock:
            if self._is_closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on, name="mangrove-alarm")
                self._thread.start()
            self._is_wanted = True
        self._woken.set()

    def close(self) -> None:
        """Go round once more if somebody woke us, and stop; what is not sent stays kept."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        self._woken.set()
        if thread is not None:
            thread.join(CLOSE_DEADLINE_S)

    def heed(self, job: Job, firing: Firing) -> None:
        """Take note that a job began or ended: its watch outside is told, and we look anew."""
        try:
            if self.channels.settings().heartbeat(job.job_id) is not None:
                self.store.save_deliveries((self._ping_of(job, firing),))
            if firing.state is not FiringState.RUNNING:
                self.store.ask_look(self.clock.now())  # the process that looks may be another
        except MangroveError as error:
            log.warning(
                "the end or beginning of a job was not noted job=%s reason=%s", job.name, error
            )
        if firing.state is not FiringState.RUNNING:
            self._looked_at = None
        self.wake()

    def go_round(self, *, looks: bool = False) -> bool:
        """Look if it is time, send what is due, and give a sign of life.

        Args:
            looks: Look in any case.

        Returns:
            Whether we did; False while another process does all that.
        """
        with self._round:
            now = self.clock.now()
            if not self._may_tell():
                return False
            if looks or self._is_time(now):
                self._look_safely(now)
            self._carry()
            self._beat(now)
            return True

    def look(self, now: datetime) -> Course:
        """Look at everything, and keep what is found together with the messages about it."""
        watched = self.facts(now)
        outage = self._outage(watched)
        watched = replace(watched, has_agent=True, outage=outage)
        settings = self.channels.settings()
        course = go_on(self.store.newest(), troubles_in(watched), settings.policy, now)
        messages = self._messages(course.announcements, settings, now)
        self.store.save(course.alerts, messages)
        self.store.save_look(now, outage)
        return course

    # --- one round -----------------------------------------------------------------------

    def _may_tell(self) -> bool:
        try:
            return self.is_ours()
        except MangroveError as error:
            log.warning("alerts were not looked at reason=%s", error)
            return False

    def _is_time(self, now: datetime) -> bool:
        is_late = self._looked_at is None or abs(now - self._looked_at) >= LOOK_EVERY
        return self._is_asked() or is_late

    def _is_asked(self) -> bool:
        """Whether a job ended since the last look, in whatever process; each asking counts once."""
        try:
            asked = self.store.asked_at()
        except MangroveError as error:
            log.warning("whether to look is unknown reason=%s", error)
            return False
        is_new, self._answered = asked != self._answered, asked
        return is_new

    def _look_safely(self, now: datetime) -> None:
        if not self._has_learned:
            self._has_learned = True
            self.courier.addresses.learn(self.channels.channels(), self.channels.settings())
        self._looked_at = now
        try:
            self.look(now)
        except MangroveError as error:
            self._problem = error.message
            log.warning("alerts were not looked at reason=%s", error)
        except Exception as error:  # silence would be worse than anything else
            self._problem = f"something in Mangrove itself went wrong ({type(error).__name__})"
            log.exception("alerts met a bug")
        else:
            self._problem = ""

    def _carry(self) -> None:
        try:
            self.courier.carry()
        except MangroveError as error:
            log.warning("nothing was delivered reason=%s", error)

    def _beat(self, now: datetime) -> None:
        """Tell the watch outside that we are there, and whether we can still see."""
        try:
            heartbeat = self.channels.settings().heartbeat(AGENT_HEARTBEAT)
            if heartbeat is None or not self._is_beat_due(heartbeat, now):
                return
            self._beat_at = now
            signal = Signal.FAIL if self._problem else Signal.SUCCESS
            text = self._problem or "the agent runs"
            self.courier.send(_ping(AGENT_HEARTBEAT, signal, text, now, timedelta()))
        except MangroveError as error:
            log.warning("no sign of life was given reason=%s", error)

    def _is_beat_due(self, heartbeat: Heartbeat, now: datetime) -> bool:
        return self._beat_at is None or abs(now - self._beat_at) >= heartbeat.every

    def _go_on(self) -> None:
        while True:
            self._woken.wait()
            if self._is_closed and not self._is_wanted:
                return
            self._woken.clear()
            self._is_wanted = False
            self.go_round()
            if self._is_closed:
                return

    # --- what is told --------------------------------------------------------------------

    def _outage(self, watched: Watched) -> Outage | None:
        """Return the time without agent that is still worth speaking of."""
        seen_at, known = self.store.seen_at(), self.store.outage()
        if seen_at is not None and watched.now - seen_at > SILENCE:
            known = outage_between(seen_at, watched.now, watched.jobs) or known
        if known is None or not outage_lasts(known, watched.jobs, watched.now):
            return None
        return known

    def _messages(
        self, announcements: Sequence[Announcement], settings: AlertSettings, now: datetime
    ) -> list[Delivery]:
        """Write one message for each channel, about everything that goes there."""
        messages = []
        for channel in (*self.channels.channels(), *self._desktop(settings, now)):
            own = [a for a in announcements if _goes_to(channel, a, settings)]
            if own and channel.is_on:
                message = message_of(own, self.workstation)
                messages.append(delivery_of(channel.channel_id, message, now))
        return messages

    @staticmethod
    def _desktop(settings: AlertSettings, now: datetime) -> tuple[Channel, ...]:
        return (Channel(DESKTOP, "", "", now),) if settings.policy.uses_desktop else ()

    def _ping_of(self, job: Job, firing: Firing) -> Delivery:
        signal = _SIGNALS.get(firing.state, Signal.SUCCESS)
        words = firing.problem or f"{job.name}: {firing.state.value.replace('_', ' ')}"
        # The same for a run's start and end.
        run = uuid.uuid5(_PING_SPACE, f"{job.job_id} {firing.begun_at.isoformat()}")
        now = self.clock.now()
        return _ping(job.job_id, signal, words, now, PING_LASTS, str(run))


def _goes_to(channel: Channel, item: Announcement, settings: AlertSettings) -> bool:
    severity = item.alert.told_severity
    is_urgent = severity.rank >= channel.least.rank
    return is_urgent and settings.routes.takes(channel.channel_id, item.alert.trouble.job_id)


def delivery_of(
    target: ChannelId, message: Message, now: datetime, kind: DeliveryKind = DeliveryKind.ALERT
) -> Delivery:
    """Return a message for a channel, to be sent at once and for three days if need be."""
    return Delivery(
        delivery_id=DeliveryId(secrets.token_hex(8)),
        kind=kind,
        target=target,
        message=message,
        made_at=now,
        due_at=now,
        expires_at=now + LASTS,
        state=DeliveryState.WAITING,
    )


def _ping(
    subject: str, signal: Signal, text: str, now: datetime, lasts: timedelta, ping_id: str = ""
) -> Delivery:
    return Delivery(
        delivery_id=DeliveryId(secrets.token_hex(8)),
        kind=DeliveryKind.PING,
        target=subject,
        message=Message("", text),
        made_at=now,
        due_at=now,
        expires_at=now + lasts,
        signal=signal,
        ping_id=ping_id,
    )
