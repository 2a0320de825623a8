"""Writes a mongodump archive, which mongorestore takes.

Source: mongo-tools 100.x `common/archive`; what its reader insists on: a version of three numbers,
the parts with users and roles before all collections, the oplog after them, an empty block for an
empty collection or a view, and a last block without documents that carries the checksum.
"""

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from isal import isal_zlib

from mangrove.core.errors import UnusableDumpError
from mangrove.core.namespace import Namespace
from mangrove.engine.framing import MAX_DOCUMENT_BYTES as MAX_OPLOG_ENTRY_BYTES
from mangrove.engine.framing import document_chunks
from mangrove.engine.mongodump.archive_fields import (
    MAGIC,
    MAX_DOCUMENT_BYTES,
    OPLOG_KEY,
    TERMINATOR,
    ArchiveHeader,
    BlockHeader,
    PreludeEntry,
    parsable_version,
)
from mangrove.engine.mongodump.crc64 import crc64_xz
from mangrove.engine.mongodump.error_map import from_writing
from mangrove.engine.mongodump.foreign import ForeignKind, data_name
from mangrove.engine.mongodump.outgoing import (
    DumpPlan,
    OutgoingCollection,
    OutgoingSpecial,
    Packing,
)
from mangrove.engine.mongodump.target_place import TargetPlace, write_all
from mangrove.engine.stages.compress import GZIP_LEVEL

_BLOCK_BYTES: Final = 1 << 20
_GZIP_WINDOW: Final = 31  # zlib's largest window, with gzip header and trailer
_OPLOG: Final = Namespace(*OPLOG_KEY)


class ArchiveWriter:
    """An archive being written; see ``DumpWriter``.

    It grows under ``<name>.partial`` and gets its name when it is whole. The file can be read by
    its owner only.

    Args:
        target: The file to make.
        plan: What it will hold.
        packing: Gzip packs the archive as one stream, with no name and no time in it.
        parallel: How many collections may be written side by side; further writers wait. The
            archive says so, because mongorestore blocks for ever on more than it was told.
    """

    def __init__(
        self,
        target: Path,
        plan: DumpPlan,
        packing: Packing = Packing.PLAIN,
        parallel: int = 1,
    ) -> None:
        self._plan = plan
        self._place = TargetPlace(target)
        self._packer = (
            isal_zlib.compressobj(level=GZIP_LEVEL, wbits=_GZIP_WINDOW)
            if packing is Packing.GZIP
            else None
        )
        self._parallel = parallel
        self._slots = threading.BoundedSemaphore(parallel)
        self._lock = threading.Lock()
        self._open_file = ExitStack()
        self._missing_specials = {special.namespace for special in plan.specials}
        views = [c.namespace for c in plan.collections if c.kind is ForeignKind.VIEW]
        self._missing = {c.namespace for c in plan.collections} - set(views)
        self._missing_views = views
        self._lacks_oplog = plan.has_oplog
        self._is_finished = False

    def __enter__(self) -> Self:
        """Make the file and write what comes before all documents.

        Raises:
            UnusableDumpError: If the target is in use, or the plan cannot be written.
            StorageFullError, StorageDeniedError: As the file system says.
        """
        self._plan.check()
        self._file = self._open_file.enter_context(self._place.make_file())
        try:
            self._put(b"".join((MAGIC, *self._prelude(), TERMINATOR)))
        except BaseException:
            self._give_up()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_finished:
            self._give_up()

    def write(self, collection: OutgoingCollection, chunks: Iterable[bytes]) -> int:
        """Write the documents of a planned collection; returns how many bytes of BSON."""
        namespace = collection.namespace
        with self._lock:
            self._start_collections()
            _take(self._missing, namespace)
        name = data_name(namespace.collection, collection.kind)
        return self._write_part(namespace.database, name, chunks, MAX_DOCUMENT_BYTES)

    def write_special(self, special: OutgoingSpecial, chunks: Iterable[bytes]) -> int:
        """Write the documents of planned users, roles or version; returns the bytes of BSON."""
        database, collection = special.namespace.database, special.namespace.collection
        with self._lock:
            _take(self._missing_specials, special.namespace)
        return self._write_part(database, collection, chunks, MAX_DOCUMENT_BYTES)

    def write_oplog(self, chunks: Iterable[bytes]) -> int:
        """Write the oplog entries, after all collections; returns how many bytes of BSON."""
        with self._lock:
            self._start_collections()
            if self._missing or not self._lacks_oplog:
                raise AssertionError("the oplog comes once, after all collections")
            self._lacks_oplog = False
        return self._write_part(*OPLOG_KEY, chunks, MAX_OPLOG_ENTRY_BYTES)

    def finish(self) -> None:
        """Close the archive and give it its name.

        Raises:
            UnusableDumpError: If the name was taken meanwhile.
        """
        with self._lock:
            self._start_collections()
            if self._missing or self._lacks_oplog:
                raise AssertionError(f"planned and never written: {sorted(self._missing)}")
            try:
                if self._packer is not None:
                    write_all(self._file, self._packer.flush())
                self._place.settle(self._file)
            except OSError as error:
                raise from_writing(error, self._place.partial) from error
        self._open_file.close()
        self._place.appear()
        self._is_finished = True

    def _prelude(self) -> tuple[bytes, ...]:
        plan = self._plan
        version = parsable_version(plan.server_version)
        header = ArchiveHeader(self._parallel, version, plan.tool_version)
        entries = [
            PreludeEntry(c.namespace.database, c.namespace.collection, c.metadata_text, c.kind)
            for c in plan.collections
        ]
        entries += [
            PreludeEntry(
                special.namespace.database,
                special.namespace.collection,
                special.metadata_text,
                "" if special.database else ForeignKind.COLLECTION,
            )
            for special in plan.specials
        ]
        if plan.has_oplog:
            entries.append(PreludeEntry(*OPLOG_KEY, "", ""))
        return header.to_bson(), *(entry.to_bson() for entry in entries)

    def _start_collections(self) -> None:
        """Write the views, which have no documents, once the users and roles are there."""
        if self._missing_specials:
            raise AssertionError(f"still to be written first: {sorted(self._missing_specials)}")
        views, self._missing_views = self._missing_views, []
        for namespace in views:
            self._put(_empty_block(namespace.database, namespace.collection))
            self._put(_last_block(namespace.database, namespace.collection, 0))

    def _write_part(
        self, database: str, collection: str, chunks: Iterable[bytes], longest: int
    ) -> int:
        size = checksum = 0
        head = BlockHeader(database, collection).to_bson()
        with self._slots:
            for chunk in document_chunks(chunks, _BLOCK_BYTES):
                if len(chunk) > longest:
                    raise self._too_long(database, collection, len(chunk))
                checksum = crc64_xz(chunk, checksum)
                size += len(chunk)
                with self._lock:
                    self._put(head)
                    self._put(chunk)
                    self._put(TERMINATOR)
            last = _last_block(database, collection, checksum)
            with self._lock:
                self._put(last if size else head + TERMINATOR + last)
        return size

    def _too_long(self, database: str, collection: str, size: int) -> UnusableDumpError:
        return UnusableDumpError(
            f"'{database}.{collection}' holds a document of {size:,} bytes, which mongorestore"
            " cannot read from an archive; no archive was written",
            hint="write a directory instead",
            file=str(self._place.final),
        )

    def _put(self, data: bytes) -> None:
        try:
            write_all(self._file, data if self._packer is None else self._packer.compress(data))
        except OSError as error:
            raise from_writing(error, self._place.partial) from error

    def _give_up(self) -> None:
        self._open_file.close()
        self._place.discard()


def _take(missing: set[Namespace], namespace: Namespace) -> None:
    if namespace not in missing:
        raise AssertionError(f"{namespace} was not planned, or is written twice")
    missing.remove(namespace)


def _empty_block(database: str, collection: str) -> bytes:
    return BlockHeader(database, collection).to_bson() + TERMINATOR


def _last_block(database: str, collection: str, checksum: int) -> bytes:
    header = BlockHeader(database, collection, is_last=True, checksum=checksum)
    return header.to_bson() + TERMINATOR
