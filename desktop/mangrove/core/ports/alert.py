"""What alerts need from outside: where they are kept, and who carries them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mangrove.core.alerts.alert import Alert
from mangrove.core.alerts.delivery import Beat, Delivery, DeliveryId, Message, Signal
from mangrove.core.alerts.facts import Outage
from mangrove.core.alerts.policy import AlertSettings, Channel, ChannelId
from mangrove.core.secret import Secret


class AlertStore(Protocol):
    """Keeps alerts and what is on its way, so that nothing is lost when the program ends."""

    def newest(self) -> Mapping[str, Alert]:
        """Return the newest alert of each key, open or over."""
        ...

    def recent(self, limit: int) -> tuple[Alert, ...]:
        """Return the open alerts, and of the others the ones that opened last."""
        ...

    def save(self, alerts: Sequence[Alert], deliveries: Sequence[Delivery] = ()) -> None:
        """Keep alerts and what tells of them: all of it or nothing."""
        ...

    def due(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        """Return what is to be sent now, oldest first."""
        ...

    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what became of deliveries."""
        ...

    def drop(self, delivery_id: DeliveryId) -> None:
        """Let go of a delivery that is not worth keeping."""
        ...

    def deliveries(self, limit: int) -> tuple[Delivery, ...]:
        """Return deliveries, newest first."""
        ...

    def beats(self) -> Mapping[str, Beat]:
        """Return the last sign of life of each heartbeat, by its subject."""
        ...

    def save_beat(self, subject: str, beat: Beat, done: DeliveryId | None = None) -> None:
        """Keep what became of a sign of life, and let go of the delivery that it was."""
        ...

    def seen_at(self) -> datetime | None:
        """Return when an agent looked last; None if never."""
        ...

    def ask_look(self, now: datetime) -> None:
        """Ask whichever process looks to do so soon."""
        ...

    def asked_at(self) -> datetime | None:
        """Return when somebody asked for a look last; None if never."""
        ...

    def outage(self) -> Outage | None:
        """Return the last time without agent that something was missed in."""
        ...

    def save_look(self, now: datetime, outage: Outage | None) -> None:
        """Note that an agent looked, and what is to be said about the time before."""
        ...


class ChannelStore(Protocol):
    """Keeps channels and the settings about alerts, without secrets."""

    def channels(self) -> tuple[Channel, ...]:
        """Return every channel by name."""
        ...

    def save_channel(self, channel: Channel) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove_channel(self, channel_id: ChannelId) -> None:
        """Forget a channel, and give up what is on its way there."""
        ...

    def settings(self) -> AlertSettings:
        """Return what was set, or how it is when nothing was."""
        ...

    def save_settings(self, settings: AlertSettings) -> None:
        """Keep the settings."""
        ...


class AlertSender(Protocol):
    """Carries messages to the services that people read: mail, chat, webhooks."""

    def service_of(self, url: Secret) -> str:
        """Return what kind of service a URL leads to; nothing is sent.

        Raises:
            InvalidChannelError: If no service is reached like that. The URL is not repeated.
        """
        ...

    def send(self, url: Secret, message: Message) -> None:
        """Send, and return once the service took it.

        Raises:
            DeliveryError: Saying why it did not arrive; never with the URL in it.
        """
        ...


class DesktopNotifier(Protocol):
    """Shows a message on the desktop of whoever sits here."""

    def show(self, message: Message) -> None:
        """Show it; raises DeliveryError where there is no desktop to show it on."""
        ...


class Pinger(Protocol):
    """Gives signs of life to a watch outside."""

    def ping(self, url: Secret, signal: Signal, text: str, ping_id: str = "") -> None:
        """Give one sign.

        Raises:
            DeliveryError: Saying why it did not arrive; never with the URL in it.
        """
        ...
