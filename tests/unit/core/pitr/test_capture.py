from datetime import UTC, datetime, timedelta

import pytest

from fakes.oplog_story import base, piece, ts
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.oplog import OplogExtent, OplogPosition, OplogTimestamp
from mangrove.core.pitr.capture import (
    base_to_begin_at,
    begin_before,
    next_chain,
    parse_slice_length,
)

CHAIN_BEGAN = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"), [("15m", 15), ("15", 15), (" 90s ", 1.5), ("1h", 60), ("1 min", 1)]
)
def test_a_length_of_slices_is_read(text: str, minutes: float) -> None:
    assert parse_slice_length(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0", "59s", "61m", "2h", "1d", "-5m", "fast", "99999m"])
def test_any_other_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidSelectionError, match="is not a length of slices"):
        parse_slice_length(text)


def test_a_chain_begins_for_the_newest_base_that_the_oplog_reaches() -> None:
    extent = OplogExtent(OplogPosition(ts(500), 1), OplogPosition(ts(900), 1))

    assert base_to_begin_at([base(400), base(600), base(700, whole=False)], extent) == base(600)
    assert base_to_begin_at([base(400)], extent) is None
    assert begin_before(base(600)) == OplogTimestamp(510, 0)
    assert begin_before(base(20)) == OplogTimestamp(0, 0)


def test_a_new_chain_sorts_after_the_former_even_when_the_clock_went_back() -> None:
    former = piece(1, 2)

    later = next_chain(CHAIN_BEGAN + timedelta(hours=1), former, "00ff")
    earlier = next_chain(CHAIN_BEGAN - timedelta(hours=1), former, "0000")

    assert later == "20261123T010000Z-00ff"
    assert earlier > former.chain
