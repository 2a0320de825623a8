"""Walks over oplog entries: where each one stands, and that they stand in order.

Source: MongoDB server, src/mongo/db/repl/oplog_entry.idl: every entry has ``ts`` (timestamp) and,
since replication protocol 1, ``t`` (its term, an int64).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from mangrove.core.errors import MalformedBsonError
from mangrove.core.oplog import OplogPosition, OplogTimestamp
from mangrove.engine.bson_walk import value_end
from mangrove.engine.framing import document_end

_TIMESTAMP, _INT64 = 0x11, 0x12
_BY_LENGTH = frozenset({0x03, 0x04})
_EIGHT_BYTES = frozenset({0x01, 0x09, 0x11, 0x12})
_int32 = Struct("<i").unpack_from
_uint64 = Struct("<Q").unpack_from
_int64 = Struct("<q").unpack_from


@dataclass(frozen=True, slots=True)
class Walked:
    """What a chunk of entries holds.

    Attributes:
        entries: How many.
        last_at: Where in the chunk the last one begins.
    """

    entries: int
    first: OplogPosition
    last: OplogPosition
    last_at: int


def walk(chunk: bytes, after: OplogPosition | None = None) -> Walked:
    """Look at every entry of a chunk, which holds at least one.

    Args:
        chunk: Whole entries, one after the other.
        after: The entry before them, if any.

    Raises:
        MalformedBsonError: If something is no entry, or stands before what it should follow.
    """
    count, pos, last_at = 0, 0, 0
    first: tuple[int, int] | None = None
    number, term = (after.ts.number, after.term) if after else (-1, -1)
    end = len(chunk)
    while pos < end:
        stop = document_end(chunk, pos)
        here, term = _place(chunk, pos, stop)
        if here <= number:
            raise MalformedBsonError("oplog entries are not in order", offset=pos)
        number, last_at, count = here, pos, count + 1
        first = first or (here, term)
        pos = stop
    if first is None:
        raise MalformedBsonError("there is no oplog entry", offset=0)
    return Walked(count, _position(*first), _position(number, term), last_at)


def position_of(entry: bytes) -> OplogPosition:
    """Return where one entry stands.

    Raises:
        MalformedBsonError: If it is none.
    """
    return _position(*_place(entry, 0, document_end(entry, 0)))


def positions(chunk: bytes) -> Iterator[tuple[OplogPosition, int, int]]:
    """Yield for each entry of a chunk where it stands in the oplog and in the chunk."""
    pos = 0
    while pos < len(chunk):
        stop = document_end(chunk, pos)
        yield _position(*_place(chunk, pos, stop)), pos, stop
        pos = stop


def _position(number: int, term: int) -> OplogPosition:
    return OplogPosition(OplogTimestamp.of_number(number), term)


def _place(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Find ``ts`` and ``t`` at the top level; nested values are skipped by their length."""
    number = term = None
    pos, end = start + 4, stop - 1
    while pos < end and (number is None or term is None):
        kind = data[pos]
        value = data.index(0, pos + 1, stop) + 1
        name = data[pos + 1 : value - 1]
        if kind == _TIMESTAMP and name == b"ts":
            number = _uint64(data, value)[0]
        elif kind == _INT64 and name == b"t":
            term = _int64(data, value)[0]
        if kind in _EIGHT_BYTES:
            pos = value + 8
        elif kind in _BY_LENGTH:
            pos = value + max(_int32(data, value)[0], 5)
        else:
            pos = value_end(data, kind, value, end)
    if number is None:
        raise MalformedBsonError("an oplog entry has no timestamp", offset=start)
    return number, -1 if term is None else term
