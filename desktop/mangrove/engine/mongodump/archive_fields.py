"""The small documents of an archive: its header, its prelude, and the headers of blocks.

Source: mongo-tools 100.x `common/archive` (archive.go, prelude.go, multiplexer.go); field order as
mongodump writes it. A reader takes any order, unknown fields in header and prelude, but none in
the headers of blocks, as mongorestore does.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Final

from mangrove.core.errors import MalformedBsonError
from mangrove.engine.bson_walk import BOOLEAN, INT32, INT64, STRING, elements
from mangrove.engine.mongodump.crc64 import as_int64, from_int64

MAGIC: Final = b"\x6d\xe2\x99\x81"
TERMINATOR: Final = b"\xff\xff\xff\xff"
FORMAT_VERSION: Final = "0.1"
OPLOG_KEY: Final = ("", "oplog")
MAX_DOCUMENT_BYTES: Final = 16 << 20
"""What mongorestore takes for a document of an archive; longer ones end its run."""

_SERVER_VERSION: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:-.*)?", re.DOTALL)
_LEADING_NUMBERS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}")
_pack_int32 = Struct("<i").pack
_pack_int64 = Struct("<q").pack

Key = tuple[str, str]
"""Database and collection, as the archive has them."""


@dataclass(frozen=True, slots=True)
class ArchiveHeader:
    """What an archive says about its making."""

    concurrent_collections: int
    server_version: str
    tool_version: str

    def to_bson(self) -> bytes:
        """Write it as mongodump does."""
        return _document(
            _int32("concurrent_collections", self.concurrent_collections),
            _string("version", FORMAT_VERSION),
            _string("server_version", self.server_version),
            _string("tool_version", self.tool_version),
        )


@dataclass(frozen=True, slots=True)
class PreludeEntry:
    """One namespace that an archive announces.

    Attributes:
        metadata: The text of the metadata file, or "".
        kind: The word of listCollections; "" for the oplog and the parts of one database.
    """

    database: str
    collection: str
    metadata: str
    kind: str

    @property
    def key(self) -> Key:
        """Database and collection."""
        return self.database, self.collection

    @property
    def is_timeseries(self) -> bool:
        """Whether its blocks may bear the name of its buckets."""
        return self.kind == "timeseries" or '"timeseries"' in self.metadata

    def to_bson(self) -> bytes:
        """Write it as mongodump does, with its size of 0."""
        return _document(
            _string("db", self.database),
            _string("collection", self.collection),
            _string("metadata", self.metadata),
            _int32("size", 0),
            _string("type", self.kind),
        )


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What stands before the documents of a block.

    Attributes:
        is_last: Whether no documents follow, here or later, of this namespace.
        checksum: Over all its documents, unsigned; only counts in the last block.
    """

    database: str
    collection: str
    is_last: bool = False
    checksum: int = 0

    @property
    def key(self) -> Key:
        """Database and collection."""
        return self.database, self.collection

    def to_bson(self) -> bytes:
        """Write it as mongodump does."""
        return _document(
            _string("db", self.database),
            _string("collection", self.collection),
            _element(BOOLEAN, "EOF", b"\1" if self.is_last else b"\0"),
            _element(INT64, "CRC", _pack_int64(as_int64(self.checksum))),
        )


def read_header(document: bytes) -> ArchiveHeader:
    """Read the archive's header.

    Raises:
        MalformedBsonError: If it is damaged, or its server version is none.
    """
    found = _fields(document, _HEADER)
    version = _text(found, b"server_version")
    if not is_server_version(version):
        raise MalformedBsonError(f"its server version {version[:40]!r} is none")
    return ArchiveHeader(
        _number(found.get(b"concurrent_collections", b"\0")),
        version,
        _text(found, b"tool_version"),
    )


def read_prelude_entry(document: bytes) -> PreludeEntry:
    """Read one entry of the prelude.

    Raises:
        MalformedBsonError: If it is damaged or names nothing.
    """
    found = _fields(document, _PRELUDE)
    if b"db" not in found or b"collection" not in found:
        raise MalformedBsonError("it names no collection")
    database, collection = _text(found, b"db"), _text(found, b"collection")
    return PreludeEntry(database, collection, _text(found, b"metadata"), _text(found, b"type"))


def read_block_header(document: bytes) -> BlockHeader:
    """Read a block's header.

    Raises:
        MalformedBsonError: If it is damaged or has a field that does not belong there.
    """
    found = _fields(document, _BLOCK, is_closed=True)
    return BlockHeader(
        _text(found, b"db"),
        _text(found, b"collection"),
        found.get(b"EOF", b"\0") == b"\1",
        from_int64(_number(found.get(b"CRC", b"\0"))),
    )


def is_server_version(text: str) -> bool:
    """Whether a text is a server's version: three numbers, with or without a suffix."""
    return _SERVER_VERSION.fullmatch(text) is not None


def parsable_version(text: str) -> str:
    """Return a server version that mongorestore can read in an archive.

    Source: it gives up on anything but three numbers, with or without a suffix after a hyphen.
    """
    if is_server_version(text):
        return text
    found = _LEADING_NUMBERS.match(text)
    numbers = found[0].split(".") if found else []
    return ".".join([*numbers, "0", "0", "0"][:3])


_HEADER: Final = {
    b"concurrent_collections": INT32,
    b"version": STRING,
    b"server_version": STRING,
    b"tool_version": STRING,
}
_PRELUDE: Final = {b"db": STRING, b"collection": STRING, b"metadata": STRING, b"type": STRING}
_BLOCK: Final = {b"db": STRING, b"collection": STRING, b"EOF": BOOLEAN, b"CRC": INT64}


def _fields(
    document: bytes, wanted: Mapping[bytes, int], *, is_closed: bool = False
) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, raw in _known(document, wanted, is_closed=is_closed):
        if name in found:
            raise MalformedBsonError(f"it has the field {name.decode()!r} twice")
        found[name] = raw
    return found


def _known(
    document: bytes, wanted: Mapping[bytes, int], *, is_closed: bool
) -> Iterator[tuple[bytes, bytes]]:
    for kind, name, raw in elements(document):
        if name not in wanted:
            if is_closed:
                raise MalformedBsonError(f"it has an unknown field {_shown(name)!r}")
            continue
        if kind != wanted[name]:
            raise MalformedBsonError(f"its field {name.decode()!r} is of the wrong type")
        yield name, raw


def _shown(name: bytes) -> str:
    return name[:40].decode(errors="replace")


def _text(found: Mapping[bytes, bytes], name: bytes) -> str:
    try:
        return found.get(name, b"\1\0\0\0\0")[4:-1].decode()
    except UnicodeDecodeError as error:
        raise MalformedBsonError(f"its field {name.decode()!r} is not UTF-8") from error


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _document(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return _pack_int32(len(body) + 5) + body + b"\0"


def _element(kind: int, name: str, raw: bytes) -> bytes:
    return b"%c%b\0%b" % (kind, name.encode(), raw)


def _string(name: str, text: str) -> bytes:
    raw = text.encode() + b"\0"
    return _element(STRING, name, _pack_int32(len(raw)) + raw)


def _int32(name: str, number: int) -> bytes:
    return _element(INT32, name, _pack_int32(number))
