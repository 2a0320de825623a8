"""The golden mongodump files: unpacked, hashed, and what the server said is in them."""

import hashlib
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mangrove.core.namespace import Namespace
from mangrove.engine.framing import iter_documents
from mangrove.engine.mongodump.foreign import ForeignDump, ForeignKind
from mangrove.engine.mongodump.outgoing import (
    DumpPlan,
    DumpWriter,
    OutgoingCollection,
    OutgoingSpecial,
)

GOLDEN = Path(__file__).parent / "mongodump"
ARCHIVES = GOLDEN / "archives"
EXPECTED: dict[str, Any] = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
EMPTY_HASH = hashlib.sha256().hexdigest()

Content = tuple[int, str]


def unpack(name: str, folder: Path) -> Path:
    """Unpack ``dumps/<name>.tar.gz`` and return the dump."""
    with tarfile.open(GOLDEN / "dumps" / f"{name}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder / name


def content_of(chunks: Iterable[bytes]) -> Content:
    """Return count and content hash of documents, as the README defines it."""
    documents = [document for chunk in chunks for document in iter_documents(chunk)]
    documents.sort(key=lambda document: document[4:])
    return len(documents), hashlib.sha256(b"".join(documents)).hexdigest()


def contents(dump: ForeignDump) -> dict[Namespace, tuple[str, Content]]:
    """Return kind, count and hash of everything in a dump."""
    return {c.namespace: (c.kind.value, content_of(dump.read(c))) for c in dump.collections}


def expected_contents(dataset: str, database: str | None = None) -> dict[Namespace, Any]:
    """Return what ``contents`` must be, as the server had it."""
    return {
        Namespace(name, collection): (
            entry["type"],
            (entry["documents"], entry["sha256"] or EMPTY_HASH),
        )
        for name, collections in EXPECTED[dataset].items()
        for collection, entry in collections.items()
        if database in (None, name)
    }


def everything(dump: ForeignDump) -> tuple[Any, ...]:
    """Return all that a dump says, so that two can be compared."""
    collections = [
        (c.namespace, c.kind, c.metadata, content_of(dump.read(c))) for c in dump.collections
    ]
    specials = [
        (s.database, s.name, s.metadata, content_of(dump.read_special(s)))
        for s in sorted(dump.users_and_roles, key=lambda s: (s.database, s.name))
    ]
    oplog = b"".join(dump.read_oplog()) if dump.oplog else None
    return collections, specials, oplog, dump.server_version, dump.tool_version


def plan_of(dump: ForeignDump) -> DumpPlan:
    """Return the plan that writes a dump again."""
    return DumpPlan(
        collections=tuple(OutgoingCollection.of(c) for c in dump.collections),
        server_version=dump.server_version or "unknown",
        tool_version=dump.tool_version or "",
        specials=tuple(OutgoingSpecial.of(s) for s in dump.users_and_roles),
        has_oplog=dump.oplog is not None,
    )


def copy(dump: ForeignDump, writer: DumpWriter) -> None:
    """Write a dump again, to the end."""
    with writer:
        for special in dump.users_and_roles:
            writer.write_special(OutgoingSpecial.of(special), dump.read_special(special))
        for collection in dump.collections:
            if collection.kind is not ForeignKind.VIEW:
                writer.write(OutgoingCollection.of(collection), dump.read(collection))
        if dump.oplog:
            writer.write_oplog(dump.read_oplog())
        writer.finish()
