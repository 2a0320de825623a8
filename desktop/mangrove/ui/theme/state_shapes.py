"""The shape of every state: tick, open circle, triangle, arc, dash; for badges, icons and rows."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Tone

SHAPE = 12


def paint_state_shape(
    painter: QPainter, where: QRectF, tone: Tone, colour: QColor, turn: float = 0.0
) -> None:
    """Draw the shape of a state: tick, open circle, triangle, arc or dash.

    Units: ``where`` is a square; ``turn`` is in degrees that the arc of ``RUNNING`` has moved.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = where.width()
    pen = QPen(colour, max(1.5, side / 7))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = where.adjusted(side * 0.1, side * 0.1, -side * 0.1, -side * 0.1)
    match tone:
        case Tone.PROVEN:
            painter.drawPath(_polyline(where, ((0.1, 0.55), (0.4, 0.85), (0.92, 0.2))))
        case Tone.UNPROVEN:
            painter.drawEllipse(inner)
        case Tone.EXPOSED:
            path = _polyline(where, ((0.5, 0.1), (0.95, 0.9), (0.05, 0.9)))
            path.closeSubpath()
            painter.setBrush(colour)
            painter.drawPath(path)
        case Tone.RUNNING:
            painter.drawArc(inner, round(-turn * 16), 270 * 16)
        case Tone.NEUTRAL:
            painter.drawPath(_polyline(where, ((0.15, 0.5), (0.85, 0.5))))
    painter.restore()


def state_icon(tone: Tone) -> QIcon:
    """Return a state's shape as an icon for tables."""
    icon = QIcon()
    for ratio in (1, 2, 3):
        pixmap = QPixmap(Size.SMALL_ICON * ratio, Size.SMALL_ICON * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        room = (Size.SMALL_ICON - SHAPE) / 2 * ratio
        where = QRectF(room, room, SHAPE * ratio, SHAPE * ratio)
        paint_state_shape(painter, where, tone, theme().tone(tone))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            icon.addPixmap(pixmap, mode)
    return icon


def _polyline(where: QRectF, points: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for index, (x, y) in enumerate(points):
        point = QPointF(where.x() + x * where.width(), where.y() + y * where.height())
        if index:
            path.lineTo(point)
        else:
            path.moveTo(point)
    return path
