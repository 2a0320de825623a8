"""How a collection is described: by a manifest, and to the server it goes to."""

import base64
import re
from collections.abc import Mapping

from mangrove.core.documents import document_of, raw_element
from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.restores.view_references import moved_pipeline
from mangrove.engine.bson_walk import elements
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.metadata import survives_as_text

_STRING = 0x02
_NO_OPTIONS = b"\x05\x00\x00\x00\x00"
_AS_BYTES = re.compile(r'\{"\$bson":"([A-Za-z0-9+/=]+)"\}')


def recorded(document: bytes) -> str:
    """Return a document as a manifest has it: as text that gives the same bytes again.

    That is canonical Extended JSON; where it would be read as something else, because a field
    is called ``$oid`` or ``$date``, the bytes themselves.
    """
    if survives_as_text(document):
        return to_canonical(document)
    return f'{{"$bson":"{base64.b64encode(document).decode()}"}}'


def from_recorded(text: str) -> bytes:
    """Return the document that a manifest's text stands for."""
    found = _AS_BYTES.fullmatch(text)
    return base64.b64decode(found[1]) if found else from_extended(text or "{}")


def lost_in_a_dump(entry: NamespaceEntry) -> bool:
    """Whether mongodump's metadata text cannot carry an option or an index of a collection."""
    return any(_AS_BYTES.fullmatch(text) for text in (entry.options, *entry.indexes))


def recorded_options(info: CollectionInfo) -> str:
    """Return a collection's options as a manifest has them: none as an empty text."""
    return "" if info.options == _NO_OPTIONS else recorded(info.options)


def recorded_indexes(info: CollectionInfo) -> tuple[str, ...]:
    """Return a collection's index descriptions as a manifest has them."""
    return tuple(map(recorded, info.indexes))


def target_info(
    entry: NamespaceEntry, target: Namespace, moved: Mapping[Namespace, Namespace]
) -> CollectionInfo:
    """Describe an entry of a backup under its new name.

    Args:
        entry: As the manifest has it.
        target: Where it goes.
        moved: Every source namespace of the restore and where it goes; a view follows what it
            stands on and reads, views too, as long as they go to one database.
    """
    options = from_recorded(entry.options)
    if entry.kind == "view":
        within = {s: t for s, t in moved.items() if t.database == target.database}
        options = from_recorded(moved_pipeline(entry, within))
        options = _with_moved_source(options, entry.namespace.database, within)
    return CollectionInfo(
        namespace=target,
        kind=entry.kind,
        options=options,
        indexes=tuple(map(from_recorded, entry.indexes)),
        uuid=None,
        estimated_documents=entry.documents,
        estimated_bytes=entry.plain_bytes,
    )


def _with_moved_source(
    options: bytes, database: str, moved: Mapping[Namespace, Namespace]
) -> bytes:
    fields = []
    for kind, name, value in elements(options):
        kept = value
        if (kind, name) == (_STRING, b"viewOn"):
            source = Namespace(database, value[4:-1].decode(errors="replace"))
            text = moved.get(source, source).collection.encode() + b"\0"
            kept = len(text).to_bytes(4, "little") + text
        fields.append(raw_element(kind, name, kept))
    return document_of(*fields)
