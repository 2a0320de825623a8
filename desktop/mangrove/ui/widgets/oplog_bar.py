"""A bar that shows how many hours of changes a deployment's oplog holds."""

from datetime import timedelta

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space, TypeScale

_SCALES_H = (6, 24, 72, 168, 336, 720, 2160, 8760)
_MARKS = (6, 3, 2)


class OplogBar(QWidget):
    """Hours on a scale that fits: the filled part is what the oplog still holds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._length = timedelta(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def set_length(self, length: timedelta) -> None:
        """Show this much time."""
        self._length = length
        self.setAccessibleName(self.tr("{hours} hours of oplog").format(hours=f"{self.hours:.1f}"))
        self.update()

    @property
    def hours(self) -> float:
        """What is shown, in hours."""
        return self._length / timedelta(hours=1)

    @property
    def scale_hours(self) -> int:
        """Where the bar ends, in hours."""
        return next((s for s in _SCALES_H if s >= self.hours), _SCALES_H[-1])

    @override
    def sizeHint(self) -> QSize:
        return QSize(Space.XXL * 5, Space.S + Space.HALF + self._label_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Space.XXL * 3, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        well = QRectF(0, 0, self.width(), Space.S)
        painter.setBrush(look.colour("sunken"))
        painter.drawRoundedRect(well, Space.HALF, Space.HALF)
        share = min(1.0, self.hours / self.scale_hours)
        filled = QRectF(0, 0, max(Space.S, self.width() * share), Space.S)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            filled.moveRight(self.width())
        painter.setBrush(look.colour("accent"))
        painter.drawRoundedRect(filled, Space.HALF, Space.HALF)
        self._paint_marks(painter)
        painter.end()

    def _paint_marks(self, painter: QPainter) -> None:
        look = theme()
        painter.setFont(look.font(TypeScale.SMALL))
        painter.setPen(look.colour("text_muted"))
        top, height = Space.S + Space.HALF, self._label_height()
        widest = painter.fontMetrics().horizontalAdvance(_hours_text(self.scale_hours)) * 3 // 2
        marks = next((m for m in _MARKS if self.width() / m >= widest), 1)
        wide = self.width() / marks
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        for number in range(marks + 1):
            text = _hours_text(self.scale_hours * number / marks)
            x = number * wide
            x = self.width() - x if mirrored else x
            place = QRectF(x - wide / 2, top, wide, height)
            align = Qt.AlignmentFlag.AlignHCenter
            if place.left() < 0:
                place.moveLeft(0)
                align = Qt.AlignmentFlag.AlignLeft
            elif place.right() > self.width():
                place.moveRight(self.width())
                align = Qt.AlignmentFlag.AlignRight
            painter.drawText(place, align | Qt.AlignmentFlag.AlignVCenter, text)

    def _label_height(self) -> int:
        return self.fontMetrics().height()


def _hours_text(hours: float) -> str:
    return f"{hours:g} h"
