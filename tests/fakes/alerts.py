"""Alerts and channels in memory: the real services over stores and senders without a world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from typing_extensions import override

from fakes.clock import FakeClock
from fakes.memory_state import MemoryJobs
from fakes.secrets import MemorySecrets
from mangrove.core.alerts.alert import Alert
from mangrove.core.alerts.delivery import (
    Beat,
    Delivery,
    DeliveryId,
    DeliveryState,
    Message,
    Signal,
)
from mangrove.core.alerts.facts import Outage, Watched
from mangrove.core.alerts.policy import AlertSettings, Channel, ChannelId
from mangrove.core.errors import DeliveryError, InvalidChannelError, NameTakenError
from mangrove.core.ports.alert import (
    AlertSender,
    AlertStore,
    ChannelStore,
    DesktopNotifier,
    Pinger,
)
from mangrove.core.secret import Secret
from mangrove.jobs.alerts.alarm import Alarm
from mangrove.jobs.alerts.courier import Addresses, Courier, SwitchedDesktop
from mangrove.services.alerts import Alerts
from mangrove.services.channels import Channels, ChannelTools


class MemoryAlerts(AlertStore):
    """Keeps alerts and deliveries in dictionaries that tests may read."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, datetime], Alert] = {}
        self.sent: dict[DeliveryId, Delivery] = {}
        self.signs: dict[str, Beat] = {}
        self.looked: tuple[datetime, Outage | None] | None = None
        self.asked: datetime | None = None

    @override
    def newest(self) -> Mapping[str, Alert]:
        ordered = sorted(self.kept.values(), key=lambda alert: alert.opened_at)
        return {alert.key: alert for alert in ordered}

    @override
    def recent(self, limit: int) -> tuple[Alert, ...]:
        def order(alert: Alert) -> tuple[bool, float]:
            return alert.is_open, alert.opened_at.timestamp()

        return tuple(sorted(self.kept.values(), key=order, reverse=True)[:limit])

    @override
    def save(self, alerts: Sequence[Alert], deliveries: Sequence[Delivery] = ()) -> None:
        self.kept |= {(alert.key, alert.opened_at): alert for alert in alerts}
        self.save_deliveries(deliveries)

    @override
    def due(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        waiting = [d for d in self.sent.values() if d.state is DeliveryState.WAITING]
        return tuple([d for d in waiting if d.due_at <= now][:limit])

    @override
    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        self.sent |= {delivery.delivery_id: delivery for delivery in deliveries}

    @override
    def drop(self, delivery_id: DeliveryId) -> None:
        self.sent.pop(delivery_id, None)

    @override
    def deliveries(self, limit: int) -> tuple[Delivery, ...]:
        ordered = sorted(self.sent.values(), key=lambda d: d.made_at, reverse=True)
        return tuple(ordered[:limit])

    @override
    def beats(self) -> Mapping[str, Beat]:
        return self.signs

    @override
    def save_beat(self, subject: str, beat: Beat, done: DeliveryId | None = None) -> None:
        self.signs[subject] = beat
        self.sent.pop(done or DeliveryId(""), None)

    @override
    def seen_at(self) -> datetime | None:
        return self.looked[0] if self.looked else None

    @override
    def outage(self) -> Outage | None:
        return self.looked[1] if self.looked else None

    @override
    def save_look(self, now: datetime, outage: Outage | None) -> None:
        self.looked = (now, outage)

    @override
    def ask_look(self, now: datetime) -> None:
        self.asked = now

    @override
    def asked_at(self) -> datetime | None:
        return self.asked


class MemoryChannels(ChannelStore):
    """Keeps channels and settings."""

    def __init__(self) -> None:
        self.rows: dict[ChannelId, Channel] = {}
        self.kept = AlertSettings()

    @override
    def channels(self) -> tuple[Channel, ...]:
        return tuple(sorted(self.rows.values(), key=lambda c: c.name.casefold()))

    @override
    def save_channel(self, channel: Channel) -> None:
        others = [c for c in self.rows.values() if c.channel_id != channel.channel_id]
        if any(c.name.casefold() == channel.name.casefold() for c in others):
            raise NameTakenError(f"a channel named '{channel.name}' exists; nothing was saved")
        self.rows[channel.channel_id] = channel

    @override
    def remove_channel(self, channel_id: ChannelId) -> None:
        self.rows.pop(channel_id, None)

    @override
    def settings(self) -> AlertSettings:
        return self.kept

    @override
    def save_settings(self, settings: AlertSettings) -> None:
        self.kept = settings


@dataclass
class FakeWorld(AlertSender, Pinger, DesktopNotifier):
    """Takes everything that is sent; ``problem`` lets it fail."""

    problem: str = ""
    sent: list[Message] = field(default_factory=list)

    @override
    def service_of(self, url: Secret) -> str:
        scheme = url.reveal().partition("://")[0]
        names = {"mailto": "E-Mail", "mailtos": "E-Mail", "https": "JSON", "http": "JSON"}
        names |= {"json": "JSON", "jsons": "JSON"}
        if scheme not in names:
            raise InvalidChannelError("this address leads to no service that takes messages")
        return names[scheme]

    @override
    def send(self, url: Secret, message: Message) -> None:
        del url
        self.show(message)

    @override
    def ping(self, url: Secret, signal: Signal, text: str, ping_id: str = "") -> None:
        del url, signal, ping_id
        self.show(Message("", text))

    @override
    def show(self, message: Message) -> None:
        if self.problem:
            raise DeliveryError(self.problem)
        self.sent.append(message)


@dataclass
class AlertsDesk:
    """Both services over memory; a test puts troubles and channels in."""

    clock: FakeClock
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    world: FakeWorld = field(default_factory=FakeWorld)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    store: MemoryAlerts = field(default_factory=MemoryAlerts)
    kept: MemoryChannels = field(default_factory=MemoryChannels)
    watched: Watched | None = None

    def __post_init__(self) -> None:
        desktop = SwitchedDesktop(self.world)
        addresses = Addresses(self.secrets)
        courier = Courier(
            self.store, self.kept, addresses, self.world, self.world, desktop, self.clock
        )
        self.alarm = Alarm(
            self.store, self.kept, courier, self._facts, lambda: True, self.clock, "laptop"
        )
        self.alerts = Alerts(self.store, self._facts, self.alarm, desktop, self.clock)
        tools = ChannelTools(
            self.kept,
            self.store,
            self.jobs,
            self.secrets,
            self.world,
            self.world,
            courier,
            self.clock,
        )
        self.channels = Channels(tools)

    def _facts(self, now: datetime) -> Watched:
        return replace(self.watched, now=now) if self.watched else Watched(now)
