"""A pill that says a state by colour, shape and word."""

import math

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.state_shapes import SHAPE, paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, Tone

_TURN_MS = 50
_TURN_DEGREES = 15


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
        width = SHAPE + metrics.horizontalAdvance(self._word) + 2 * Space.S + 6
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
        left = self.width() - Space.S - SHAPE if is_mirrored else Space.S
        shape = QRectF(left, (self.height() - SHAPE) / 2, SHAPE, SHAPE)
        paint_state_shape(painter, shape, self._tone, look.tone(self._tone), self._turn)
        painter.setPen(look.tone(self._tone))
        shift = SHAPE + Space.S + 6
        text = self.rect().adjusted(0 if is_mirrored else shift, 0, -shift if is_mirrored else 0, 0)
        # Qt mirrors AlignLeft by itself where one reads from right to left.
        where = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, int(where.value), self._word)

    def _keep_turning(self) -> None:
        if self._tone is Tone.RUNNING and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _on_timer_timeout(self) -> None:
        self._turn = (self._turn + _TURN_DEGREES) % 360
        self.update()
