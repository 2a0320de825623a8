"""One oplog entry as a view over its raw BSON bytes: where things lie, nothing decoded.

Source: MongoDB server, src/mongo/db/repl/oplog_entry.idl: the fields of an entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from mangrove.core.documents import document_of, raw_element
from mangrove.core.errors import MalformedBsonError
from mangrove.core.oplog import OplogTimestamp
from mangrove.engine.bson_walk import (
    ARRAY,
    BINARY,
    DATE,
    DOCUMENT,
    INT32,
    INT64,
    STRING,
    TIMESTAMP,
    elements,
    value_end,
)

COMMAND: Final = "c"
_EIGHT = {DATE: 8, INT64: 8, TIMESTAMP: 8, INT32: 4, 0x08: 1, 0x0A: 0, 0x01: 8}
_int32 = Struct("<i").unpack_from
_int64 = Struct("<q").unpack_from
_uint64 = Struct("<Q").unpack_from
_MASK = 0xFFFFFFFF
_ZERO_TIME = b"\0" * 8

Span = tuple[int, int, int]
"""An element of a document: type byte, where its value starts, where it ends."""


def spans(document: bytes) -> dict[bytes, Span]:
    """Return where each top-level element of a document lies; the first of a name wins.

    Raises:
        MalformedBsonError: If a length does not fit.
    """
    found: dict[bytes, Span] = {}
    pos, end = 4, len(document) - 1
    find, sizes = document.find, _EIGHT
    while pos < end:
        kind = document[pos]
        name_end = find(b"\0", pos + 1, end)
        if name_end < 0:
            raise MalformedBsonError("a field name runs over its document", offset=pos)
        start = name_end + 1
        size = sizes.get(kind)
        if size is not None:
            after = start + size
        elif kind in (DOCUMENT, ARRAY) and start + 4 <= end:
            after = start + _int32(document, start)[0]
            if after <= start:
                raise MalformedBsonError("a value has an impossible length", offset=start)
        else:
            after = value_end(document, kind, start, end)
        if after > end:
            raise MalformedBsonError("a value runs over its document", offset=start)
        found.setdefault(document[pos + 1 : name_end], (kind, start, after))
        pos = after
    return found


@dataclass(frozen=True, slots=True)
class OplogEntry:
    """An entry, or an operation inside an ``applyOps``.

    Attributes:
        raw: The whole document.
        at: Where its elements lie.
        op: ``i``, ``u``, ``d``, ``c``, ``n`` and the server's own.
        ns: ``database.collection``, for a command ``database.$cmd``.
        ts: Its own, or that of the entry it is inside of; zero where there is none.
    """

    raw: bytes
    at: dict[bytes, Span]
    op: str
    ns: str
    ts: OplogTimestamp

    @classmethod
    def of(cls, raw: bytes, within: OplogTimestamp | None = None) -> "OplogEntry":
        """View an entry.

        Args:
            raw: One whole BSON document.
            within: The timestamp of the entry it is inside of, if it is.

        Raises:
            MalformedBsonError: If it is no oplog entry.
        """
        at = spans(raw)
        op, ns = _text(raw, at.get(b"op")), _text(raw, at.get(b"ns"))
        if op is None or ns is None:
            raise MalformedBsonError("an oplog entry lacks op or ns", offset=0)
        return cls(raw, at, op, ns, within or _timestamp(raw, at.get(b"ts")))

    @property
    def database(self) -> str:
        """Return the database it concerns."""
        return self.ns.partition(".")[0]

    @property
    def uuid(self) -> bytes | None:
        """Return the collection's UUID, 16 bytes; old and hand-made entries may lack it."""
        return uuid_of(self.raw, self.at.get(b"ui"))

    @property
    def term(self) -> int:
        """Return the term it was written in; -1 without one."""
        kind, start, after = self.at.get(b"t", (0, 0, 0))
        if kind not in (INT32, INT64):
            return -1
        return int.from_bytes(self.raw[start:after], "little", signed=True)

    @property
    def o(self) -> bytes:
        """Return the document of what was done.

        Raises:
            MalformedBsonError: If there is none.
        """
        return self._document(b"o")

    @property
    def o2(self) -> bytes | None:
        """Return the second document, an update's ``_id``; None without one."""
        return self._document(b"o2") if b"o2" in self.at else None

    @property
    def transaction(self) -> bytes | None:
        """Return what names its transaction or retryable write; None if it is in none."""
        session, number = self.at.get(b"lsid"), self.at.get(b"txnNumber")
        if session is None or number is None:
            return None
        return self.raw[session[1] : session[2]] + self.raw[number[1] : number[2]]

    @property
    def is_vectored(self) -> bool:
        """Whether it holds many retryable writes at once and is no transaction.

        Source: MongoDB server 8.0, oplog_entry.idl: multiOpType 1, kApplyOpsAppliedSeparately.
        """
        kind, start, _ = self.at.get(b"multiOpType", (0, 0, 0))
        return kind in (INT32, INT64) and self.raw[start] == 1

    @property
    def is_first_piece(self) -> bool:
        """Whether no earlier entry belongs to its transaction."""
        span = self.at.get(b"prevOpTime")
        if span is None or span[0] != DOCUMENT:
            return True
        inner = spans(self.raw[span[1] : span[2]])
        kind, start, after = inner.get(b"ts", (0, 0, 0))
        return kind != TIMESTAMP or self.raw[span[1] + start : span[1] + after] == _ZERO_TIME

    def _document(self, name: bytes) -> bytes:
        kind, start, after = self.at.get(name, (0, 0, 0))
        if kind != DOCUMENT:
            raise MalformedBsonError(f"an oplog entry lacks {name.decode()}", offset=0)
        return self.raw[start:after]


@dataclass(frozen=True, slots=True)
class Command:
    """The document of a command entry, taken apart.

    Attributes:
        name: The command, ``create`` and so on.
        body: The whole document.
        at: Where its elements lie.
    """

    name: str
    body: bytes
    at: dict[bytes, Span]

    @classmethod
    def of(cls, entry: OplogEntry) -> "Command":
        """Take the command of an entry apart; its first field names it."""
        body = entry.o
        at = spans(body)
        return cls(next(iter(at), b"").decode(errors="replace"), body, at)

    def text(self, name: str) -> str | None:
        """Return a field that is a string."""
        return _text(self.body, self.at.get(name.encode()))

    def value(self, name: str) -> bytes | None:
        """Return a field's raw value."""
        span = self.at.get(name.encode())
        return None if span is None else self.body[span[1] : span[2]]

    def is_true(self, name: str) -> bool:
        """Whether a field is there and neither false nor zero."""
        return any(self.value(name) or b"")

    def items(self, name: str) -> Iterator[bytes]:
        """Yield the documents of an array field.

        Raises:
            MalformedBsonError: If an item is no document.
        """
        span = self.at.get(name.encode())
        if span is None or span[0] != ARRAY:
            return
        for kind, _, value in elements(self.body[span[1] : span[2]]):
            if kind != DOCUMENT:
                raise MalformedBsonError(f"{name} holds something else than documents", offset=0)
            yield value

    def without(self, *names: str) -> bytes:
        """Return the command's other fields as a document, byte for byte."""
        left_out = {name.encode() for name in names}
        kept = (e for e in elements(self.body) if e[1] not in left_out)
        return document_of(*(raw_element(*element) for element in kept))


def string_element(name: str, text: str) -> bytes:
    """Return a raw element that is a string."""
    data = text.encode() + b"\0"
    return b"\x02" + name.encode() + b"\0" + len(data).to_bytes(4, "little") + data


def uuid_of(document: bytes, span: Span | None) -> bytes | None:
    """Return the 16 bytes of an element that is a UUID; None for anything else."""
    if span is None or span[0] != BINARY or document[span[1] + 4] not in (3, 4):
        return None
    return document[span[1] + 5 : span[2]]


def timestamp_of(entry: bytes) -> OplogTimestamp:
    """Return the ``ts`` of an entry; zero without one."""
    return _timestamp(entry, spans(entry).get(b"ts"))


def _timestamp(document: bytes, span: Span | None) -> OplogTimestamp:
    if span is None or span[0] != TIMESTAMP:
        return OplogTimestamp(0, 0)
    (number,) = _uint64(document, span[1])
    return OplogTimestamp(number >> 32, number & _MASK)


def _text(document: bytes, span: Span | None) -> str | None:
    if span is None or span[0] != STRING:
        return None
    return document[span[1] + 4 : span[2] - 1].decode(errors="surrogateescape")
