"""Deliveries: tried again after ever longer waits, given up after days, never lost on the way."""

from datetime import UTC, datetime, timedelta

from mangrove.core.alerts.alert import Alert, AlertKind, Announcement, Occasion, Severity, Trouble
from mangrove.core.alerts.delivery import (
    LASTS,
    Delivery,
    DeliveryId,
    DeliveryKind,
    DeliveryState,
    Message,
    TargetHealth,
    health_of,
)
from mangrove.core.alerts.message import message_of
from mangrove.core.alerts.policy import ChannelId, Routes
from mangrove.core.jobs.job import JobId

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NEW = Delivery(
    DeliveryId("d"), DeliveryKind.ALERT, "mail", Message("t", "b"), NOON, NOON, NOON + LASTS
)


def test_a_failed_delivery_is_tried_again_for_three_days() -> None:
    delivery, waits = NEW, []

    while delivery.state is DeliveryState.WAITING:
        before = delivery.due_at
        delivery = delivery.failed("refused", before)
        waits.append((delivery.due_at - before) // MINUTE)

    assert waits[:7] == [1, 2, 5, 15, 30, 60, 60]
    assert delivery.state is DeliveryState.GIVEN_UP
    assert timedelta(days=2, hours=23) < (delivery.tried_at or NOON) - NOON <= LASTS


def test_what_cannot_arrive_is_given_up_at_once() -> None:
    assert NEW.failed("no such channel", NOON, may_retry=False).state is DeliveryState.GIVEN_UP


def test_health_tells_the_last_try_and_what_waits() -> None:
    sent = NEW.arrived(NOON)
    failed = NEW.failed("refused", NOON + MINUTE)

    assert health_of("mail", (failed, sent)) == TargetHealth(NOON, 1, "refused")
    assert health_of("mail", (failed, failed.arrived(NOON + 2 * MINUTE))).problem == ""
    assert health_of("other", (failed, sent)) == TargetHealth()


def _said(
    occasion: Occasion, title: str, severity: Severity = Severity.WARNING, minutes: int = 0
) -> Announcement:
    trouble = Trouble(title, AlertKind.FAILED, severity, title, f"{title} it is", "mend it")
    over = NOON + minutes * MINUTE if occasion is Occasion.RECOVERED else None
    return Announcement(occasion, Alert(trouble, NOON, NOON, over))


def test_one_message_tells_everything_the_worst_first_and_what_is_over_last() -> None:
    message = message_of(
        [
            _said(Occasion.RECOVERED, "gone", Severity.CRITICAL, 90),
            _said(Occasion.AGAIN, "mild"),
            _said(Occasion.OPENED, "bad", Severity.CRITICAL),
        ],
        "laptop",
    )

    assert message.title == "Mangrove: bad, and 2 more"
    assert message.body.split("\n\n") == [
        "Critical. Bad it is.\nSince 2026-03-10 12:00 UTC.\nWhat to do: mend it.",
        "Warning. Still: mild it is.\nSince 2026-03-10 12:00 UTC.\nWhat to do: mend it.",
        "Over, after 1 h 30 min: gone.",
        "From laptop.",
    ]
    assert (message.severity, message.is_good_news) == (Severity.CRITICAL, False)


def test_good_news_alone_say_so() -> None:
    one = message_of([_said(Occasion.RECOVERED, "gone")])
    two = message_of([_said(Occasion.RECOVERED, "gone"), _said(Occasion.RECOVERED, "also gone")])

    assert (one.title, one.is_good_news) == ("Mangrove: over: gone", True)
    assert two.title == "Mangrove: 2 alerts over"


def test_a_job_chooses_where_its_alerts_go_and_everything_else_goes_everywhere() -> None:
    mail, chat = ChannelId("mail"), ChannelId("chat")
    routes = Routes().with_route(JobId("a"), (mail,)).with_route(JobId("b"), ())

    taken = {
        job: [c for c in (mail, chat) if routes.takes(c, JobId(job) if job else None)]
        for job in ("a", "b", "c", "")
    }

    assert taken == {"a": [mail], "b": [], "c": [mail, chat], "": [mail, chat]}
    assert routes.with_route(JobId("a"), None).of(JobId("a")) is None
