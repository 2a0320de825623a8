"""What captured oplog leads to, for one profile."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from math import ceil

from mangrove.core.figures.exposure import Span
from mangrove.core.figures.objectives import CapturePace
from mangrove.core.figures.profile_facts import Captured
from mangrove.core.pitr.planning import Timeline, Window
from mangrove.core.pitr.slices import OplogSlice

_LOOKED_AT = 100


def captured_of(timeline: Timeline | None) -> Captured:
    """Return windows, gaps and pace of a timeline; nothing where nothing was captured."""
    if timeline is None:
        return Captured()
    partial: dict[str, tuple[Span, ...]] = {}
    for window in timeline.partial:
        for name in _held_whole(window):
            partial[name] = (*partial.get(name, ()), _span(window))
    newest = max((*timeline.windows, *timeline.partial), key=lambda w: w.end, default=None)
    return Captured(
        spans=tuple(map(_span, timeline.windows)),
        partial=partial,
        gaps=tuple((g.start.at, g.end.at if g.end else None, g.sentence) for g in timeline.gaps),
        pace=pace_of(newest.slices[-_LOOKED_AT:]) if newest else None,
        headroom=timeline.headroom,
    )


def pace_of(slices: Sequence[OplogSlice]) -> CapturePace | None:
    """Return how a capture goes, from its last slices; None without any."""
    if not slices:
        return None
    distances = [later.captured_at - earlier.captured_at for earlier, later in pairwise(slices)]
    lengths = distances or [piece.last.ts.at - piece.first.ts.at for piece in slices]
    delays = [piece.captured_at - piece.last.ts.at for piece in slices]
    return CapturePace(_percentile(lengths, 0.5), _percentile(delays, 0.95))


def _percentile(values: Sequence[timedelta], share: float) -> timedelta:
    ordered = sorted(values)
    return max(ordered[ceil(share * len(ordered)) - 1], timedelta(0))


def _held_whole(window: Window) -> set[str]:
    held = [{d.name for d in base.record.protects.databases if d.is_whole} for base in window.bases]
    return set.intersection(*held) if held else set()


def _span(window: Window) -> Span:
    return Span(window.start.at, window.end.at)
