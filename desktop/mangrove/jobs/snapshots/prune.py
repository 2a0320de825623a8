"""The prune body of snapshots: removes what the rule lets go, one after the other."""

from dataclasses import dataclass

from mangrove.core.errors import MangroveError
from mangrove.core.ports.snapshot import OpenHost, SnapshotStore
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.snapshots.delete import DeleteSnapshotBody

PHASES = (Phase.REMOVE_SNAPSHOT,)


@dataclass(frozen=True, slots=True)
class PruneSnapshotsBody:
    """Remove several snapshots; one that cannot be removed stays registered and stops no other."""

    going: tuple[Snapshot, ...]
    open_host: OpenHost
    store: SnapshotStore

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Between two of them; those removed are gone.
        """
        losses: list[Loss] = []
        for snapshot in self.going:
            ctx.check()
            try:
                DeleteSnapshotBody(snapshot, self.open_host, self.store)(ctx)
            except MangroveError as error:
                ctx.check()
                losses.append(Loss(snapshot.snapshot, error.message))
        removed = len(self.going) - len(losses)
        return RunResult(
            summary=f"{counted(removed, 'snapshot')} removed",
            losses=tuple(losses),
            figures=(("snapshots", removed),),
        )
