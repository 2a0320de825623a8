"""The delete body: remove a snapshot from its file system and from the register."""

from dataclasses import dataclass

from mangrove.core.errors import SnapshotCommandError
from mangrove.core.ports.snapshot import OpenHost, SnapshotHost, SnapshotStore
from mangrove.core.run import Phase, RunResult
from mangrove.core.snapshots.providers import plan_removal, presence_command
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.machine import HostShell

PHASES = (Phase.REMOVE_SNAPSHOT,)
REMOVE_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class DeleteSnapshotBody:
    """Remove one snapshot."""

    snapshot: Snapshot
    open_host: OpenHost
    store: SnapshotStore

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            SnapshotCommandError: If it is still there; it stays registered.
        """
        snapshot = self.snapshot
        ctx.enter(Phase.REMOVE_SNAPSHOT, note=snapshot.place)
        with self.open_host(snapshot.ssh) as host, ctx.aborting_on_cancel(host.abort):
            left = removed(host, snapshot)
        if left:
            raise SnapshotCommandError(
                f"{snapshot.snapshot} could not be removed: {left}; it stays registered",
                hint="look whether something uses it, then try again",
            )
        self.store.remove(snapshot.snapshot)
        ours = bool(plan_removal(snapshot))
        return RunResult(
            summary=f"Snapshot {snapshot.snapshot} was removed"
            if ours
            else f"Snapshot {snapshot.snapshot} is not registered any more; no command removes it",
            backup=snapshot.snapshot,
        )


def removed(host: SnapshotHost, snapshot: Snapshot) -> str:
    """Run the commands that remove a snapshot; returns why it is still there, "" if it is gone."""
    shell = HostShell(host)
    problem = ""
    for command in plan_removal(snapshot):
        ran = shell.run(command, REMOVE_LIMIT_S)
        if ran.status != 0:
            problem = problem or ran.last_words
    return problem if problem and is_there(shell, snapshot) else ""


def is_there(shell: HostShell, snapshot: Snapshot) -> bool:
    """Whether any part of a snapshot is still there; one that cannot be asked for counts as so."""
    for part in snapshot.parts:
        asked = presence_command(snapshot.provider, part.name)
        if asked is None or shell.run(asked).status == 0:
            return True
    return False
