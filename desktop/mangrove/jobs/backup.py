"""The backup body: read, pack, store; re-read and compare; sign last."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, TypeVar

from mangrove.core.accounts import ADMIN, UsersAndRoles, require_safe_place
from mangrove.core.backup import BackupId, BackupRequest, Compression, Consistency
from mangrove.core.catalog_words import unlisted
from mangrove.core.errors import (
    MangroveError,
    NamespaceChangedError,
    RunCancelled,
    SnapshotLostError,
)
from mangrove.core.manifest import (
    AuthEntry,
    Manifest,
    NamespaceEntry,
    NotIncluded,
    StoredBlob,
    StoredOplog,
    StoredUsersAndRoles,
)
from mangrove.core.namespace import Namespace
from mangrove.core.ports import (
    Catalog,
    Clock,
    CollectionInfo,
    Draft,
    DumpSource,
    OpenDump,
    Vault,
)
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vault import BackupRecord, BlobName, BlobPlace, BlobReceipt, BlobRole
from mangrove.core.vault_lock import LockMode
from mangrove.core.wording import counted, is_or_are
from mangrove.engine.digest import ContentDigest
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.metadata import CollectionMetadata
from mangrove.engine.prelude import prelude_text
from mangrove.engine.queries import queries_of
from mangrove.engine.segments import SEGMENT_BYTES, SegmentCutter
from mangrove.engine.stages.compress import compressed
from mangrove.jobs.backup_oplog import KeepingOplog
from mangrove.jobs.context import RunContext, is_of_cancel
from mangrove.jobs.entering import entering
from mangrove.jobs.grouping import grouped
from mangrove.jobs.leasing import leased
from mangrove.jobs.pacing import Pace
from mangrove.jobs.reading import SNAPSHOT_LEFT, read_on
from mangrove.jobs.steady import steadily
from mangrove.jobs.workers import Prefetch, each, side_by_side

PHASES = (Phase.CONNECT, Phase.DUMP, Phase.REREAD, Phase.SIGN, Phase.CATALOG)
AHEAD_CHUNKS = 3
CHANGED = "{} was dropped, renamed or recreated while it was dumped"
Entry = TypeVar("Entry")
StoreOne: TypeAlias = Callable[[CollectionInfo, list[StoredBlob]], Entry]
_NO_OPTIONS = b"\x05\x00\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a backup is of: a profile, or a dump that another tool made.

    Attributes:
        slug: The folder in the vault.
    """

    name: str
    slug: str


def nowhere(_ctx: RunContext) -> tuple[str, ...]:
    """Bring a backup to no mirror."""
    return ()


def reread(ctx: RunContext, pace: Pace, draft: Draft, manifest: Manifest, parallel: int) -> None:
    """Compare all that was stored with the manifest, before that is signed."""
    ctx.enter(Phase.REREAD, manifest.stored_bytes)

    def compare(blob: StoredBlob) -> None:
        ctx.check()
        draft.compare(blob, pace.through)
        ctx.advance(blob.size_bytes)

    side_by_side(each(compare, manifest.blobs), parallel, "mangrove-compare")


@dataclass(frozen=True, slots=True)
class BackupBody:
    """Take one base backup: afterwards it is published, or it never was.

    Attributes:
        origin: What the documents come from.
        open_source: The way to it.
        parallel: How many collections are read side by side.
        segment_bytes: Largest segment before compression.
        copy_on: Brings the published backup to the vault's mirrors; returns what to warn of.
    """

    request: BackupRequest
    backup: BackupId
    origin: Origin
    open_source: Callable[[], AbstractContextManager[DumpSource]]
    vault: Vault
    catalog: Catalog
    clock: Clock
    tool_version: str
    parallel: int = 2
    segment_bytes: int = SEGMENT_BYTES
    copy_on: Callable[[RunContext], tuple[str, ...]] = nowhere

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Within one chunk of the cancel; nothing is left in the vault. Once the
                signature is written a cancel comes too late.
            ConfirmationMissingError: Password hashes would go into an unencrypted vault.
            SourceError, ConnectError, VaultError: As the ports raised them.
        """
        started_at = self.clock.now()
        ctx.enter(Phase.CONNECT)
        self._check_place()
        wanted = self.request.selection
        queries = queries_of(wanted)
        pace = Pace(ctx, self.clock, self.request.limit_bytes_per_s)
        purpose = f"backup of {self.origin.name}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased(ctx, self.vault, LockMode.SHARED, purpose, self.clock),
            entering(ctx, self.open_source()) as source,
            ctx.aborting_on_cancel(source.abort),
            source.open(wanted, self.request.consistency, queries) as dump,
            self._begin(ctx) as draft,
        ):
            ctx.log(dump.reason)
            dumping = _Dumping(self, ctx, dump, draft, pace)
            entries, losses = dumping.dump_all()
            oplog = dumping.keep_oplog()
            losses = dumping.losses
            preludes = self._write_preludes(dump, draft, entries)
            ctx.check()
            manifest = self._manifest(dump, draft, (entries, preludes, losses), started_at)
            manifest = replace(manifest, users_and_roles=dumping.users_and_roles, oplog=oplog)
            if oplog is not None:
                manifest = replace(manifest, consistent_at=oplog.last_ts)
            reread(ctx, pace, draft, manifest, self.parallel)
            ctx.enter(Phase.SIGN)
            record = draft.publish(manifest)
        ctx.enter_last(Phase.CATALOG)
        warnings = (*dump.facts.warnings, *self._list(record), *self.copy_on(ctx))
        return self._result(manifest, record, losses, warnings)

    @contextmanager
    def _begin(self, ctx: RunContext) -> Iterator[Draft]:
        """Begin a draft; a cancelled one says what it could not remove again."""
        begun: Draft | None = None
        try:
            with self.vault.begin(self.origin.slug, self.backup) as begun:
                yield begun
        except (Exception, RunCancelled) as error:
            left = begun.left_behind if begun is not None else 0
            if ctx.cancelled.is_set() and left and is_of_cancel(error):
                vault = self.vault.spec.name
                raise RunCancelled(
                    f"cancelled; the vault did not answer, so up to {left} unsigned objects are "
                    f"left there: mangrove vault check {vault} --remove-debris"
                ) from error
            raise

    def _check_place(self) -> None:
        if self.request.selection.users_and_roles is UsersAndRoles.INCLUDE:
            spec, plain = self.vault.spec, self.request.plain_credentials
            require_safe_place(is_encrypted=spec.is_encrypted, vault=spec.name, plain=plain)

    @property
    def compression(self) -> Compression:
        """What the request says, else what the vault is set to."""
        return self.request.compression or self.vault.spec.compression

    def _list(self, record: BackupRecord) -> tuple[str, ...]:
        """Put the backup into the catalog; returns what to warn of, for it exists anyway."""
        try:
            self.catalog.put(record)
        except MangroveError as error:
            return (unlisted("the backup", error.message, self.vault.spec.name),)
        return ()

    def _write_preludes(
        self, dump: OpenDump, draft: Draft, entries: Iterable[NamespaceEntry]
    ) -> tuple[StoredBlob, ...]:
        text = prelude_text(dump.facts.version_text, f"mangrove {self.tool_version}").encode()
        blobs = []
        databases = {e.namespace.database for e in entries}
        databases |= {i.namespace.database for i in dump.users_and_roles}
        for database in sorted(databases):
            place = BlobPlace(BlobRole.PRELUDE, Namespace(database, ""), self.compression)
            receipt = draft.put(place, compressed([text], self.compression))
            blobs.append(_stored(receipt, len(text)))
        return tuple(blobs)

    def _manifest(
        self,
        dump: OpenDump,
        draft: Draft,
        content: tuple[list[NamespaceEntry], tuple[StoredBlob, ...], list[Loss]],
        started_at: datetime,
    ) -> Manifest:
        entries, preludes, losses = content
        lost = tuple(NotIncluded(loss.subject, loss.reason) for loss in losses)
        spec = self.vault.spec
        return Manifest(
            backup=self.backup,
            vault_id=spec.vault_id,
            sequence=draft.sequence,
            profile_name=self.origin.name,
            profile_slug=self.origin.slug,
            started_at=started_at,
            finished_at=self.clock.now(),
            server=dump.facts,
            selection=self.request.selection,
            requested=self.request.consistency,
            achieved=dump.achieved,
            consistency_reason=dump.reason,
            consistent_at=dump.consistent_at,
            compression=self.compression,
            encrypted=spec.is_encrypted,
            tool_version=self.tool_version,
            namespaces=tuple(sorted(entries, key=lambda e: e.namespace)),
            extra=preludes,
            not_included=(*dump.not_included, *lost),
        )

    def _result(
        self,
        manifest: Manifest,
        record: BackupRecord,
        losses: list[Loss],
        warnings: tuple[str, ...],
    ) -> RunResult:
        moment = _moment(manifest)
        number = len(manifest.selection.queries)
        filtered = (
            f"; filtered by {counted(number, 'query', 'queries')}, so it is no full protection"
            if number
            else ""
        )
        missing = f"; missing: {', '.join(loss.subject for loss in losses[:5])}" if losses else ""
        return RunResult(
            summary=f"{counted(record.namespaces, 'collection')} with "
            f"{counted(record.documents, 'document')} {is_or_are(record.namespaces)} "
            f"stored, re-read and signed, {moment}{filtered}{missing}",
            warnings=warnings,
            losses=tuple(losses),
            backup=self.backup,
            figures=(
                ("documents", record.documents),
                ("bson_bytes", record.plain_bytes),
                ("stored_bytes", record.stored_bytes),
                ("seconds", manifest.duration.total_seconds()),
            ),
        )


@dataclass(slots=True)
class _Dumping:
    """The reading part of one backup, with what it has gathered so far."""

    body: BackupBody
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
        collections = self.dump.collections
        self.ctx.enter(Phase.DUMP, sum(c.estimated_bytes for c in collections))
        self.ctx.expect_namespaces(len(collections) + len(self.dump.users_and_roles))
        self._dump_accounts()
        filtered = frozenset(queries_of(self.body.request.selection))
        groups = tuple(grouped(collections, filtered))
        self.small = frozenset(i.namespace for group in groups if len(group) > 1 for i in group)
        side_by_side(each(self._group, groups), self.body.parallel, "mangrove-dump")
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
        keeping = KeepingOplog(self.body.request, self.ctx, self.dump, self.draft, self.pace)
        kept = keeping.keep(self.entries, self.body.compression, self.body.segment_bytes)
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
            databases = self.body.request.selection.databases or tuple(sorted(owners))
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
            self.ctx.finish(info.namespace, f"digest {entry.digest[:8]}")

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
            if self.body.request.consistency is not Consistency.AUTO:
                raise
            self.ctx.log(f"{info.namespace}: {error.message}; it is read again without")
        with self.lock:
            self._take_back(stored)
            self.dump.leave_snapshot(SNAPSHOT_LEFT)
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
            options="" if info.options == _NO_OPTIONS else to_canonical(info.options),
            indexes=tuple(to_canonical(spec) for spec in info.indexes),
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
        text = _metadata(info).to_text().encode()
        place = BlobPlace(BlobRole.METADATA, info.namespace, self.body.compression)
        receipt = self.draft.put(place, compressed([text], self.body.compression))
        return _stored(receipt, len(text))

    def _segments(self, info: CollectionInfo, digest: ContentDigest) -> Iterator[StoredBlob]:
        counted = self._counted(info, digest)
        with self._ahead(info, counted) as chunks:
            cutter = SegmentCutter(chunks, self.body.segment_bytes)
            for number, segment in enumerate(cutter.segments()):
                compression = self.body.compression
                place = BlobPlace(BlobRole.SEGMENT, info.namespace, compression, number)
                packed = self.pace.through(compressed(segment, compression))
                receipt = self.draft.put(place, packed)
                yield _stored(receipt, cutter.segment_bytes)

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


def _moment(manifest: Manifest) -> str:
    if manifest.oplog is not None:
        count = counted(manifest.oplog.documents, "oplog entry", "oplog entries")
        verb = "brings" if manifest.oplog.documents == 1 else "bring"
        return f"with {count} that {verb} all to {manifest.consistent_at}"
    if manifest.consistent_at:
        return f"all at cluster time {manifest.consistent_at}"
    return "each collection at its own moment"


def _metadata(info: CollectionInfo) -> CollectionMetadata:
    return CollectionMetadata(
        options=info.options,
        indexes=info.indexes,
        uuid=info.uuid if info.kind == "collection" else None,
        collection_name=info.namespace.collection,
        kind=info.kind,
    )


def _stored(receipt: BlobReceipt, plain_bytes: int) -> StoredBlob:
    return StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, plain_bytes)
