from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from mangrove.ui.theme.style import theme
from mangrove.ui.widgets.days.calendar import DayCalendar, DayMark, DayWords

TODAY = date(2026, 11, 18)
DAYS = {
    TODAY: DayWords(DayMark.PROVEN, "2 backups, 1 restored on trial"),
    TODAY - timedelta(1): DayWords(DayMark.UNPROVEN, "1 backup, not restored on trial"),
    TODAY - timedelta(2): DayWords(DayMark.FAILED, "1 backup failed"),
}


@pytest.fixture
def calendar(qtbot: QtBot) -> DayCalendar:
    made = DayCalendar()
    qtbot.addWidget(made)
    made.set_days(DAYS, TODAY)
    made.resize(made.sizeHint())
    return made


@pytest.mark.parametrize(
    ("days", "mark", "words"),
    [
        (0, DayMark.PROVEN, "Wed 2026-11-18: 2 backups, 1 restored on trial"),
        (2, DayMark.FAILED, "Mon 2026-11-16: 1 backup failed"),
        (3, DayMark.NOTHING, "Sun 2026-11-15: no backup"),
    ],
    ids=["proven", "failed", "nothing"],
)
def test_each_day_says_what_it_comes_to(
    calendar: DayCalendar, days: int, mark: DayMark, words: str
) -> None:
    day = TODAY - timedelta(days)

    assert calendar.mark(day) is mark
    assert calendar.words(day) == words


def test_proven_days_and_days_without_anything_look_different(calendar: DayCalendar) -> None:
    image = calendar.grab().toImage()
    ratio = image.devicePixelRatio()

    def corner(day: date) -> str:
        cell = calendar._cell(day)
        x, y = (cell.left() + 2) * ratio, cell.center().y() * ratio
        return QColor(image.pixel(round(x), round(y))).name()

    assert corner(TODAY) == theme().colour("proven").name()
    assert corner(TODAY - timedelta(5)) == theme().colour("neutral_soft").name()


def test_keys_walk_over_days(qtbot: QtBot, calendar: DayCalendar) -> None:
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(calendar, key)

    assert calendar.chosen == TODAY - timedelta(2)
    assert calendar.accessibleDescription().endswith("1 backup failed")
