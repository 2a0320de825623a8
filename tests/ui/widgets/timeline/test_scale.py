import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.ui.widgets.timeline.scale import SHORTEST_S, Scale, grain_s, snapped

DAY = 86_400.0
NOW = 1_795_010_520.0
YEAR = Scale.over(NOW - 365 * DAY, NOW).sized(1000, is_mirrored=False)
scales = st.builds(
    lambda days, width, mirrored: Scale.over(NOW - days * DAY, NOW).sized(
        width, is_mirrored=mirrored
    ),
    st.floats(0.0, 4000.0),
    st.integers(1, 4000),
    st.booleans(),
)


@given(scales, st.floats(0, 1), st.lists(st.floats(0.05, 20), max_size=8))
def test_zooming_keeps_the_moment_under_the_pointer_and_the_limits(
    scale: Scale, share: float, factors: list[float]
) -> None:
    for factor in factors:
        around = scale.start_s + share * scale.length_s
        before = scale.x_of(around)

        scale = scale.zoomed(around, factor)

        assert scale.length_s >= SHORTEST_S * 0.999
        assert scale.low_s - 1e-3 <= scale.start_s
        assert scale.end_s <= max(scale.high_s, scale.low_s + SHORTEST_S) + 1e-3
        is_free = scale.low_s < scale.start_s and scale.end_s < scale.high_s
        if is_free:
            assert scale.x_of(around) == pytest.approx(before, abs=0.5)


@given(scales, st.floats(-0.5, 1.5))
def test_pixels_and_moments_are_each_others_inverse(scale: Scale, share: float) -> None:
    x = share * scale.width

    assert scale.x_of(scale.moment_at(x)) == pytest.approx(x, abs=0.01)


def test_a_year_can_be_zoomed_to_single_seconds() -> None:
    close = YEAR
    for _ in range(100):
        close = close.zoomed(NOW - 100 * DAY, 0.8)

    assert close.length_s == SHORTEST_S
    assert close.second_width == pytest.approx(1000 / SHORTEST_S)
    assert close.shows(NOW - 100 * DAY)


def test_time_runs_from_right_to_left_when_mirrored() -> None:
    mirrored = YEAR.sized(1000, is_mirrored=True)

    assert mirrored.x_of(mirrored.start_s) == 1000
    assert mirrored.x_of(mirrored.end_s) == 0
    assert mirrored.span(mirrored.start_s, mirrored.end_s) == (0, 1000)


def test_panning_stops_at_the_ends() -> None:
    week = YEAR.ending(NOW, 7 * DAY)

    assert week.panned(1000 * DAY).end_s == pytest.approx(YEAR.high_s)
    assert week.panned(-1000 * DAY).start_s == pytest.approx(YEAR.low_s)
    assert week.panned(-DAY).start_s == pytest.approx(week.start_s - DAY)


def test_a_moment_in_view_moves_nothing_and_another_is_centred() -> None:
    week = YEAR.ending(NOW, 7 * DAY)

    assert week.showing(NOW - DAY) is week
    moved = week.showing(NOW - 50 * DAY)
    assert moved.start_s + moved.length_s / 2 == pytest.approx(NOW - 50 * DAY)


def test_an_interval_is_fitted_with_room_on_both_sides() -> None:
    fitted = YEAR.fitted(NOW - 20 * DAY, NOW - 10 * DAY)

    assert fitted.start_s < NOW - 20 * DAY
    assert fitted.end_s > NOW - 10 * DAY
    assert fitted.length_s < 15 * DAY


@pytest.mark.parametrize(
    ("length", "grain"),
    [(365 * DAY, 3600), (10 * DAY, 300), (DAY, 60), (3600, 1), (10, 1)],
    ids=["a year", "ten days", "a day", "an hour", "ten seconds"],
)
def test_a_pointer_means_a_moment_as_round_as_its_pixel(length: float, grain: int) -> None:
    scale = YEAR.ending(NOW, length)

    assert grain_s(scale) == grain
    assert snapped(scale, 333.0, (), 6.0) % grain == 0


def test_a_pointer_near_an_edge_means_the_edge() -> None:
    edge = NOW - 20 * DAY

    assert snapped(YEAR, YEAR.x_of(edge) + 5, (edge,), 6.0) == edge
    assert snapped(YEAR, YEAR.x_of(edge) + 7, (edge,), 6.0) != edge
