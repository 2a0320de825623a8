"""What was last seen at Atlas, as backups that somebody else keeps."""

from collections.abc import Iterator
from datetime import timedelta

from mangrove.core.atlas.link import AtlasView
from mangrove.core.atlas.restore import AtlasRestoreJob, Delivery, JobState
from mangrove.core.atlas.snapshot import SnapshotState
from mangrove.core.command_line import command_line
from mangrove.core.elsewhere import Elsewhere, KeptGap, KeptPoint, KeptProof, KeptSpan

KEEPER = "Atlas"
LOOK_EVERY = timedelta(minutes=15)
TRUSTED_FOR = timedelta(minutes=45)
"""Atlas goes on capturing while nobody looks; after three missed looks we no longer count on it."""


def kept_of(view: AtlasView, profile: str) -> Elsewhere:
    """Return what timeline and figures need to know of a linked cluster.

    Args:
        view: What was last seen.
        profile: The linked profile's name, for commands.
    """
    reach = view.continuous
    items = view.schedule.items if view.schedule else ()
    gap = min((item.period for item in items), default=None)
    if view.schedule is None and view.snapshots:
        gap = timedelta(days=1)  # a Flex cluster's snapshots come every day
    return Elsewhere(
        keeper=KEEPER,
        place=view.link.text,
        points=tuple(sorted(_points(view), key=lambda p: p.data_at)),
        seen_at=view.seen_at,
        spans=tuple(KeptSpan(w.start, w.end) for w in reach.windows),
        gaps=tuple(KeptGap(g.start, g.end, g.reason) for g in reach.gaps),
        proofs=tuple(_proofs(view)),
        longest_gap=gap,
        trusted_for=TRUSTED_FOR,
        problem=view.problem or _trouble(view),
        restore_command=command_line("atlas", "restore", profile, "--to", "CLUSTER"),
    )


def _points(view: AtlasView) -> Iterator[KeptPoint]:
    for snapshot in view.snapshots:
        if snapshot.is_usable and snapshot.created_at is not None:
            yield KeptPoint(
                name=snapshot.snapshot_id,
                data_at=snapshot.created_at,
                available_at=snapshot.created_at,
                words=f"Atlas snapshot, {snapshot.origin}",
                expires_at=snapshot.expires_at,
            )


def _proofs(view: AtlasView) -> Iterator[KeptProof]:
    """Yield the restores of whole snapshots that ended, well or not."""
    known = {s.snapshot_id for s in view.snapshots}
    for job in view.restores:
        ended = job.finished_at
        is_whole = job.delivery is Delivery.AUTOMATED and not job.parts
        is_told = job.state in (JobState.SUCCEEDED, JobState.FAILED)
        if job.snapshot in known and is_whole and is_told and ended is not None:
            yield _proof(job)


def _proof(job: AtlasRestoreJob) -> KeptProof:
    ended = job.finished_at or job.created_at
    return KeptProof(
        name=str(job.snapshot),
        passed=job.state is JobState.SUCCEEDED,
        finished_at=ended,
        took=max(ended - job.created_at, timedelta(0)),
        target=f"Atlas cluster {job.target_cluster}",
    )


def _trouble(view: AtlasView) -> str:
    """Say what is wrong with the newest snapshot; "" for nothing."""
    if not view.cluster.has_backups:
        return f"Atlas backups are turned off for {view.link.text}"
    ended = [s for s in view.snapshots if s.state.is_over]
    if ended and ended[0].state is SnapshotState.FAILED:
        return f"the newest Atlas snapshot of {view.link.text} failed"
    return ""
