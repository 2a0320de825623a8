"""The bare shape of a state, for places where its word stands beside it."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space, Tone

_SHAPE = Space.S + Space.HALF


class StateMark(QWidget):
    """Tick, circle, triangle, arc or dash in its colour."""

    def __init__(self, tone: Tone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def tone(self) -> Tone:
        """The state shown."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Show another state."""
        self._tone = tone
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.SMALL_ICON, max(Size.SMALL_ICON, self.fontMetrics().height()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = (self.width() - _SHAPE) / 2
        where = QRectF(room, (self.height() - _SHAPE) / 2, _SHAPE, _SHAPE)
        paint_state_shape(painter, where, self._tone, theme().tone(self._tone))
        painter.end()
