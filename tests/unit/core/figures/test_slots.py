from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import NOON
from mangrove.core.figures.compliance import (
    Fired,
    ScheduleVersion,
    SlotState,
    compliance_of,
    judged,
    slots_of,
)
from mangrove.core.figures.slots import longest_gap, slots_between
from mangrove.core.jobs.job import FiringState
from mangrove.core.jobs.schedule import parse_schedule

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOURLY = parse_schedule("hourly", "UTC")
GOOD, BAD = FiringState.SUCCEEDED, FiringState.FAILED
SCHEDULES = (
    "daily 02:30",
    "every 15 minutes",
    "every 6 hours",
    "sundays 05:00",
    "monthly on 1 at 06:00",
    "30 1,13 * * 1-5",
    "0 0 13 * 5",
    "*/20 2 * * *",
    "0 4 L * *",
    "5 5 * * 7",
)


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1)),  # noqa: DTZ001 - made aware below
    st.integers(0, 20),
)
def test_slots_are_those_of_the_schedule(text: str, zone: str, begin: datetime, days: int) -> None:
    schedule = parse_schedule(text, zone)
    after = begin.replace(tzinfo=UTC)
    until = after + days * DAY

    found = slots_between(schedule, after, until)

    assert found == tuple(takewhile(lambda slot: slot <= until, schedule.after(after)))


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("daily 02:00", DAY),
        ("every 15 minutes", 15 * MINUTE),
        ("sundays 05:00", 7 * DAY),
        ("0 2 * * 1-5", 3 * DAY),
        ("0 8,20 * * *", 12 * HOUR),
        ("monthly", 31 * DAY),
    ],
)
def test_the_longest_gap_of_a_schedule_is_found(text: str, gap: timedelta) -> None:
    assert longest_gap(parse_schedule(text, "UTC"), NOON.date()) == gap


def fired(
    hours: float, state: FiringState = GOOD, late: timedelta = MINUTE, took: timedelta = MINUTE
) -> Fired:
    slot = NOON - hours * HOUR
    return Fired(slot, slot + late, slot + late + took, state)


def states(versions: list[ScheduleVersion], *firings: Fired) -> str:
    """Write what became of the last four hours as letters."""
    found = judged(versions, firings, NOON - 4.5 * HOUR, NOON, NOON)
    return " ".join(slot.state.value for slot in slots_of(found))


FIRST = ScheduleVersion(1, NOON - 9 * DAY, HOURLY)


@pytest.mark.parametrize(
    ("firings", "expected"),
    [
        pytest.param(
            [fired(n) for n in range(1, 5)], "on-time on-time on-time on-time coming", id="kept"
        ),
        pytest.param([], "missed missed missed missed coming", id="absence counts"),
        pytest.param(
            [fired(4), fired(3, late=30 * MINUTE), fired(2, BAD), fired(1, took=2 * HOUR)],
            "on-time late failed late coming",
            id="late, failed, and done only after the next was due",
        ),
        pytest.param(
            [fired(4, BAD), fired(4, GOOD, late=10 * MINUTE), fired(3, GOOD), fired(3, BAD)],
            "on-time on-time missed missed coming",
            id="the best of several runs",
        ),
        pytest.param(
            [Fired(NOON - 2.3 * HOUR, NOON - 2.3 * HOUR, NOON, GOOD)],
            "missed missed missed missed coming",
            id="one started by hand serves no slot",
        ),
        pytest.param(
            [fired(4, FiringState.SKIPPED), fired(1, FiringState.RUNNING)],
            "paused missed missed running coming",
            id="skipped and running",
        ),
    ],
)
def test_what_became_of_slots(firings: list[Fired], expected: str) -> None:
    assert states([FIRST], *firings) == expected


def test_a_new_schedule_does_not_rewrite_the_past() -> None:
    daily = ScheduleVersion(2, NOON - 2.5 * HOUR, parse_schedule("daily 02:00", "UTC"))

    found = judged([FIRST, daily], [fired(4)], NOON - 4.5 * HOUR, NOON + DAY, NOON)

    slots = slots_of(found)
    assert [(s.at, s.version) for s in slots] == [
        (NOON - 4 * HOUR, 1),
        (NOON - 3 * HOUR, 1),
        (NOON + 14 * HOUR, 2),
    ]
    compliance = compliance_of(found)
    assert (compliance.expected, compliance.on_time, compliance.missed) == (2, 1, 1)
    assert compliance.ratio == 0.5


def test_a_pause_expects_nothing_until_its_end() -> None:
    paused = ScheduleVersion(2, NOON - 3.5 * HOUR, HOURLY, paused_until=NOON - 1.5 * HOUR)

    assert states([FIRST, paused]) == "missed paused paused missed coming"


def test_nothing_expected_has_no_ratio() -> None:
    monthly = ScheduleVersion(1, NOON - HOUR, parse_schedule("monthly", "UTC"))

    found = judged([monthly], [], NOON - DAY, NOON, NOON)

    assert compliance_of(found).ratio is None
    assert found == []


def test_a_stored_version_is_shown_as_it_was_kept() -> None:
    at = NOON - HOUR
    kept = Fired(at, at, at, GOOD, "", 7)

    (slot,) = slots_of(judged([FIRST], [kept], at - MINUTE, at, NOON))

    assert (slot.version, slot.state) == (7, SlotState.ON_TIME)
