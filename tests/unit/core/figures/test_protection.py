from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import NOON
from mangrove.core.figures.exposure import Span
from mangrove.core.figures.protection import History, Moment, RpoPoint, worst_gap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERIOD = Span(NOON - 10 * DAY, NOON)


def moments(*days: float) -> list[Moment]:
    """Backups so many days ago, complete at once."""
    return [Moment(NOON - n * DAY, NOON - n * DAY) for n in days]


def span(start: float, end: float) -> Span:
    return Span(NOON - start * DAY, NOON - end * DAY)


@pytest.mark.parametrize(
    ("found", "spans", "days"),
    [
        pytest.param(moments(9, 8, 5, 4, 1), [], 3, id="between two"),
        pytest.param(moments(4, 3, 2, 1), [], 6, id="the edge at the beginning"),
        pytest.param(moments(9, 7, 6), [], 6, id="the edge at the end"),
        pytest.param(moments(14, 9, 8, 7, 6, 5, 4, 3, 2, 1), [], 5, id="reaches back"),
        pytest.param([], [], 10, id="nothing at all"),
        pytest.param(moments(9), [span(9, 0)], 1, id="a window has no gaps"),
        pytest.param(moments(9), [span(9, 6), span(4, 0)], 2, id="between windows"),
        pytest.param(moments(9, 5), [span(9, 6), span(4, 0)], 1, id="a backup between windows"),
        pytest.param(moments(9, -3), [], 9, id="the future does not count"),
    ],
)
def test_the_worst_gap_is_the_longest_time_that_no_moment_covers(
    found: list[Moment], spans: list[Span], days: float
) -> None:
    assert worst_gap(found, spans, PERIOD) == days * DAY


@pytest.mark.parametrize(
    ("found", "spans", "target", "share"),
    [
        pytest.param(moments(*range(11)), [], DAY, 1.0, id="always"),
        pytest.param(moments(11, 5), [], 2 * DAY, 0.3, id="one day and two days of ten"),
        pytest.param([], [], DAY, 0.0, id="never"),
        pytest.param(moments(5), [span(5, 0)], HOUR, 0.5, id="inside a window"),
        pytest.param(moments(5), [span(5, 4)], DAY, 0.2, id="a window that ended, for a day"),
        pytest.param(
            [Moment(NOON - 5 * DAY, NOON - 4 * DAY)], [], 2 * DAY, 0.1, id="once complete"
        ),
        pytest.param(
            [*moments(5), Moment(NOON - 9 * DAY, NOON - 4 * DAY)], [], 2 * DAY, 0.2, id="older"
        ),
    ],
)
def test_availability_is_the_share_of_time_within_the_target(
    found: list[Moment], spans: list[Span], target: timedelta, share: float
) -> None:
    assert History(found, spans, PERIOD).availability(target) == pytest.approx(share)


def test_an_empty_period_has_no_availability() -> None:
    assert History([], [], Span(NOON, NOON)).availability(DAY) is None


def test_the_worst_of_each_day_is_at_its_end_or_before_the_next_backup() -> None:
    period = Span(NOON - 3 * DAY, NOON)
    found = moments(4, 1.75)

    days = History(found, [], period).by_day(UTC)

    assert days == (
        RpoPoint(date(2026, 2, 26), 1.5 * DAY),
        RpoPoint(date(2026, 2, 27), 2.25 * DAY),
        RpoPoint(date(2026, 2, 28), 1.25 * DAY),
        RpoPoint(date(2026, 3, 1), 1.75 * DAY),
    )


def test_days_without_protection_have_no_figure() -> None:
    days = History(moments(1), [], Span(NOON - 2 * DAY, NOON)).by_day(UTC)

    assert [point.worst for point in days] == [None, None, DAY]


def test_days_are_those_of_the_person_also_when_the_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 23:30, and the clock goes forward at night
    period = Span(start, datetime(2026, 3, 29, 22, 30, tzinfo=UTC))

    days = History([Moment(start, start)], [], period).by_day(berlin)

    assert days == (
        RpoPoint(date(2026, 3, 28), timedelta(minutes=30)),
        RpoPoint(date(2026, 3, 29), timedelta(hours=23, minutes=30)),
        RpoPoint(date(2026, 3, 30), DAY),
    )


HOURS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 30)), max_size=12)
WINDOWS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=3)


@given(HOURS, WINDOWS, st.integers(1, 100))
def test_availability_is_what_looking_every_half_hour_finds(
    backups: list[tuple[int, int]], windows: list[tuple[int, int]], target_h: int
) -> None:
    found = [Moment(NOON - age * HOUR, NOON - age * HOUR + took * HOUR) for age, took in backups]
    spans = [Span(NOON - age * HOUR, NOON - age * HOUR + n * HOUR) for age, n in windows if n]
    spans = [s for s in spans if s.end <= NOON]
    period = Span(NOON - 200 * HOUR, NOON)
    target = target_h * HOUR

    share = History(found, spans, period).availability(target)

    looks = [period.start + n * HOUR + HOUR / 2 for n in range(200)]
    good = sum(_is_protected(at, found, spans, target) for at in looks)
    assert share == pytest.approx(good / 200)


def _is_protected(at: datetime, found: list[Moment], spans: list[Span], target: timedelta) -> bool:
    if any(s.start <= at <= s.end for s in spans):
        return True
    known = [m.data_at for m in found if m.available_at <= at]
    known += [s.end for s in spans if s.end <= at]
    return bool(known) and at - max(known) < target


@given(HOURS)
def test_no_day_is_worse_than_the_worst_gap_and_the_time_a_backup_takes(
    backups: list[tuple[int, int]],
) -> None:
    found = [Moment(NOON - age * HOUR, NOON - age * HOUR) for age, _ in backups]
    history = History(found, [], Span(NOON - 300 * HOUR, NOON))

    days = [p.worst for p in history.by_day(UTC) if p.worst is not None]

    times = sorted({m.data_at for m in found} | {NOON})
    longest = max((b - a for a, b in pairwise(times)), default=timedelta(0))
    assert max(days, default=timedelta(0)) <= longest
