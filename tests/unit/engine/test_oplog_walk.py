import bson
import pytest
from bson.timestamp import Timestamp

from fakes.oplog import entry, position
from mangrove.core.errors import MalformedBsonError
from mangrove.core.oplog import OplogPosition, OplogTimestamp
from mangrove.engine.oplog_walk import position_of, walk


def test_a_chunk_is_counted_and_its_ends_are_known() -> None:
    chunk = b"".join(entry(position(n)) for n in (5, 6, 9))

    walked = walk(chunk, position(4))

    assert (walked.entries, walked.first, walked.last) == (3, position(5), position(9))
    assert position_of(chunk[walked.last_at :]) == position(9)


def test_only_the_fields_at_the_top_say_where_an_entry_stands() -> None:
    inside = {"ts": Timestamp(1, 1), "t": bson.Int64(9), "name": "ts", "list": [1, "t"]}
    late = bson.encode({"op": "i", "o": inside, "x": None, "ts": Timestamp(7, 2)})

    assert position_of(late) == OplogPosition(OplogTimestamp(7, 2), -1)


@pytest.mark.parametrize(
    "chunk",
    [
        b"",
        bson.encode({"op": "n"}),
        entry(position(5)) + entry(position(5)),
        entry(position(5)) + entry(position(4)),
        entry(position(5))[:-1],
    ],
    ids=["nothing", "no timestamp", "twice", "backwards", "cut off"],
)
def test_what_is_no_ordered_oplog_is_refused(chunk: bytes) -> None:
    with pytest.raises(MalformedBsonError):
        walk(chunk)


def test_what_stands_before_what_it_should_follow_is_refused() -> None:
    with pytest.raises(MalformedBsonError, match="not in order"):
        walk(entry(position(5)), position(5))
