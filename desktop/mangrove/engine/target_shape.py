"""How a collection is described: by a manifest, and to the server it goes to."""

from collections.abc import Mapping

from mangrove.core.manifest import NamespaceEntry
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.engine.bson_walk import elements
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.extended_json_write import to_canonical

_STRING = 0x02
_NO_OPTIONS = b"\x05\x00\x00\x00\x00"


def recorded_options(info: CollectionInfo) -> str:
    """Return a collection's options as a manifest has them: none as an empty text."""
    return "" if info.options == _NO_OPTIONS else to_canonical(info.options)


def recorded_indexes(info: CollectionInfo) -> tuple[str, ...]:
    """Return a collection's index descriptions as a manifest has them."""
    return tuple(to_canonical(spec) for spec in info.indexes)


def target_info(
    entry: NamespaceEntry, target: Namespace, moved: Mapping[Namespace, Namespace]
) -> CollectionInfo:
    """Describe an entry of a backup under its new name.

    Args:
        entry: As the manifest has it.
        target: Where it goes.
        moved: Every source namespace of the restore and where it goes; a view follows what it
            stands on, a view too, as long as both go to one database.
    """
    options = from_extended(entry.options or "{}")
    if entry.kind == "view":
        within = {s: t for s, t in moved.items() if t.database == target.database}
        options = _with_moved_source(options, entry.namespace.database, within)
    return CollectionInfo(
        namespace=target,
        kind=entry.kind,
        options=options,
        indexes=tuple(from_extended(spec) for spec in entry.indexes),
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
        fields.append(bytes([kind]) + name + b"\0" + kept)
    body = b"".join(fields)
    return (len(body) + 5).to_bytes(4, "little") + body + b"\0"
