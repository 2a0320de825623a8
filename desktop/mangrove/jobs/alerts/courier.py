"""Carries messages from the outbox to where they go; what does not arrive stays for another try."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from typing_extensions import override

from mangrove.core.alerts.delivery import Beat, Delivery, DeliveryKind, DeliveryState, Message
from mangrove.core.alerts.policy import (
    DESKTOP,
    AlertSettings,
    Channel,
    channel_ref,
    heartbeat_ref,
)
from mangrove.core.errors import AlertNotFoundError, DeliveryError, MangroveError, SecretError
from mangrove.core.ports.alert import (
    AlertSender,
    AlertStore,
    ChannelStore,
    DesktopNotifier,
    Pinger,
)
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.secret import Secret, SecretRef

log = logging.getLogger(__name__)
AT_ONCE = 50
GONE = "it was removed"


@dataclass(slots=True)
class Addresses:
    """The URLs of channels and heartbeats, read from the keyring once and remembered.

    A keyring that is locked at night must not keep an alert about that from being told.
    """

    secrets: SecretStore
    _known: dict[tuple[SecretRef, datetime], Secret] = field(default_factory=dict)

    def of(self, ref: SecretRef, set_at: datetime) -> Secret:
        """Return a URL.

        Raises:
            SecretError: If the keyring does not give it, and it was never read before.
        """
        key = (ref, set_at)
        if key not in self._known:
            self._known[key] = self.secrets.fetch(ref)
        return self._known[key]

    def remember(self, ref: SecretRef, set_at: datetime, url: Secret) -> None:
        """Know a URL that was just typed."""
        self._known[ref, set_at] = url

    def learn(self, channels: tuple[Channel, ...], settings: AlertSettings) -> None:
        """Read all of them while the keyring is open; what it does not give is asked for later."""
        wanted = [(channel_ref(c.channel_id), c.set_at) for c in channels]
        wanted += [(heartbeat_ref(beat.subject), beat.set_at) for beat in settings.heartbeats]
        try:
            for ref, set_at in wanted:
                self.of(ref, set_at)
        except SecretError as error:
            log.info("addresses of alerts not read reason=%s", error)


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends what is due; each result is kept before the next one is tried.

    After a crash in between a message may arrive twice, but it is never lost.
    """

    store: AlertStore
    channels: ChannelStore
    addresses: Addresses
    sender: AlertSender
    pinger: Pinger
    desktop: DesktopNotifier
    clock: Clock

    def carry(self) -> int:
        """Try everything that is due once, and return how much arrived."""
        known: dict[str, Channel] = {c.channel_id: c for c in self.channels.channels()}
        settings = self.channels.settings()
        late: dict[str, Delivery] = {}
        arrived = 0
        for delivery in self.store.due(self.clock.now(), AT_ONCE):
            if delivery.target in late:  # the order stays: nothing overtakes what waits
                waiting = delivery.put_off(late[delivery.target])
                self.store.save_deliveries((waiting,))
                continue
            done = self._tried(delivery, known, settings)
            self._keep(done)
            arrived += done.state is DeliveryState.SENT
            if done.state is DeliveryState.WAITING:
                late[done.target] = done
        return arrived

    def send(self, delivery: Delivery) -> Delivery:
        """Try one at once, whatever is waiting; keeps and returns what became of it."""
        known: dict[str, Channel] = {c.channel_id: c for c in self.channels.channels()}
        done = self._tried(delivery, known, self.channels.settings())
        self._keep(done)
        return done

    def _keep(self, done: Delivery) -> None:
        if done.kind is DeliveryKind.PING and done.state is not DeliveryState.WAITING:
            at = done.tried_at or self.clock.now()
            beat = Beat(at, done.signal, done.problem)
            self.store.save_beat(done.target, beat, done.delivery_id)
        elif done.target == DESKTOP and done.kind is DeliveryKind.ALERT and done.problem:
            self.store.drop(done.delivery_id)  # nobody sits here: nothing that anybody must mend
        else:
            self.store.save_deliveries((done,))

    def _tried(
        self, delivery: Delivery, known: Mapping[str, Channel], settings: AlertSettings
    ) -> Delivery:
        try:
            self._send(delivery, known, settings)
        except AlertNotFoundError as error:
            return delivery.failed(error.message, self.clock.now(), may_retry=False)
        except MangroveError as error:
            log.info("message not delivered target=%s reason=%s", delivery.target, error)
            is_lasting = delivery.target != DESKTOP and delivery.kind is not DeliveryKind.TEST
            return delivery.failed(error.message, self.clock.now(), may_retry=is_lasting)
        except Exception as error:
            log.exception("a message met a bug target=%s", delivery.target)
            why = f"something in Mangrove itself went wrong ({type(error).__name__})"
            return delivery.failed(why, self.clock.now())
        return delivery.arrived(self.clock.now())

    def _send(
        self, delivery: Delivery, known: Mapping[str, Channel], settings: AlertSettings
    ) -> None:
        if delivery.kind is DeliveryKind.PING:
            heartbeat = settings.heartbeat(delivery.target)
            if heartbeat is None:
                raise AlertNotFoundError(GONE)
            url = self.addresses.of(heartbeat_ref(heartbeat.subject), heartbeat.set_at)
            self.pinger.ping(url, delivery.signal, delivery.message.body, delivery.ping_id)
        elif delivery.target == DESKTOP:
            self.desktop.show(delivery.message)
        else:
            channel = known.get(delivery.target)
            if channel is None:
                raise AlertNotFoundError(GONE)
            url = self.addresses.of(channel_ref(channel.channel_id), channel.set_at)
            self.sender.send(url, delivery.message)


class SwitchedDesktop(DesktopNotifier):
    """The window's own notification while there is a window, the system's service else.

    Threads: safe for several.
    """

    def __init__(self, usual: DesktopNotifier) -> None:
        self._usual = usual
        self._window: DesktopNotifier | None = None

    def switch(self, window: DesktopNotifier | None) -> None:
        """Show messages through a window from now on, or no more."""
        self._window = window

    @override
    def show(self, message: Message) -> None:
        """Show a message; a window that cannot leaves it to the system."""
        window = self._window
        if window is not None:
            try:
                window.show(message)
            except DeliveryError as error:
                log.info("the window showed no notification reason=%s", error)
            else:
                return
        self._usual.show(message)
