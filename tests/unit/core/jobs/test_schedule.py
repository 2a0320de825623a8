"""Schedules: words and cron, time zones, summer time, and what was missed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidScheduleError
from mangrove.core.jobs.schedule import Due, Schedule, due, parse_schedule

BERLIN = "Europe/Berlin"
MARCH = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("daily 02:00", "0 2 * * *"),
        ("Daily at 2:05", "5 2 * * *"),
        ("every day 23:59", "59 23 * * *"),
        ("hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every minute", "* * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("every hour", "0 * * * *"),
        ("Sundays 03:00", "0 3 * * 0"),
        ("weekly on Friday at 18:30", "30 18 * * 5"),
        ("every monday", "0 0 * * 1"),
        ("monthly", "0 0 1 * *"),
        ("monthly on the 15. at 04:00", "0 4 15 * *"),
        ("  0   2 * *  1-5 ", "0 2 * * 1-5"),
    ],
)
def test_words_become_cron(text: str, cron: str) -> None:
    assert parse_schedule(text, BERLIN) == Schedule(cron, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now and then",
        "every 7 minutes",
        "every 0 minutes",
        "every 24 hours",
        "daily 25:00",
        "daily 02:60",
        "0 2 * *",
        "61 2 * * *",
        "0 0 30 2 *",
        "monthly on 32",
    ],
)
def test_what_is_no_schedule_or_never_comes_is_refused(text: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse_schedule(text, BERLIN)


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "", "../etc/passwd", "UTC\0"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidScheduleError, match="is no time zone"):
        parse_schedule("daily 02:00", zone)


def local(schedule: Schedule, start: datetime, count: int) -> list[str]:
    zone = ZoneInfo(schedule.zone)
    return [f"{t.astimezone(zone):%d %H:%M %z}" for t in schedule.upcoming(start, count)]


def test_a_time_that_summer_time_skips_runs_right_after_the_gap() -> None:
    schedule = parse_schedule("daily 02:30", BERLIN)

    found = local(schedule, datetime(2026, 3, 28, 12, tzinfo=UTC), 2)

    assert found == ["29 03:00 +0200", "30 02:30 +0200"]


def test_a_time_that_comes_twice_runs_once() -> None:
    schedule = parse_schedule("daily 02:30", BERLIN)

    found = local(schedule, datetime(2026, 10, 24, 12, tzinfo=UTC), 2)

    assert found == ["25 02:30 +0200", "26 02:30 +0100"]


def test_what_comes_every_half_hour_follows_the_real_time() -> None:
    schedule = parse_schedule("every 30 minutes", BERLIN)

    slots = schedule.upcoming(datetime(2026, 10, 24, 23, 45, tzinfo=UTC), 8)

    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(minutes=30)}


def test_one_run_stands_for_a_whole_night() -> None:
    schedule = parse_schedule("every 15 minutes", "UTC")

    found = due(schedule, MARCH, MARCH + timedelta(hours=8, minutes=7))

    assert found == Due(MARCH + timedelta(hours=8), missed=31)


def test_years_asleep_are_counted_up_to_a_limit_and_still_end_in_the_newest_moment() -> None:
    schedule = parse_schedule("every minute", "UTC")

    found = due(schedule, MARCH, MARCH + timedelta(days=900, seconds=5))

    assert found == Due(MARCH + timedelta(days=900), missed=1000)


@pytest.mark.parametrize("step", [timedelta(0), timedelta(hours=-1), timedelta(days=-1)])
def test_a_clock_that_was_put_back_makes_nothing_due_twice(step: timedelta) -> None:
    schedule = parse_schedule("every 15 minutes", "UTC")

    assert due(schedule, MARCH, MARCH + step) is None


@given(
    st.sampled_from(["daily 02:30", "every 15 minutes", "sundays 03:00", "30 1-3 * * *"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_what_is_due_is_a_time_of_the_schedule_and_serving_it_leaves_nothing_due(
    text: str, served_at: datetime, later: timedelta
) -> None:
    schedule = parse_schedule(text, BERLIN)
    now = served_at + later

    found = due(schedule, served_at, now)

    if found is None:
        assert schedule.next_after(served_at) > now
        return
    assert served_at < found.slot_at <= now
    assert schedule.next_after(found.slot_at - timedelta(seconds=1)) == found.slot_at
    assert due(schedule, found.slot_at, now) is None


def test_a_description_names_time_and_zone() -> None:
    assert parse_schedule("daily 02:00", BERLIN).describe() == "At 02:00 every day, Europe/Berlin"
