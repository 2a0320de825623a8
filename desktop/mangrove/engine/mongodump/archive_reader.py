"""Opens a mongodump archive: checked as a whole first, then read namespace by namespace."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from mangrove.core.errors import (
    MalformedBsonError,
    MalformedDumpError,
    UnusableDumpError,
)
from mangrove.core.namespace import Namespace
from mangrove.engine.framing import document_chunks
from mangrove.engine.metadata import CollectionMetadata
from mangrove.engine.mongodump.archive_fields import OPLOG_KEY, Key, PreludeEntry
from mangrove.engine.mongodump.archive_scan import ArchiveIndex, ArchiveScan, BodyPart
from mangrove.engine.mongodump.archive_source import ArchiveSource
from mangrove.engine.mongodump.crc64 import crc64_xz
from mangrove.engine.mongodump.foreign import (
    ForeignCollection,
    ForeignKind,
    ForeignNote,
    ForeignOplog,
    ForeignSpecial,
    SpecialName,
    kind_of,
)
from mangrove.engine.mongodump.metadata_text import parsed_metadata
from mangrove.engine.mongodump.names import (
    BUCKETS_PREFIX,
    DATABASE_SPECIAL_PREFIX,
    is_database_name,
    reason_to_skip,
)

_READ_BYTES: Final = 1 << 20
_SERVER_OPLOGS: Final = (("local", "oplog.rs"), ("local", "oplog.$main"))


def open_archive(path: Path, database: str | None = None) -> "ArchiveDump":
    """Open an archive, plain or gzip, and check all of it: framing, checksums, completeness.

    Reads the archive once. Gzip, and input that can be read only once, is unpacked on the way to
    a temporary file that nobody else can read and that goes with ``close`` or the process; so
    there must be room for it in the folder for temporary files. Blocks of different collections
    may be interleaved as deeply as they like.

    Args:
        path: The archive: a file or a pipe.
        database: Offer this database only, and the oplog; all of the archive is checked.

    Raises:
        UnusableDumpError: If there is no file at the path, or no such database in it.
        MalformedDumpError: If anything about the archive is wrong.
        StorageFullError: If there is no room to unpack it.
    """
    source = ArchiveSource(path)
    try:
        index = ArchiveScan(source.first_reader(), str(path)).run()
        return ArchiveDump(str(path), source, _of_database(index, database, str(path)))
    except BaseException:
        source.close()
        raise


class ArchiveDump:
    """An archive that was found sound; see ``ForeignDump``."""

    def __init__(self, path: str, source: ArchiveSource, index: ArchiveIndex) -> None:
        self.path = path
        self.server_version: str | None = index.header.server_version
        self.tool_version: str | None = index.header.tool_version or None
        self.oplog: ForeignOplog | None = None
        self._source = source
        self._body = index.body
        self._oplog_key: Key | None = None
        self._collections: list[ForeignCollection] = []
        self._notes: list[ForeignNote] = []
        self._specials: dict[ForeignSpecial, Key] = {}
        for entry in sorted(index.prelude, key=lambda entry: entry.key):
            self._take(entry, index.body[entry.key])

    @property
    def collections(self) -> tuple[ForeignCollection, ...]:
        """Return what can be restored, sorted by namespace."""
        return tuple(self._collections)

    @property
    def notes(self) -> tuple[ForeignNote, ...]:
        """Return what was seen and cannot be used, with reasons."""
        return tuple(self._notes)

    @property
    def users_and_roles(self) -> tuple[ForeignSpecial, ...]:
        """Return which parts with users, roles and their version exist."""
        return tuple(self._specials)

    def read(self, collection: ForeignCollection) -> Iterator[bytes]:
        """Yield the documents of one of ``collections``; nothing for a view."""
        if collection.kind is ForeignKind.VIEW:
            return iter(())
        namespace = collection.namespace
        return self._documents((namespace.database, namespace.collection))

    def read_special(self, special: ForeignSpecial) -> Iterator[bytes]:
        """Yield the documents of one of ``users_and_roles``."""
        return self._documents(self._specials[special])

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog entries; nothing without an oplog."""
        return iter(()) if self._oplog_key is None else self._documents(self._oplog_key)

    def close(self) -> None:
        """Let go of the file and remove what was unpacked."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _documents(self, key: Key) -> Iterator[bytes]:
        part = self._body[key]
        checksum = 0
        try:
            for chunk in document_chunks(self._pieces(part), _READ_BYTES):
                checksum = crc64_xz(chunk, checksum)
                yield chunk
        except MalformedBsonError as error:
            raise self._changed(part) from error
        if checksum != part.checksum:
            raise self._changed(part)

    def _pieces(self, part: BodyPart) -> Iterator[bytes]:
        for place in range(0, len(part.extents), 2):
            pos, end = part.extents[place : place + 2]
            while pos < end:
                piece = self._source.read_at(pos, min(_READ_BYTES, end - pos))
                if not piece:
                    raise self._changed(part)
                yield piece
                pos += len(piece)

    def _changed(self, part: BodyPart) -> MalformedDumpError:
        return MalformedDumpError(
            f"the archive {self.path!r} was changed after it was opened",
            hint="open it again when nobody writes to it",
            file=self.path,
            offset=part.extents[0] if part.extents else 0,
        )

    def _take(self, entry: PreludeEntry, part: BodyPart) -> None:
        if entry.key == OPLOG_KEY:
            self._take_oplog(entry.key, part)
            return
        if not is_database_name(entry.database) or not entry.collection or "\0" in entry.collection:
            raise self._refused(f"{'.'.join(entry.key)!r} cannot be a database and a collection")
        if scope := _special_of(entry.key):
            name, database = scope
            metadata = self._metadata(entry)
            special = ForeignSpecial(name, database, metadata, part.documents, part.plain_bytes)
            self._specials[special] = entry.key
        elif entry.key in _SERVER_OPLOGS:
            self._take_oplog(entry.key, part)
        elif reason := reason_to_skip(entry.collection):
            self._notes.append(ForeignNote(".".join(entry.key), reason))
        else:
            self._take_collection(entry, part)

    def _take_collection(self, entry: PreludeEntry, part: BodyPart) -> None:
        metadata = self._metadata(entry)
        kind = kind_of(metadata, has_buckets=part.key != entry.key)
        namespace = Namespace(*entry.key)
        if entry.collection.startswith(BUCKETS_PREFIX):
            self._lose(namespace, "holds a time series whose metadata are missing")
            return
        if kind is ForeignKind.VIEW and part.documents:
            self._lose(namespace, "holds documents, but its metadata describe a view")
        is_view = kind is ForeignKind.VIEW
        self._collections.append(
            ForeignCollection(
                namespace=namespace,
                kind=kind,
                metadata=metadata,
                documents=0 if is_view else part.documents,
                plain_bytes=0 if is_view else part.plain_bytes,
                stored_bytes=0 if is_view else part.plain_bytes,
                source=self.path,
            )
        )

    def _take_oplog(self, key: Key, part: BodyPart) -> None:
        if self._oplog_key is None:
            self._oplog_key = key
            self.oplog = ForeignOplog(self.path, part.documents, part.plain_bytes)
        else:
            better = ".".join(self._oplog_key).lstrip(".")
            self._notes.append(ForeignNote(".".join(key), f"stands behind {better!r}"))

    def _lose(self, namespace: Namespace, reason: str) -> None:
        self._notes.append(ForeignNote(str(namespace), reason, holds_data=True))

    def _metadata(self, entry: PreludeEntry) -> CollectionMetadata | None:
        what = f"the metadata of {'.'.join(entry.key)!r} in {self.path!r}"
        return parsed_metadata(entry.metadata.encode(), self.path, what)

    def _refused(self, what: str) -> MalformedDumpError:
        return MalformedDumpError(
            f"the archive {self.path!r} cannot be used: {what}; nothing was restored from it",
            file=self.path,
            offset=0,
        )


def _of_database(index: ArchiveIndex, database: str | None, path: str) -> ArchiveIndex:
    if database is None:
        return index
    if all(entry.database != database for entry in index.prelude):
        raise UnusableDumpError(
            f"the archive {path!r} holds no database {database!r}",
            hint="choose one of: " + ", ".join(sorted({e.database for e in index.prelude} - {""})),
            file=path,
        )
    kept = tuple(entry for entry in index.prelude if entry.database in ("", database))
    return replace(index, prelude=kept)


def _special_of(key: Key) -> tuple[SpecialName, str] | None:
    """Return which part of users and roles this is, and of which database, "" for all."""
    database, collection = key
    name = collection.removeprefix(DATABASE_SPECIAL_PREFIX)
    if name not in tuple(SpecialName) or (name == collection and database != "admin"):
        return None
    return SpecialName(name), "" if name == collection else database
