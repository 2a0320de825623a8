"""One database's folder of a dump: which files make which collection.

Source: mongo-tools 100.x `mongorestore/filepath.go`; where the real tool is known to be wrong (it
decodes `collectionName`, and looks for the metadata of a time series by file name), the names are
taken literally and matched by their hash instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mangrove.core.errors import MalformedDumpError
from mangrove.core.namespace import Namespace, dump_file_stem
from mangrove.engine.metadata import CollectionMetadata
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.folder import Folder, Role, doubled
from mangrove.engine.mongodump.foreign import (
    ForeignCollection,
    ForeignKind,
    ForeignNote,
    ForeignSpecial,
    SpecialName,
    kind_of,
)
from mangrove.engine.mongodump.metadata_text import MAX_METADATA_BYTES, parsed_metadata
from mangrove.engine.mongodump.names import (
    BUCKETS_PREFIX,
    DATABASE_SPECIAL_PREFIX,
    is_shortened,
    reason_to_skip,
    unescaped,
)

OPLOG_COLLECTIONS: Final = ("oplog.rs", "oplog.$main")
_ADMIN: Final = "admin"
_LOCAL: Final = "local"


@dataclass(slots=True)
class DatabaseParts:
    """What a database's folder holds, ready for reading.

    Attributes:
        collections: Each with its data, None when there are no documents.
        oplogs: Data of the server's own oplog, by collection name.
    """

    collections: dict[ForeignCollection, DumpFile | None] = field(default_factory=dict)
    specials: dict[ForeignSpecial, DumpFile] = field(default_factory=dict)
    oplogs: dict[str, DumpFile] = field(default_factory=dict)
    notes: list[ForeignNote] = field(default_factory=list)


def database_parts(folder: Folder, database: str) -> DatabaseParts:
    """Make collections of a folder's files.

    Raises:
        MalformedDumpError: If a file name or a metadata file is broken, or two files hold the
            same collection.
    """
    return _Sorting(folder, database).sort()


@dataclass(slots=True)
class _Sorting:
    folder: Folder
    database: str
    metadata: dict[str, CollectionMetadata] = field(default_factory=dict)
    data: dict[str, DumpFile] = field(default_factory=dict)
    buckets: dict[str, DumpFile] = field(default_factory=dict)
    known: dict[str, DumpFile] = field(default_factory=dict)
    shortened: dict[str, tuple[dict[str, DumpFile], str]] = field(default_factory=dict)
    parts: DatabaseParts = field(default_factory=DatabaseParts)

    def sort(self) -> DatabaseParts:
        self.parts.notes.extend(self.folder.notes)
        for name in self.folder.folders:
            self._note(f"{self.folder.label}/{name}".lstrip("/"), "is a folder within a database's")
        self._read_metadata()
        for stem, file in self._files(Role.DATA):
            self._sort_data(stem, file)
        self._take_specials()
        for name in sorted(self.known.keys() | self.data.keys() | self.buckets.keys()):
            self._take(name)
        return self.parts

    def _files(self, role: Role) -> Iterator[tuple[str, DumpFile]]:
        for (stem, found), file in self.folder.files.items():
            if found is role:
                yield stem, file

    def _read_metadata(self) -> None:
        for stem, file in self._files(Role.METADATA):
            metadata = _metadata_of(file)
            name = _name_of(stem, file, metadata)
            if name is None:
                self._note(file.label, "says nothing, not even which collection it is of")
            elif name in self.known:
                raise doubled(self.known[name].label, file.label)
            else:
                self.known[name] = file
                if metadata is not None:
                    self.metadata[name] = metadata

    def _sort_data(self, stem: str, file: DumpFile) -> None:
        if is_shortened(stem):
            self._sort_shortened(stem, file)
            return
        name = unescaped(stem, file.label)
        logical = name.removeprefix(BUCKETS_PREFIX)
        if logical == name or not logical:
            self._put(self.data, name, file)
        elif logical in self.metadata:
            self._put(self.buckets, logical, file)
        else:
            self.known.pop(logical, None)
            self._lost(file, "holds a time series whose metadata file is missing or empty")

    def _sort_shortened(self, stem: str, file: DumpFile) -> None:
        if not self.shortened:
            for name in self.metadata:
                self.shortened[dump_file_stem(name)] = (self.data, name)
                self.shortened[dump_file_stem(BUCKETS_PREFIX + name)] = (self.buckets, name)
        if stem in self.shortened:
            files, name = self.shortened[stem]
            self._put(files, name, file)
        else:
            self._lost(file, "has a shortened name, and no metadata file says the whole one")

    def _put(self, files: dict[str, DumpFile], name: str, file: DumpFile) -> None:
        if name in self.data or name in self.buckets:
            raise doubled((self.data.get(name) or self.buckets[name]).label, file.label)
        files[name] = file

    def _take_specials(self) -> None:
        for name in SpecialName:
            self._take_special(DATABASE_SPECIAL_PREFIX + name, name, self.database)
            if self.database == _ADMIN:
                self._take_special(name, name, "")

    def _take_special(self, collection: str, name: SpecialName, scope: str) -> None:
        file = self.data.pop(collection, None)
        self.known.pop(collection, None)
        if file is None:
            return
        metadata = self.metadata.get(collection)
        special = ForeignSpecial(name, scope, metadata, None, file.stored_bytes)
        self.parts.specials[special] = file

    def _take(self, name: str) -> None:
        file = self.data.get(name) or self.buckets.get(name)
        if self.database == _LOCAL and name in OPLOG_COLLECTIONS and file is not None:
            self.parts.oplogs[name] = file
            return
        if reason := reason_to_skip(name):
            self._note((file or self.known[name]).label, reason)
            return
        metadata = self.metadata.get(name)
        kind = kind_of(metadata, has_buckets=name in self.buckets)
        if file is not None and kind is ForeignKind.VIEW:
            if next(file.documents(), b""):
                self._lost(file, "holds documents, but its metadata file describes a view")
            file = None
        self.parts.collections[self._collection(name, kind, metadata, file)] = file

    def _collection(
        self,
        name: str,
        kind: ForeignKind,
        metadata: CollectionMetadata | None,
        file: DumpFile | None,
    ) -> ForeignCollection:
        return ForeignCollection(
            namespace=Namespace(self.database, name),
            kind=kind,
            metadata=metadata,
            documents=0 if file is None else None,
            plain_bytes=0 if file is None else file.plain_bytes,
            stored_bytes=0 if file is None else file.stored_bytes,
            source=(file or self.known[name]).label,
            least_bytes=0 if file is None else file.least_bytes,
        )

    def _note(self, what: str, reason: str) -> None:
        self.parts.notes.append(ForeignNote(what, reason))

    def _lost(self, file: DumpFile, reason: str) -> None:
        self.parts.notes.append(ForeignNote(file.label, reason, holds_data=True))


def _metadata_of(file: DumpFile) -> CollectionMetadata | None:
    return parsed_metadata(file.content(MAX_METADATA_BYTES), file.label, repr(file.label))


def _name_of(stem: str, file: DumpFile, metadata: CollectionMetadata | None) -> str | None:
    if not is_shortened(stem):
        return unescaped(stem, file.label)
    name = metadata.collection_name if metadata else ""
    if name and dump_file_stem(name) != stem:
        raise MalformedDumpError(
            f"{file.label!r} says it is of another collection than its name does",
            file=file.label,
            offset=0,
        )
    return name or None
