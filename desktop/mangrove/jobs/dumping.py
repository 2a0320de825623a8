"""The reading part of a backup: every collection is read, packed and stored."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from mangrove.core.accounts import ADMIN
from mangrove.core.backup import BackupRequest, Compression, Consistency
from mangrove.core.blobs import BlobName, BlobPlace, BlobReceipt, BlobRole
from mangrove.core.errors import NamespaceChangedError, SnapshotLostError
from mangrove.core.manifest import (
    AuthEntry,
    NamespaceEntry,
    StoredBlob,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.dump import CollectionInfo, OpenDump
from mangrove.core.run import Loss, Phase
from mangrove.engine.digest import ContentDigest
from mangrove.engine.metadata import CollectionMetadata
from mangrove.engine.queries import queries_of
from mangrove.engine.segments import SegmentCutter
from mangrove.engine.stages.compress import compressed
from mangrove.engine.target_shape import recorded_indexes, recorded_options
from mangrove.jobs.backup_oplog import KeepingOplog
from mangrove.jobs.context import RunContext
from mangrove.jobs.grouping import grouped
from mangrove.jobs.pacing import Pace
from mangrove.jobs.reading import leave_snapshot, read_on
from mangrove.jobs.steady import steadily
from mangrove.jobs.workers import Prefetch, each, side_by_side

AHEAD_CHUNKS = 3
CHANGED = "{} was dropped, renamed or recreated while it was dumped"
Entry = TypeVar("Entry")
StoreOne: TypeAlias = Callable[[CollectionInfo, list[StoredBlob]], Entry]


@dataclass(slots=True)
class Dumping:
    """The reading part of one backup, with what it has gathered so far."""

    request: BackupRequest
    compression: Compression
    parallel: int
    segment_bytes: int
    ctx: RunContext
    dump: OpenDump
    draft: Draft
    pace: Pace
    entries: list[NamespaceEntry] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    users_and_roles: StoredUsersAndRoles | None = None
    small: frozenset[Namespace] = frozenset()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def dump_all(self) -> tuple[list[NamespaceEntry], list[Loss]]:
        """Store everything that was chosen; returns what is stored and what could not be."""
        collections = self.dump.collections
        self.ctx.enter(Phase.DUMP, sum(c.estimated_bytes for c in collections))
        self.ctx.expect_namespaces(len(collections) + len(self.dump.users_and_roles))
        self._dump_accounts()
        filtered = frozenset(queries_of(self.request.selection))
        groups = tuple(grouped(collections, filtered))
        self.small = frozenset(i.namespace for group in groups if len(group) > 1 for i in group)
        side_by_side(each(self._group, groups), self.parallel, "mangrove-dump")
        if not self.entries:
            raise NamespaceChangedError(
                "every collection was dropped or recreated while it was dumped; nothing was kept",
                hint="run the backup again",
            )
        return self.entries, self.losses

    def keep_oplog(self) -> StoredOplog | None:
        """Store the oplog of the time of reading, where the consistency is that of an oplog."""
        if self.dump.achieved is not Consistency.OPLOG:
            return None
        self.ctx.enter(Phase.OPLOG)
        keeping = KeepingOplog(self.request, self.ctx, self.dump, self.draft, self.pace)
        kept = keeping.keep(self.entries, self.compression, self.segment_bytes)
        if kept is not None:
            self.losses = [loss for loss in self.losses if not keeping.was_dropped(loss.subject)]
        return kept

    def _dump_accounts(self) -> None:
        """Store users and roles first; without them the backup is not what was asked for."""
        parts = []
        for info in self.dump.users_and_roles:
            self.ctx.begin(info.namespace)
            parts.append(self._store_steadily(info, [], self._store_accounts))
            self.ctx.finish(info.namespace)
        if parts:
            owners = {part.namespace.database for part in parts} - {ADMIN}
            databases = self.request.selection.databases or tuple(sorted(owners))
            self.users_and_roles = StoredUsersAndRoles(databases, tuple(parts))

    def _group(self, infos: tuple[CollectionInfo, ...]) -> None:
        """Store collections one after the other, then make sure that they are still the same."""
        stored = [(info, entry) for info in infos if (entry := self._one(info)) is not None]
        if len(infos) > 1 and stored:
            read = [info for info, _ in stored]
            changed = steadily(self.ctx, lambda _: self.dump.changed(read), self.dump.reconnect)
        else:
            changed = frozenset()  # a collection read alone was looked at by its reader
        for info, entry in stored:
            if info.namespace in changed:
                self._lose(info, [*entry.segments, entry.metadata], CHANGED.format(info.namespace))
                continue
            with self.lock:
                self.entries.append(entry)
            said = f"digest {entry.digest[:8]}" if entry.documents else ""
            self.ctx.finish(info.namespace, said)

    def _one(self, info: CollectionInfo) -> NamespaceEntry | None:
        self.ctx.begin(info.namespace, info.estimated_bytes)
        stored: list[StoredBlob] = []
        try:
            return self._store_steadily(info, stored, self._store)
        except NamespaceChangedError as error:
            self._lose(info, stored, error.message)
            return None

    def _lose(self, info: CollectionInfo, stored: list[StoredBlob], why: str) -> None:
        with self.lock:
            self._take_back(stored)
            self.losses.append(Loss(str(info.namespace), why))
        self.ctx.fail(info.namespace, why)

    def _store_steadily(
        self, info: CollectionInfo, stored: list[StoredBlob], store_one: StoreOne[Entry]
    ) -> Entry:
        """Store a collection; where a lost connection cost its place, anew from its beginning.

        Another node holds the documents in another natural order, and reading by ``_id`` costs a
        random read for each document. The cluster time stays the same, and so does everything
        else that was stored.
        """

        def store(tries: int) -> Entry:
            if tries:
                with self.lock:
                    self._take_back(stored)
                self.ctx.start_over(info.namespace)
            return self._store_somehow(info, stored, store_one)

        return steadily(self.ctx, store, self.dump.reconnect)

    def _store_somehow(
        self, info: CollectionInfo, stored: list[StoredBlob], store_one: StoreOne[Entry]
    ) -> Entry:
        """Store a collection; where the server forgot the snapshot and may, without one."""
        try:
            return store_one(info, stored)
        except SnapshotLostError as error:
            if self.request.consistency is not Consistency.AUTO:
                raise
            leave_snapshot(self.ctx, self.dump, info, error)
        with self.lock:
            self._take_back(stored)
        self.ctx.start_over(info.namespace)
        return store_one(info, stored)

    def _take_back(self, stored: list[StoredBlob]) -> None:
        for blob in stored:
            self.draft.take_back(BlobName(blob.name))
        stored.clear()

    def _store(self, info: CollectionInfo, stored: list[StoredBlob]) -> NamespaceEntry:
        digest = self._store_documents(info, stored)
        return NamespaceEntry(
            namespace=info.namespace,
            kind=info.kind,
            options=recorded_options(info),
            indexes=recorded_indexes(info),
            uuid=info.uuid,
            documents=digest.documents,
            plain_bytes=digest.bytes,
            digest=digest.hexdigest(),
            metadata=self._store_metadata(info),
            segments=tuple(stored),
            disk=info.disk,
        )

    def _store_accounts(self, info: CollectionInfo, stored: list[StoredBlob]) -> AuthEntry:
        """Store a part of users and roles; mongodump gives metadata only to those in admin."""
        digest = self._store_documents(info, stored)
        has_metadata = info.namespace.database == ADMIN
        return AuthEntry(
            namespace=info.namespace,
            documents=digest.documents,
            plain_bytes=digest.bytes,
            digest=digest.hexdigest(),
            metadata=self._store_metadata(info) if has_metadata else None,
            segments=tuple(stored),
        )

    def _store_documents(self, info: CollectionInfo, stored: list[StoredBlob]) -> ContentDigest:
        digest = ContentDigest()
        if info.kind != "view":
            for segment in self._segments(info, digest):
                stored.append(segment)  # noqa: PERF402 - kept one by one, should the next fail
        return digest

    def _store_metadata(self, info: CollectionInfo) -> StoredBlob:
        text = _metadata(info).without_lost_parts().to_text().encode()
        place = BlobPlace(BlobRole.METADATA, info.namespace, self.compression)
        receipt = self.draft.put(place, compressed([text], self.compression))
        return stored_blob(receipt, len(text))

    def _segments(self, info: CollectionInfo, digest: ContentDigest) -> Iterator[StoredBlob]:
        counted = self._counted(info, digest)
        with self._ahead(info, counted) as chunks:
            cutter = SegmentCutter(chunks, self.segment_bytes)
            for number, segment in enumerate(cutter.segments()):
                compression = self.compression
                place = BlobPlace(BlobRole.SEGMENT, info.namespace, compression, number)
                packed = self.pace.through(compressed(segment, compression))
                receipt = self.draft.put(place, packed)
                yield stored_blob(receipt, cutter.segment_bytes)

    def _ahead(
        self, info: CollectionInfo, chunks: Iterator[bytes]
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Read ahead of the storage, unless a thread would cost more than it gains."""
        if info.namespace in self.small:
            return closing(chunks)  # type: ignore[type-var]  # they come from a generator
        return Prefetch(chunks, AHEAD_CHUNKS, "mangrove-read")

    def _counted(self, info: CollectionInfo, digest: ContentDigest) -> Iterator[bytes]:
        checks_itself = info.namespace not in self.small
        for chunk in read_on(self.ctx, self.dump, info, checks_itself=checks_itself):
            self.ctx.advance(len(chunk), digest.add_chunk(chunk), info.namespace)
            yield chunk


def _metadata(info: CollectionInfo) -> CollectionMetadata:
    return CollectionMetadata(
        options=info.options,
        indexes=info.indexes,
        uuid=info.uuid if info.kind == "collection" else None,
        collection_name=info.namespace.collection,
        kind=info.kind,
    )


def stored_blob(receipt: BlobReceipt, plain_bytes: int) -> StoredBlob:
    """Return what the manifest says of a blob."""
    return StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, plain_bytes)
