"""States as colour, shape and word together."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space, Tone

_SHAPE = 12
_TURN_MS = 50
_TURN_DEGREES = 15


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
        room = (Size.SMALL_ICON - _SHAPE) / 2 * ratio
        where = QRectF(room, room, _SHAPE * ratio, _SHAPE * ratio)
        paint_state_shape(painter, where, tone, theme().tone(tone))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        icon.addPixmap(pixmap)
    return icon


class StateBadge(QWidget):
    """A pill with a state's shape and word."""

    def __init__(self, tone: Tone, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone, self._word, self._turn = tone, word, 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(tone, word)

    @property
    def tone(self) -> Tone:
        """The state shown."""
        return self._tone

    @property
    def word(self) -> str:
        """The word shown."""
        return self._word

    def set_state(self, tone: Tone, word: str) -> None:
        """Show another state."""
        self._tone, self._word = tone, word
        self.setAccessibleName(word)
        self._keep_turning()
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = _SHAPE + metrics.horizontalAdvance(self._word) + 2 * Space.S + 6
        return QSize(math.ceil(width), metrics.height() + 6)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._keep_turning()
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.tone_soft(self._tone))
        painter.drawRoundedRect(self.rect(), self.height() / 2, self.height() / 2)
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        left = self.width() - Space.S - _SHAPE if is_mirrored else Space.S
        shape = QRectF(left, (self.height() - _SHAPE) / 2, _SHAPE, _SHAPE)
        paint_state_shape(painter, shape, self._tone, look.tone(self._tone), self._turn)
        painter.setPen(look.tone(self._tone))
        shift = _SHAPE + Space.S + 6
        text = self.rect().adjusted(0 if is_mirrored else shift, 0, -shift if is_mirrored else 0, 0)
        side = Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft
        painter.drawText(text, int((side | Qt.AlignmentFlag.AlignVCenter).value), self._word)

    def _keep_turning(self) -> None:
        if self._tone is Tone.RUNNING and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _on_timer_timeout(self) -> None:
        self._turn = (self._turn + _TURN_DEGREES) % 360
        self.update()


def _polyline(where: QRectF, points: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for index, (x, y) in enumerate(points):
        point = QPointF(where.x() + x * where.width(), where.y() + y * where.height())
        if index:
            path.lineTo(point)
        else:
            path.moveTo(point)
    return path
