"""Writes a mongodump directory, which mongorestore takes.

Source: mongodump 100.x: layout, file names, `prelude.json`; with gzip every file is packed for
itself and called `.gz`, but for `oplog.bson`, which keeps its name.
"""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from mangrove.core.backup import Compression
from mangrove.core.namespace import Namespace
from mangrove.engine.framing import document_chunks
from mangrove.engine.mongodump.error_map import from_writing
from mangrove.engine.mongodump.foreign import ForeignKind, data_name
from mangrove.engine.mongodump.names import special_stem
from mangrove.engine.mongodump.outgoing import (
    DumpPlan,
    OutgoingCollection,
    OutgoingSpecial,
    Packing,
)
from mangrove.engine.mongodump.target_place import (
    TargetPlace,
    create_file,
    sync_folder,
    write_all,
)
from mangrove.engine.prelude import prelude_text
from mangrove.engine.stages.compress import compressed

_OPLOG_FILE = "oplog.bson"
_OPLOG = Namespace("", "oplog")


class DirectoryWriter:
    """A dump directory being written; see ``DumpWriter``.

    It grows under ``<name>.partial`` and gets its name when it is whole. Folders and files can be
    read by their owner only. Several threads may write different collections at the same time.

    Args:
        target: The folder to make; it may exist if it is empty.
        plan: What it will hold.
        packing: Gzip packs each file for itself, with no name and no time in it.
    """

    def __init__(self, target: Path, plan: DumpPlan, packing: Packing = Packing.PLAIN) -> None:
        self._plan = plan
        self._place = TargetPlace(target)
        self._compression = Compression.GZIP if packing is Packing.GZIP else Compression.NONE
        self._suffix = ".gz" if packing is Packing.GZIP else ""
        self._missing = _to_be_written(plan)
        self._lock = threading.Lock()
        self._is_finished = False

    def __enter__(self) -> Self:
        """Make the folders and write all metadata files.

        Raises:
            UnusableDumpError: If the target is in use, or the plan cannot be written.
            StorageFullError, StorageDeniedError: As the file system says.
        """
        self._plan.check()
        self._place.make_folder()
        try:
            for part in self._plan.parts:
                self._write_metadata(part.namespace, part.metadata_text)
        except BaseException:
            self._place.discard()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_finished:
            self._place.discard()

    def write(self, collection: OutgoingCollection, chunks: Iterable[bytes]) -> int:
        """Write the documents of a planned collection; returns how many bytes of BSON."""
        self._take(collection.namespace)
        stem = special_stem(data_name(collection.namespace.collection, collection.kind))
        return self._write_documents(collection.namespace.database, f"{stem}.bson", chunks)

    def write_special(self, special: OutgoingSpecial, chunks: Iterable[bytes]) -> int:
        """Write the documents of planned users, roles or version; returns the bytes of BSON."""
        namespace = special.namespace
        self._take(namespace)
        stem = special_stem(namespace.collection)
        return self._write_documents(namespace.database, f"{stem}.bson", chunks)

    def write_oplog(self, chunks: Iterable[bytes]) -> int:
        """Write the oplog entries; returns how many bytes of BSON."""
        self._take(_OPLOG)
        return self._write_file(self._place.partial / _OPLOG_FILE, document_chunks(chunks))

    def finish(self) -> None:
        """Write the prelude and give the folder its name.

        Raises:
            UnusableDumpError: If the name was taken meanwhile.
        """
        if self._missing:
            raise AssertionError(f"planned and never written: {sorted(map(str, self._missing))}")
        text = prelude_text(self._plan.server_version, self._plan.tool_version)
        root = self._place.partial
        self._write_file(root / f"prelude.json{self._suffix}", [text.encode()])
        try:
            for folder in (*(path for path in root.iterdir() if path.is_dir()), root):
                sync_folder(folder)
        except OSError as error:
            raise from_writing(error, root) from error
        self._place.appear()
        self._is_finished = True

    def _take(self, namespace: Namespace) -> None:
        with self._lock:
            if namespace not in self._missing:
                raise AssertionError(f"{namespace} was not planned, or is written twice")
            self._missing.remove(namespace)

    def _write_metadata(self, namespace: Namespace, text: str) -> None:
        folder = self._folder(namespace.database)
        if text:
            stem = special_stem(namespace.collection)
            path = folder / f"{stem}.metadata.json{self._suffix}"
            self._write_file(path, [text.encode()])

    def _write_documents(self, database: str, name: str, chunks: Iterable[bytes]) -> int:
        path = self._folder(database) / (name + self._suffix)
        return self._write_file(path, document_chunks(chunks))

    def _folder(self, database: str) -> Path:
        folder = self._place.partial / database
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise from_writing(error, folder) from error
        return folder

    def _write_file(self, path: Path, chunks: Iterable[bytes]) -> int:
        counted = _Counted(chunks)
        with create_file(path) as file:
            for packed in compressed(counted, self._compression):
                try:
                    write_all(file, packed)
                except OSError as error:
                    raise from_writing(error, path) from error
            try:
                os.fsync(file.fileno())
            except OSError as error:
                raise from_writing(error, path) from error
        return counted.size


class _Counted:
    """Chunks that are counted as they go by."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.size = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self.size += len(chunk)
        return chunk


def _to_be_written(plan: DumpPlan) -> set[Namespace]:
    wanted = {c.namespace for c in plan.collections if c.kind is not ForeignKind.VIEW}
    wanted |= {special.namespace for special in plan.specials}
    return wanted | {_OPLOG} if plan.has_oplog else wanted
