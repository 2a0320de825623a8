"""Days as cells, a column for each week: pointed at, walked over by keys, and told by words."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Space

DAYS = 7
_MOST_WEEKS = 53
_GAP = 3
_RADIUS = 3


class DayGrid(QWidget):
    """Draws days as cells; what is in them is up to who inherits.

    Arrow keys and the mouse choose a day, Escape takes the choice back.

    Signals:
        day_chosen: A ``date``, or None when the choice was taken back.
    """

    day_chosen = Signal(object)

    def __init__(self, name: str, least_weeks: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._today = date(2000, 1, 1)
        self._first = self._today
        self._least_weeks = self._weeks = least_weeks
        self.chosen: date | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(name)

    def set_range(self, first: date, last: date, today: date) -> None:
        """Show the weeks of these days, not fewer than a few; the newest week is at the end."""
        self._today = today
        monday = last - timedelta(days=last.weekday())
        weeks = (monday - (first - timedelta(days=first.weekday()))).days // DAYS + 1
        self._weeks = max(self._least_weeks, min(_MOST_WEEKS, weeks))
        self._first = monday - timedelta(weeks=self._weeks - 1)
        self.updateGeometry()
        self.update()
        self._tell()

    @property
    def first(self) -> date:
        """The first day that is drawn."""
        return self._first

    @abstractmethod
    def words(self, day: date) -> str:
        """Say what a day has."""

    @abstractmethod
    def paint_day(self, painter: QPainter, cell: QRectF, day: date) -> None:
        """Draw what a day has."""

    def choose(self, day: date | None) -> None:
        """Choose a day, or none."""
        if day is not None and not self._first <= day < self._first + timedelta(weeks=self._weeks):
            return
        if day != self.chosen:
            self.chosen = day
            self.update()
            self._tell()
            self.day_chosen.emit(day)

    @override
    def sizeHint(self) -> QSize:
        cell = self._cell_size()
        width = self._left() + self._weeks * (cell + _GAP)
        return QSize(round(width), round(self._top() + DAYS * (cell + _GAP)))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._left() + self._least_weeks * DAYS, self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height when the cells are of another size now."""
        super().resizeEvent(event)
        if self.sizeHint().height() != self.height():
            self.updateGeometry()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            day = self._day_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.words(day) if day else "", self)
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        day = self._day_at(event.position())
        self.choose(None if day == self.chosen else day)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -DAYS,
            Qt.Key.Key_Right: DAYS,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
        }
        if event.key() == Qt.Key.Key_Escape and self.chosen is not None:
            self.choose(None)
        elif (step := steps.get(Qt.Key(event.key()))) is not None:
            is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
            step = -step if is_mirrored and abs(step) == DAYS else step
            start = self.chosen or self._today
            self.choose(start + timedelta(days=step) if self.chosen else start)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_words(painter)
        cell = self._cells()
        for day in self._shown():
            self.paint_day(painter, cell(day), day)
        ring = self.chosen or (self._today if self.hasFocus() else None)
        if ring is not None:
            painter.setPen(QPen(theme().colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._cell(ring).adjusted(-2, -2, 2, 2), _RADIUS, _RADIUS)

    def _draw_words(self, painter: QPainter) -> None:
        """Name the months above, a few weekdays beside, and draw a line after today's week."""
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 11 / 13)
        painter.setFont(font)
        painter.setPen(theme().colour("text_muted"))
        for x, wide, word in self._months(painter.fontMetrics()):
            where = QRectF(x, 0, wide + 1, self._top())
            painter.drawText(where, Qt.AlignmentFlag.AlignTop, word)
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        for number in (0, 2, 4):
            cell = self._cell(self._first + timedelta(days=number))
            word = f"{self._first + timedelta(days=number):%a}"
            left = self.width() - self._left() if is_mirrored else 0
            where = QRectF(
                left, cell.top() - _GAP, self._left() - Space.S, cell.height() + 2 * _GAP
            )
            painter.drawText(
                where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word
            )

    def _months(self, metrics: QFontMetrics) -> list[tuple[float, int, str]]:
        """Return where the names of months go; the first, of which least is shown, gives way."""
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        found: list[tuple[float, int, str]] = []
        for week in range(self._weeks):
            monday = self._first + timedelta(weeks=week)
            inside = [monday + timedelta(days=n) for n in range(DAYS)]
            if week and not any(day.day == 1 for day in inside):
                continue
            cell, word = self._cell(monday), f"{inside[-1]:%b}"
            wide = metrics.horizontalAdvance(word)
            x = cell.right() - wide if is_mirrored else cell.left()
            if len(found) == 1 and _is_near(found[0], x, wide):
                found.pop()
            if not found or not _is_near(found[-1], x, wide):
                found.append((x, wide, word))
        return found

    def _shown(self) -> Iterable[date]:
        return (self._first + timedelta(days=n) for n in range(self._weeks * DAYS))

    def _top(self) -> int:
        return self.fontMetrics().height() + Space.HALF

    def _left(self) -> int:
        return self.fontMetrics().horizontalAdvance(f"{self._first:%a}mm") + Space.S

    def _cell_size(self) -> float:
        usual = max(16.0, self.fontMetrics().height() * 1.2)
        room = (self.width() - self._left()) / self._weeks - _GAP
        return max(5.0, min(usual, room)) if self.width() > self._left() else usual

    def _cell(self, day: date) -> QRectF:
        return self._cells()(day)

    def _cells(self) -> Callable[[date], QRectF]:
        """Return what tells the place of a day; letters are measured once for all days."""
        left, top, side, width = self._left(), self._top(), self._cell_size(), self.width()
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        first = self._first.toordinal()

        def cell(day: date) -> QRectF:
            week, weekday = divmod(day.toordinal() - first, DAYS)
            x = left + week * (side + _GAP)
            if is_mirrored:
                x = width - x - side
            return QRectF(x + 0.5, top + weekday * (side + _GAP) + 0.5, side - 1, side - 1)

        return cell

    def _day_at(self, at: QPointF) -> date | None:
        cell = self._cells()
        hits = (d for d in self._shown() if cell(d).adjusted(-1, -1, 2, 2).contains(at))
        return next(hits, None)

    def _tell(self) -> None:
        self.setAccessibleDescription(self.words(self.chosen or self._today))


def _is_near(label: tuple[float, int, str], x: float, wide: int) -> bool:
    """Whether another word would touch one."""
    left, width, _ = label
    return x < left + width + Space.HALF and left < x + wide + Space.HALF
