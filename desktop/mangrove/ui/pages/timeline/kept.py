"""What others keep of a deployment, such as Atlas: as the timeline draws and tells it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from PySide6.QtCore import QCoreApplication

from mangrove.core.elsewhere import Elsewhere, KeptGap, KeptPoint, KeptSpan, without
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Gap, Timeline
from mangrove.ui import text
from mangrove.ui.models.spans_model import Span
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.marks import Stretch

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that somebody else keeps, and who."""

    by: Elsewhere
    point: KeptPoint

    @property
    def tone(self) -> Tone:
        """Whether it was ever restored, and how that went."""
        if self.point.problem:
            return Tone.EXPOSED
        proofs = [p for p in self.by.proofs if p.name == self.point.name]
        if not proofs:
            return Tone.UNPROVEN
        newest = max(proofs, key=lambda p: p.finished_at)
        return Tone.PROVEN if newest.passed else Tone.EXPOSED

    @property
    def words(self) -> str:
        """What it is, in a line."""
        words = _tr("{what}, kept by {keeper} ({place})")
        said = words.format(what=self.point.words, keeper=self.by.keeper, place=self.by.place)
        return f"{said}\n{text.sentence(self.point.problem)}" if self.point.problem else said


def kept_points(timeline: Timeline) -> Iterator[Kept]:
    """Yield every backup that others keep."""
    for by in timeline.elsewhere:
        for point in by.points:
            yield Kept(by, point)


def keeper_at(timeline: Timeline, limit: OplogTimestamp) -> Elsewhere | None:
    """Return who can bring back a moment that is asked for."""
    at = datetime.fromtimestamp(limit.seconds, UTC)
    return next((by for by in timeline.elsewhere if by.covers(at)), None)


def newest_span(timeline: Timeline) -> tuple[Elsewhere, KeptSpan] | None:
    """Return the newest stretch of which somebody else can bring back any second."""
    found = [(by, span) for by in timeline.elsewhere for span in by.spans]
    return max(found, key=lambda f: f[1].end, default=None)


def tone_of_keeper(by: Elsewhere) -> Tone:
    """Whether a restore by them was ever tried, and how the last one went."""
    if not by.proofs:
        return Tone.UNPROVEN
    newest = max(by.proofs, key=lambda p: p.finished_at)
    return Tone.PROVEN if newest.passed else Tone.EXPOSED


def tone_of_span(by: Elsewhere, span: KeptSpan) -> Tone:
    """Whether what a stretch is rebuilt from was ever restored."""
    if span.is_proven is None:
        return tone_of_keeper(by)
    return Tone.PROVEN if span.is_proven else Tone.UNPROVEN


def kept_bands(timeline: Timeline, own: Sequence[Stretch]) -> list[Stretch]:
    """Return where others can bring back any second and nothing of ours can."""
    bands: list[Stretch] = []
    taken = [(band.start_s, band.end_s) for band in own]
    for by in timeline.elsewhere:
        words = _tr("Any second, kept by {keeper} ({place})")
        said = words.format(keeper=by.keeper, place=by.place)
        for span in by.spans:
            tone = tone_of_span(by, span)
            for start, end in without(_intervals((span,)), tuple(taken)):
                bands.append(Stretch(start, end, said + _doubt(tone), tone))
                taken.append((start, end))
    return bands


def kept_spans(timeline: Timeline) -> Iterator[Span]:
    """Yield the lines of the list: all that others can bring back, whether we can or not."""
    for by in timeline.elsewhere:
        words = _tr("Any second, by {keeper}").format(keeper=by.keeper)
        sentence = f"{by.keeper}: {by.place}"
        for span in by.spans:
            tone, ((start, end),) = tone_of_span(by, span), _intervals((span,))
            yield Span(start, end, words + _doubt(tone), sentence, keeper=by.keeper, tone=tone)


def _doubt(tone: Tone) -> str:
    return _tr("; its last restore failed") if tone is Tone.EXPOSED else ""


def gaps_left(
    timeline: Timeline, own: Sequence[Stretch], now_s: float
) -> tuple[Gap | KeptGap, ...]:
    """Return the gaps that nobody fills, oldest first, none over another.

    Our own come first; where others have one as well, ours says why.
    """
    filled = tuple(i for by in timeline.elsewhere for i in _reached(by, now_s))
    left: list[Gap | KeptGap] = []
    for gap in timeline.gaps:
        left += _pieces(gap, filled, now_s) if filled else [gap]
    taken = [*filled, *((b.start_s, b.end_s) for b in own), *(bounds(g, now_s) for g in left)]
    for by in timeline.elsewhere:
        for kept in by.gaps:
            for start, end in without((bounds(kept, now_s),), tuple(taken)):
                is_open = kept.end is None and end >= now_s
                left.append(KeptGap(_at(start), None if is_open else _at(end), kept.reason))
                taken.append((start, end))
    return tuple(sorted(left, key=lambda g: bounds(g, now_s)))


def bounds(gap: Gap | KeptGap, now_s: float) -> Interval:
    """Return from when to when a gap lasts; an open one until now. Unix seconds."""
    if isinstance(gap, KeptGap):
        return gap.start.timestamp(), now_s if gap.end is None else gap.end.timestamp()
    if gap.end is None:
        return float(gap.start.seconds), now_s
    return float(gap.start.seconds), float(gap.end.seconds + (gap.end.increment > 0))


def kept_gap_words(gap: KeptGap) -> str:
    """Say why others have a gap."""
    why = text.sentence(gap.reason)
    return why if gap.end is not None else _tr("{why} This goes on.").format(why=why)


def _pieces(gap: Gap, filled: tuple[Interval, ...], now_s: float) -> Iterator[Gap]:
    low, high = bounds(gap, now_s)
    for start, end in without(((low, high),), filled):
        first = gap.start if start == low else OplogTimestamp(ceil(start), 0)
        last = gap.end if end == high else OplogTimestamp(int(end), 0)
        yield replace(gap, start=first, end=last)


def _reached(by: Elsewhere, now_s: float) -> Iterator[Interval]:
    """Yield their stretches; the newest goes on until now, while what was seen is trusted."""
    trusted_s = by.seen_at.timestamp() + by.trusted_for.total_seconds()
    for start, end in _intervals(by.spans):
        goes_on = end >= by.seen_at.timestamp() - by.trusted_for.total_seconds()
        yield start, max(end, now_s) if goes_on and now_s <= trusted_s else end


def _intervals(spans: Iterable[KeptSpan]) -> tuple[Interval, ...]:
    return tuple((span.start.timestamp(), span.end.timestamp()) for span in spans)


def _at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _tr(words: str) -> str:
    return QCoreApplication.translate("Timeline", words)
