"""Compares a restored collection with what the backup says: count, digest, options, indexes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mangrove.core.backup import IndexChoice
from mangrove.core.manifest import StoredDocuments
from mangrove.core.ports import CollectionInfo
from mangrove.core.wording import counted
from mangrove.engine.bson_walk import elements
from mangrove.engine.extended_json_write import to_canonical

_STRING = 0x02
# "temp", "autoIndexId" and "recordIdsReplicated" are never sent to a target.
_NOT_COMPARED = frozenset({b"ns", b"v", b"temp", b"autoIndexId", b"recordIdsReplicated"})


def content_differences(entry: StoredDocuments, documents: int, digest: str) -> Iterator[str]:
    """Say how the content differs; nothing when it is the same."""
    if documents != entry.documents:
        yield f"holds {counted(documents, 'document')}, the backup {entry.documents:,}"
    elif entry.digest and digest != entry.digest:
        yield "holds as many documents as the backup, but not the same ones"


@dataclass(frozen=True, slots=True)
class ShapeDifference:
    """One way in which a collection is shaped otherwise; ``index`` is "" for the options."""

    text: str
    index: str = ""


def shape_differences(
    expected: CollectionInfo, found: CollectionInfo, indexes: IndexChoice
) -> Iterator[ShapeDifference]:
    """Say how options and indexes differ; nothing when they are the same."""
    if expected.kind != found.kind:
        yield ShapeDifference(f"is a {found.kind}, in the backup a {expected.kind}")
    if canonical_options(expected.options) != canonical_options(found.options):
        yield ShapeDifference("has other options than in the backup")
    if indexes is IndexChoice.NEVER:
        return
    wanted, there = index_specs(expected.indexes), index_specs(found.indexes)
    for name in sorted(wanted.keys() - there.keys()):
        yield ShapeDifference(f"lacks the index {name}", name)
    for name in sorted(wanted.keys() & there.keys()):
        if wanted[name] != there[name]:
            yield ShapeDifference(f"has another definition of the index {name}", name)


def canonical_options(options: bytes) -> str:
    """Return collection options as text that can be compared; field order does not count."""
    return _sorted_fields(options)


def index_specs(indexes: Iterable[bytes]) -> dict[str, str]:
    """Return each index by name as text that can be compared.

    The order of an index's options does not count, the order inside ``key`` does. Version and
    namespace are left out: a restore brings them up to date.
    """
    specs = {}
    for spec in indexes:
        specs[index_name(spec)] = _sorted_fields(spec)
    return specs


def index_name(spec: bytes) -> str:
    """Return the name inside an index specification, "" without one."""
    values = (value for kind, name, value in elements(spec) if (kind, name) == (_STRING, b"name"))
    return next((v[4:-1].decode(errors="replace") for v in values), "")


def _sorted_fields(document: bytes) -> str:
    fields = sorted(
        bytes([kind]) + name + b"\0" + value
        for kind, name, value in elements(document)
        if name not in _NOT_COMPARED
    )
    body = b"".join(fields)
    return to_canonical((len(body) + 5).to_bytes(4, "little") + body + b"\0")
