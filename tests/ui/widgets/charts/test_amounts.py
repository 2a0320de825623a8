import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.ui.widgets.charts.amounts import Measure, amount_axis


@pytest.mark.parametrize(
    ("highest", "measure", "labels"),
    [
        (11.8e9, Measure.BYTES, ("0", "5 GB", "10 GB", "15 GB")),
        (470, Measure.BYTES, ("0", "200 B", "400 B", "600 B")),
        (50 * 3600, Measure.SECONDS, ("0", "1 d", "2 d", "3 d")),
        (26 * 3600, Measure.SECONDS, ("0", "12 h", "24 h", "36 h")),
        (14 * 60, Measure.SECONDS, ("0", "5 min", "10 min", "15 min")),
        (37, Measure.SECONDS, ("0", "10 s", "20 s", "30 s", "40 s")),
        (400 * 86_400, Measure.SECONDS, ("0", "180 d", "360 d", "540 d")),
        (7, Measure.COUNT, ("0", "2", "4", "6", "8")),
        (48_000, Measure.COUNT, ("0", "20,000", "40,000", "60,000")),
        (0, Measure.COUNT, ("0", "1")),
    ],
    ids=[
        "gigabytes",
        "bytes",
        "days",
        "hours",
        "minutes",
        "seconds",
        "year",
        "few",
        "many",
        "none",
    ],
)
def test_amounts_are_round_and_named_with_their_unit(
    highest: float, measure: Measure, labels: tuple[str, ...]
) -> None:
    found = amount_axis(highest, measure).labels

    assert found[: len(labels)] == labels


@given(
    highest=st.floats(0, 1e15, allow_nan=False),
    measure=st.sampled_from(Measure),
    most=st.integers(1, 12),
)
def test_every_amount_finds_room_and_marks_do_not_crowd(
    highest: float, measure: Measure, most: int
) -> None:
    axis = amount_axis(highest, measure, most)

    assert axis.top >= highest
    assert axis.marks[0] == 0
    assert len(axis.marks) == len(axis.labels)
    assert len(axis.marks) <= most + 1


def test_an_amount_lies_between_foot_and_top() -> None:
    axis = amount_axis(100.0, Measure.COUNT)

    assert axis.share(0) == 0
    assert axis.share(axis.top / 2) == 0.5
    assert axis.share(axis.top * 3) == 1
    assert axis.share(-1) == 0
