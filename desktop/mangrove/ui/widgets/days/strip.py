"""The last days of a profile, one cell a day; a day without any backup is drawn as a gap."""

from collections.abc import Mapping
from datetime import date, timedelta

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui import text
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.days.calendar import DayMark, DayWords, paint_mark

_CELL_HEIGHT = 16
_GAP = 3


class DayStrip(QWidget):
    """Cells from the oldest day to today."""

    def __init__(self, days: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = days
        self._days: list[tuple[date, DayWords | None]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        theme().changed.connect(self.update)

    def set_days(self, days: Mapping[date, DayWords], today: date) -> None:
        """Show what each of the days up to today came to."""
        dates = (today - timedelta(days=n) for n in reversed(range(self._count)))
        self._days = [(day, days.get(day)) for day in dates]
        marks = [self.mark(day) for day, _ in self._days]
        words = (
            (DayMark.PROVEN, self.tr("{count} proven")),
            (DayMark.UNPROVEN, self.tr("{count} not proven")),
            (DayMark.FAILED, self.tr("{count} failed")),
            (DayMark.NOTHING, self.tr("{count} without a backup")),
        )
        parts = [told.format(count=n) for mark, told in words if (n := marks.count(mark))]
        self.setAccessibleName(
            self.tr("The last {days} days: {parts}").format(
                days=self._count, parts=", ".join(parts)
            )
        )
        self.update()

    def mark(self, day: date) -> DayMark:
        """Return what a day came to."""
        found = dict(self._days).get(day)
        return found.mark if found else DayMark.NOTHING

    def tip_at(self, at: QPoint) -> str:
        """Return what a pointer resting there is told."""
        for index, (day, found) in enumerate(self._days):
            if self._cell(index).contains(at):
                words = found.words if found else self.tr("no backup")
                return f"{text.weekday(day)} {day:%Y-%m-%d}: {words}"
        return ""

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._count * (Space.M + _GAP), _CELL_HEIGHT)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (day, _) in enumerate(self._days):
            paint_mark(painter, self._cell(index), self.mark(day))
        painter.end()

    def _cell(self, index: int) -> QRectF:
        wide = (self.width() + _GAP) / max(1, len(self._days))
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        place = len(self._days) - 1 - index if is_mirrored else index
        return QRectF(place * wide + 0.5, 0.5, wide - _GAP, self.height() - 1)
