"""The verify body: evidence that a backup is whole, readable, and restores to the same data."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.assertion import Assertion
from mangrove.core.backup import BackupId
from mangrove.core.catalog_words import unlisted
from mangrove.core.errors import BlobNotFoundError, CorruptBackupError, MangroveError
from mangrove.core.explain import duration_text
from mangrove.core.manifest import Manifest, NamespaceEntry, StoredBlob
from mangrove.core.pitr.planning import RewindPlan
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.ports.vault import Vault
from mangrove.core.profile import Profile
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.verification import (
    Drill,
    Evidence,
    Level,
    NamespaceResult,
    StepName,
    VerifyRequest,
)
from mangrove.core.wording import counted
from mangrove.engine.content import documents_of
from mangrove.jobs.accounts import SUBJECT, read_accounts
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.leasing import leased_if_allowed
from mangrove.jobs.vaults.mirror import follow_up_evidence
from mangrove.jobs.verifications.ledger import BAD_BACKUP, Ledger
from mangrove.jobs.verifications.reference import Reference
from mangrove.jobs.verifications.trial import OPLOG, OnReplayed, Trial
from mangrove.jobs.workers import each, side_by_side

_BY_LEVEL = {
    Level.STORED: (Phase.CHECK_STORED, Phase.CATALOG),
    Level.DECODED: (Phase.CHECK_STORED, Phase.DECODE, Phase.CATALOG),
    Level.RESTORED: (
        Phase.CHECK_STORED,
        Phase.DECODE,
        Phase.CONNECT,
        Phase.LOAD,
        Phase.INDEXES,
        Phase.COMPARE,
        Phase.CLEAN_UP,
        Phase.CATALOG,
    ),
    Level.DRILLED: (
        Phase.CHECK_STORED,
        Phase.DECODE,
        Phase.CONNECT,
        Phase.LOAD,
        Phase.COMPARE,
        Phase.LOOK,
        Phase.REPLAY,
        Phase.INDEXES,
        Phase.CLEAN_UP,
        Phase.CATALOG,
    ),
}


def phases_of(
    level: Level, *, replays: bool = False, asks: bool = False, compares: bool = False
) -> tuple[Phase, ...]:
    """Return the phases a verification of this level goes through.

    Args:
        level: How deep it goes.
        replays: Whether the backup is replayed onto: with its own oplog, or with slices.
        asks: Whether there are assertions.
        compares: Whether what was replayed is compared with a younger backup.
    """
    if level.depth < Level.RESTORED.depth:
        return _BY_LEVEL[level]
    phases = _BY_LEVEL[Level.DRILLED if replays else Level.RESTORED]
    more = ((Phase.REFERENCE, compares), (Phase.ASSERT, asks))
    at = phases.index(Phase.CLEAN_UP)
    return (*phases[:at], *(phase for phase, is_due in more if is_due), *phases[at:])


@dataclass(frozen=True, slots=True)
class VerifyBody:
    """Verify one backup and keep the evidence with it.

    Attributes:
        target: The profile to restore to on trial; None for the embedded server.
        assertions: What is asked of the restored copy.
        rewind: What is replayed onto it, in a drill.
        drill: What a drill goes back to; kept with the evidence.
        located: How long it took to find the way there.
        mirrors: Other copies of the vault, which get the evidence as well.
    """

    request: VerifyRequest
    target: Profile | None
    gate: Gate
    vault: Vault
    catalog: Catalog
    scratch: ScratchRegister
    clock: Clock
    tool_version: str
    parallel: int = 2
    assertions: tuple[Assertion, ...] = ()
    rewind: RewindPlan | None = None
    drill: Drill | None = None
    located: timedelta | None = None
    mirrors: Sequence[Mirror] = ()

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        A backup that is not what it should be is a result, not an error: the evidence says so.

        Raises:
            RunCancelled: No evidence is kept.
            ConnectError, StorageUnavailableError, WrongIdentityError: The verification could
                not be done; that says nothing about the backup.
        """
        work = _Verifying(self, ctx, self.clock.now(), Ledger(ctx, self.clock))
        purpose = f"verification of {self.request.backup}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased_if_allowed(ctx, self.vault, purpose, self.clock),
        ):
            evidence = work.gather()
        ctx.enter(Phase.CATALOG)
        self.vault.keep_evidence(evidence)
        warnings = self._list(evidence)
        warnings += follow_up_evidence(ctx, self.mirrors, evidence.backup)
        return _result(evidence, work.ledger.unanswered, warnings)

    def _list(self, evidence: Evidence) -> tuple[str, ...]:
        """Put the evidence into the catalog; returns what to warn of, for it is kept anyway."""
        try:
            record = self.catalog.find(self.request.backup)
            if record is not None:
                self.catalog.put(record.with_evidence(evidence.summary))
        except MangroveError as error:
            return (unlisted("the evidence", error.message, self.vault.spec.name),)
        return ()


@dataclass(slots=True)
class _Verifying:
    """One verification with what it has found so far."""

    body: VerifyBody
    ctx: RunContext
    started_at: datetime
    ledger: Ledger

    def gather(self) -> Evidence:
        if self.body.located is not None:
            self.ledger.took(StepName.LOCATE, self.body.located)
        manifest = self._manifest()
        if manifest is not None:
            self._all_levels(manifest)
        blobs = manifest.blobs if manifest is not None else ()
        request, ledger = self.body.request, self.ledger
        return Evidence(
            backup=request.backup,
            level=request.level,
            started_at=self.started_at,
            finished_at=self.body.clock.now(),
            passed=not ledger.findings,
            findings=tuple(ledger.findings),
            namespaces=tuple(ledger.results[name] for name in sorted(ledger.results)),
            blobs=len(blobs),
            stored_bytes=sum(b.size_bytes for b in blobs),
            target=request.target if request.level.depth >= Level.RESTORED.depth else "",
            server_version=ledger.server_version,
            steps=tuple(ledger.steps),
            tool_version=self.body.tool_version,
            amounts=tuple(sorted(ledger.amounts.items())),
            assertions=tuple(ledger.assertions),
            drill=self.body.drill,
        )

    def _manifest(self) -> Manifest | None:
        with self.ledger.step(StepName.MANIFEST):
            try:
                return self.body.vault.manifest(self.body.request.backup)
            except (CorruptBackupError, BlobNotFoundError) as error:
                self.ledger.find(self.body.request.backup, error.message)
                return None

    def _all_levels(self, manifest: Manifest) -> None:
        depth = self.body.request.level.depth
        if depth >= Level.DECODED.depth:
            self._require_key(manifest)
        with self.ledger.step(StepName.STORED):
            self._check_stored(manifest)
        if depth >= Level.DECODED.depth and not self.ledger.findings:
            with self.ledger.step(StepName.DECODED):
                self._decode(manifest)
        if depth >= Level.RESTORED.depth and not self.ledger.findings:
            self._restore(manifest)

    def _require_key(self, manifest: Manifest) -> None:
        """Notice a missing key at once; a damaged object is for the levels to find."""
        with suppress(CorruptBackupError, BlobNotFoundError):
            self.body.vault.require_key(manifest)

    def _check_stored(self, manifest: Manifest) -> None:
        rewind = self.body.rewind
        slices = tuple(piece.blob for piece in rewind.slices) if rewind is not None else ()
        blobs = (*manifest.blobs, *slices)
        total = sum(blob.size_bytes for blob in blobs)
        self.ctx.enter(Phase.CHECK_STORED, total)
        self.ledger.amounts["stored_bytes"] = total
        if rewind is not None:
            self.ledger.amounts["slices"] = len(slices)

        def check(blob: StoredBlob) -> None:
            self.ctx.check()
            with self.ledger.finding(blob.name):
                self.body.vault.compare(blob, self.ctx.passing)
            self.ctx.advance(blob.size_bytes)

        side_by_side(each(check, blobs), self.body.parallel, "mangrove-check")

    def _decode(self, manifest: Manifest) -> None:
        self.ctx.enter(Phase.DECODE, manifest.plain_bytes)
        self.ctx.expect_namespaces(len(manifest.namespaces))

        def decode(entry: NamespaceEntry) -> None:
            self.ctx.begin(entry.namespace, entry.plain_bytes)
            try:
                chunks = documents_of(entry, manifest.compression, self.body.vault.read)
                for _ in self.ctx.metered(chunks, entry.namespace):
                    pass
            except BAD_BACKUP as error:
                self.ledger.find(str(entry.namespace), error.message)
                self.ctx.fail(entry.namespace, error.message)
                return
            self._keep(entry)
            self.ctx.finish(entry.namespace)

        side_by_side(each(decode, manifest.namespaces), self.body.parallel, "mangrove-decode")
        self._decode_accounts(manifest)
        if manifest.oplog is not None:
            with self.ledger.finding(OPLOG):
                oplog = documents_of(manifest.oplog, manifest.compression, self.body.vault.read)
                for _ in self.ctx.passing(oplog):
                    pass

    def _decode_accounts(self, manifest: Manifest) -> None:
        """Decode, count and digest users and roles; that each has a name is checked as well."""
        held = manifest.users_and_roles
        if held is None:
            return
        with self.ledger.finding(SUBJECT):
            read_accounts(manifest, self.body.vault)
            for part in held.parts:
                name, count = str(part.namespace), part.documents
                self.ledger.results[name] = NamespaceResult(name, count, part.digest, 0, good=True)

    def _keep(self, entry: NamespaceEntry) -> None:
        self.ledger.results[str(entry.namespace)] = NamespaceResult(
            str(entry.namespace), entry.documents, entry.digest, len(entry.indexes), good=True
        )

    def _restore(self, manifest: Manifest) -> None:
        body = self.body
        Trial(
            ctx=self.ctx,
            ledger=self.ledger,
            gate=body.gate,
            vault=body.vault,
            register=body.scratch,
            target=body.target,
            stands_at=_stands_at(manifest, body.rewind),
            assertions=body.assertions,
            rewind=body.rewind,
            on_replayed=self._reference(),
            parallel=body.parallel,
        ).run(manifest)

    def _reference(self) -> OnReplayed | None:
        """Return what compares a replayed copy with the backup that stands at its moment."""
        drill = self.body.drill
        if drill is None or not drill.compared_with:
            return None
        younger = self.body.vault.manifest(BackupId(drill.compared_with))
        return Reference(self.ctx, self.ledger, younger).compare


def _stands_at(manifest: Manifest, rewind: RewindPlan | None) -> datetime:
    """Return the moment that the restored copy stands at in the end."""
    return rewind.limit.at if rewind is not None else manifest.data_at


_OPLOG_AMOUNTS = frozenset({"slices", "entries", "operations", "indexes"})
_DONE = {
    Level.STORED: "every stored object is as it was written",
    Level.DECODED: "every document was decrypted, decoded and counted",
    Level.RESTORED: "it was restored on trial, and the copy is the same",
    Level.DRILLED: "it was restored on trial, and the copy is the same",
}


def _result(evidence: Evidence, unanswered: Sequence[Loss], warnings: tuple[str, ...]) -> RunResult:
    findings = len(evidence.findings)
    summary = f"{evidence.backup} is proven: {_DONE[evidence.level]}"
    if evidence.drill is not None:
        took = duration_text(evidence.duration)
        summary = f"the recovery to {evidence.drill.goal} took {took}, and all of it is right"
    if not evidence.passed:
        summary = f"{evidence.backup} is not what it should be: {counted(findings, 'finding')}"
    elif unanswered:
        summary += f"; {counted(len(unanswered), 'assertion')} got no answer"
    return RunResult(
        summary=summary,
        warnings=warnings,
        losses=(*(Loss(f.subject, f.problem) for f in evidence.findings), *unanswered),
        backup=evidence.backup,
        figures=(
            *_documents(evidence),
            *((name, amount) for name, amount in evidence.amounts if name in _OPLOG_AMOUNTS),
            ("findings", findings),
            ("blobs", evidence.blobs),
            ("stored_bytes", evidence.stored_bytes),
            ("seconds", evidence.duration.total_seconds()),
        ),
    )


def _documents(evidence: Evidence) -> tuple[tuple[str, float], ...]:
    """Return how many documents were seen; nothing where only stored objects were looked at."""
    if evidence.level.depth < Level.DECODED.depth:
        return ()
    return (("documents", sum(n.documents for n in evidence.namespaces)),)
