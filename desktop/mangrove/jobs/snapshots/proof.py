"""The verify body of physical backups: stored, decoded, or opened by a throw-away mongod."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from posixpath import join

from mangrove.core.errors import BlobNotFoundError, CorruptBackupError, WrongIdentityError
from mangrove.core.explain import duration_text
from mangrove.core.manifest import Manifest, StoredBlob, StoredFile
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.snapshot import OpenHost, OpenTarget, SnapshotGate
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.snapshots.clone import open_files
from mangrove.core.verification import EMBEDDED, Evidence, Finding, Level
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.machine import HostShell
from mangrove.jobs.snapshots.restore import files_in, plain_chunks, write_files
from mangrove.jobs.snapshots.verify import look_at_copy
from mangrove.jobs.vaults.leasing import leased_if_allowed
from mangrove.jobs.vaults.mirror import follow_up_evidence
from mangrove.jobs.workers import each, side_by_side

BAD = (CorruptBackupError, BlobNotFoundError, WrongIdentityError)
_BY_LEVEL = {
    Level.STORED: (Phase.CHECK_STORED, Phase.CATALOG),
    Level.DECODED: (Phase.CHECK_STORED, Phase.DECODE, Phase.CATALOG),
    Level.RESTORED: (
        Phase.CHECK_STORED,
        Phase.COPY_FILES,
        Phase.OPEN_COPY,
        Phase.VALIDATE,
        Phase.CLEAN_UP,
        Phase.CATALOG,
    ),
}


def phases_of(level: Level) -> tuple[Phase, ...]:
    """Return the phases a verification of this level goes through."""
    return _BY_LEVEL[level]


@dataclass(frozen=True, slots=True)
class VerifyFilesBody:
    """Verify one physical backup and keep the evidence with it.

    Attributes:
        mongod: The server program to open the files with; "" for the one of this machine.
        mirrors: Other copies of the vault, which get the evidence as well.
    """

    manifest: Manifest
    level: Level
    vault: Vault
    catalog: Catalog
    gate: SnapshotGate
    open_host: OpenHost
    open_target: OpenTarget
    clock: Clock
    tool_version: str
    parallel: int = 2
    mongod: str = ""
    mirrors: Sequence[Mirror] = ()

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        A backup that is not what it should be is a result, not an error: the evidence says so.

        Raises:
            RunCancelled: No evidence is kept.
            EmbeddedServerError, StorageUnavailableError, SnapshotCommandError: The verification
                could not be done; that says nothing about the backup.
        """
        work = _Proving(self, ctx, self.clock.now())
        purpose = f"verification of {self.manifest.backup}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased_if_allowed(ctx, self.vault, purpose, self.clock),
        ):
            evidence = work.gather()
        ctx.enter_last(Phase.CATALOG)
        self.vault.keep_evidence(evidence)
        record = self.catalog.find(self.manifest.backup)
        if record is not None:
            self.catalog.put(record.with_evidence(evidence.summary))
        warnings = follow_up_evidence(ctx, self.mirrors, evidence.backup)
        return replace(_result(evidence, work.opened_words), warnings=warnings)


@dataclass(slots=True)
class _Proving:
    """One verification with what it has found so far."""

    body: VerifyFilesBody
    ctx: RunContext
    started_at: datetime
    findings: list[Finding] = field(default_factory=list)
    steps: list[tuple[str, timedelta]] = field(default_factory=list)
    server_version: str = ""
    opened_words: str = ""

    def gather(self) -> Evidence:
        body = self.body
        self._step("stored", self._check_stored)
        if body.level is Level.DECODED and not self.findings:
            self._step("decoded", self._decode)
        if body.level is Level.RESTORED and not self.findings:
            self._step("opened", self._open)
        return Evidence(
            backup=body.manifest.backup,
            level=body.level,
            started_at=self.started_at,
            finished_at=body.clock.now(),
            passed=not self.findings,
            findings=tuple(self.findings),
            namespaces=(),
            blobs=len(body.manifest.blobs),
            stored_bytes=body.manifest.stored_bytes,
            target=EMBEDDED if body.level is Level.RESTORED else "",
            server_version=self.server_version,
            steps=tuple(self.steps),
            tool_version=body.tool_version,
        )

    def _step(self, name: str, work: Callable[[], None]) -> None:
        begun_s = self.body.clock.monotonic_s()
        work()
        took = timedelta(seconds=self.body.clock.monotonic_s() - begun_s)
        self.steps.append((name, took))

    def _check_stored(self) -> None:
        body = self.body
        self.ctx.enter(Phase.CHECK_STORED, body.manifest.stored_bytes)

        def compare(blob: StoredBlob) -> None:
            try:
                body.vault.compare(blob, self.ctx.passing)
            except BAD as error:
                self.findings.append(Finding(blob.name, error.message))
            self.ctx.advance(blob.size_bytes)

        side_by_side(each(compare, body.manifest.blobs), body.parallel, "mangrove-check")

    def _decode(self) -> None:
        body, held = self.body, files_in(self.body.manifest)
        body.vault.require_key(body.manifest)
        self.ctx.enter(Phase.DECODE, held.size_bytes)

        def decode(file: StoredFile) -> None:
            try:
                chunks = self.ctx.metered(plain_chunks(body.vault, body.manifest, file))
                size = sum(map(len, chunks))
            except BAD as error:
                self.findings.append(Finding(file.path, error.message))
                return
            if size != file.size_bytes:
                self.findings.append(Finding(file.path, f"holds {size} bytes instead"))

        side_by_side(each(decode, held.files), body.parallel, "mangrove-decode")

    def _open(self) -> None:
        body = self.body
        body.vault.require_key(body.manifest)
        with body.open_host(None) as host, self.ctx.aborting_on_cancel(host.abort):
            shell = HostShell(host)
            scratch = shell.must(("mktemp", "-d", "-t", "mangrove-files-XXXXXXXX")).strip()
            target = body.open_target(join(scratch, "files"), body.manifest.backup)
            try:
                write_files(self.ctx, body.vault, body.manifest, target, body.parallel)
                self.ctx.enter(Phase.OPEN_COPY)
                program = body.mongod or body.gate.find_mongod()
                options = open_files(files_in(body.manifest).origin)
                opened = look_at_copy(self.ctx, host, body.gate, options, (target.data, program))
                self.ctx.enter(Phase.CLEAN_UP)
            except BAD as error:
                self.findings.append(Finding("files", error.message))
                return
            finally:
                target.discard()
                with body.open_host(None) as tidying:
                    HostShell(tidying).run(("rm", "-rf", "--one-file-system", scratch))
        self.findings += opened.findings
        self.server_version = opened.server_version
        expected = body.manifest.consistent_at
        if expected is not None and opened.newest != expected:
            self.findings.append(
                Finding("oplog", f"it stands at {opened.newest}, not at {expected}")
            )
        self.opened_words = (
            f"{counted(opened.collections, 'collection')}, "
            f"{counted(opened.documents, 'document')} valid"
        )


def _result(evidence: Evidence, opened: str) -> RunResult:
    took = duration_text(evidence.duration)
    if not evidence.passed:
        return RunResult(
            summary=f"{evidence.backup} is not what it should be; it took {took}",
            losses=tuple(Loss(f.subject, f.problem) for f in evidence.findings),
            backup=evidence.backup,
        )
    what = {
        Level.STORED: f"{counted(evidence.blobs, 'object')} as they were written",
        Level.DECODED: "every file decrypted and unpacked",
    }.get(evidence.level, f"the files open, {opened}")
    return RunResult(
        summary=f"{evidence.backup} is good: {what}; it took {took}",
        backup=evidence.backup,
        figures=(("objects", evidence.blobs), ("seconds", evidence.duration.total_seconds())),
    )
