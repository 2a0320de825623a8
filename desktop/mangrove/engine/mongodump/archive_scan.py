"""Walks through an archive once, from front to back, and says where everything is.

Memory stays small whatever the archive claims: one read buffer, the longest document, the prelude
up to a limit, and sixteen bytes for each block.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, TypeVar

from mangrove.core.errors import MalformedBsonError, MalformedDumpError
from mangrove.engine.bson_walk import MIN_DOCUMENT_BYTES
from mangrove.engine.framing import MAX_DOCUMENT_BYTES as MAX_OPLOG_ENTRY_BYTES
from mangrove.engine.mongodump.archive_fields import (
    MAGIC,
    MAX_DOCUMENT_BYTES,
    OPLOG_KEY,
    ArchiveHeader,
    BlockHeader,
    Key,
    PreludeEntry,
    read_block_header,
    read_header,
    read_prelude_entry,
)
from mangrove.engine.mongodump.crc64 import crc64_xz
from mangrove.engine.mongodump.names import BUCKETS_PREFIX

_MAX_PRELUDE_BYTES: Final = 128 << 20
_MAX_NAMESPACES: Final = 250_000
"""Far beyond what a server bears; keeps a hostile list from filling the memory."""

_TERMINATOR_LENGTH: Final = -1
_LENGTH_BYTES: Final = 4
_unpack_length = Struct("<i").unpack_from
T = TypeVar("T")


@dataclass(slots=True)
class BodyPart:
    """The documents of one namespace, as they lie in an archive.

    Attributes:
        key: The namespace that stands in its blocks' headers.
        extents: Start and end of each piece, one after the other; a piece is whole documents.
        checksum: Over all the documents, unsigned.
        is_whole: Whether the last block was seen.
    """

    key: Key
    extents: "array[int]" = field(default_factory=lambda: array("Q"))
    documents: int = 0
    plain_bytes: int = 0
    checksum: int = 0
    is_whole: bool = False

    def add(self, start: int, end: int, documents: int) -> None:
        """Take in a block's documents, which lie from ``start`` to ``end``."""
        self.documents += documents
        self.plain_bytes += end - start
        if end > start:
            self.extents.extend((start, end))


@dataclass(frozen=True, slots=True)
class ArchiveIndex:
    """Everything about an archive but the documents.

    Attributes:
        body: By the announced namespace.
    """

    header: ArchiveHeader
    prelude: tuple[PreludeEntry, ...]
    body: dict[Key, BodyPart]


class ArchiveScan:
    """One walk over a plain archive.

    Every rule that mongorestore holds an archive to is held here, and some more (two entries for
    one namespace, text that is no UTF-8), all before anything is restored.

    Args:
        read: Returns the next bytes of the archive, b"" at its end; remembers them if need be.
        label: What to call the archive in messages.
    """

    def __init__(self, read: Callable[[], bytes], label: str) -> None:
        self._read = read
        self._label = label
        self._data = b""
        self._pos = 0
        self._base = 0

    def run(self) -> ArchiveIndex:
        """Walk to the end.

        Raises:
            MalformedDumpError: With the byte, counted in the unpacked archive, of what is wrong.
        """
        if not self._has(len(MAGIC)) or not self._data.startswith(MAGIC):
            raise self.broken("it does not start like a mongodump archive", 0)
        self._pos = len(MAGIC)
        header_at = self.offset
        header = self._parsed(read_header, self._document(), header_at, "header")
        prelude = self._prelude()
        body: dict[Key, BodyPart] = {}
        while self._has(1):
            self._block(prelude, body)
        for key in sorted(prelude.keys() - body.keys()):
            raise self.broken(f"{_name(key)} was announced and never came", self.offset)
        for key, part in body.items():
            if not part.is_whole:
                raise self.broken(f"it ends before {_name(key)} does", self.offset)
        return ArchiveIndex(header, tuple(prelude.values()), body)

    @property
    def offset(self) -> int:
        """How far the walk is."""
        return self._base + self._pos

    def broken(self, what: str, offset: int) -> MalformedDumpError:
        """Say what is wrong with the archive and where."""
        return MalformedDumpError(
            f"the archive {self._label!r} is damaged at byte {offset:,}: {what};"
            " nothing was restored from it",
            file=self._label,
            offset=offset,
        )

    def _prelude(self) -> dict[Key, PreludeEntry]:
        prelude: dict[Key, PreludeEntry] = {}
        start = self.offset
        while (document := self._document_or_terminator(MAX_DOCUMENT_BYTES)) is not None:
            place = self.offset - len(document)
            if self.offset - start > _MAX_PRELUDE_BYTES or len(prelude) >= _MAX_NAMESPACES:
                raise self.broken("its list of collections is too long", place)
            entry = self._parsed(read_prelude_entry, document, place, "list of collections")
            if entry.key in prelude:
                raise self.broken(f"{_name(entry.key)} was announced twice", place)
            prelude[entry.key] = entry
        return prelude

    def _block(self, prelude: dict[Key, PreludeEntry], body: dict[Key, BodyPart]) -> None:
        start = self.offset
        document = self._document_or_terminator(MAX_DOCUMENT_BYTES)
        if document is None:
            raise self.broken("a block starts without a header", start)
        header = self._parsed(read_block_header, document, start, "block header")
        owner = _owner(header.key, prelude)
        if owner is None:
            raise self.broken(f"{_name(header.key)} comes without having been announced", start)
        part = body.setdefault(owner, BodyPart(header.key))
        if part.key != header.key:
            raise self.broken(f"{_name(owner)} comes under two names", start)
        if part.is_whole:
            raise self.broken(f"{_name(header.key)} goes on after its end", start)
        is_oplog = _is_oplog(header.key)
        self._documents(part, MAX_OPLOG_ENTRY_BYTES if is_oplog else MAX_DOCUMENT_BYTES)
        if header.is_last:
            self._finish(header, part, start)

    def _finish(self, header: BlockHeader, part: BodyPart, start: int) -> None:
        if part.extents and part.extents[-1] > start:
            raise self.broken(f"the last block of {_name(header.key)} holds documents", start)
        if part.checksum != header.checksum:
            raise self.broken(f"the documents of {_name(header.key)} fail their checksum", start)
        part.is_whole = True

    def _documents(self, part: BodyPart, longest: int) -> None:
        """Step over the documents of a block and its terminator."""
        start, documents = self.offset, 0
        while True:
            pos, count, length = _whole_documents(self._data, self._pos, longest)
            documents += count
            part.checksum = crc64_xz(memoryview(self._data)[self._pos : pos], part.checksum)
            self._pos = pos
            if length == _TERMINATOR_LENGTH:
                part.add(start, self.offset, documents)
                self._pos += _LENGTH_BYTES
                return
            if length is not None:
                self._fetch_document(length, longest)
            elif not self._has(len(self._data) - self._pos + 1):
                raise self.broken("it ends in the middle of a block", self.offset)

    def _fetch_document(self, length: int, longest: int) -> None:
        """Read the rest of a document that is not all there yet; raise for one that is wrong."""
        if not MIN_DOCUMENT_BYTES <= length <= longest:
            raise self.broken(f"a document states an impossible length of {length}", self.offset)
        if self._pos + length <= len(self._data):
            raise self.broken("a document does not end with a zero byte", self.offset)
        if not self._has(length):
            raise self.broken("it ends in the middle of a document", self.offset)

    def _document(self) -> bytes:
        document = self._document_or_terminator(MAX_DOCUMENT_BYTES)
        if document is None:
            raise self.broken("it has no header", self.offset)
        return document

    def _document_or_terminator(self, longest: int) -> bytes | None:
        if not self._has(_LENGTH_BYTES):
            raise self.broken("it ends too early", self.offset)
        length: int = _unpack_length(self._data, self._pos)[0]
        if length == _TERMINATOR_LENGTH:
            self._pos += _LENGTH_BYTES
            return None
        if not MIN_DOCUMENT_BYTES <= length <= longest:
            raise self.broken(f"a document states an impossible length of {length}", self.offset)
        if not self._has(length):
            raise self.broken("it ends in the middle of a document", self.offset)
        document = self._data[self._pos : self._pos + length]
        self._pos += length
        return document

    def _parsed(self, parse: Callable[[bytes], T], document: bytes, place: int, what: str) -> T:
        try:
            return parse(document)
        except MalformedBsonError as error:
            raise self.broken(f"its {what} is wrong: {error.message}", place) from error

    def _has(self, count: int) -> bool:
        """Read until so many bytes are at hand; False if the archive ends before."""
        missing = count - (len(self._data) - self._pos)
        if missing <= 0:
            return True
        parts = [self._data[self._pos :]]
        while missing > 0 and (more := self._read()):
            parts.append(more)
            missing -= len(more)
        self._base += self._pos
        self._data, self._pos = b"".join(parts), 0
        return missing <= 0


def _whole_documents(data: bytes, pos: int, longest: int) -> tuple[int, int, int | None]:
    """Step over whole documents; return where it ended, how many, and the next length.

    The length is None when too little is left to tell; when it looks sound, the document is cut
    short or its last byte is wrong.
    """
    end, count, unpack = len(data), 0, _unpack_length
    while end - pos >= _LENGTH_BYTES:
        length: int = unpack(data, pos)[0]
        after = pos + length
        if length < MIN_DOCUMENT_BYTES or length > longest or after > end or data[after - 1]:
            return pos, count, length
        pos = after
        count += 1
    return pos, count, None


def _owner(key: Key, prelude: dict[Key, PreludeEntry]) -> Key | None:
    """Return the announced namespace that a block's namespace belongs to.

    Source: a time series is announced by its own name, its blocks bear that of its buckets.
    """
    if key in prelude:
        return key
    logical = (key[0], key[1].removeprefix(BUCKETS_PREFIX))
    entry = prelude.get(logical)
    return logical if entry is not None and entry.is_timeseries else None


def _is_oplog(key: Key) -> bool:
    return key in (OPLOG_KEY, ("local", "oplog.rs"))


def _name(key: Key) -> str:
    return repr(f"{key[0]}.{key[1]}" if key[0] else key[1])
