"""One entry of a legend: a day of the retention calendar as it is drawn, and its word."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.days.retention_calendar import DayFate, paint_day
from mangrove.ui.widgets.labels import TextLabel

_SWATCH = 12


class DaySwatch(QWidget):
    """One entry of the legend: a day as it is drawn, and its word."""

    def __init__(self, fate: DayFate, word: str) -> None:
        super().__init__()
        self._fate = fate
        row = QHBoxLayout(self)
        row.setContentsMargins(_SWATCH + Space.S, 0, Space.S, 0)
        row.addWidget(TextLabel(word, "small"))

    @override
    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(0, _SWATCH + Space.HALF))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x = self.width() - _SWATCH - 1 if is_mirrored else 1
        cell = QRectF(x, (self.height() - _SWATCH) / 2, _SWATCH, _SWATCH)
        paint_day(painter, cell, self._fate, is_future=False)
