"""A calendar of backups, a cell for each day: what stays, what goes and what is to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from mangrove.ui.theme.hatching import hatch
from mangrove.ui.theme.style import theme
from mangrove.ui.widgets.days.grid import DayGrid

_LEAST_WEEKS = 18
_RADIUS = 3


@dataclass(frozen=True, slots=True)
class DayFate:
    """How many backups of one day stay, go, and are still to come."""

    stays: int = 0
    goes: int = 0
    expected: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the day has none."""
        return not (self.stays or self.goes or self.expected)


NOTHING = DayFate()


class RetentionCalendar(DayGrid):
    """Draws what becomes of the backups of each day.

    Full means that a backup stays, hatched that all of the day go, a ring that one is expected;
    a corner is cut off where some stay and others go.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", _LEAST_WEEKS, parent)
        self._fates: dict[date, DayFate] = {}
        self.setAccessibleName(self.tr("Calendar of backups"))

    def set_days(self, fates: Mapping[date, DayFate], today: date) -> None:
        """Show these days; the newest week is at the end."""
        self._fates = dict(fates)
        last = max((today, *(day for day in fates if not fates[day].is_empty)))
        first = min((today, *(day for day in fates if not fates[day].is_empty)))
        self.set_range(first, last, today)

    def fate(self, day: date) -> DayFate:
        """Return what a day has."""
        return self._fates.get(day, NOTHING)

    @override
    def words(self, day: date) -> str:
        fate = self.fate(day)
        parts = [
            words.format(count=count)
            for words, count in (
                (self.tr("{count} stay"), fate.stays),
                (self.tr("{count} go"), fate.goes),
                (self.tr("{count} expected"), fate.expected),
            )
            if count
        ]
        return f"{day:%a %Y-%m-%d}: {', '.join(parts) or self.tr('no backup')}"

    @override
    def paint_day(self, painter: QPainter, cell: QRectF, day: date) -> None:
        paint_day(painter, cell, self.fate(day), is_future=day > self._today)


def paint_day(painter: QPainter, cell: QRectF, fate: DayFate, *, is_future: bool) -> None:
    """Draw one day; also used for the legend."""
    look = theme()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if fate.is_empty:
        painter.setPen(QPen(look.colour("border"), 1, Qt.PenStyle.SolidLine))
        if not is_future:
            painter.setBrush(look.colour("sunken"))
            painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
        return
    if fate.stays:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("proven"))
        painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
    elif fate.goes:
        painter.setPen(QPen(look.colour("unproven"), 1.2))
        painter.setBrush(look.colour("unproven_soft"))
        painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
        path = QPainterPath()
        path.addRect(cell)
        hatch(painter, path, QPen(look.colour("unproven"), 1.2), max(3.5, cell.width() / 3))
    else:
        painter.setPen(QPen(look.colour("running"), 1.5))
        painter.setBrush(look.colour("running_soft"))
        painter.drawEllipse(cell.adjusted(1, 1, -1, -1))
    if fate.stays and fate.goes:
        half = cell.width() * 0.55
        corner = [QPointF(0, 0), QPointF(-half, 0), QPointF(0, half)]
        painter.setPen(QPen(look.colour("surface"), 1))
        painter.setBrush(look.colour("unproven"))
        painter.drawPolygon(QPolygonF([cell.topRight() + point for point in corner]))
