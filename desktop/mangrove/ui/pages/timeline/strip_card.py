"""The strip with what it says in a sentence, the zoom buttons, and the legend."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout

from mangrove.core.elsewhere import KeptGap
from mangrove.core.pitr.planning import Gap, Timeline
from mangrove.ui import text
from mangrove.ui.models.spans_model import Span
from mangrove.ui.pages.timeline.kept import newest_span, tone_of_span
from mangrove.ui.pages.timeline.picture import Picture
from mangrove.ui.theme.tokens import Space, Tone
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.labels import ElidedLabel
from mangrove.ui.widgets.state_badge import StateBadge
from mangrove.ui.widgets.timeline.legend import StripLegend
from mangrove.ui.widgets.timeline.strip import TimelineStrip

_NOTCHES = 3.0


class StripCard(Card):
    """Draws a ``Picture``.

    Attributes:
        strip: What a person points at.
        badge: Whether the newest moments can be restored.
    """

    def __init__(self, now: Callable[[], datetime], zone: tzinfo | None = None) -> None:
        super().__init__()
        self._now = now
        self.strip = TimelineStrip(zone)
        self.badge = StateBadge(Tone.NEUTRAL, "")
        self.words, self.note = ElidedLabel("", "strong"), ElidedLabel("", "small")
        self.buttons: dict[str, QToolButton] = {}
        self.body.addLayout(self._head())
        self.body.addWidget(self.strip)
        self.body.addWidget(StripLegend())

    def show_picture(self, picture: Picture, *, keep_view: bool) -> None:
        """Draw another timeline, or a newer state of the same."""
        self.strip.set_marks(picture.marks, keep_view=keep_view)
        tone, word, sentence = self._said(picture)
        self.badge.set_state(tone, word)
        self.words.setText(sentence)
        self.note.setText(self._noted(picture.timeline))
        self.note.setVisible(bool(self.note.text()))

    def _said(self, picture: Picture) -> tuple[Tone, str, str]:
        timeline = picture.timeline
        if timeline.end is None and (kept := newest_span(timeline)):
            by, span = kept
            words = self.tr("Any second from {start} to {end}, kept by {keeper}.")
            start, end = (self._moment(m.timestamp()) for m in (span.start, span.end))
            said = words.format(start=start, end=end, keeper=by.keeper)
            return (tone_of_span(by, span), self.tr("any second"), said)
        if timeline.end is None:
            return (
                Tone.UNPROVEN,
                self.tr("backups only"),
                self.tr("Only the moments of backups can be restored."),
            )
        newest = _newest_window(picture)
        at, since = (self._moment(s) for s in (newest.end_s, newest.start_s))
        last = picture.gaps[-1] if picture.gaps else None
        if last is not None and last.end is None:
            words = self.tr("Nothing since {moment}: {why}")
            return (
                Tone.EXPOSED,
                self.tr("gap until now"),
                text.sentence(words.format(moment=at, why=_why(last))),
            )
        words = self.tr("Any second from {start} to {end}.").format(start=since, end=at)
        bands = picture.marks.bands
        band = bands.at(newest.end_s)
        return bands.rows[-1 if band is None else band].tone, self.tr("any second"), words

    def _noted(self, timeline: Timeline) -> str:
        """Say how far capture has come, and how long it may stay away."""
        if timeline.captured_at is None:
            return ""
        ago = text.ago(timeline.captured_at, self._now())
        said = self.tr("Captured {ago}.").format(ago=ago)
        if timeline.headroom is None:
            return said
        room = self.tr("Capture may stay away for {duration} before entries are lost.")
        return f"{said} {room.format(duration=text.rough_duration(timeline.headroom))}"

    def _moment(self, at_s: float) -> str:
        return text.moment(datetime.fromtimestamp(at_s, UTC), self._now()).text

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Space.HALF)
        row.addWidget(self.badge)
        row.addSpacing(Space.S)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self.words)
        lines.addWidget(self.note)
        row.addLayout(lines, 1)
        last = self.strip.show_last
        for name, words, tip, action in (
            ("hour", self.tr("Hour"), self.tr("Show the last hour"), _last(last, hours=1)),
            ("day", self.tr("Day"), self.tr("Show the last day"), _last(last, days=1)),
            ("week", self.tr("Week"), self.tr("Show the last week"), _last(last, days=7)),
            ("all", self.tr("All"), self.tr("Show everything (0)"), self.strip.show_all),
            ("out", "\N{MINUS SIGN}", self.tr("Further away (-)"), self._zoom(-_NOTCHES)),
            ("in", "+", self.tr("Closer (+)"), self._zoom(_NOTCHES)),
        ):
            row.addWidget(self._button(name, words, tip, action))
        return row

    def _button(self, name: str, words: str, tip: str, action: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setProperty("kind", "small")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda _=False: action())
        self.buttons[name] = button
        return button

    def _zoom(self, notches: float) -> Callable[[], None]:
        return lambda: self.strip.zoom(notches)


def _last(show: Callable[[float], None], *, days: int = 0, hours: int = 0) -> Callable[[], None]:
    length = timedelta(days=days, hours=hours)
    return lambda: show(length.total_seconds())


def _newest_window(picture: Picture) -> Span:
    """Return the newest window of our own."""
    return next(s for s in picture.spans if s.gap is None and not s.keeper)


def _why(gap: Gap | KeptGap) -> str:
    return gap.reason if isinstance(gap, KeptGap) else gap.sentence
