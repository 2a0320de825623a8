"""How alerts go on: told once, repeated rarely, silent at night, and their end is told."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.alerts.alert import (
    Alert,
    AlertKind,
    Occasion,
    Severity,
    Trouble,
    glance_at,
    worst_first,
)
from mangrove.core.alerts.course import go_on
from mangrove.core.alerts.policy import AlertPolicy, QuietHours, quiet_hours, reminder_after
from mangrove.core.errors import InvalidScheduleError

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARNING = Trouble("failed:a", AlertKind.FAILED, Severity.WARNING, "a: failed", "the job a failed")
CRITICAL = replace(WARNING, severity=Severity.CRITICAL)
NIGHT = AlertPolicy(QuietHours(22 * 60, 7 * 60, "Europe/Berlin"))


@dataclass
class Life:
    """Alerts over time; each look returns what was told."""

    policy: AlertPolicy = field(default_factory=AlertPolicy)
    now: datetime = NOON
    known: dict[str, Alert] = field(default_factory=dict)

    def look(self, *troubles: Trouble, after: timedelta = timedelta()) -> list[Occasion]:
        self.now += after
        course = go_on(self.known, troubles, self.policy, self.now)
        self.known |= {alert.key: alert for alert in course.alerts}
        return [item.occasion for item in course.announcements]

    @property
    def alert(self) -> Alert:
        return self.known[WARNING.key]

    def change(self, **fields: object) -> None:
        self.known[WARNING.key] = replace(self.alert, **fields)  # type: ignore[arg-type]


def test_a_trouble_is_told_once_and_its_end_once() -> None:
    life = Life()

    assert life.look(WARNING) == [Occasion.OPENED]
    assert life.look(WARNING, after=HOUR) == []
    assert life.look(after=HOUR) == [Occasion.RECOVERED]
    assert life.look(after=HOUR) == []
    assert life.alert.recovered_at == NOON + 2 * HOUR


def test_a_trouble_opens_when_it_began_but_never_while_it_was_over_or_to_come() -> None:
    life = Life()
    life.look(replace(WARNING, since=NOON - HOUR))
    assert life.alert.opened_at == NOON - HOUR
    life.look(after=HOUR)
    life.look(replace(WARNING, since=NOON - HOUR), after=2 * HOUR)
    assert life.alert.opened_at == NOON + HOUR

    early = Life()
    early.look(replace(WARNING, since=NOON + HOUR))
    assert early.alert.opened_at == NOON


def test_what_lasts_is_repeated_after_ever_longer_waits() -> None:
    life = Life()
    life.look(WARNING)

    told = [hours // 24 for hours in range(1, 24 * 22) if life.look(WARNING, after=HOUR)]

    assert told == [1, 3, 7, 14, 21]
    assert reminder_after(Severity.CRITICAL, 1) == 6 * HOUR
    assert reminder_after(Severity.CRITICAL, 99) == timedelta(days=7)


def test_nothing_is_repeated_when_reminders_are_off_or_somebody_knows() -> None:
    off, known = Life(AlertPolicy(reminds=False)), Life()
    off.look(WARNING)
    known.look(WARNING)
    known.change(acknowledged_at=NOON)

    assert off.look(WARNING, after=timedelta(days=9)) == []
    assert known.look(WARNING, after=timedelta(days=9)) == []
    assert known.look(after=HOUR) == [Occasion.RECOVERED]


def test_what_gets_worse_is_told_although_somebody_knows() -> None:
    life = Life()
    life.look(WARNING)
    life.change(acknowledged_at=NOON)

    assert life.look(CRITICAL, after=HOUR) == [Occasion.WORSE]
    assert life.alert.acknowledged_at is None
    assert life.look(WARNING, after=HOUR) == []


def test_what_comes_and_goes_is_one_alert_and_told_at_most_once_an_hour() -> None:
    life = Life()
    told = [occasion for _ in range(6) for occasion in life.look(WARNING, after=HOUR / 12)]
    told += life.look(after=HOUR / 12)

    for _ in range(5):
        told += life.look(WARNING, after=HOUR / 12)
        told += life.look(after=HOUR / 12)

    assert told == [Occasion.OPENED, Occasion.RECOVERED, Occasion.OPENED, Occasion.RECOVERED]
    assert len({alert.opened_at for alert in life.known.values()}) == 1


def test_after_an_hour_of_peace_it_is_a_new_alert() -> None:
    life = Life()
    life.look(WARNING)
    life.look(after=HOUR)

    assert life.look(WARNING, after=2 * HOUR) == [Occasion.OPENED]
    assert life.alert.opened_at == NOON + 3 * HOUR


def test_a_mute_holds_until_its_moment_also_for_the_next_time() -> None:
    life = Life()
    life.look(WARNING)
    life.change(muted_until=NOON + 20 * HOUR)

    assert life.look(CRITICAL, after=HOUR) == []
    assert life.look(after=HOUR) == []
    assert life.look(CRITICAL, after=5 * HOUR) == []
    assert life.look(CRITICAL, after=14 * HOUR) == [Occasion.OPENED]


def test_an_end_that_is_nothing_to_tell_is_not_told() -> None:
    life = Life()
    life.look(replace(WARNING, ends_silently=True))

    assert life.look(after=HOUR) == []


# --- quiet hours -------------------------------------------------------------------------


def test_at_night_a_warning_waits_for_the_morning_and_what_is_over_by_then_is_never_told() -> None:
    lasting, passing = Life(NIGHT, NOON + 11 * HOUR), Life(NIGHT, NOON + 11 * HOUR)

    assert lasting.look(WARNING) == []
    assert lasting.look(WARNING, after=6 * HOUR) == []
    assert lasting.look(WARNING, after=2 * HOUR) == [Occasion.OPENED]
    assert passing.look(WARNING) == []
    assert passing.look(after=HOUR) == []
    assert passing.look(after=10 * HOUR) == []


def test_what_is_critical_breaks_through_unless_it_shall_wait_too() -> None:
    strict = AlertPolicy(
        QuietHours(22 * 60, 7 * 60, "Europe/Berlin", critical_breaks_through=False)
    )

    assert Life(NIGHT, NOON + 11 * HOUR).look(CRITICAL) == [Occasion.OPENED]
    assert Life(strict, NOON + 11 * HOUR).look(CRITICAL) == []


def test_an_end_in_the_night_is_told_in_the_morning() -> None:
    life = Life(NIGHT, NOON)
    life.look(WARNING)

    assert life.look(after=11 * HOUR) == []
    assert life.look(after=9 * HOUR) == [Occasion.RECOVERED]


@pytest.mark.parametrize(
    ("utc", "is_quiet"),
    [
        (datetime(2026, 3, 28, 20, 59, tzinfo=UTC), False),  # 21:59 in Berlin, winter
        (datetime(2026, 3, 28, 21, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 4, 59, tzinfo=UTC), True),  # 06:59, now summer
        (datetime(2026, 3, 29, 5, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 20, 0, tzinfo=UTC), True),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(utc: datetime, is_quiet: bool) -> None:
    assert quiet_hours("22:00", "07:00", "Europe/Berlin").holds(utc) is is_quiet


@given(start=st.integers(0, 1439), end=st.integers(0, 1439), minute=st.integers(0, 1439))
def test_quiet_hours_and_their_complement_share_no_minute(
    start: int, end: int, minute: int
) -> None:
    now = datetime(2026, 1, 1, minute // 60, minute % 60, tzinfo=UTC)
    inside = QuietHours(start, end, "UTC").holds(now)

    assert start == end or inside is not QuietHours(end, start, "UTC").holds(now)


@pytest.mark.parametrize(("start", "zone"), [("25:00", "UTC"), ("ten", "UTC"), ("10:00", "Mars/X")])
def test_what_is_no_time_of_day_or_zone_is_refused(start: str, zone: str) -> None:
    with pytest.raises(InvalidScheduleError):
        quiet_hours(start, "07:00", zone)


# --- lists -------------------------------------------------------------------------------


def test_a_glance_counts_what_is_open_and_nobody_knows_of() -> None:
    one = Alert(CRITICAL, NOON, NOON)
    known = replace(one, acknowledged_at=NOON)
    muted = replace(one, muted_until=NOON + HOUR)
    over = replace(one, recovered_at=NOON)
    mild = Alert(WARNING, NOON, NOON)

    glance = glance_at((one, known, muted, over, mild), NOON)

    assert (glance.worst, glance.count, glance.quiet) == (Severity.CRITICAL, 2, 2)
    assert glance_at((over,), NOON).worst is None
    assert worst_first((over, mild, one)) == (one, mild, over)
    assert one.alert_id == replace(one, opened_at=NOON + HOUR).alert_id
