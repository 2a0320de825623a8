"""How a time axis is painted: marks with their labels, and the day, month or year they share."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.timeline.axis import AxisMark, local_at
from mangrove.ui.widgets.timeline.scale import Scale
from mangrove.ui.widgets.timeline.words import context_label, mark_label

DASH = 4


class AxisPainter:
    """Paints the marks of one axis with the painter's own font.

    Args:
        painter: Its origin lies where the scale begins.
        scale: What is shown.
        axis: The row of the labels; its dashes point at what the axis is for.
        context: The row of what the labels share.
        is_below: Whether the axis stands below what it is for, so that its dashes point up.
    """

    def __init__(
        self,
        painter: QPainter,
        scale: Scale,
        axis: QRectF,
        context: QRectF,
        *,
        is_below: bool = False,
    ) -> None:
        self._painter, self._scale = painter, scale
        self._axis, self._context = axis, context
        self._edge = axis.top() + DASH if is_below else axis.bottom()
        self._labels_top = axis.top() + DASH if is_below else axis.top()
        self._look = theme()
        self._metrics = QFontMetricsF(painter.font())

    def paint(self, marks: list[AxisMark]) -> None:
        """Draw dashes and labels, and what several of them share."""
        painter, free_from = self._painter, -1e9
        for mark in marks:
            x = self._scale.x_of(mark.at_s)
            painter.setPen(QPen(self._look.colour("border_strong"), 1))
            painter.drawLine(QPointF(x, self._edge - DASH), QPointF(x, self._edge))
            label = mark_label(mark)
            wide = self._metrics.horizontalAdvance(label)
            along = self.along(x)
            if along - wide / 2 < free_from or not self._fits(x, wide):
                continue
            free_from = along + wide / 2 + Space.S
            painter.setPen(self._look.colour("text_muted"))
            place = QRectF(x - wide / 2 - 1, self._labels_top, wide + 2, self._metrics.height())
            paint_words(painter, place, label)
        self._contexts(marks)

    def along(self, x: float) -> float:
        """Return how far along time a pixel lies, whichever way time runs."""
        return self._scale.width - x if self._scale.is_mirrored else x

    def _contexts(self, marks: list[AxisMark]) -> None:
        if not marks:
            return
        unit, zone = marks[0].unit, marks[0].local.tzinfo
        start = self._scale.start_s
        found = [(start, context_label(unit, local_at(start, zone)))]
        found += [(m.at_s, context_label(unit, m.local)) for m in marks if m.opens]
        places = [(self.along(self._scale.x_of(at)), label) for at, label in found if label]
        for number, (along, label) in enumerate(places):
            wide = self._metrics.horizontalAdvance(label)
            end = places[number + 1][0] if number + 1 < len(places) else self._scale.width
            if along + wide + Space.S > end:
                continue
            left = self._scale.width - along - wide if self._scale.is_mirrored else along
            self._painter.setPen(self._look.colour("text"))
            place = QRectF(left, self._context.top(), wide + 1, self._metrics.height())
            paint_words(self._painter, place, label)

    def _fits(self, x: float, wide: float) -> bool:
        return wide / 2 <= x <= self._scale.width - wide / 2


def paint_words(painter: QPainter, place: QRectF, label: str) -> None:
    """Write a short label in the middle of a place, whole even if the place is too small."""
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip), label)
