"""The backup body: read, pack, store; re-read and compare; sign last."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.accounts import UsersAndRoles, require_safe_place
from mangrove.core.backup import BackupId, BackupRequest, Compression, Consistency
from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobPlace, BlobRole
from mangrove.core.catalog_words import unlisted
from mangrove.core.command_line import command_line
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.manifest import Manifest, NamespaceEntry, NotIncluded, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.dump import DumpSource, OpenDump
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.lock import LockMode
from mangrove.core.wording import bucket_figure, content_of_all, counted, is_or_are
from mangrove.engine.prelude import prelude_text
from mangrove.engine.queries import queries_of
from mangrove.engine.segments import SEGMENT_BYTES
from mangrove.engine.stages.compress import compressed
from mangrove.jobs.context import RunContext, is_of_cancel
from mangrove.jobs.dumping import Dumping, stored_blob
from mangrove.jobs.entering import entering
from mangrove.jobs.pacing import Pace
from mangrove.jobs.vaults.leasing import leased
from mangrove.jobs.workers import each, side_by_side

PHASES = (Phase.CONNECT, Phase.DUMP, Phase.REREAD, Phase.SIGN, Phase.CATALOG)


def phases_of(wanted: Consistency, *, has_mirrors: bool) -> tuple[Phase, ...]:
    """Return the phases a backup goes through, as far as that is known beforehand."""
    keeps_oplog = (Phase.OPLOG,) if wanted is Consistency.OPLOG else ()
    copies = (Phase.MIRROR,) if has_mirrors else ()
    return (*PHASES[:2], *keeps_oplog, *PHASES[2:], *copies)


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
            dumping = Dumping(
                self.request,
                self.compression,
                self.parallel,
                self.segment_bytes,
                ctx,
                dump,
                draft,
                pace,
            )
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
                look = command_line("vault", "check", self.vault.spec.name, "--remove-debris")
                raise RunCancelled(
                    f"cancelled; the vault did not answer, so up to {left} unsigned objects are "
                    f"left there: {look}"
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
            blobs.append(stored_blob(receipt, len(text)))
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
            f"{content_of_all(record.documents, manifest.buckets)} {is_or_are(record.namespaces)} "
            f"stored, re-read and signed, {moment}{filtered}{missing}",
            warnings=warnings,
            losses=tuple(losses),
            backup=self.backup,
            figures=(
                ("documents", record.documents),
                *bucket_figure(manifest.buckets),
                ("bson_bytes", record.plain_bytes),
                ("stored_bytes", record.stored_bytes),
                ("seconds", manifest.duration.total_seconds()),
            ),
        )


def _moment(manifest: Manifest) -> str:
    if manifest.oplog is not None:
        count = counted(manifest.oplog.documents, "oplog entry", "oplog entries")
        verb = "brings" if manifest.oplog.documents == 1 else "bring"
        return f"with {count} that {verb} all to {manifest.consistent_at}"
    if manifest.consistent_at:
        return f"all at cluster time {manifest.consistent_at}"
    return "each collection at its own moment"
