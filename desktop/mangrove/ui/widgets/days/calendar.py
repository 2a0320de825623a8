"""A calendar of how well each day is proven; a day without anything is drawn as such."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from mangrove.ui import text
from mangrove.ui.theme.hatching import hatch
from mangrove.ui.theme.state_shapes import paint_state_shape
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.days.grid import DayGrid
from mangrove.ui.widgets.legend import DrawKey

_LEAST_WEEKS = 53
_RADIUS = 3
_SHAPED_FROM = 9.0  # px; a smaller cell holds no shape


class DayMark(StrEnum):
    """What a day comes to."""

    NOTHING = "nothing"
    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayWords:
    """A day's mark, with the sentence that explains it."""

    mark: DayMark
    words: str


class DayCalendar(DayGrid):
    """Draws a mark for each day: full and ticked, an outline, a hatched triangle, or dotted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", _LEAST_WEEKS, parent)
        self._days: dict[date, DayWords] = {}
        self.setAccessibleName(self.tr("Calendar of days"))

    def set_days(self, days: Mapping[date, DayWords], today: date) -> None:
        """Show these days up to today; those that are missing here have nothing."""
        self._days = dict(days)
        self.set_range(min((today, *days)), today, today)

    def mark(self, day: date) -> DayMark:
        """Return what a day comes to."""
        found = self._days.get(day)
        return found.mark if found else DayMark.NOTHING

    @override
    def words(self, day: date) -> str:
        found = self._days.get(day)
        words = found.words if found else self.tr("no backup")
        return f"{text.weekday(day)} {day:%Y-%m-%d}: {words}"

    @override
    def paint_day(self, painter: QPainter, cell: QRectF, day: date) -> None:
        if day <= self._today:
            paint_mark(painter, cell, self.mark(day))


def paint_mark(painter: QPainter, cell: QRectF, mark: DayMark) -> None:
    """Draw one day; also used for the legend."""
    look = theme()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match mark:
        case DayMark.NOTHING:
            painter.fillRect(cell, look.colour("neutral_soft"))  # quick: most of a year may be it
        case DayMark.PROVEN:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.tone(Tone.PROVEN))
            painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
            _shape(painter, cell, Tone.PROVEN, "surface")
        case DayMark.UNPROVEN:
            painter.setPen(QPen(look.tone(Tone.UNPROVEN), 1.2))
            painter.setBrush(look.tone_soft(Tone.UNPROVEN))
            painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
        case DayMark.FAILED:
            path = QPainterPath()
            path.addRoundedRect(cell, _RADIUS, _RADIUS)
            painter.fillPath(path, look.tone_soft(Tone.EXPOSED))
            hatch(painter, path, QPen(look.tone(Tone.EXPOSED), 1.2), max(3.5, cell.width() / 3))
            painter.setPen(QPen(look.tone(Tone.EXPOSED), 1.2))
            painter.drawPath(path)


def mark_key(mark: DayMark) -> DrawKey:
    """Return what draws a mark for a legend."""

    def draw(painter: QPainter, key: QRectF) -> None:
        side = key.height()
        square = QRectF(key.center().x() - side / 2, key.top(), side, side)
        paint_mark(painter, square, mark)

    return draw


def _shape(painter: QPainter, cell: QRectF, tone: Tone, colour: str) -> None:
    side = min(cell.width(), cell.height()) * 0.6
    if cell.width() < _SHAPED_FROM:
        return
    where = QRectF(cell.center().x() - side / 2, cell.center().y() - side / 2, side, side)
    paint_state_shape(painter, where, tone, theme().colour(colour))
