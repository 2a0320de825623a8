from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.ui.widgets.timeline.axis import Unit, axis_marks, step_for
from mangrove.ui.widgets.timeline.words import context_label, exact_both, mark_label

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
ZONES = (UTC, BERLIN, KATHMANDU, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe"))


def seconds(text: str, zone: tzinfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def labels(start: str, end: str, most: int = 10, zone: tzinfo = BERLIN) -> list[str]:
    marks = axis_marks(seconds(start, zone), seconds(end, zone), most, zone)
    return [mark_label(mark) for mark in marks]


@pytest.mark.parametrize(
    ("start", "end", "first_two"),
    [
        ("2026-11-23 14:29:58", "2026-11-23 14:30:02", ["14:29:58", "14:29:59"]),
        ("2026-11-23 14:29:00", "2026-11-23 14:33:00", ["14:29:00", "14:29:30"]),
        ("2026-11-23 14:00:00", "2026-11-23 15:00:00", ["14:00", "14:10"]),
        ("2026-11-23 00:00:00", "2026-11-24 00:00:00", ["00:00", "03:00"]),
        ("2026-11-20 00:00:00", "2026-11-27 00:00:00", ["Fri 20", "Sat 21"]),
        ("2026-01-01 00:00:00", "2026-12-31 00:00:00", ["2026-01", "2026-04"]),
        ("2020-01-01 00:00:00", "2026-12-31 00:00:00", ["2020", "2021"]),
    ],
    ids=["seconds", "half minutes", "minutes", "hours", "days", "months", "years"],
)
def test_labels_suit_the_stretch(start: str, end: str, first_two: list[str]) -> None:
    assert labels(start, end)[:2] == first_two


def test_the_hour_that_happens_twice_is_shown_twice_and_named_the_second_time() -> None:
    found = labels("2026-10-25 00:00", "2026-10-25 05:00", most=8)

    assert found == ["00:00", "01:00", "02:00", "02:00 CET", "03:00", "04:00", "05:00"]


def test_the_hour_that_never_was_is_left_out() -> None:
    assert labels("2026-03-29 00:00", "2026-03-29 06:00", most=8) == [
        *("00:00", "01:00", "03:00 CEST", "04:00", "05:00", "06:00")
    ]


def test_long_steps_stand_on_the_same_clock_before_and_after_a_change() -> None:
    marks = axis_marks(seconds("2026-10-24 00:00"), seconds("2026-10-26 12:00"), 12, BERLIN)

    assert {mark.local.hour for mark in marks} == {0, 6, 12, 18}


def test_days_begin_at_local_midnight_whatever_their_length() -> None:
    marks = axis_marks(seconds("2026-10-23 00:00"), seconds("2026-10-28 00:00"), 8, BERLIN)

    assert [mark.local.hour for mark in marks] == [0] * 6
    lengths = [round(b.at_s - a.at_s) // 3600 for a, b in pairwise(marks)]
    assert lengths == [24, 24, 25, 24, 24]


def test_a_new_day_is_opened_by_its_first_mark_only() -> None:
    marks = axis_marks(seconds("2026-11-22 20:00"), seconds("2026-11-23 06:00"), 12, BERLIN)

    assert [mark_label(m) for m in marks if m.opens] == ["00:00"]
    assert context_label(marks[0].unit, marks[-1].local) == "Mon 2026-11-23"


def test_quarter_hour_zones_have_round_local_hours() -> None:
    found = labels("2026-11-23 00:00", "2026-11-23 06:00", zone=KATHMANDU)

    assert found == ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00", "06:00"]


@given(
    st.floats(0, 4e9),
    st.floats(4, 40 * 365 * 86_400),
    st.integers(1, 30),
    st.sampled_from(ZONES),
)
def test_marks_are_inside_in_order_and_no_more_than_find_room(
    start: float, length: float, most: int, zone: tzinfo
) -> None:
    marks = axis_marks(start, start + length, most, zone)

    moments = [mark.at_s for mark in marks]
    assert moments == sorted(moments)
    assert all(start <= at <= start + length for at in moments)
    # A month of 28 days, and an hour that comes twice, may put one or two more.
    assert len(marks) <= most * 1.2 + 3


def test_the_last_year_of_the_calendar_ends_the_axis_in_peace() -> None:
    last = datetime(9999, 12, 1, tzinfo=UTC).timestamp()

    assert axis_marks(last - 86_400 * 4000, last, 10, UTC)


def test_the_machines_own_zone_is_the_default() -> None:
    assert axis_marks(1_795_010_520.0, 1_795_096_920.0, 10, None)


def test_steps_grow_with_the_stretch() -> None:
    assert step_for(4, 8).unit is Unit.SECOND
    assert step_for(366 * 86_400, 8).unit is Unit.MONTH


def test_exact_time_names_zone_and_utc_and_says_utc_once() -> None:
    at = seconds("2026-11-23 14:02:07")

    assert exact_both(at, BERLIN) == "2026-11-23 14:02:07 CET\n2026-11-23 13:02:07 UTC"
    assert exact_both(at, UTC) == "2026-11-23 13:02:07 UTC"
    assert exact_both(at, KATHMANDU).startswith("2026-11-23 18:47:07 UTC+05:45\n")
