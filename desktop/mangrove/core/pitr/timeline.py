"""Makes the timeline of a profile from its backups, slices and breaks."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Base, Gap, GapReason, Timeline, Window
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.pitr.stretches import Stretch, stretches_of

LEAST_PATIENCE = timedelta(minutes=5)
_CAPTURED = attrgetter("captured_at")
_Interval = tuple[OplogTimestamp, OplogTimestamp]


def timeline_of(
    bases: Iterable[Base],
    slices: Sequence[OplogSlice],
    breaks: Sequence[ChainBreak],
    now: datetime,
) -> Timeline:
    """Work out windows and gaps of one profile.

    Args:
        bases: All its backups.
        slices: All its slices, from all vaults, in any order; a base and the slices replayed
            onto it lie in the same vault.
        breaks: Moments that no replay may cross.
        now: What capture has not reached for a while before it is a gap.
    """
    stretches = stretches_of(slices, breaks)
    ordered = sorted(bases, key=lambda b: (b.stands_at, b.backup))
    windows = [w for s in stretches for w in _windows(s, ordered, breaks)]
    newest = max((s for s in slices if not s.problem), key=_CAPTURED, default=None)
    whole = tuple(w for w in windows if not w.scope)
    return Timeline(
        windows=whole,
        partial=tuple(w for w in windows if w.scope),
        gaps=_gaps(whole, stretches, now, _patience(newest)),
        bases=tuple(_told_why(ordered, windows)),
        slices=len(slices),
        headroom=newest.headroom if newest else None,
        captured_at=newest.captured_at if newest else None,
    )


def _windows(
    stretch: Stretch, bases: Sequence[Base], breaks: Sequence[ChainBreak]
) -> Iterator[Window]:
    inside = [
        base
        for base in bases
        if base.is_eligible
        and base.vault_id == stretch.vault_id
        and stretch.start <= base.needs_from <= stretch.end
        and not any(b.spoils(base.vault_id, base.needs_from) for b in breaks)
    ]
    scopes: dict[str, list[Base]] = {}
    for base in inside:
        scopes.setdefault("" if base.record.is_whole else base.record.selection, []).append(base)
    for scope, group in scopes.items():
        yield Window(
            start=group[0].stands_at,
            end=stretch.end,
            vault_id=stretch.vault_id,
            chain=stretch.chain,
            bases=tuple(group),
            slices=stretch.slices,
            scope=scope,
        )


def _told_why(bases: Sequence[Base], windows: Sequence[Window]) -> Iterator[Base]:
    reached = {b.backup for w in windows for b in w.bases}
    for base in bases:
        if base.why_not or base.backup in reached:
            yield base
        else:
            yield replace(base, why_not="no captured oplog in its vault leads on from it")


def _patience(newest: OplogSlice | None) -> timedelta:
    """How old the end of a window may be while capture is following: twice its slices."""
    if newest is None:
        return LEAST_PATIENCE
    return max(LEAST_PATIENCE, 2 * (newest.last.ts.at - newest.first.ts.at))


def _gaps(
    windows: Sequence[Window], stretches: Sequence[Stretch], now: datetime, patience: timedelta
) -> tuple[Gap, ...]:
    if not stretches:
        return ()
    begin = stretches[0].start
    captured = _union((s.start, s.end) for s in stretches)
    last = captured[-1][1]
    restorable = _union((w.start, w.end) for w in windows)
    found = [
        Gap(start, end, reason)
        for hole in _holes(restorable, begin, last)
        for start, end, reason in _explained(hole, captured, stretches)
    ]
    if now - last.at > patience:
        found.append(Gap(last, None, _end_reason(last, stretches)))
    return tuple(_opened(_merged(found), restorable, last))


def _union(intervals: Iterable[_Interval]) -> list[_Interval]:
    found: list[_Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _holes(
    covered: Sequence[_Interval], begin: OplogTimestamp, end: OplogTimestamp
) -> Iterator[_Interval]:
    """Yield what lies between ``begin`` and ``end`` and in none of the intervals."""
    at = begin
    for start, stop in covered:
        if at < start:
            yield at, min(start, end)
        at = max(at, stop)
    if at < end:
        yield at, end


def _explained(
    hole: _Interval, captured: Sequence[_Interval], stretches: Sequence[Stretch]
) -> Iterator[tuple[OplogTimestamp, OplogTimestamp, GapReason]]:
    """Split a hole where capture begins and ends, and say why for each part."""
    start, stop = hole
    marks = {start, stop}
    marks |= {edge for pair in captured for edge in pair if start < edge < stop}
    edges = sorted(marks)
    for low, high in itertools.pairwise(edges):
        is_captured = any(a <= low and high <= b for a, b in captured)
        reason = _base_reason(low, stretches) if is_captured else _end_reason(low, stretches)
        yield low, high, reason


def _base_reason(at: OplogTimestamp, stretches: Sequence[Stretch]) -> GapReason:
    opened = next((s.opened_by for s in stretches if s.start == at), None)
    is_restore = opened is GapReason.RESTORED_IN_PLACE
    return GapReason.RESTORED_IN_PLACE if is_restore else GapReason.NO_BASE


def _end_reason(at: OplogTimestamp, stretches: Sequence[Stretch]) -> GapReason:
    ended = next((s.ended_by for s in stretches if s.end == at), None)
    return ended or GapReason.CAPTURE_OFF


def _merged(gaps: Iterable[Gap]) -> list[Gap]:
    found: list[Gap] = []
    for gap in gaps:
        if found and found[-1].end == gap.start and found[-1].reason is gap.reason:
            found[-1] = replace(found[-1], end=gap.end)
        else:
            found.append(gap)
    return found


def _opened(
    gaps: list[Gap], restorable: Sequence[_Interval], last: OplogTimestamp
) -> Iterator[Gap]:
    """Leave the last gap open when capture goes on but nothing new can be restored yet."""
    reached = restorable[-1][1] if restorable else None
    for gap in gaps:
        is_tail = gap.end == last and (reached is None or reached < last)
        yield replace(gap, end=None) if is_tail and gap is gaps[-1] else gap
