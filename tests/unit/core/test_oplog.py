from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import OplogTimestamp

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
