"""The last days of a profile's backups, one cell a day; a day without any is drawn as a gap."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import IntEnum

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.core.vault import BackupRecord, BackupState
from mangrove.core.verification import Level
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space

_CELL_HEIGHT = 16
_GAP = 3


class Day(IntEnum):
    """The best that a day has to show, worst first."""

    NOTHING = 0
    UNREADABLE = 1
    PARTIAL = 2
    COMPLETE = 3
    RESTORED = 4


class DayStrip(QWidget):
    """Cells from the oldest day to today."""

    def __init__(self, days: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = days
        self._days: list[tuple[date, Day]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def set_records(self, records: Iterable[BackupRecord], today: date) -> None:
        """Show what each of the days up to today has."""
        best: dict[date, Day] = {}
        for record in records:
            day = record.data_at.astimezone().date()
            best[day] = max(best.get(day, Day.NOTHING), _worth(record))
        dates = (today - timedelta(days=n) for n in reversed(range(self._count)))
        self._days = [(d, best.get(d, Day.NOTHING)) for d in dates]
        gaps = sum(1 for _, day in self._days if day in (Day.NOTHING, Day.UNREADABLE))
        self.setAccessibleName(
            self.tr("{count} of the last {days} days without a backup").format(
                count=gaps, days=self._count
            )
        )
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._count * (Space.M + _GAP), _CELL_HEIGHT)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            self._show_tip(event.pos(), event.globalPos())
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (_, day) in enumerate(self._days):
            _draw(painter, self._cell(index), day)

    def _cell(self, index: int) -> QRectF:
        wide = (self.width() + _GAP) / max(1, len(self._days))
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        place = len(self._days) - 1 - index if is_mirrored else index
        return QRectF(place * wide + 0.5, 0.5, wide - _GAP, self.height() - 1)

    def _show_tip(self, at: QPoint, where: QPoint) -> None:
        words = {
            Day.NOTHING: self.tr("no backup"),
            Day.UNREADABLE: self.tr("only an unreadable backup"),
            Day.PARTIAL: self.tr("a part of the deployment"),
            Day.COMPLETE: self.tr("complete"),
            Day.RESTORED: self.tr("complete, and restored on trial"),
        }
        for index, (date_, day) in enumerate(self._days):
            if self._cell(index).contains(at):
                QToolTip.showText(where, f"{date_:%Y-%m-%d}: {words[day]}", self)


def _worth(record: BackupRecord) -> Day:
    if record.state is BackupState.UNREADABLE:
        return Day.UNREADABLE
    if not record.is_whole:
        return Day.PARTIAL
    proof = record.proven
    return Day.RESTORED if proof and proof.level.depth >= Level.RESTORED.depth else Day.COMPLETE


def _draw(painter: QPainter, cell: QRectF, day: Day) -> None:
    """Draw a full cell for a backup, a tick in it if it was restored, an outline for none."""
    look = theme()
    painter.setPen(Qt.PenStyle.NoPen)
    match day:
        case Day.NOTHING:
            painter.setPen(QPen(look.colour("border_strong"), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        case Day.UNREADABLE:
            painter.setBrush(look.colour("exposed"))
        case Day.PARTIAL:
            painter.setPen(QPen(look.colour("proven"), 1))
            painter.setBrush(look.colour("proven_soft"))
        case Day.COMPLETE | Day.RESTORED:
            painter.setBrush(look.colour("proven"))
    painter.drawRoundedRect(cell, 3, 3)
    mark = QPen(look.colour("surface"), 2)
    mark.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(mark)
    x, y = cell.center().x(), cell.center().y()
    if day is Day.UNREADABLE:
        painter.drawLine(
            QRectF(x - 3, y - 3, 6, 6).topLeft(), QRectF(x - 3, y - 3, 6, 6).bottomRight()
        )
        painter.drawLine(
            QRectF(x - 3, y - 3, 6, 6).topRight(), QRectF(x - 3, y - 3, 6, 6).bottomLeft()
        )
    elif day is Day.RESTORED:
        box = QRectF(x - 4, y - 4, 8, 8)
        middle = box.bottomLeft()
        middle.setX(box.x() + 3)
        middle.setY(box.bottom() - 1)
        left, right = box.bottomLeft(), box.topRight()
        left.setY(y + 0.5)
        painter.drawPolyline([left, middle, right])
