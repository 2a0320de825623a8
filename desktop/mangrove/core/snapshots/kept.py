"""What filesystem snapshots come to in timeline and figures: points, and windows by oplog."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from mangrove.core.command_line import command_line
from mangrove.core.elsewhere import Elsewhere, KeptPoint, KeptProof, KeptSpan
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.pitr.stretches import Stretch, stretches_of
from mangrove.core.snapshots.snapshot import LockUse, Snapshot

KEEPER = "The file system"
LOOK_BACK_S = 600
FAILED = "its newest verification failed: it protects nothing"
Stand = tuple[OplogTimestamp, bool]
"""Where a base stands, and whether it was restored on trial."""
ALWAYS = timedelta(days=36_500)
"""What this workstation registered itself is never stale."""


def kept_snapshots(
    snapshots: Iterable[Snapshot],
    copies: Iterable[Stand],
    slices: Sequence[OplogSlice],
    breaks: Sequence[ChainBreak],
    now: datetime,
) -> Elsewhere | None:
    """Return what the snapshots of one profile come to; None without any.

    One whose newest verification failed is told of, and nothing is rebuilt from it.

    Args:
        snapshots: Of the profile.
        copies: Where its physical backups in vaults stand: replays join those, too.
        slices: Captured of it.
        breaks: Moments that no replay may cross.
        now: The moment.
    """
    whole = sorted((s for s in snapshots if not s.problem), key=lambda s: s.data_at)
    sound = [s for s in whole if not s.is_failed]
    own = ((s.consistent_at, s.proven is not None) for s in sound if s.consistent_at is not None)
    spans = tuple(_spans((*own, *copies), slices, breaks))
    if not whole and not spans:
        return None
    newest = sound[-1].snapshot if sound else "BACKUP"
    restore = command_line("snapshot", "restore", newest, "FOLDER")
    return Elsewhere(
        keeper=KEEPER,
        place="the server's volumes",
        points=tuple(_point(s) for s in whole),
        seen_at=now,
        spans=spans,
        proofs=tuple(
            KeptProof(s.snapshot, c.passed, c.finished_at, c.took, s.place)
            for s in whole
            for c in s.checks
        ),
        trusted_for=ALWAYS if not spans else timedelta(0),
        restore_command=restore if sound or spans else "",
    )


def _point(snapshot: Snapshot) -> KeptPoint:
    held = "under a lock" if snapshot.lock is LockUse.LOCK else "without a lock"
    words = (
        f"{snapshot.provider} snapshot {held}, on {snapshot.place}; it is lost with its volume, "
        "a copy in a vault is not"
    )
    problem = FAILED if snapshot.is_failed else ""
    return KeptPoint(snapshot.snapshot, snapshot.data_at, snapshot.taken_at, words, problem=problem)


def _spans(
    bases: Iterable[Stand], slices: Sequence[OplogSlice], breaks: Sequence[ChainBreak]
) -> Iterator[KeptSpan]:
    """Yield the windows that captured oplog leads to from a snapshot, as it does from a dump."""
    proven: dict[OplogTimestamp, bool] = {}
    for at, is_proven in bases:
        proven[at] = is_proven or proven.get(at, False)
    for stretch in stretches_of(slices, breaks):
        joined = [base for base in proven if _leads_on(stretch, base, breaks)]
        if joined:
            yield KeptSpan(min(joined).at, stretch.end.at, all(proven[b] for b in joined))


def _leads_on(stretch: Stretch, base: OplogTimestamp, breaks: Sequence[ChainBreak]) -> bool:
    """Whether a stretch can be replayed onto what stands there."""
    is_inside = stretch.start <= base <= stretch.end
    return is_inside and not any(b.spoils(stretch.vault_id, base) for b in breaks)


def slices_onto(
    base: OplogTimestamp | None,
    limit: OplogTimestamp,
    slices: Sequence[OplogSlice],
    breaks: Sequence[ChainBreak],
) -> tuple[OplogSlice, ...]:
    """Return the slices that lead from a snapshot to the moment before ``limit``, oldest first.

    A few of them lie before the base: transactions that began before it have entries there.

    Raises:
        PointNotReachableError: Saying why not.
    """
    if base is None:
        raise PointNotReachableError(
            "it is not known at which entry of the oplog this snapshot stands",
            hint="verify it first: that reads the entry from the snapshot itself",
        )
    if limit <= base:
        raise PointNotReachableError(
            f"it stands at {base.at:%Y-%m-%d %H:%M:%S} UTC ({base}), which is later",
            hint="take an earlier snapshot, or leave --at out",
        )
    for stretch in stretches_of(slices, breaks):
        if _leads_on(stretch, base, breaks) and limit <= stretch.end.following:
            since = base.seconds - LOOK_BACK_S
            return tuple(
                s for s in stretch.slices if s.last.ts.seconds >= since and s.first.ts < limit
            )
    raise PointNotReachableError(
        f"no captured oplog leads from {base.at:%Y-%m-%d %H:%M:%S} UTC ({base}) to that moment",
        hint="mangrove windows lists the moments that can be restored",
    )
