"""How a timeline strip is painted: axis, bands, gaps, ticks, the present, and the chosen moment."""

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from mangrove.ui.theme.hatching import hatch
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone, TypeScale
from mangrove.ui.widgets.timeline.axis import AxisMark
from mangrove.ui.widgets.timeline.axis_paint import DASH, AxisPainter, paint_words
from mangrove.ui.widgets.timeline.marks import StripMarks
from mangrove.ui.widgets.timeline.scale import Scale

BAND = 32
LEAST_BAND, LEAST_GAP = 2.0, 1.5  # px: what is there is seen, however short
APART = 36.0  # px between shapes of ticks: room for a shape and a number beside it
_SHAPE, _STEM = 12, 6
_STEMS_APART = 3.0  # px
_HATCHED_FROM = 4.0  # px; a narrower gap is a plain line
_PILL = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a strip from top to bottom; each is as high as the text wants it."""

    pill: QRectF
    context: QRectF
    axis: QRectF
    band: QRectF
    ticks: QRectF

    @classmethod
    def of(cls, width: float, line: float) -> "Rows":
        """Lay rows out over a width, with lines of text so high."""
        top = 0.0
        rows = []
        for height, below in (
            (line + 2 * _PILL, Space.HALF),
            (line, 0),
            (line + DASH, Space.HALF),
            (BAND, 0),
            (max(line, _SHAPE) + _STEM + Space.HALF, 0),
        ):
            rows.append(QRectF(0, top, width, height))
            top += height + below
        return cls(*rows)

    @property
    def height(self) -> float:
        """All of them together."""
        return self.ticks.bottom()


class StripPainter:
    """Paints one frame."""

    def __init__(self, painter: QPainter, scale: Scale, rows: Rows) -> None:
        self._painter, self._scale, self._rows = painter, scale, rows
        self._look = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._look.font(TypeScale.SMALL))
        painter.setClipRect(QRectF(0, 0, scale.width, rows.height))
        self._metrics = QFontMetricsF(painter.font())

    # --- time ----------------------------------------------------------------------------

    def axis(self, marks: list[AxisMark]) -> None:
        """Draw lines and labels, and above them the day, month or year they belong to."""
        rows = self._rows
        AxisPainter(self._painter, self._scale, rows.axis, rows.context).paint(marks)

    # --- what there is -------------------------------------------------------------------

    def ground(self, marks: StripMarks) -> None:
        """Draw the empty track up to the present: absence has an outline too."""
        start, end = self._scale.span(self._scale.start_s, min(marks.now_s, self._scale.end_s))
        if end <= start:
            return
        self._painter.setPen(QPen(self._look.colour("border_strong"), 1, Qt.PenStyle.DotLine))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRoundedRect(self._box(start, end), 3, 3)

    def bands(self, marks: StripMarks) -> None:
        """Draw where any second is to be had: full when proven, an outline when not yet."""
        for tone, bands in marks.bands.by_tone.items():
            for drawn in bands.drawn(self._scale, LEAST_BAND):
                self.band_box(self._painter, self._box(drawn.left, drawn.right), tone)

    @staticmethod
    def band_box(painter: QPainter, box: QRectF, tone: Tone) -> None:
        """Draw one band."""
        look = theme()
        is_full = tone is Tone.PROVEN
        painter.setPen(Qt.PenStyle.NoPen if is_full else QPen(look.tone(tone), 1.5))
        painter.setBrush(look.tone(tone) if is_full else look.tone_soft(tone))
        painter.drawRoundedRect(box, 3, 3)

    def gaps(self, marks: StripMarks, chosen: int | None) -> None:
        """Draw the known gaps hatched, the chosen one framed."""
        for drawn in marks.gaps.drawn(self._scale, LEAST_GAP):
            box = self._box(drawn.left, drawn.right)
            self.gap_box(self._painter, box)
            if chosen is not None and drawn.first <= chosen <= drawn.last:
                self._painter.setPen(QPen(self._look.colour("text"), 2))
                self._painter.setBrush(Qt.BrushStyle.NoBrush)
                self._painter.drawRoundedRect(box, 3, 3)

    @staticmethod
    def gap_box(painter: QPainter, box: QRectF) -> None:
        """Draw one gap."""
        look = theme()
        if box.width() < _HATCHED_FROM:
            painter.fillRect(box, look.tone(Tone.EXPOSED))
            return
        path = QPainterPath()
        path.addRoundedRect(box, 3, 3)
        painter.fillPath(path, look.tone_soft(Tone.EXPOSED))
        hatch(painter, path, QPen(look.tone(Tone.EXPOSED), 1.5))

    def ticks(self, marks: StripMarks) -> None:
        """Draw a fine line for each backup, and below it the shape of its state."""
        top, bottom = self._rows.ticks.top(), self._rows.ticks.top() + _STEM
        self._painter.setPen(QPen(self._look.colour("text_muted"), 1))
        stems = [c.x for c in marks.ticks.clusters(self._scale, _STEMS_APART)]
        self._painter.drawLines([QLineF(x, top, x, bottom) for x in stems])
        for cluster in marks.ticks.clusters(self._scale, APART):
            colour = self._look.tone(cluster.tone)
            shape = QRectF(cluster.x - _SHAPE / 2, bottom + 2, _SHAPE, _SHAPE)
            paint_state_shape(self._painter, shape, cluster.tone, colour)
            if cluster.number > 1:
                self._number(shape, f"{cluster.number}", colour)

    def _number(self, shape: QRectF, label: str, colour: QColor) -> None:
        self._painter.setPen(colour)
        wide = self._metrics.horizontalAdvance(label) + 1
        left = shape.left() - wide - 2 if self._scale.is_mirrored else shape.right() + 2
        place = QRectF(left, shape.center().y() - self._line / 2, wide, self._line)
        paint_words(self._painter, place, label)

    # --- moments -------------------------------------------------------------------------

    def now(self, now_s: float, label: str) -> None:
        """Draw the present as a dashed line with its word."""
        if not self._scale.shows(now_s):
            return
        x = self._scale.x_of(now_s)
        colour = self._look.colour("text_muted")
        self._painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        rows = self._rows
        top = rows.axis.bottom() - DASH
        self._painter.drawLine(QPointF(x, top), QPointF(x, rows.ticks.bottom()))
        wide = self._metrics.horizontalAdvance(label) + 1
        left = min(max(0.0, x - wide / 2), self._scale.width - wide)
        self._painter.setPen(colour)
        place = QRectF(left, rows.context.top(), wide, self._line)
        self._painter.fillRect(place.adjusted(-4, 0, 4, 0), self._look.colour("surface"))
        paint_words(self._painter, place, label)

    def chosen(self, moment_s: float, label: str) -> None:
        """Draw the chosen moment as a line with its clock above."""
        if not self._scale.shows(moment_s):
            return
        x, rows, accent = self._scale.x_of(moment_s), self._rows, self._look.colour("text")
        self._painter.setPen(QPen(self._look.colour("surface"), 4))
        self._painter.drawLine(QPointF(x, rows.band.top()), QPointF(x, rows.band.bottom()))
        self._painter.setPen(QPen(accent, 2))
        self._painter.drawLine(QPointF(x, rows.pill.bottom()), QPointF(x, rows.ticks.top() + 2))
        wide = self._metrics.horizontalAdvance(label) + 2 * Space.S
        left = min(max(0.0, x - wide / 2), self._scale.width - wide)
        pill = QRectF(left, rows.pill.top(), wide, rows.pill.height())
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(accent)
        self._painter.drawRoundedRect(pill, 4, 4)
        self._painter.setPen(self._look.colour("surface"))
        self._painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # date, clock, zone
        paint_words(self._painter, pill, label)

    # --- small things --------------------------------------------------------------------

    @property
    def _line(self) -> float:
        return self._metrics.height()

    def _box(self, left: float, right: float) -> QRectF:
        return QRectF(left, self._rows.band.top(), right - left, self._rows.band.height())
