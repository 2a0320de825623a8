"""What the traces of a chart are called, each with a key drawn as the chart draws it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from mangrove.ui.theme.hatching import hatch
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.charts.paint import layer_colour
from mangrove.ui.widgets.charts.plots import Look, Plot
from mangrove.ui.widgets.legend import DrawKey


def legend_entries(plot: Plot) -> Sequence[tuple[str, DrawKey]]:
    """Return an entry for each named area and line, the topmost area first."""
    areas = plot.areas
    layers = [(a.name, _layer_key(n, len(areas))) for n, a in enumerate(areas) if a.name]
    lines = [
        (t.name, _line_key(t.look))
        for t in plot.traces
        if t.name and t.look in (Look.LINE, Look.PROJECTION)
    ]
    return (*reversed(layers), *lines)


def _layer_key(number: int, of: int) -> DrawKey:
    def draw(painter: QPainter, key: QRectF) -> None:
        path = QPainterPath()
        path.addRect(key)
        painter.fillPath(
            path, layer_colour(number, of) if of > 1 else theme().colour("accent_soft")
        )
        if number % 2:
            hatch(painter, path, QPen(layer_colour(0, of), 1), Space.S)
        painter.setPen(QPen(theme().colour("accent"), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(key)

    return draw


def _line_key(look: Look) -> DrawKey:
    def draw(painter: QPainter, key: QRectF) -> None:
        style = Qt.PenStyle.DashLine if look is Look.PROJECTION else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme().colour("accent"), 2, style))
        y = key.center().y()
        painter.drawLine(QPointF(key.left(), y), QPointF(key.right(), y))

    return draw
