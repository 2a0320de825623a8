"""The metadata document that mongodump keeps beside each collection's data, read and written.

Source: mongodump 100.x, `<collection>.metadata.json`: one line of canonical Extended JSON v2 with
`options` (left out when empty), `indexes`, `uuid` (left out when unknown), `collectionName` and
`type` (left out when empty), in this order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

from mangrove.core.documents import document_of, raw_element
from mangrove.core.errors import MalformedBsonError, MalformedMetadataError
from mangrove.engine import bson_walk
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.extended_json_write import json_string, to_canonical

EMPTY_DOCUMENT: Final = b"\x05\0\0\0\0"
T = TypeVar("T")
_UUID: Final = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class CollectionMetadata:
    """What a collection needs besides its documents.

    Attributes:
        options: The `options` document of listCollections, BSON, verbatim; may be empty.
        indexes: The documents of listIndexes, BSON, verbatim and in order, `_id_` included.
        uuid: 32 lower-case hexadecimal digits; None for views, time series and old servers.
        collection_name: The name as the server has it, not escaped; empty if the text had none.
        kind: `collection`, `view` or `timeseries`; empty if the text had none.
    """

    options: bytes = EMPTY_DOCUMENT
    indexes: tuple[bytes, ...] = ()
    uuid: str | None = None
    collection_name: str = ""
    kind: str = ""

    def to_text(self) -> str:
        """Write the document as mongodump does: one line, no line end.

        Raises:
            MalformedBsonError: If options or an index are damaged.
        """
        fields = []
        if self.options != EMPTY_DOCUMENT:
            fields.append(f'"options":{to_canonical(self.options)}')
        fields.append(f'"indexes":[{",".join(map(to_canonical, self.indexes))}]')
        if self.uuid is not None:
            fields.append(f'"uuid":{json_string(self.uuid)}')
        fields.append(f'"collectionName":{json_string(self.collection_name)}')
        if self.kind:
            fields.append(f'"type":{json_string(self.kind)}')
        return "{" + ",".join(fields) + "}"

    def parts_lost_in_text(self) -> tuple[str, ...]:
        """Say which parts would not come back from the text byte for byte, by name.

        A field called `$oid` or `$date` inside a validator reads as a typed value afterwards. No
        writer of this format can help it, and mongodump gives up on such a collection; a caller
        keeps the BSON elsewhere or warns.
        """
        named = [("options", self.options)]
        named += [(f"index {number}", index) for number, index in enumerate(self.indexes)]
        return tuple(name for name, document in named if not survives_as_text(document))

    def without_lost_parts(self) -> Self:
        """Return it without the options and the indexes that would not come back from the text."""
        if not self.parts_lost_in_text():
            return self
        fields = [raw_element(*element) for element in bson_walk.elements(self.options)]
        kept = [field for field in fields if survives_as_text(document_of(field))]
        return replace(
            self,
            options=document_of(*kept),
            indexes=tuple(index for index in self.indexes if survives_as_text(index)),
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the document, in any flavour that mongodump ever wrote.

        Plain numbers, white space, unknown fields and missing fields are fine, and an empty text
        means that nothing is known about the collection.

        Raises:
            MalformedMetadataError: If it is not such a document.
        """
        if not text.strip():
            return cls()
        found = {name: (kind, raw) for kind, name, raw in bson_walk.elements(from_extended(text))}
        uuid = _field(found, b"uuid", bson_walk.STRING, _text, "")
        if uuid and _UUID.fullmatch(uuid) is None:
            raise MalformedMetadataError("the metadata's uuid is not 32 hexadecimal digits")
        return cls(
            options=_field(found, b"options", bson_walk.DOCUMENT, bytes, EMPTY_DOCUMENT),
            indexes=_field(found, b"indexes", bson_walk.ARRAY, _documents, ()),
            uuid=uuid.lower() or None,
            collection_name=_field(found, b"collectionName", bson_walk.STRING, _text, ""),
            kind=_field(found, b"type", bson_walk.STRING, _text, ""),
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the content of a metadata file, which is UTF-8.

        Raises:
            MalformedMetadataError: If it is not UTF-8, or as ``from_text`` does.
        """
        try:
            return cls.from_text(data.decode())
        except UnicodeDecodeError as error:
            raise MalformedMetadataError(
                f"the metadata is not valid UTF-8 at byte {error.start}", position=error.start
            ) from error


def _field(
    found: dict[bytes, tuple[int, bytes]],
    name: bytes,
    wanted: int,
    convert: Callable[[bytes], T],
    default: T,
) -> T:
    kind, raw = found.get(name, (bson_walk.NULL, b""))
    if kind == bson_walk.NULL:
        return default
    if kind != wanted:
        raise MalformedMetadataError(f"the metadata's {name.decode()} is of the wrong type")
    return convert(raw)


def _text(raw: bytes) -> str:
    return raw[4:-1].decode()


def _documents(raw: bytes) -> tuple[bytes, ...]:
    items = tuple(bson_walk.elements(raw))
    if any(kind != bson_walk.DOCUMENT for kind, _, _ in items):
        raise MalformedMetadataError("the metadata's indexes hold something that is no document")
    for number, (_, _, index) in enumerate(items, start=1):
        _check_index(index, f"the metadata's index {number}")
    return tuple(item for _, _, item in items)


def _check_index(index: bytes, what: str) -> None:
    """Refuse an index that no server would list: each has fields and a name."""
    kinds = {name: kind for kind, name, _ in bson_walk.elements(index)}
    if kinds.get(b"key") != bson_walk.DOCUMENT:
        raise MalformedMetadataError(f"{what} does not say what it is on")
    if kinds.get(b"name") != bson_walk.STRING:
        raise MalformedMetadataError(f"{what} has no name")


def survives_as_text(document: bytes) -> bool:
    """Whether a document comes back from canonical Extended JSON byte for byte."""
    if b"$" not in document:
        return True  # what is mistaken for a typed value has a dollar in a name
    try:
        return from_extended(to_canonical(document)) == document
    except (MalformedBsonError, MalformedMetadataError):
        return False
