"""Point-in-time recovery: which moments can be restored, with what, and why others cannot."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.elsewhere import Elsewhere
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import ChainId, OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.vaults.vault import VaultId


@dataclass(frozen=True, slots=True)
class Base:
    """A backup as the ground that oplog slices are replayed onto.

    Attributes:
        needs_from: The replay starts after this timestamp.
        stands_at: The earliest moment it can be restored to: its own.
        why_not: Why nothing can be replayed onto it; "" when it is eligible.
    """

    record: BackupRecord
    needs_from: OplogTimestamp
    stands_at: OplogTimestamp
    why_not: str = ""

    @property
    def backup(self) -> BackupId:
        """Its id."""
        return self.record.backup

    @property
    def vault_id(self) -> VaultId:
        """Where it is kept."""
        return self.record.vault_id

    @property
    def is_eligible(self) -> bool:
        """Whether slices may be replayed onto it."""
        return not self.why_not

    @property
    def is_sound(self) -> bool:
        """Whether its newest check, if there was any, found nothing wrong."""
        return self.record.failed_evidence is None

    def evidence_age(self, now: datetime) -> timedelta | None:
        """How old its deepest proof is; None when nobody ever proved it."""
        proof = self.record.proven
        return now - proof.finished_at if proof else None


def base_of(record: BackupRecord) -> Base:
    """Judge a backup as a base.

    A snapshot stands at its cluster time, an oplog-consistent one at the end of its own oplog;
    one that was read without either stands nowhere.
    """
    moment = record.consistent_at or OplogTimestamp(int(record.data_at.timestamp()), 0)
    return Base(record, moment, moment, _why_no_base(record))


def _why_no_base(record: BackupRecord) -> str:
    if record.state is not BackupState.COMPLETE:
        return f"it cannot be read: {record.problem}"
    if record.is_physical:
        return (
            "it holds a server's files: restore them into a folder, whose guide says how to go on"
        )
    if record.achieved is not Consistency.NONE and record.consistent_at is None:
        return "the catalog does not know its moment yet; rebuild the catalog of its vault"
    if record.achieved is Consistency.NONE:
        return "its collections were read at different moments, so no replay can start from it"
    if record.is_filtered:
        return "queries left documents out of it, and entries that change those would miss them"
    return ""


class GapReason(StrEnum):
    """Why a moment cannot be restored."""

    CAPTURE_OFF = "capture-off"
    ROLLED_OVER = "rolled-over"
    DIVERGED = "diverged"
    RESTORED_IN_PLACE = "restored-in-place"
    NO_BASE = "no-base"
    SLICE_MISSING = "slice-missing"
    SLICE_DAMAGED = "slice-damaged"

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        return _SENTENCES[self]


_SENTENCES = {
    GapReason.CAPTURE_OFF: "nothing captured the oplog then",
    GapReason.ROLLED_OVER: (
        "capture was away for longer than the oplog reaches back, so entries were lost"
    ),
    GapReason.DIVERGED: (
        "the deployment rolled back what it had acknowledged, so its history took another way"
    ),
    GapReason.RESTORED_IN_PLACE: (
        "data was restored in place then; take a backup, windows begin again from that"
    ),
    GapReason.NO_BASE: "the oplog was captured, but no backup stands before these entries",
    GapReason.SLICE_MISSING: "a stored slice of the oplog is missing from the vault",
    GapReason.SLICE_DAMAGED: "a stored slice of the oplog cannot be trusted or read",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time that cannot be restored.

    Attributes:
        start: The last moment before it that can, or that was captured.
        end: The first moment after it; None when it is still open.
    """

    start: OplogTimestamp
    end: OplogTimestamp | None
    reason: GapReason

    @property
    def sentence(self) -> str:
        """Why, in one sentence."""
        return self.reason.sentence


@dataclass(frozen=True, slots=True)
class Window:
    """A closed interval of moments, each of which can be restored.

    "To be at a moment" means with the entries up to it and including it.

    Attributes:
        bases: Those that stand in it, oldest first.
        slices: The joined slices it is made of, oldest first; some lie before its start.
        scope: What its bases hold, in words; "" for the whole deployment.
    """

    start: OplogTimestamp
    end: OplogTimestamp
    vault_id: VaultId
    chain: ChainId
    bases: tuple[Base, ...]
    slices: tuple[OplogSlice, ...]
    scope: str = ""

    def reaches(self, limit: OplogTimestamp) -> bool:
        """Whether a replay of all entries before ``limit``, and not of it, is possible."""
        return self.start < limit <= self.end.following

    def base_before(self, limit: OplogTimestamp) -> Base | None:
        """Return the newest base that does not stand behind ``limit`` already."""
        return next((b for b in reversed(self.bases) if b.stands_at < limit), None)

    def sound_before(self, limit: OplogTimestamp) -> Base | None:
        """Return the newest one before ``limit`` that no check found anything wrong with."""
        earlier = (b for b in reversed(self.bases) if b.stands_at < limit)
        return next((b for b in earlier if b.is_sound), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that is known of the moments of one profile.

    Attributes:
        windows: For the whole deployment, oldest first; they may overlap when several vaults
            or chains hold the same time.
        partial: Windows whose bases hold only a part.
        gaps: Between and after the windows, oldest first.
        bases: All backups, oldest first; those no slices reach say so in ``why_not``.
        slices: How many there are.
        headroom: How long capture could stay away, measured with the newest slice.
        captured_at: When the newest slice was signed; None without any.
        elsewhere: What others keep: nothing of it is replayed here.
    """

    windows: tuple[Window, ...]
    partial: tuple[Window, ...]
    gaps: tuple[Gap, ...]
    bases: tuple[Base, ...]
    slices: int
    headroom: timedelta | None = None
    captured_at: datetime | None = None
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def end(self) -> OplogTimestamp | None:
        """The newest moment the whole deployment can be restored to by replay."""
        return max((w.end for w in self.windows), default=None)


@dataclass(frozen=True, slots=True)
class RewindPlan:
    """How to get to a moment.

    Attributes:
        slices: Joined and oldest first; replay their entries after ``base.needs_from`` and
            before ``limit``. Empty when the base itself stands there.
        earlier: The slices of the same chain before them, oldest first: transactions that began
            before the base was read have their first entries there.
        limit: Exclusive, as mongorestore's ``--oplogLimit``.
        entries: How many the slices hold; a few lie outside the two bounds.
        passed_over: A newer base that was not taken, for its newest check failed.
    """

    base: Base
    slices: tuple[OplogSlice, ...]
    earlier: tuple[OplogSlice, ...]
    limit: OplogTimestamp
    entries: int
    passed_over: Base | None = None


def plan_rewind(
    timeline: Timeline, limit: OplogTimestamp, backup: BackupId | None = None
) -> RewindPlan:
    """Choose base and slices: the newest good base before the moment, so that least is replayed.

    One whose newest check failed is taken only where it is named, or where there is no other.

    Args:
        timeline: Of the profile.
        limit: Entries before it are replayed, itself not.
        backup: Use this one; only then one that holds a part is used.

    Raises:
        PointNotReachableError: With the reason, and the nearest moments that can be reached.
    """
    windows = timeline.windows if backup is None else (*timeline.windows, *timeline.partial)
    reaching = [window for window in windows if window.reaches(limit)]
    there = [b for b in reversed(timeline.bases) if _stands_there(b, limit, backup)]
    if backup is not None:
        found = _newest(reaching, lambda w: _named(w, limit, backup))
    else:
        found = _newest(reaching, lambda w: w.sound_before(limit))
    if found is None and backup is None and not any(base.is_sound for base in there):
        found = _newest(reaching, lambda w: w.base_before(limit))
    if found is not None:
        plan = _plan(*found, limit)
        newest = None if backup else _newest(reaching, lambda w: w.base_before(limit))
        is_other = newest is not None and newest[1].stands_at > plan.base.stands_at
        return replace(plan, passed_over=newest[1]) if newest and is_other else plan
    for base in sorted(there, key=lambda b: not b.is_sound):
        return RewindPlan(base, (), (), limit, 0)
    raise _not_reachable(timeline, limit, backup)


def _newest(
    windows: Sequence[Window], choose: Callable[[Window], Base | None]
) -> tuple[Window, Base] | None:
    """Return the window with the newest of the bases that are chosen in each, and that base."""
    found = [(window, base) for window in windows if (base := choose(window)) is not None]
    numbered = enumerate(found)
    return max(numbered, key=lambda one: (one[1][1].stands_at, one[0]))[1] if found else None


def _named(window: Window, limit: OplogTimestamp, backup: BackupId) -> Base | None:
    return next((b for b in window.bases if b.backup == backup and b.stands_at < limit), None)


def _stands_there(base: Base, limit: OplogTimestamp, backup: BackupId | None) -> bool:
    is_meant = base.backup == backup if backup else base.record.is_whole
    stands = base.record.consistent_at is not None and base.stands_at.following == limit
    return is_meant and stands and not _why_no_base(base.record)


def _plan(window: Window, base: Base, limit: OplogTimestamp) -> RewindPlan:
    slices = window.slices
    begin = bisect_right(slices, base.needs_from, key=lambda s: s.last.ts)
    end = bisect_left(slices, limit, key=lambda s: s.first.ts)
    used = slices[begin:end]
    entries = sum(s.entries for s in used) - max(0, len(used) - 1)
    return RewindPlan(base, used, slices[:begin], limit, entries)


def _not_reachable(
    timeline: Timeline, limit: OplogTimestamp, backup: BackupId | None
) -> PointNotReachableError:
    windows = [*timeline.windows, *(timeline.partial if backup else ())]
    if backup:
        windows = [w for w in windows if any(b.backup == backup for b in w.bases)]
    earlier = max((w.end.following for w in windows if w.end.following < limit), default=None)
    later = min((w.start.following for w in windows if w.start >= limit), default=None)
    reason = _reason_at(timeline, limit, backup)
    near = [f"{word} {_words(at)}" for word, at in (("before", earlier), ("after", later)) if at]
    hint = (
        f"the nearest that can be restored: {' and '.join(near)}"
        if near
        else ("take a backup and keep capture running; moments from then on can be restored")
    )
    return PointNotReachableError(
        f"the moment before {_words(limit)} cannot be restored: {reason}; nothing was touched",
        hint=hint,
        nearest_before=str(earlier) if earlier else None,
        nearest_after=str(later) if later else None,
    )


def _words(limit: OplogTimestamp) -> str:
    return f"{limit.at:%Y-%m-%d %H:%M:%S} UTC ({limit})"


def _reason_at(timeline: Timeline, limit: OplogTimestamp, backup: BackupId | None) -> str:
    own = _reason_of_base(timeline, limit, backup) if backup is not None else ""
    gap = next((g for g in timeline.gaps if _holds(g, limit)), None)
    if own:
        return own
    if gap is not None:
        return gap.sentence
    if not timeline.slices:
        return "the oplog of this deployment was never captured"
    if timeline.end is not None and limit > timeline.end:
        return "capture has not come that far yet"
    return GapReason.NO_BASE.sentence


def _holds(gap: Gap, limit: OplogTimestamp) -> bool:
    return gap.start.following < limit and (gap.end is None or limit <= gap.end)


def _reason_of_base(timeline: Timeline, limit: OplogTimestamp, backup: BackupId) -> str:
    base = next((b for b in timeline.bases if b.backup == backup), None)
    if base is None:
        return f"{backup} is no backup of this profile"
    if base.why_not:
        return f"{backup} cannot be the base: {base.why_not}"
    if limit <= base.stands_at:
        return f"{backup} stands at {_words(base.stands_at)}, which is later"
    return ""


def eligible(bases: Iterable[Base]) -> tuple[Base, ...]:
    """Return the bases that slices may be replayed onto, oldest first."""
    return tuple(sorted((b for b in bases if b.is_eligible), key=lambda b: b.stands_at))


def newest_base(bases: Sequence[Base]) -> Base | None:
    """Return the newest eligible base that holds everything."""
    return next((b for b in reversed(eligible(bases)) if b.record.is_whole), None)
