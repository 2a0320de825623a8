"""Asks Atlas for a snapshot and waits until it is complete."""

from dataclasses import dataclass

from mangrove.core.atlas.link import Located
from mangrove.core.atlas.snapshot import AtlasSnapshot, AtlasSnapshotId, SnapshotState
from mangrove.core.errors import AtlasWorkFailedError, RunCancelled
from mangrove.core.explain import size_text
from mangrove.core.ports.atlas import AtlasGate
from mangrove.core.run import Phase, RunResult
from mangrove.jobs.atlas.watching import opened, watched
from mangrove.jobs.context import RunContext

TAKE_PHASES = (Phase.ATLAS_ASK, Phase.ATLAS_WAIT)
WATCH_PHASES = (Phase.ATLAS_WAIT,)
GOES_ON = "cancelled; Atlas goes on with the snapshot {snapshot}: it cannot be stopped"
_WORDS = {
    SnapshotState.QUEUED: "waiting in Atlas' queue",
    SnapshotState.IN_PROGRESS: "Atlas is taking the snapshot",
}


@dataclass(frozen=True, slots=True)
class TakeBody:
    """Take a snapshot, or watch one that is being taken.

    Attributes:
        known: The snapshot to watch; None takes a new one.
    """

    gate: AtlasGate
    place: Located
    poll_s: float
    description: str = ""
    keep_days: int = 0
    known: AtlasSnapshotId | None = None

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: Before the snapshot was asked for, or saying that Atlas goes on with it.
            AtlasWorkFailedError: If Atlas could not take it.
        """
        wanted = self.known
        try:
            with opened(ctx, self.gate, self.place.account) as api:
                cluster = self.place.cluster
                if wanted is None:
                    ctx.enter(Phase.ATLAS_ASK)
                    wanted = api.take(cluster, self.description, self.keep_days).snapshot_id
                    ctx.log(f"Atlas queued the snapshot {wanted}")
                ctx.enter(Phase.ATLAS_WAIT)
                found, chosen = wanted, cluster
                seen = watched(
                    ctx,
                    lambda: api.snapshot(chosen, found),
                    lambda s: s.state.is_over,
                    lambda s: _WORDS.get(s.state, s.state),
                    self.poll_s,
                )
        except RunCancelled as cancel:
            if wanted is None:
                raise
            raise RunCancelled(GOES_ON.format(snapshot=wanted)) from cancel
        return _result(self.place, seen)


def _result(place: Located, seen: AtlasSnapshot) -> RunResult:
    if seen.state is not SnapshotState.COMPLETED:
        raise AtlasWorkFailedError(
            f"Atlas could not take the snapshot {seen.snapshot_id} of {place.text}",
            hint="the data of the cluster are not affected; look at the cluster in Atlas",
        )
    until = f", kept until {seen.expires_at:%Y-%m-%d %H:%M} UTC" if seen.expires_at else ""
    size = f", {size_text(seen.size_bytes)}" if seen.size_bytes else ""
    return RunResult(
        f"snapshot {seen.snapshot_id} of {place.text} is complete{size}{until}",
        figures=(("bytes", float(seen.size_bytes)),),
    )
