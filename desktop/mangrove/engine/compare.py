"""Compares a restored collection with what the backup says: count, digest, options, indexes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mangrove.core.backup import IndexChoice
from mangrove.core.documents import document_of, raw_element
from mangrove.core.manifest import StoredDocuments
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.wording import counted
from mangrove.engine.bson_walk import elements
from mangrove.engine.extended_json_write import to_canonical

_STRING, _BOOLEAN = 0x02, 0x08
_NUMBERS = frozenset({0x01, 0x10, 0x12})
_NUMBER = re.compile(r'\{"\$number(?:Int|Long|Double)":"(-?[\d.]+(?:E[-+]?\d+)?)"\}')
# Stored as they were typed before MongoDB 5.0 (sparse: 1.0), as booleans since (measured).
_FLAGS = frozenset({b"unique", b"sparse", b"background"})
# Never sent to a target, or of no effect on any: "create" and "flags" among the options, "dropDups"
# and "safe" of an index come from MongoDB 2.x and 3.x (mongo-tools, mongorestore/metadata.go).
_NOT_COMPARED = frozenset({b"ns", b"v", b"temp", b"autoIndexId", b"recordIdsReplicated"}) | {
    b"create",
    b"flags",
    b"dropDups",
    b"safe",
}
# Source: MongoDB manual, "Capped Collections": before 7.0 the size becomes a multiple of 256, at
# least 4096; newer servers list it as it was given (5.0.4 and 6.0.5: 1,000,000 is 1,000,192).
_SIZE_STEP, _SMALLEST_SIZE = 256, 4096
_SIZES = frozenset({(0x10, b"size"), (0x12, b"size")})


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
    """Say how options and indexes differ; nothing when they are the same.

    The order of an index's options does not count, the order inside ``key`` does. Version and
    namespace are left out: a restore brings them up to date. Numbers as in canonical_options.
    """
    if expected.kind != found.kind:
        yield ShapeDifference(f"is a {found.kind}, in the backup a {expected.kind}")
    if other := _other_options(expected.options, found.options):
        yield ShapeDifference(f"has other options than in the backup: {', '.join(other)}")
    if indexes is IndexChoice.NEVER:
        return
    wanted, there = _by_name(expected.indexes), _by_name(found.indexes)
    for name in sorted(wanted.keys() - there.keys()):
        yield ShapeDifference(f"lacks the index {name}", name)
    for name in sorted(wanted.keys() & there.keys()):
        if other := _other_options(wanted[name], there[name]):
            text = f"has another definition of the index {name}: {', '.join(other)}"
            yield ShapeDifference(text, name)


def canonical_options(options: bytes) -> str:
    """Return collection options as text that can be compared.

    Field order does not count, and neither does the type of a whole number: the server keeps 1
    and 1.0 as they were typed, or rewrites them, depending on version and option.
    """
    return _sorted_fields(options)


def index_name(spec: bytes) -> str:
    """Return the name inside an index specification, "" without one."""
    values = (value for kind, name, value in elements(spec) if (kind, name) == (_STRING, b"name"))
    return next((v[4:-1].decode(errors="replace") for v in values), "")


def _by_name(indexes: Iterable[bytes]) -> dict[str, bytes]:
    return {index_name(spec): spec for spec in indexes}


def _other_options(expected: bytes, found: bytes) -> list[str]:
    wanted, there = _fields(expected), _fields(found)
    names = wanted.keys() | there.keys()
    return sorted(n.decode() for n in names if wanted.get(n) != there.get(n))


def _fields(document: bytes) -> dict[bytes, str]:
    return {
        name: _as_text([raw_element(kind, name, value)]) for kind, name, value in _told(document)
    }


def _sorted_fields(document: bytes) -> str:
    # sorted by name: 1 and 1.0 have to stand at the same place
    found = sorted(_told(document), key=lambda e: e[1])
    return _as_text(raw_element(*e) for e in found)


def _told(document: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the elements that count, each as every server would keep it."""
    found = [e for e in elements(document) if e[1] not in _NOT_COMPARED]
    is_capped = any(name == b"capped" for _, name, _ in found)
    for kind, name, value in found:
        if name in _FLAGS:
            yield _as_boolean(kind, name, value)
        elif is_capped and (kind, name) in _SIZES:
            yield kind, name, _as_kept(value)
        else:
            yield kind, name, value


def _as_kept(size: bytes) -> bytes:
    """Return a capped collection's size as servers keep it: in whole steps, and not too small."""
    steps = -(-int.from_bytes(size, "little", signed=True) // _SIZE_STEP)
    return (max(steps * _SIZE_STEP, _SMALLEST_SIZE)).to_bytes(len(size), "little", signed=True)


def _as_boolean(kind: int, name: bytes, value: bytes) -> tuple[int, bytes, bytes]:
    return (_BOOLEAN, name, bytes([any(value)])) if kind in _NUMBERS else (kind, name, value)


def _as_text(fields: Iterable[bytes]) -> str:
    text = to_canonical(document_of(*fields))
    return _NUMBER.sub(lambda found: _same_number(found[1]), text)


def _same_number(text: str) -> str:
    """Return one spelling for all types of a number; long integers keep every digit."""
    if text.removeprefix("-").isdecimal():
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else text
