from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.eta import RateMeter

steps = st.lists(st.tuples(st.floats(0, 10), st.integers(0, 1 << 40)), max_size=30)


def steady(seconds: int, rate: int) -> RateMeter:
    meter = RateMeter(100.0, 100.0)
    for second in range(1, seconds + 1):
        meter = meter.advanced(100.0 + second, second * rate)
    return meter


def test_a_steady_rate_gives_the_time_left() -> None:
    meter = steady(10, 50)

    assert meter.rate == pytest.approx(50)
    assert meter.remaining(1000) == timedelta(seconds=10)


def test_nothing_is_promised_in_the_first_second() -> None:
    meter = RateMeter(0.0, 0.0).advanced(0.5, 1000)

    assert meter.remaining(10_000) is None


@pytest.mark.parametrize("total", [0, -1])
def test_an_unknown_total_has_no_time_left(total: int) -> None:
    assert steady(5, 50).remaining(total) is None


def test_without_progress_no_time_is_told() -> None:
    assert steady(5, 0).remaining(100) is None


def test_an_estimate_that_was_too_small_leaves_no_negative_time() -> None:
    assert steady(5, 50).remaining(10) == timedelta(0)


def test_a_standstill_lowers_the_rate_bit_by_bit() -> None:
    meter = steady(10, 100)

    slower = meter.advanced(111.0, meter.done)

    assert 0 < slower.rate < meter.rate


def test_a_clock_that_stands_still_changes_nothing() -> None:
    meter = steady(3, 100)

    assert meter.advanced(meter.at_s, 1 << 30) == meter


@given(steps)
def test_the_rate_never_leaves_what_was_measured(moves: list[tuple[float, int]]) -> None:
    meter, fastest = RateMeter(0.0, 0.0), 0.0
    for seconds, count in moves:
        before = meter
        meter = meter.advanced(meter.at_s + seconds, meter.done + count)
        if meter.at_s > before.at_s:
            fastest = max(fastest, count / (meter.at_s - before.at_s))

    assert 0 <= meter.rate <= fastest * 1.000001
