from datetime import timedelta

import pytest

from fakes.clock import NOON
from mangrove.core.errors import InvalidObjectiveError
from mangrove.core.figures.exposure import Exposure, Span, exposure_of
from mangrove.core.figures.objectives import (
    CapturePace,
    Objectives,
    RpoTarget,
    TargetSource,
    parse_age,
    rpo_target,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST_SEEN = NOON - 9 * DAY
LAG = 20 * MINUTE


def ago(*ages: timedelta) -> list:
    return [NOON - age for age in ages]


def span(start: timedelta, end: timedelta) -> Span:
    return Span(NOON - start, NOON - end)


@pytest.mark.parametrize(
    ("moments", "spans", "expected"),
    [
        pytest.param(ago(3 * DAY, HOUR, 2 * DAY), [], Exposure(HOUR, NOON - HOUR), id="newest"),
        pytest.param([], [], Exposure(9 * DAY, None), id="nothing: since it was first seen"),
        pytest.param(ago(-HOUR), [], Exposure(9 * DAY, None), id="the future does not count"),
        pytest.param(
            ago(DAY),
            [span(DAY, 5 * MINUTE)],
            Exposure(5 * MINUTE, NOON - 5 * MINUTE, is_captured=True),
            id="a window that goes on",
        ),
        pytest.param(
            ago(DAY),
            [span(DAY, LAG)],
            Exposure(LAG, NOON - LAG, is_captured=True),
            id="a window just in time",
        ),
        pytest.param(
            ago(DAY),
            [span(DAY, LAG + MINUTE)],
            Exposure(DAY, NOON - DAY),
            id="a window that has ended",
        ),
        pytest.param(
            ago(DAY),
            [span(5 * DAY, 4 * DAY), span(DAY, MINUTE)],
            Exposure(MINUTE, NOON - MINUTE, is_captured=True),
            id="the newest window counts",
        ),
        pytest.param(
            ago(MINUTE),
            [span(DAY, 9 * MINUTE)],
            Exposure(MINUTE, NOON - MINUTE),
            id="a backup newer than the window",
        ),
        pytest.param(
            [],
            [span(DAY, -HOUR)],
            Exposure(timedelta(0), NOON, is_captured=True),
            id="a window reaches no further than now",
        ),
    ],
)
def test_exposure_reaches_back_to_the_newest_moment_that_can_be_restored(
    moments: list, spans: list[Span], expected: Exposure
) -> None:
    assert exposure_of(moments, spans, FIRST_SEEN, NOON, LAG) == expected


@pytest.mark.parametrize(
    ("exposure", "target", "is_met"),
    [
        (Exposure(HOUR, NOON - HOUR), HOUR, True),
        (Exposure(HOUR + MINUTE, NOON), HOUR, False),
        (Exposure(MINUTE, None), HOUR, True),
    ],
    ids=["exactly", "too old", "new and not due yet"],
)
def test_an_objective_is_met(exposure: Exposure, target: timedelta, is_met: bool) -> None:
    assert exposure.meets(target) is is_met


@pytest.mark.parametrize(
    ("configured", "gap", "pace", "expected"),
    [
        (2 * HOUR, DAY, CapturePace(MINUTE, MINUTE), RpoTarget(2 * HOUR, TargetSource.SET)),
        (None, DAY, None, RpoTarget(49 * HOUR, TargetSource.SCHEDULE)),
        (None, HOUR, None, RpoTarget(6 * HOUR, TargetSource.SCHEDULE)),
        (
            None,
            DAY,
            CapturePace(15 * MINUTE, 30 * MINUTE),
            RpoTarget(46 * MINUTE, TargetSource.CAPTURE),
        ),
        (None, None, None, RpoTarget(26 * HOUR, TargetSource.NOTHING_SCHEDULED)),
    ],
    ids=["set", "twice the gap and an hour", "at least six hours", "capture", "nothing"],
)
def test_the_target_is_what_was_set_or_follows_from_what_is_scheduled(
    configured: timedelta | None,
    gap: timedelta | None,
    pace: CapturePace | None,
    expected: RpoTarget,
) -> None:
    assert rpo_target(configured, gap, pace) == expected


def test_a_database_takes_from_its_profile_what_it_leaves_open() -> None:
    own, general = Objectives(rpo=HOUR), Objectives(rpo=DAY, rto=2 * HOUR)

    assert own.or_else(general) == Objectives(rpo=HOUR, rto=2 * HOUR)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("26h", 26 * HOUR),
        ("15 min", 15 * MINUTE),
        ("15 minutes", 15 * MINUTE),
        ("1 d 12 h", 36 * HOUR),
        ("1d12h", 36 * HOUR),
        ("2 Weeks", 14 * DAY),
        ("1.5h", 90 * MINUTE),
        ("90s", 90 * MINUTE / 60),
    ],
)
def test_lengths_of_time_are_read(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize(
    "text",
    [
        "",
        "often",
        "5",
        "0h",
        "-3h",
        "3 h ago",
        "99999 d",
        "h",
        "99999999999d",
        "9" * 400 + "w",
        "3000 d 3000 d",
    ],
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidObjectiveError):
        parse_age(text)
