"""Joins slices into stretches without a gap, and cuts them where no replay may cross."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.planning import GapReason
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.vaults.vault import VaultId

_MASK = (1 << 64) - 1
_NEVER = 1 << 128
_KINDS = {
    BreakKind.ROLLED_OVER: GapReason.ROLLED_OVER,
    BreakKind.DIVERGED: GapReason.DIVERGED,
    BreakKind.RESTORED_IN_PLACE: GapReason.RESTORED_IN_PLACE,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Slices of one chain that join, and the part of them that may be replayed in one go.

    Attributes:
        start, end: The part, both ends included.
        opened_by: Why nothing before ``start`` leads here; None for a chain's own beginning.
        ended_by: Why it does not go on; None when it is just the end.
    """

    vault_id: VaultId
    chain: ChainId
    slices: tuple[OplogSlice, ...]
    start: OplogTimestamp
    end: OplogTimestamp
    opened_by: GapReason | None = None
    ended_by: GapReason | None = None


def stretches_of(slices: Sequence[OplogSlice], breaks: Sequence[ChainBreak]) -> tuple[Stretch, ...]:
    """Join and cut; oldest first."""
    chains: dict[tuple[VaultId, ChainId], list[OplogSlice]] = defaultdict(list)
    for piece in slices:
        chains[piece.vault_id, piece.chain].append(piece)
    found: list[Stretch] = []
    for (vault_id, chain), pieces in chains.items():
        cuts = [b for b in breaks if b.vault_id == vault_id and b.chain in (None, chain)]
        joined = _ended_by_holes(_joined(pieces), pieces)
        found += (part for stretch in joined for part in _cut(stretch, cuts))
    return tuple(sorted(found, key=lambda s: (s.start, s.end)))


def _joined(pieces: list[OplogSlice]) -> list[Stretch]:
    in_a_row = _in_a_row(pieces)
    return _woven(pieces) if in_a_row is None else [_stretch(row) for row in in_a_row]


def _in_a_row(pieces: list[OplogSlice]) -> list[list[OplogSlice]] | None:
    """Join slices that already stand in order; None as soon as one does not.

    The catalog gives them in order, and there may be a hundred thousand.
    """
    rows: list[list[OplogSlice]] = []
    end: OplogPosition | None = None
    for piece in pieces:
        if piece.problem:
            continue
        first = piece.first
        if end is None or first.ts.seconds != end.ts.seconds or first != end:
            if end is not None and first <= end:
                return None
            rows.append([])
        elif piece.last == end:
            return None
        rows[-1].append(piece)
        end = piece.last
    return rows


def _stretch(row: list[OplogSlice]) -> Stretch:
    first, last = row[0], row[-1]
    return Stretch(first.vault_id, first.chain, tuple(row), first.first.ts, last.last.ts)


def _woven(pieces: list[OplogSlice]) -> list[Stretch]:
    """Follow the shared boundary entries; of two ways between two entries either will do.

    Slices are looked at by their end, so whatever leads to a slice was looked at before it.
    """
    came_by: dict[int, OplogSlice] = {}
    since: dict[int, int] = {}
    ends: dict[int, None] = {}
    for piece in sorted((p for p in pieces if not p.problem), key=_order):
        first, last = _key(piece.first), _key(piece.last)
        start = since.get(first, first)
        is_news = first != last or last not in since
        if is_news and start < since.get(last, _NEVER):
            came_by[last], since[last] = piece, start
        ends.pop(first, None)
        ends[last] = None
    return _without_side_branches([_walk_back(end, came_by) for end in ends])


def _key(position: OplogPosition) -> int:
    """One plain number per entry, by time: a hundred thousand slices are found by them."""
    ts = position.ts
    return (ts.seconds << 32 | ts.increment) << 64 | (position.term & _MASK)


def _order(piece: OplogSlice) -> int:
    return _key(piece.last) << 128 | _key(piece.first)


def _walk_back(end: int, came_by: dict[int, OplogSlice]) -> Stretch:
    pieces: list[OplogSlice] = []
    at = end
    while (piece := came_by.get(at)) is not None:
        pieces.append(piece)
        first = _key(piece.first)
        if first == at:
            break
        at = first
    pieces.reverse()
    return _stretch(pieces)


def _without_side_branches(stretches: list[Stretch]) -> list[Stretch]:
    """Leave out what lies wholly inside another: a doubled or overlapping slice's dead end."""
    kept: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: (s.start.number, -s.end.number)):
        if not (kept and stretch.end <= kept[-1].end):
            kept.append(stretch)
    return kept


def _ended_by_holes(joined: list[Stretch], pieces: list[OplogSlice]) -> list[Stretch]:
    """Say between which stretches of a chain a slice is missing or cannot be used."""
    damaged = [p for p in pieces if p.problem]
    found: list[Stretch] = []
    for index, stretch in enumerate(joined):
        before = joined[index - 1] if index else None
        after = joined[index + 1] if index + 1 < len(joined) else None
        opened = _hole(before.end if before else None, stretch.start, damaged)
        ended = _hole(stretch.end, after.start if after else None, damaged)
        is_first = before is None and not stretch.slices[0].previous
        found.append(
            replace(
                stretch,
                opened_by=None if is_first else opened or GapReason.SLICE_MISSING,
                ended_by=ended or (GapReason.SLICE_MISSING if after else None),
            )
        )
    return found


def _hole(
    start: OplogTimestamp | None, end: OplogTimestamp | None, damaged: list[OplogSlice]
) -> GapReason | None:
    inside = (
        piece
        for piece in damaged
        if (start is None or piece.last.ts > start) and (end is None or piece.first.ts < end)
    )
    return GapReason.SLICE_DAMAGED if next(inside, None) else None


def _cut(stretch: Stretch, cuts: Iterable[ChainBreak]) -> list[Stretch]:
    found: list[Stretch] = []
    rest: Stretch | None = stretch
    for cut in sorted(cuts, key=lambda c: (c.at.number, -c.until.number)):
        if rest is None or cut.at > rest.end:
            break
        if cut.until < rest.start or (cut.until == rest.start and rest.opened_by):
            continue
        reason = _KINDS[cut.kind]
        if cut.at >= rest.start:
            found.append(_part(replace(rest, end=cut.at, ended_by=reason)))
        goes_on = cut.kind is BreakKind.RESTORED_IN_PLACE and cut.until < rest.end
        rest = _part(replace(rest, start=cut.until, opened_by=reason)) if goes_on else None
    return [*found, *([rest] if rest else [])]


def _part(stretch: Stretch) -> Stretch:
    """Keep the slices up to the part's end; earlier ones may hold a transaction's beginning."""
    kept = tuple(s for s in stretch.slices if s.first.ts <= stretch.end)
    return replace(stretch, slices=kept)
