"""What two looks at the clocks tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mangrove.core.jobs.vigil import ClockReading, NoticeKind, noticed

BEFORE = ClockReading(datetime(2026, 3, 2, 23, 0, tzinfo=UTC), 1000.0, 5000.0, "Europe/Berlin")
HOUR = timedelta(hours=1)


def after(
    passed: timedelta, asleep: timedelta = timedelta(0), moved: timedelta = timedelta(0)
) -> ClockReading:
    """Return the clocks after some time, part of it asleep, and the wall clock moved."""
    return ClockReading(
        BEFORE.now + passed + moved,
        BEFORE.awake_s + (passed - asleep).total_seconds(),
        BEFORE.elapsed_s + passed.total_seconds(),
        BEFORE.zone,
    )


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (after(timedelta(seconds=15)), []),
        (after(timedelta(seconds=15), moved=timedelta(seconds=30)), []),
        (after(8 * HOUR, asleep=8 * HOUR), [(NoticeKind.SLEPT, 8 * HOUR)]),
        (after(HOUR, moved=HOUR), [(NoticeKind.CLOCK_FORWARD, HOUR)]),
        (after(HOUR, moved=-HOUR), [(NoticeKind.CLOCK_BACK, HOUR)]),
        (after(HOUR, moved=24 * HOUR), [(NoticeKind.CLOCK_FORWARD, 24 * HOUR)]),
        (after(HOUR, moved=-24 * HOUR), [(NoticeKind.CLOCK_BACK, 24 * HOUR)]),
        (
            after(8 * HOUR, asleep=7 * HOUR, moved=-HOUR),
            [(NoticeKind.SLEPT, 7 * HOUR), (NoticeKind.CLOCK_BACK, HOUR)],
        ),
    ],
)
def test_sleep_and_moved_clocks_are_told_apart(
    reading: ClockReading, expected: list[tuple[NoticeKind, timedelta]]
) -> None:
    assert [(n.kind, n.span) for n in noticed(BEFORE, reading)] == expected


def test_a_journey_is_told_with_both_zones() -> None:
    there = replace(after(timedelta(seconds=15)), zone="America/New_York")

    (notice,) = noticed(BEFORE, there)

    assert notice.sentence() == (
        "the computer's time zone changed: Europe/Berlin before, America/New_York now;"
        " jobs keep their own"
    )


def test_a_night_is_said_in_words() -> None:
    (notice,) = noticed(BEFORE, after(8 * HOUR, asleep=7 * HOUR + timedelta(minutes=40)))

    assert notice.sentence() == "the computer slept for 7 h 40 min"
