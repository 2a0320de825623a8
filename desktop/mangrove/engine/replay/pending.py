"""Index specifications that are not built yet, edited as the oplog edits indexes."""

from collections.abc import Iterable

from mangrove.core.documents import document_of, raw_element
from mangrove.engine.bson_walk import elements
from mangrove.engine.compare import index_name
from mangrove.engine.oplog_entry import spans

ALL = "*"
_EDITED = (b"expireAfterSeconds", b"hidden", b"prepareUnique", b"unique")
_TRUE = b"\x01"


def named(specs: Iterable[bytes]) -> dict[str, bytes]:
    """Return specifications by name; of two with one name the last."""
    return {index_name(spec): spec for spec in specs}


def is_of_id(spec: bytes) -> bool:
    """Whether a specification is that of the ``_id`` index, or of a clustered collection."""
    found = spans(spec)
    kind, start, _ = found.get(b"clustered", (0, 0, 0))
    return index_name(spec) == "_id_" or (kind != 0 and spec[start] == 1)


def key_of(spec: bytes) -> bytes | None:
    """Return the key pattern."""
    span = spans(spec).get(b"key")
    return None if span is None else spec[span[1] : span[2]]


def found_by(indexes: dict[str, bytes], name: str | None, key: bytes | None) -> str | None:
    """Return the name of the index that a name or a key pattern means; None if none."""
    if name is not None:
        return name if name in indexes else None
    return next((n for n, spec in indexes.items() if key is not None and key_of(spec) == key), None)


def edited(spec: bytes, change: bytes) -> bytes:
    """Return a specification as the ``index`` part of a collMod leaves it.

    Source: MongoDB manual, "collMod", "Index Options"; making an index unique ends its
    prepareUnique, and hidden: false is the same as no such field.
    """
    wanted = {name: (kind, value) for kind, name, value in elements(change) if name in _EDITED}
    if wanted.get(b"unique", (0, b""))[1] == _TRUE:
        wanted[b"prepareUnique"] = (0x08, b"\0")
    if b"forceNonUnique" in spans(change):
        wanted[b"unique"] = (0x08, b"\0")
    kept = [(kind, name, value) for kind, name, value in elements(spec) if name not in wanted]
    added = [(kind, name, value) for name, (kind, value) in wanted.items() if any(value)]
    return document_of(*(raw_element(*element) for element in (*kept, *added)))
