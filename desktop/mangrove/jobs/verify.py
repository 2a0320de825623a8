"""The verify body: evidence that a backup is whole, readable, and restores to the same data."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mangrove.core.backup import IndexChoice
from mangrove.core.deployment import ScratchKind
from mangrove.core.errors import (
    BlobNotFoundError,
    CorruptBackupError,
    MangroveError,
    ReplayRefusedError,
    WriteRefusedError,
    WrongIdentityError,
)
from mangrove.core.manifest import Manifest, NamespaceEntry, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.ports import (
    Catalog,
    Clock,
    Gate,
    RestoreSink,
    ScratchRegister,
    Vault,
)
from mangrove.core.profile import Profile
from mangrove.core.replay import ReplayMapping
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.verification import (
    Evidence,
    Finding,
    Level,
    NamespaceResult,
    VerifyRequest,
)
from mangrove.engine.content import documents_of
from mangrove.jobs.accounts import SUBJECT, merged_on_trial, read_accounts
from mangrove.jobs.context import RunContext
from mangrove.jobs.entering import entering
from mangrove.jobs.leasing import leased_if_allowed
from mangrove.jobs.loading import Destination, Loader
from mangrove.jobs.replay import Replay, look
from mangrove.jobs.rewinding import OplogPart, base_of, index_infos, oplog_part
from mangrove.jobs.scratch import Scratch
from mangrove.jobs.workers import each, side_by_side

BAD_BACKUP = (CorruptBackupError, BlobNotFoundError, WrongIdentityError)
NO_REPLAY = (*BAD_BACKUP, ReplayRefusedError, WriteRefusedError)
OPLOG = "oplog"
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
}


def phases_of(level: Level) -> tuple[Phase, ...]:
    """Return the phases a verification of this level goes through."""
    return _BY_LEVEL.get(level, _BY_LEVEL[Level.RESTORED])


@dataclass(frozen=True, slots=True)
class VerifyBody:
    """Verify one backup and keep the evidence with it.

    Attributes:
        target: The profile to restore to on trial; None for the embedded server.
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

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        A backup that is not what it should be is a result, not an error: the evidence says so.

        Raises:
            RunCancelled: No evidence is kept.
            ConnectError, StorageUnavailableError, WrongIdentityError: The verification could
                not be done; that says nothing about the backup.
        """
        work = _Verifying(self, ctx, self.clock.now())
        purpose = f"verification of {self.request.backup}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased_if_allowed(ctx, self.vault, purpose, self.clock),
        ):
            evidence = work.gather()
        ctx.enter(Phase.CATALOG)
        self.vault.keep_evidence(evidence)
        return _result(evidence, self._list(evidence))

    def _list(self, evidence: Evidence) -> tuple[str, ...]:
        """Put the evidence into the catalog; returns what to warn of, for it is kept anyway."""
        try:
            record = self.catalog.find(self.request.backup)
            if record is not None:
                self.catalog.put(record.with_evidence(evidence.summary))
        except MangroveError as error:
            return (f"the evidence is not in the catalog yet, rebuild it: {error.message}",)
        return ()


@dataclass(slots=True)
class _Verifying:
    """One verification with what it has found so far."""

    body: VerifyBody
    ctx: RunContext
    started_at: datetime
    findings: list[Finding] = field(default_factory=list)
    results: dict[str, NamespaceResult] = field(default_factory=dict)
    steps: list[tuple[str, timedelta]] = field(default_factory=list)
    server_version: str = ""

    def gather(self) -> Evidence:
        manifest = self._manifest()
        if manifest is not None:
            self._all_levels(manifest)
        blobs = manifest.blobs if manifest is not None else ()
        request = self.body.request
        return Evidence(
            backup=request.backup,
            level=request.level,
            started_at=self.started_at,
            finished_at=self.body.clock.now(),
            passed=not self.findings,
            findings=tuple(self.findings),
            namespaces=tuple(self.results[name] for name in sorted(self.results)),
            blobs=len(blobs),
            stored_bytes=sum(b.size_bytes for b in blobs),
            target=request.target if request.level is Level.RESTORED else "",
            server_version=self.server_version,
            steps=tuple(self.steps),
            tool_version=self.body.tool_version,
        )

    def _manifest(self) -> Manifest | None:
        with self._step("signature and manifest"):
            try:
                return self.body.vault.manifest(self.body.request.backup)
            except (CorruptBackupError, BlobNotFoundError) as error:
                self._find(self.body.request.backup, error.message)
                return None

    def _all_levels(self, manifest: Manifest) -> None:
        depth = self.body.request.level.depth
        if depth >= Level.DECODED.depth:
            self._require_key(manifest)
        with self._step("stored objects"):
            self._check_stored(manifest)
        if depth >= Level.DECODED.depth and not self.findings:
            with self._step("decoded documents"):
                self._decode(manifest)
        if depth >= Level.RESTORED.depth and not self.findings:
            self._restore(manifest)

    def _require_key(self, manifest: Manifest) -> None:
        """Notice a missing key at once; a damaged object is for the levels to find."""
        with suppress(CorruptBackupError, BlobNotFoundError):
            self.body.vault.require_key(manifest)

    def _check_stored(self, manifest: Manifest) -> None:
        self.ctx.enter(Phase.CHECK_STORED, manifest.stored_bytes)

        def check(blob: StoredBlob) -> None:
            self.ctx.check()
            with self._finding(blob.name):
                self.body.vault.compare(blob, self.ctx.passing)
            self.ctx.advance(blob.size_bytes)

        side_by_side(each(check, manifest.blobs), self.body.parallel, "mangrove-check")

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
                self._find(str(entry.namespace), error.message)
                self.ctx.fail(entry.namespace, error.message)
                return
            self._keep(entry)
            self.ctx.finish(entry.namespace)

        side_by_side(each(decode, manifest.namespaces), self.body.parallel, "mangrove-decode")
        self._decode_accounts(manifest)
        if manifest.oplog is not None:
            with self._finding(OPLOG):
                oplog = documents_of(manifest.oplog, manifest.compression, self.body.vault.read)
                for _ in self.ctx.passing(oplog):
                    pass

    def _decode_accounts(self, manifest: Manifest) -> None:
        """Decode, count and digest users and roles; that each has a name is checked as well."""
        held = manifest.users_and_roles
        if held is None:
            return
        with self._finding(SUBJECT):
            read_accounts(manifest, self.body.vault)
            for part in held.parts:
                name, count = str(part.namespace), part.documents
                self.results[name] = NamespaceResult(name, count, part.digest, 0, good=True)

    def _keep(self, entry: NamespaceEntry) -> None:
        self.results[str(entry.namespace)] = NamespaceResult(
            str(entry.namespace), entry.documents, entry.digest, len(entry.indexes), good=True
        )

    def _restore(self, manifest: Manifest) -> None:
        self.ctx.enter(Phase.CONNECT)
        target = self.body.target
        gate = self.body.gate
        opened: AbstractContextManager[RestoreSink]
        if target:
            opened = entering(self.ctx, gate.open_sink(target))
        else:  # a server of our own is up soon, and must not outlive us
            opened = gate.open_scratch(_scratch_kind(manifest))
        with opened as sink:
            self.server_version = sink.facts().version_text
            scratch = Scratch(sink, self.body.scratch, target, self.ctx)
            with scratch.databases(manifest) as names, self.ctx.aborting_on_cancel(sink.abort):
                sink.check_privileges([*names.values()])
                self._restore_into(manifest, sink, names)
                self.ctx.enter(Phase.CLEAN_UP)

    def _restore_into(self, manifest: Manifest, sink: RestoreSink, names: dict[str, str]) -> None:
        part = oplog_part(manifest, self.body.vault, None)
        loader = Loader(
            vault=self.body.vault,
            manifest=manifest,
            sink=sink,
            ctx=self.ctx,
            destinations=[_scratch_destination(e, names) for e in manifest.namespaces],
            indexes=IndexChoice.AFTER if part is None else IndexChoice.NEVER,
            parallel=self.body.parallel,
        )
        with self._step("load"):
            loader.load()
        with self._step("indexes"):
            loader.build_indexes()
        with self._step("compare"):
            results = loader.compare()
        self.results |= {r.namespace: r for r in results}
        self.findings.extend(Finding(loss.subject, loss.reason) for loss in loader.losses)
        if part is not None:
            with self._step(OPLOG), self._finding(OPLOG, NO_REPLAY):
                self._replay(manifest, loader, part, names)
        if self.body.target is None and manifest.users_and_roles is not None:
            with self._step(SUBJECT):  # never on a real deployment: there they could sign in
                self.findings += merged_on_trial(manifest, self.body.vault, sink)

    def _replay(
        self, manifest: Manifest, loader: Loader, part: OplogPart, names: dict[str, str]
    ) -> None:
        """Replay the backup's oplog onto the scratch copy, and build the indexes there are then."""

        def target_of(name: Namespace) -> Namespace | None:
            scratch = names.get(name.database)
            is_meant = scratch is not None and manifest.selection.matches(name)
            return Namespace(scratch, name.collection) if scratch and is_meant else None

        base, mapping = [base_of(d) for d in loader.made], ReplayMapping(target_of)
        seen = look(self.ctx, part.entries, base, mapping, part.window)
        outcome = Replay(
            self.ctx, loader.sink, part.entries, base, mapping, part.window, seen
        ).run()
        self.ctx.log(outcome.sentence())
        for info, final in index_infos(outcome):
            for failed in loader.sink.build_indexes(info):
                self._find(f"{final} index {failed.name}", failed.reason)

    @contextmanager
    def _finding(
        self, subject: str, bad: tuple[type[MangroveError], ...] = BAD_BACKUP
    ) -> Iterator[None]:
        """Turn what shows the backup to be bad into a finding; let everything else pass."""
        try:
            yield
        except bad as error:
            self._find(subject, error.message)

    def _find(self, subject: str, problem: str) -> None:
        self.findings.append(Finding(subject, problem))
        self.ctx.log(f"{subject}: {problem}")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started_s = self.body.clock.monotonic_s()
        try:
            yield
        finally:
            took = timedelta(seconds=self.body.clock.monotonic_s() - started_s)
            self.steps.append((name, took))


def _scratch_kind(manifest: Manifest) -> ScratchKind:
    """Choose the server: the cheap one, unless a collection exists on a replica set only.

    Source: MongoDB manual, "Queryable Encryption": not on standalone servers.
    """
    needs_set = any('"encryptedFields"' in n.options for n in manifest.namespaces)
    return ScratchKind.REPLICA_SET if needs_set else ScratchKind.STANDALONE


def _scratch_destination(entry: NamespaceEntry, names: dict[str, str]) -> Destination:
    target = Namespace(names[entry.namespace.database], entry.namespace.collection)
    return Destination(entry, target, target)


def _result(evidence: Evidence, warnings: tuple[str, ...]) -> RunResult:
    done = {
        Level.STORED: "every stored object is as it was written",
        Level.DECODED: "every document was decrypted, decoded and counted",
    }.get(evidence.level, "it was restored on trial, and the copy is the same")
    findings = len(evidence.findings)
    return RunResult(
        summary=f"{evidence.backup} is proven: {done}"
        if evidence.passed
        else f"{evidence.backup} is not what it should be: {findings} findings",
        warnings=warnings,
        losses=tuple(Loss(f.subject, f.problem) for f in evidence.findings),
        backup=evidence.backup,
        figures=(
            *_documents(evidence),
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
