"""Where the parts of a chart lie: plot, labels of amounts at its side, time below it."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.charts.amounts import AmountAxis
from mangrove.ui.widgets.timeline.axis_paint import DASH
from mangrove.ui.widgets.timeline.scale import Scale

_MOST_MARGIN = 0.3  # of the width


@dataclass(frozen=True, slots=True)
class Frame:
    """One chart laid out.

    Attributes:
        body: The plot itself; scale and amounts are drawn within it.
        axis, context: The rows of time below it.
        gutter: Beside it, where the labels of the amounts stand.
        margin: On the other side, where the names of limits stand; without width where there is
            no room, and they stand in the plot.
    """

    body: QRectF
    axis: QRectF
    context: QRectF
    gutter: QRectF
    margin: QRectF
    scale: Scale
    amounts: AmountAxis

    @classmethod
    def of(
        cls,
        room: QRectF,
        line: float,
        columns: tuple[float, float],
        scale: Scale,
        amounts: AmountAxis,
    ) -> "Frame":
        """Lay out a chart in a room, with lines of text so high, and gutter and margin so wide."""
        gutter_width, margin_width = columns
        if margin_width > room.width() * _MOST_MARGIN:
            margin_width = 0.0
        top = line / 2 + Space.HALF
        height = max(1.0, room.height() - top - 2 * line - DASH - Space.HALF)
        wide = max(1.0, room.width() - gutter_width - margin_width)
        left = room.left() + (margin_width if scale.is_mirrored else gutter_width)
        body = QRectF(left, room.top() + top, wide, height)
        axis = QRectF(left, body.bottom(), wide, DASH + line)
        context = QRectF(left, axis.bottom(), wide, line)
        beside = body.right() if scale.is_mirrored else room.left()
        gutter = QRectF(beside, body.top(), gutter_width, height)
        other = room.left() if scale.is_mirrored else body.right()
        margin = QRectF(other, body.top(), margin_width, height)
        sized = scale.sized(wide, is_mirrored=scale.is_mirrored)
        return cls(body, axis, context, gutter, margin, sized, amounts)

    def x(self, moment_s: float) -> float:
        """Return where a moment lies."""
        return self.body.left() + self.scale.x_of(moment_s)

    def y(self, amount: float) -> float:
        """Return where an amount lies."""
        return self.body.bottom() - self.body.height() * self.amounts.share(amount)

    def at(self, moment_s: float, amount: float) -> QPointF:
        """Return where an amount at a moment lies."""
        return QPointF(self.x(moment_s), self.y(amount))

    def moment_at(self, x: float) -> float:
        """Return the moment at a pixel."""
        return self.scale.moment_at(x - self.body.left())

    def span(self, start_s: float, end_s: float) -> QRectF:
        """Return a stretch of time over the whole height, cut to the plot."""
        left, right = self.scale.span(start_s, end_s)
        box = QRectF(self.body.left() + left, self.body.top(), right - left, self.body.height())
        return box.intersected(self.body)
