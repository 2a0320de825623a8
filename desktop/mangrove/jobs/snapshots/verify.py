"""The verify body: open a throw-away copy of a snapshot and run ``validate`` on everything."""

from dataclasses import dataclass
from datetime import datetime

from mangrove.core.errors import EmbeddedServerError, MangroveError
from mangrove.core.explain import duration_text
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.snapshot import (
    Opened,
    OpenHost,
    Served,
    SnapshotGate,
    SnapshotHost,
    SnapshotStore,
)
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.snapshots.clone import log_of, open_snapshot, scratch_mongod
from mangrove.core.snapshots.snapshot import LockUse, Snapshot, SnapshotCheck
from mangrove.core.snapshots.volumes import Command
from mangrove.core.verification import Finding
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.files import throw_away_copy
from mangrove.jobs.snapshots.machine import HostShell

PHASES = (Phase.OPEN_COPY, Phase.VALIDATE, Phase.CLEAN_UP, Phase.CATALOG)
START_LIMIT_S = 1800.0
LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class VerifySnapshotBody:
    """Verify one snapshot on its own machine.

    Attributes:
        mongod: The server program to use there; "" for the one it was taken of.
    """

    snapshot: Snapshot
    gate: SnapshotGate
    open_host: OpenHost
    store: SnapshotStore
    clock: Clock
    mongod: str = ""

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        A snapshot that is not what it should be is a result, not an error.

        Raises:
            SnapshotCommandError, EmbeddedServerError: It could not be opened at all.
            RunCancelled: Nothing is kept of it.
        """
        snapshot, started_at = self.snapshot, self.clock.now()
        ctx.enter(Phase.OPEN_COPY, note=snapshot.place)
        with self.open_host(snapshot.ssh) as host, ctx.aborting_on_cancel(host.abort):
            shell = HostShell(host)
            with throw_away_copy(shell, snapshot, self.open_host) as folder:
                options, program = open_snapshot(snapshot), self._program(shell)
                opened = look_at_copy(ctx, host, self.gate, options, (folder, program))
                ctx.enter(Phase.CLEAN_UP)
        ctx.enter_last(Phase.CATALOG)
        check = self._check(opened, started_at)
        self.store.save(snapshot.with_check(check))
        return _result(snapshot, check)

    def _program(self, shell: HostShell) -> str:
        """Return a server program: the one asked for, the one it was taken of, or any here."""
        if self.mongod:
            return self.mongod
        seen = self.snapshot.mongod
        if seen and shell.run(("test", "-x", seen)).status == 0:
            return seen
        found = shell.ask(("sh", "-c", "command -v mongod")).strip()
        if found or self.snapshot.ssh is not None:
            return found or _no_program(self.snapshot)
        return self.gate.find_mongod()

    def _check(self, opened: Opened, started_at: datetime) -> SnapshotCheck:
        findings = (*opened.findings, *standing_findings(self.snapshot, opened))
        return SnapshotCheck(
            started_at=started_at,
            finished_at=self.clock.now(),
            passed=not findings,
            findings=findings,
            collections=opened.collections,
            documents=opened.documents,
            newest=opened.newest,
            server_version=opened.server_version,
        )


def look_at_copy(
    ctx: RunContext,
    host: SnapshotHost,
    gate: SnapshotGate,
    options: Command,
    copy: tuple[str, str],
) -> Opened:
    """Start a mongod on a copy, look at everything, and stop it.

    Args:
        ctx: Told how far it is.
        host: The machine with the copy.
        gate: Looks at the server.
        options: What the files want to be opened with.
        copy: The folder, and the program that opens it.

    Raises:
        EmbeddedServerError: If it does not come up; with the last lines of its log.
    """
    shell, (folder, program) = HostShell(host), copy
    command = (*shell.elevate, *scratch_mongod(options, program, folder))
    try:
        with host.serve(command) as served:
            wait_until_up(ctx, gate, served)
            ctx.enter(Phase.VALIDATE)

            def each(namespace: str) -> None:
                ctx.check()
                ctx.note(namespace)

            return gate.look(served.port, each)
    except EmbeddedServerError as error:
        said = " | ".join(shell.ask(("tail", "-n", "3", log_of(folder))).splitlines())
        raise EmbeddedServerError(f"{error.message}; its log ends: {said}", hint=_HINT) from error
    finally:
        _tidy(shell, folder)


_HINT = "a server of another version cannot open the files: name the right one with --mongod"


def _tidy(shell: HostShell, folder: str) -> None:
    try:
        shell.run(("rm", "-f", log_of(folder)))
    except MangroveError:
        return  # a cancel cut the way off; what is beside the copy goes with it


def wait_until_up(ctx: RunContext, gate: SnapshotGate, served: Served) -> None:
    """Return once a server of our own answers; raises EmbeddedServerError if it does not."""
    for _ in range(round(START_LIMIT_S / LOOK_EVERY_S)):
        ctx.check()
        if served.has_ended():
            raise EmbeddedServerError("the mongod on the copy ended before it answered")
        if gate.answers(served.port):
            return
        ctx.cancelled.wait(LOOK_EVERY_S)
    raise EmbeddedServerError("the mongod on the copy did not answer")


def standing_findings(snapshot: Snapshot, opened: Opened) -> tuple[Finding, ...]:
    """Compare where the copy stands with where the server stood under the lock."""
    expected = snapshot.consistent_at
    if snapshot.lock is LockUse.NO_LOCK or expected is None or opened.newest == expected:
        return ()
    stands = f"it stands at {opened.newest}" if opened.newest else "it holds no oplog"
    return (Finding("oplog", f"{stands}; the server stood at {expected} when it was taken"),)


def _no_program(snapshot: Snapshot) -> str:
    raise EmbeddedServerError(
        f"no mongod was found on {snapshot.place}; nothing was started",
        hint="name one with --mongod",
    )


def _result(snapshot: Snapshot, check: SnapshotCheck) -> RunResult:
    what = f"{counted(check.collections, 'collection')}, {counted(check.documents, 'document')}"
    summary = f"Snapshot {snapshot.snapshot} opens, {what} valid"
    if not check.passed:
        summary = f"Snapshot {snapshot.snapshot} is not what it should be"
    return RunResult(
        summary=f"{summary}; it took {duration_text(check.took)}",
        losses=tuple(Loss(finding.subject, finding.problem) for finding in check.findings),
        backup=snapshot.snapshot,
        figures=(
            ("collections", float(check.collections)),
            ("documents", float(check.documents)),
            ("seconds", check.took.total_seconds()),
        ),
    )
