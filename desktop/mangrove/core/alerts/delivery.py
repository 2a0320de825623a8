"""Deliveries: messages on their way to somebody, kept until they arrived or were given up."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from mangrove.core.alerts.alert import Severity

DeliveryId = NewType("DeliveryId", str)
FIRST_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
)
LATER_WAIT = timedelta(hours=1)
LASTS = timedelta(days=3)
PING_LASTS = timedelta(hours=1)
"""An old sign of life tells nothing; a watch outside has raised its alarm by then."""


class DeliveryKind(StrEnum):
    """What is delivered."""

    ALERT = "alert"
    TEST = "test"
    PING = "ping"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given up"


class Signal(StrEnum):
    """What a watch outside is told.

    Source: healthchecks.io, "Pinging API": success is the URL itself, the others a path below it.
    """

    START = "start"
    SUCCESS = ""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody reads.

    Attributes:
        severity: Of the most urgent thing in it.
        is_good_news: Whether all of it is over.
    """

    title: str
    body: str
    severity: Severity = Severity.WARNING
    is_good_news: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one place; written down before anybody tries to send it.

    Attributes:
        target: A channel's id, or the subject of a heartbeat.
        due_at: Not tried before.
        expires_at: Given up after that.
        problem: Why the last try failed; "" else.
        signal: Of a ping.
        ping_id: Ties the pings of one run together.
    """

    delivery_id: DeliveryId
    kind: DeliveryKind
    target: str
    message: Message
    made_at: datetime
    due_at: datetime
    expires_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    tried_at: datetime | None = None
    problem: str = ""
    signal: Signal = Signal.SUCCESS
    ping_id: str = ""

    def arrived(self, now: datetime) -> "Delivery":
        """Return it as sent."""
        return replace(
            self,
            state=DeliveryState.SENT,
            attempts=self.attempts + 1,
            tried_at=now,
            problem="",
        )

    def failed(self, problem: str, now: datetime, *, may_retry: bool = True) -> "Delivery":
        """Return it after a try that failed: waiting for the next one, or given up."""
        due_at = now + wait_after(self.attempts + 1)
        is_over = due_at > self.expires_at or not may_retry
        return replace(
            self,
            state=DeliveryState.GIVEN_UP if is_over else DeliveryState.WAITING,
            attempts=self.attempts + 1,
            tried_at=now,
            due_at=due_at,
            problem=problem,
        )

    def put_off(self, other: "Delivery") -> "Delivery":
        """Return it waiting behind another one to the same place, so that the order stays."""
        return replace(self, due_at=max(self.due_at, other.due_at))


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed tries."""
    return FIRST_WAITS[attempts - 1] if attempts <= len(FIRST_WAITS) else LATER_WAIT


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life that was given to a watch outside, or could not be.

    Attributes:
        problem: Why it did not arrive; "" if it did.
    """

    at: datetime
    signal: Signal
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """How well a channel works.

    Attributes:
        sent_at: When something arrived there last.
        waiting: What is still to be sent.
        problem: Why the last try failed; "" if it did not.
    """

    sent_at: datetime | None = None
    waiting: int = 0
    problem: str = ""


def health_of(target: str, deliveries: tuple[Delivery, ...]) -> TargetHealth:
    """Judge a target by its deliveries, in any order."""
    own = [d for d in deliveries if d.target == target]
    tried = max((d for d in own if d.tried_at), key=_tried_at, default=None)
    sent = [d.tried_at for d in own if d.state is DeliveryState.SENT and d.tried_at]
    return TargetHealth(
        sent_at=max(sent, default=None),
        waiting=sum(d.state is DeliveryState.WAITING for d in own),
        problem=tried.problem if tried is not None else "",
    )


def _tried_at(delivery: Delivery) -> datetime:
    return delivery.tried_at or delivery.made_at
