"""Drills: a recovery to a moment that was drawn by lot, on trial."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Base, RewindPlan, Timeline, Window, plan_rewind
from mangrove.core.verification import EMBEDDED, Drill
from mangrove.core.wording import counted


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """What a drill shall do.

    Attributes:
        at: Go back to the moment before it; None for one that is drawn.
        against: Go to the very moment that this backup stands at, from an older one, and compare
            everything with it.
        seed: What the moment is drawn with; the same seed and timeline give the same moment.
        target: A profile's name, or ``embedded`` for a throw-away server.
    """

    profile: str
    at: OplogTimestamp | None = None
    against: BackupId | None = None
    seed: str = ""
    target: str = EMBEDDED


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """How a drill goes.

    Attributes:
        base: The backup that is restored.
        rewind: What is replayed onto it; None where only the backup itself can be restored.
        drill: What is kept with the evidence.
    """

    base: BackupRecord
    rewind: RewindPlan | None
    drill: Drill

    @property
    def stands_at(self) -> datetime:
        """The moment that the restored copy stands at in the end."""
        return self.rewind.limit.at if self.rewind is not None else self.base.data_at

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        rewind = self.rewind
        if rewind is None or not rewind.slices:
            return (
                f"restore {self.base.backup}, which stands at {_words(self.stands_at)}; no moment "
                "between backups is replayed"
            )
        return (
            f"restore {self.base.backup} and replay about "
            f"{counted(rewind.entries, 'oplog entry', 'oplog entries')} of "
            f"{counted(len(rewind.slices), 'slice')}, up to the moment before "
            f"{_words(self.stands_at)}"
        )


def plan_drill(
    timeline: Timeline, records: Iterable[BackupRecord], request: DrillRequest
) -> DrillPlan:
    """Choose where a drill goes, and how it gets there.

    Args:
        timeline: Of the profile.
        records: All its backups; where no moment can be had, one of them is drawn.
        request: What is asked for.

    Raises:
        PointNotReachableError: If there is no way there, or nothing to restore at all.
    """
    if request.against is not None:
        return _against(timeline, request.against)
    if request.at is not None:
        return _planned(timeline, request.at, "")
    share = share_of(request.seed)
    limit = drawn_limit(timeline, share)
    if limit is not None:
        return _planned(timeline, limit, request.seed)
    whole = sorted((r for r in records if _is_whole(r)), key=lambda r: r.finished_at)
    if not whole:
        raise PointNotReachableError(
            "there is no complete backup of the whole deployment, so no recovery can be drilled; "
            "nothing was touched",
            hint="take a backup first",
        )
    return DrillPlan(whole[int(share * len(whole))], None, Drill(None, request.seed))


def share_of(seed: str) -> float:
    """Return a number from 0 to below 1 that only depends on the seed, and evenly so."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / (1 << 48)


def drawn_limit(timeline: Timeline, share: float) -> OplogTimestamp | None:
    """Return the moment that lies so far along everything that can be restored.

    Args:
        timeline: Of the profile.
        share: From 0 to below 1.

    Returns:
        A whole second; the moment of a backup where there are no windows; None without either.
    """
    spans = _joined(timeline.windows)
    seconds = sum(end - start for start, end in spans)
    if not seconds:
        return _stand_of(timeline, share)
    left = int(share * seconds)
    for start, end in spans:
        if left < end - start:
            return OplogTimestamp(start + 1 + left, 0)
        left -= end - start
    raise AssertionError("the share is below 1")


def _joined(windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Return the windows as seconds, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((w.start.seconds, w.end.seconds) for w in windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _stand_of(timeline: Timeline, share: float) -> OplogTimestamp | None:
    there = [b for b in timeline.bases if _stands(b)]
    return there[int(share * len(there))].stands_at.following if there else None


def _stands(base: Base) -> bool:
    return _is_whole(base.record) and base.record.consistent_at is not None


def _is_whole(record: BackupRecord) -> bool:
    holds_all = record.is_whole and not record.is_filtered and not record.is_physical
    return record.state is BackupState.COMPLETE and holds_all


def _planned(timeline: Timeline, limit: OplogTimestamp, seed: str) -> DrillPlan:
    rewind = plan_rewind(timeline, limit)
    found = next((b for b in timeline.bases if _can_be_compared(b, limit, rewind.base)), None)
    against = found.backup if found is not None else ""
    return DrillPlan(rewind.base.record, rewind, Drill(limit, seed, against))


def _can_be_compared(base: Base, limit: OplogTimestamp, start: Base) -> bool:
    is_other = base.backup != start.backup and base.vault_id == start.vault_id
    is_exact = base.record.achieved is Consistency.SNAPSHOT and base.stands_at.following == limit
    return is_other and is_exact and _is_whole(base.record)


def _against(timeline: Timeline, backup: BackupId) -> DrillPlan:
    """Go to where a backup stands, from an older one: its own content says if that is right.

    Raises:
        PointNotReachableError: If it stands at no one moment, or no older backup leads there.
    """
    base = next((b for b in timeline.bases if b.backup == backup), None)
    is_exact = base is not None and base.record.achieved is Consistency.SNAPSHOT
    if base is None or not is_exact or not _is_whole(base.record):
        raise PointNotReachableError(
            f"nothing can be compared with {backup}: it is no backup of the whole deployment at "
            "one moment; nothing was touched",
            hint="name one that was taken with the consistency snapshot",
        )
    without = replace(
        timeline,
        windows=tuple(_without(window, base) for window in timeline.windows),
        bases=tuple(b for b in timeline.bases if b.backup != backup),
    )
    rewind = plan_rewind(without, base.stands_at.following)
    if rewind.base.vault_id != base.vault_id:
        raise PointNotReachableError(
            f"the way to {backup} begins in another vault; nothing was touched",
            hint="name a backup of the vault that holds the oplog",
        )
    return DrillPlan(rewind.base.record, rewind, Drill(rewind.limit, "", backup))


def _without(window: Window, base: Base) -> Window:
    return replace(window, bases=tuple(b for b in window.bases if b.backup != base.backup))


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
