from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import (
    Continuity,
    OplogExtent,
    OplogPosition,
    OplogTimestamp,
    chain_id,
    continuity,
)

places = st.builds(OplogTimestamp, st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1))


@given(places)
def test_a_place_is_read_back_from_its_text(place: OplogTimestamp) -> None:
    assert OplogTimestamp.parse(str(place)) == place


@given(places, places)
def test_places_are_ordered_by_second_then_counter(a: OplogTimestamp, b: OplogTimestamp) -> None:
    assert (a < b) == ((a.seconds << 32 | a.increment) < (b.seconds << 32 | b.increment))


@pytest.mark.parametrize(
    "text", ["", ":", "1", "1:", ":1", "-1:1", "1:-1", "1:2:3", "a:b", "1.5:1", "²:1"]
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="is not an oplog timestamp"):
        OplogTimestamp.parse(text)


def test_a_place_has_a_moment_in_utc() -> None:
    assert OplogTimestamp(1_700_000_000, 5).at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@given(places)
def test_a_place_is_read_back_from_its_number(place: OplogTimestamp) -> None:
    assert OplogTimestamp.of_number(place.number) == place


def test_the_place_after_the_last_of_a_second_is_in_the_next() -> None:
    assert OplogTimestamp(5, (1 << 32) - 1).following == OplogTimestamp(6, 0)


def entry(second: int, term: int = 1) -> OplogPosition:
    return OplogPosition(OplogTimestamp(second, 1), term)


@pytest.mark.parametrize(
    ("found", "oldest", "newest", "verdict"),
    [
        (entry(10), entry(1), entry(20), Continuity.CONTINUES),
        (entry(15), entry(15), entry(20), Continuity.ROLLED_OVER),
        (entry(11), entry(1), entry(20), Continuity.DIVERGED),
        (entry(10, 2), entry(1), entry(20, 2), Continuity.DIVERGED),
        (None, entry(1), entry(8), Continuity.BEHIND),
        (None, entry(1), entry(8, 2), Continuity.DIVERGED),
    ],
    ids=["goes on", "rolled over", "not there", "other term", "lagging node", "lost its end"],
)
def test_the_boundary_entry_decides(
    found: OplogPosition | None, oldest: OplogPosition, newest: OplogPosition, verdict: Continuity
) -> None:
    assert continuity(entry(10), found, OplogExtent(oldest, newest)) is verdict


def test_headroom_is_what_lies_below_the_last_captured_entry() -> None:
    extent = OplogExtent(entry(100), entry(500))

    assert extent.headroom(entry(400)) == timedelta(seconds=300)
    assert extent.headroom(entry(50)) == timedelta(0)


@pytest.mark.parametrize(
    ("used", "seconds"), [(0.5, 700), (0.001, 400 * 999 + 300), (1e-9, 365 * 86400), (1.02, 300)]
)
def test_what_is_free_in_the_oplog_is_headroom_too(used: float, seconds: int) -> None:
    found = OplogExtent(entry(100), entry(500), used, is_complete=True).headroom(entry(400))

    assert found == timedelta(seconds=seconds)


def test_a_young_oplog_of_unknown_size_is_not_said_to_roll_over() -> None:
    assert OplogExtent(entry(100), entry(500), is_complete=True).headroom(entry(400)) is None


def test_positions_and_chains_have_names() -> None:
    assert str(entry(7, 3)) == "7:1 term 3"
    assert chain_id(datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC), "00ff") == "20261125T010203Z-00ff"
