from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.ui.widgets.charts.amounts import Measure
from mangrove.ui.widgets.charts.plots import (
    Absence,
    Limit,
    Look,
    Plot,
    Reading,
    Trace,
    level_at,
    nearest_stop,
    thinned,
)
from mangrove.ui.widgets.charts.words import stop_words, table_text
from mangrove.ui.widgets.timeline.scale import Scale

BERLIN = ZoneInfo("Europe/Berlin")
NOON = 1_795_003_200.0  # 2026-11-18 12:00:00 UTC


def plot(*traces: Trace, limits: Sequence[Limit] = (), is_daily: bool = False) -> Plot:
    return Plot("t", "", Measure.BYTES, 0, 100, traces, limits=tuple(limits), is_daily=is_daily)


def area(name: str, *pairs: tuple[float, float]) -> Trace:
    return Trace(name, tuple(Reading(*pair) for pair in pairs), Look.AREA)


@pytest.mark.parametrize(
    ("moment", "level"), [(-1, 0), (0, 10), (5, 15), (10, 20), (11, 20)], ids=str
)
def test_between_two_readings_the_level_is_between_them(moment: float, level: float) -> None:
    assert level_at((Reading(0, 10), Reading(10, 20)), moment) == level


def test_areas_are_stacked_at_every_moment_that_one_of_them_has() -> None:
    made = plot(area("low", (0, 10), (10, 20)), area("high", (5, 1), (10, 3)))

    assert made.stack == ((0, (10, 0)), (5, (15, 1)), (10, (20, 3)))
    assert made.highest == 23


def test_a_limit_that_is_far_off_does_not_press_the_readings_flat() -> None:
    low = area("", (0, 10))

    assert plot(low, limits=[Limit(40, "")]).highest == 40
    assert plot(low, limits=[Limit(4_000, "")]).highest == 10
    assert plot(limits=[Limit(4_000, "")]).highest == 4_000


def test_the_cursor_stands_where_readings_are() -> None:
    made = plot(area("a", (0, 1), (10, 2)), Trace("b", (Reading(4, 5),), Look.DOTS))

    assert made.stops == (0, 4, 10)
    assert nearest_stop(made.stops, 6) == 4
    assert nearest_stop(made.stops, 99) == 10
    assert nearest_stop((), 1) is None
    assert [(t.name, r.amount) for t, r in made.readings_at(4)] == [("b", 5)]


def test_a_moment_that_is_absent_is_told_from_one_that_is_not() -> None:
    gap = Absence(10, 20, "nothing was measured")
    made = Plot("t", "", Measure.COUNT, 0, 100, absences=(gap,))

    assert made.absence_at(15) is gap
    assert made.absence_at(25) is None
    assert made.is_empty


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1e6)), min_size=1, max_size=400),
    st.integers(1, 50),
)
def test_thinning_keeps_every_peak_and_finds_room(
    pairs: list[tuple[float, float]], width: int
) -> None:
    readings = [Reading(at, amount) for at, amount in sorted(pairs)]
    scale = Scale(0, 1000, 0, 1000).sized(width, is_mirrored=False)

    kept = list(thinned(readings, scale))

    assert len(kept) <= min(len(readings), 4 * (width + 2))
    assert max(r.amount for r in kept) == max(r.amount for r in readings)
    assert min(r.amount for r in kept) == min(r.amount for r in readings)
    assert (kept[0], kept[-1]) == (readings[0], readings[-1])
    assert [r.at_s for r in kept] == sorted(r.at_s for r in kept)


def test_a_stop_is_told_with_names_units_local_time_and_utc() -> None:
    made = plot(area("cloud", (NOON, 12e9)), area("nas", (NOON, 2e9)))

    assert stop_words(made, NOON, BERLIN) == (
        "cloud: 12.0 GB\nnas: 2.0 GB\n2026-11-18 13:00:00 CET\n2026-11-18 12:00:00 UTC"
    )


def test_a_reading_of_a_day_names_the_day_alone() -> None:
    reading = Reading(NOON, 3600, "would have lost 60 min")
    made = plot(Trace("", (reading,), Look.BARS, 86_400), is_daily=True)

    assert stop_words(made, NOON, BERLIN) == "would have lost 60 min\nWed 2026-11-18"


def test_all_readings_can_be_copied_as_a_table() -> None:
    made = plot(area("cloud", (NOON, 12e9)), area("nas", (NOON - 60, 2e9)))

    assert table_text(made, BERLIN).splitlines() == [
        "local time\tUTC\twhat\tbytes",
        "2026-11-18 12:59:00\t2026-11-18 11:59:00\tnas\t2e+09",
        "2026-11-18 13:00:00\t2026-11-18 12:00:00\tcloud\t1.2e+10",
    ]
