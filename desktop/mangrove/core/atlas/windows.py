"""Which seconds of a cluster Atlas can bring back, and which it cannot, with reasons."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.atlas.cluster import AtlasCluster
from mangrove.core.atlas.restore import AtlasRestoreJob, Delivery, JobState, PointInTime
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.core.errors import PointNotReachableError

LAG = timedelta(minutes=1)
"""How far behind the present continuous backup may be.

Source: Atlas documentation, "Recover a Point In Time with Continuous Cloud Backup": an RPO as low
as one minute.
"""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ContinuousWindow:
    """Any second from ``start`` to ``end`` can be restored."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ContinuousGap:
    """No second between the two can be restored."""

    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Continuous:
    """What continuous backup leads to.

    Attributes:
        why_none: Why there is no window at all; "" where there is one.
    """

    windows: tuple[ContinuousWindow, ...] = ()
    gaps: tuple[ContinuousGap, ...] = ()
    why_none: str = ""

    @property
    def end(self) -> datetime | None:
        """The newest second."""
        return self.windows[-1].end if self.windows else None


def continuous(
    cluster: AtlasCluster,
    restore_window_days: int | None,
    snapshots: Iterable[AtlasSnapshot],
    restores: Iterable[AtlasRestoreJob],
    now: datetime,
) -> Continuous:
    """Work out the windows of a cluster.

    No second between a restore into the cluster and its next snapshot can be restored.
    Source: Atlas documentation, "Recover a Point In Time with Continuous Cloud Backup".

    Args:
        cluster: Whose.
        restore_window_days: As its schedule says.
        snapshots: All of it; a replay begins at one.
        restores: Jobs of any cluster; those into this one count.
        now: The clock's moment.
    """
    if not cluster.has_continuous:
        return Continuous(why_none="continuous backup is turned off")
    taken = sorted(s.created_at for s in snapshots if s.is_usable and s.created_at is not None)
    if not taken:
        return Continuous(why_none="there is no complete snapshot yet to begin from")
    begin = max(taken[0], now - timedelta(days=restore_window_days or 0))
    holes = tuple(_holes(cluster, restores, taken))
    windows = tuple(_windows(begin, now - LAG, holes))
    return Continuous(windows, tuple(h for h in holes if (h.end or now) > begin))


def require_reachable(point: PointInTime, reach: Continuous) -> None:
    """Refuse a moment that Atlas cannot restore.

    Raises:
        PointNotReachableError: Saying why, and what is near.
    """
    at = point.at
    if any(w.start <= at <= w.end + LAG for w in reach.windows):
        return
    raise PointNotReachableError(
        f"Atlas cannot restore the moment {point.text}: {_why(at, reach)}; nothing was asked of it",
        hint=_near(reach),
    )


def _why(at: datetime, reach: Continuous) -> str:
    if reach.why_none:
        return reach.why_none
    for gap in reach.gaps:
        if gap.start <= at and (gap.end is None or at < gap.end):
            return gap.reason
    if reach.windows and at < reach.windows[0].start:
        return "it lies before the restore window"
    return "it has not been captured yet"


def _near(reach: Continuous) -> str:
    if not reach.windows:
        return "restore a snapshot instead"
    spans = ", ".join(
        f"{w.start:%Y-%m-%d %H:%M:%S} to {w.end:%Y-%m-%d %H:%M:%S} UTC"
        for w in reach.windows[-_SHOWN:]
    )
    return f"it can restore {spans}"


def _holes(
    cluster: AtlasCluster, restores: Iterable[AtlasRestoreJob], taken: Sequence[datetime]
) -> Iterator[ContinuousGap]:
    for job in sorted(restores, key=lambda j: j.created_at):
        is_here = (job.target_project, job.target_cluster) == (cluster.project_id, cluster.name)
        is_done = job.state in (JobState.SUCCEEDED, JobState.RUNNING, JobState.EXPIRED)
        if not is_here or not is_done or job.parts or job.delivery is Delivery.DOWNLOAD:
            continue
        ended = job.finished_at or job.created_at
        after = next((t for t in taken if t > ended), None)
        yield ContinuousGap(
            job.created_at, after, "a restore into the cluster came before its next snapshot"
        )


def _windows(
    begin: datetime, end: datetime, holes: Sequence[ContinuousGap]
) -> Iterator[ContinuousWindow]:
    at = begin
    for hole in holes:
        if at < hole.start:
            yield ContinuousWindow(at, min(hole.start, end))
        if hole.end is None:
            return
        at = max(at, hole.end)
    if at < end:
        yield ContinuousWindow(at, end)
