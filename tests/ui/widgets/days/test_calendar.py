from datetime import date, timedelta
from itertools import pairwise

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


def test_months_follow_each_other_even_where_the_first_has_no_room(qtbot: QtBot) -> None:
    months = [f"{date(2026, month, 1):%b}" for month in range(1, 13)]
    for day in range(1, 32):  # each begins in another week of its month
        made = DayCalendar()
        qtbot.addWidget(made)
        made.set_days({}, date(2026, 8, day))
        made.resize(made.sizeHint())

        found = made._months(made.fontMetrics())

        ends = [x + wide for x, wide, _ in found]
        assert all(x > end for (x, _, _), end in zip(found[1:], ends, strict=False))
        shown = [months.index(word) for _, _, word in found]
        assert all((later - earlier) % 12 == 1 for earlier, later in pairwise(shown))


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
