"""Turns what is known of a profile's moments into what the strip draws and the list says."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from PySide6.QtCore import QCoreApplication

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.elsewhere import KeptGap
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import Base, Gap, GapReason, Timeline, Window
from mangrove.core.verification import Level
from mangrove.ui import text
from mangrove.ui.models.backup_rows import standing
from mangrove.ui.models.spans_model import Span
from mangrove.ui.pages.timeline.kept import (
    Kept,
    bounds,
    gaps_left,
    kept_bands,
    kept_gap_words,
    kept_points,
    kept_spans,
)
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.tables.backup_delegate import tone_of
from mangrove.ui.widgets.timeline.marks import Stretch, Stretches, StripMarks, Tick, Ticks
from mangrove.ui.wording import counted

_WORST_FIRST = (Tone.EXPOSED, Tone.UNPROVEN, Tone.PROVEN)


@dataclass(frozen=True, slots=True)
class Picture:
    """A timeline with everything that is shown of it.

    Attributes:
        points: What the ticks stand for, in their order.
        gaps: What the hatched stretches stand for, in their order: no others fill them.
    """

    timeline: Timeline
    marks: StripMarks
    spans: tuple[Span, ...]
    points: tuple[Base | Kept, ...] = ()
    gaps: tuple[Gap | KeptGap, ...] = ()


def picture_of(timeline: Timeline, now: datetime) -> Picture:
    """Draw up the picture; meant for a worker thread, since there may be many backups."""
    now_s = now.timestamp()
    windows = _united(timeline.windows)
    own = [part for run in windows for part in _parts(run)]
    gaps = gaps_left(timeline, own, now_s)
    ticks = sorted(_ticks(timeline), key=lambda t: t[0].at_s)
    marks = StripMarks(
        bands=Stretches(sorted((*own, *kept_bands(timeline, own)), key=lambda b: b.start_s)),
        gaps=Stretches([_gap_stretch(gap, now_s) for gap in gaps]),
        ticks=Ticks([tick for tick, _ in ticks]),
        now_s=now_s,
    )
    spans = [*map(_window_span, windows), *kept_spans(timeline), *_gap_spans(gaps, now_s)]
    newest_first = tuple(sorted(spans, key=lambda s: s.end_s, reverse=True))
    return Picture(timeline, marks, newest_first, tuple(point for _, point in ticks), gaps)


def _ticks(timeline: Timeline) -> Iterator[tuple[Tick, Base | Kept]]:
    for base in timeline.bases:
        yield Tick(_second(base.stands_at), _tone(base), base_words(base)), base
    for kept in kept_points(timeline):
        yield Tick(kept.point.data_at.timestamp(), kept.tone, kept.words), kept


def base_words(base: Base) -> str:
    """Say what a backup is, on one line and a second one if nothing can be replayed onto it."""
    record = base.record
    what = _tr("everything") if record.is_whole else record.selection
    said = _tr("Backup of {what}, {proof}").format(what=what, proof=proof_word(record))
    return f"{said}\n{text.sentence(base.why_not)}" if base.why_not else said


def proof_word(record: BackupRecord) -> str:
    """Say how well a backup is proven, in a word or two."""
    if record.state is BackupState.UNREADABLE:
        return _tr("unreadable")
    if record.failed_evidence is not None:
        return _tr("check failed")
    proof = record.proven
    if proof is None:
        return _tr("never verified")
    if proof.level.depth >= Level.RESTORED.depth:
        return _tr("restored on trial")
    return _tr("never restored on trial")


def gap_word(reason: GapReason) -> str:
    """Say why there is a gap in a few words."""
    return {
        GapReason.CAPTURE_OFF: _tr("capture was off"),
        GapReason.ROLLED_OVER: _tr("capture was away too long"),
        GapReason.DIVERGED: _tr("rolled back by the deployment"),
        GapReason.RESTORED_IN_PLACE: _tr("restored in place"),
        GapReason.NO_BASE: _tr("no backup before it"),
        GapReason.SLICE_MISSING: _tr("a slice is missing"),
        GapReason.SLICE_DAMAGED: _tr("a slice is damaged"),
    }[reason]


def gap_words(gap: Gap | KeptGap) -> str:
    """Say why there is a gap, and whether it is over."""
    if isinstance(gap, KeptGap):
        return kept_gap_words(gap)
    why = text.sentence(gap.sentence)
    return why if gap.end is not None else _tr("{why} This goes on.").format(why=why)


def what_mends(gap: Gap | KeptGap) -> str:
    """Name what ends a gap that goes on: ``capture``, ``backup``, ``vault``, or "" for nothing.

    What is over cannot be brought back, and needs nobody.
    """
    if isinstance(gap, KeptGap):
        return ""
    if gap.end is not None:
        is_damage = gap.reason in (GapReason.SLICE_MISSING, GapReason.SLICE_DAMAGED)
        return "vault" if is_damage else ""
    return "capture" if gap.reason is GapReason.CAPTURE_OFF else "backup"


def _united(windows: Sequence[Window]) -> list[list[Window]]:
    """Gather windows that overlap: the same time may be kept in several vaults."""
    runs: list[list[Window]] = []
    reached: OplogTimestamp | None = None
    for window in sorted(windows, key=lambda w: w.start):
        if reached is not None and window.start <= reached:
            runs[-1].append(window)
            reached = max(reached, window.end)
        else:
            runs.append([window])
            reached = window.end
    return runs


def _parts(run: Sequence[Window]) -> Iterator[Stretch]:
    """Cut a window where the base that a moment is rebuilt from is better or worse proven."""
    end_s = float(max(w.end for w in run).seconds)
    bases = sorted({b.backup: b for w in run for b in w.bases}.values(), key=lambda b: b.stands_at)
    cuts = [(_second(b.stands_at), _tone(b)) for b in bases]
    merged = [cut for n, cut in enumerate(cuts) if not n or cut[1] is not cuts[n - 1][1]]
    for (start, tone), (until, _) in pairwise([*merged, (end_s, Tone.NEUTRAL)]):
        yield Stretch(start, max(start, until), _band_words(tone), tone)


def _band_words(tone: Tone) -> str:
    words = {
        Tone.PROVEN: _tr("Any second, from a backup that was restored on trial"),
        Tone.EXPOSED: _tr("Any second, but from a backup whose check failed"),
    }
    return words.get(tone, _tr("Any second, from a backup that was never restored on trial"))


def _window_span(run: Sequence[Window]) -> Span:
    """List a window as its worst proven part: that one may be the only way to some moments."""
    parts = tuple(_parts(run))
    bases = {b.backup for w in run for b in w.bases}
    number = counted(len(bases), _tr("backup"), _tr("backups"))
    words = _tr("Any second, {backups}").format(backups=number)
    start, end = min(w.start for w in run), max(w.end for w in run)
    tone = next((t for t in _WORST_FIRST if any(p.tone is t for p in parts)), Tone.UNPROVEN)
    if tone is Tone.EXPOSED:
        words = _tr("{words}; the check of one or more failed").format(words=words)
    sentence = "\n".join(dict.fromkeys(p.words for p in parts))
    return Span(_second(start), float(end.seconds), words, sentence, tone=tone)


def _gap_spans(gaps: Iterable[Gap | KeptGap], now_s: float) -> Iterator[Span]:
    for number, gap in enumerate(gaps):
        start_s, end_s = bounds(gap, now_s)
        why = gap.reason if isinstance(gap, KeptGap) else gap_word(gap.reason)
        yield Span(
            start_s=start_s,
            end_s=end_s,
            words=_tr("Gap: {why}").format(why=why),
            sentence=gap_words(gap),
            gap=number,
            is_open=gap.end is None,
        )


def _gap_stretch(gap: Gap | KeptGap, now_s: float) -> Stretch:
    return Stretch(*bounds(gap, now_s), gap_words(gap))


def _second(at: OplogTimestamp) -> float:
    """Return the first whole second by which everything up to ``at`` has happened."""
    return float(at.seconds + (at.increment > 0))


def _tone(base: Base) -> Tone:
    return tone_of(standing(base.record))


def _tr(words: str) -> str:
    return QCoreApplication.translate("Timeline", words)
