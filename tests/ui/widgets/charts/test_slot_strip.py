from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from mangrove.ui.widgets.charts.slot_strip import SlotStrip
from mangrove.ui.widgets.charts.slots import SlotKind, SlotMark, SlotRow
from mangrove.ui.widgets.timeline.scale import Scale

NOW = 1_795_010_520.0  # 2026-11-18 15:02:00 in Berlin
HOUR = 3600.0
BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = SlotRow(
    "nightly",
    (
        SlotMark(NOW - 13 * HOUR, SlotKind.LATE, "the machine slept", NOW - 10 * HOUR),
        SlotMark(NOW + 11 * HOUR, SlotKind.COMING),
    ),
    "29 of 30 on time",
    "nightly",
)
OPLOG = SlotRow(
    "oplog",
    tuple(
        SlotMark(
            NOW - n * 900,
            SlotKind.COMING if n < 0 else SlotKind.MISSED if n == 40 else SlotKind.ON_TIME,
        )
        for n in range(95, -96, -1)
    ),
    key="oplog",
)


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[SlotStrip]:
    made = SlotStrip(BERLIN)
    qtbot.addWidget(made)
    made.set_rows((NIGHTLY, SlotRow("paused", ()), OPLOG), NOW - 24 * HOUR, NOW + 24 * HOUR, NOW)
    made.resize(800, made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def at(strip: SlotStrip, row: int, moment_s: float) -> QPoint:
    frame = strip.frame()
    return QPoint(round(frame.track.left() + frame.scale.x_of(moment_s)), round(frame.middle(row)))


def test_slots_that_find_no_room_come_as_one_that_shows_the_worst() -> None:
    scale = Scale(NOW - 24 * HOUR, 48 * HOUR, 0, NOW).sized(400, is_mirrored=False)

    groups = OPLOG.groups(scale)

    assert sum(len(group.slots) for group in groups) == len(OPLOG.slots)
    assert len(groups) <= 24
    assert [g.kind for g in groups].count(SlotKind.MISSED) == 1


def test_a_late_run_tells_when_it_was_expected_and_when_it_began(strip: SlotStrip) -> None:
    assert strip.words_at(at(strip, 0, NOW - 13 * HOUR)) == (
        "nightly: late\nthe machine slept\n"
        "Expected: 2026-11-18 02:02:00 CET\n2026-11-18 01:02:00 UTC\n"
        "Begun: 2026-11-18 05:02:00 CET\n2026-11-18 04:02:00 UTC"
    )
    assert strip.words_at(at(strip, 0, NOW - 20 * HOUR)) == "nightly\n29 of 30 on time"
    assert strip.words_at(QPoint(5, strip.height() - 3)) == ""


def test_a_group_tells_how_many_of_each(strip: SlotStrip) -> None:
    words = strip.words_at(at(strip, 2, NOW - 10 * HOUR))

    assert words.splitlines()[0].startswith("oplog: ")
    assert "1 missed" in words


def test_all_of_it_is_told_to_whoever_listens(strip: SlotStrip) -> None:
    assert strip.accessibleDescription() == "97 times: 1 missed, 1 late, 95 on time"


def test_keys_go_over_slots_and_jobs_and_leave_out_jobs_without_any(
    qtbot: QtBot, strip: SlotStrip
) -> None:
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.place == (0, 0)

    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.place == (0, 1)
    assert strip.accessibleDescription().startswith("nightly: to come")

    qtbot.keyClick(strip, Qt.Key.Key_Down)
    assert strip.place is not None
    assert strip.place[0] == 2
    with qtbot.waitSignal(strip.row_activated) as wanted:
        qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert wanted.args == ["oplog"]


def test_a_click_on_a_row_means_its_job(qtbot: QtBot, strip: SlotStrip) -> None:
    with qtbot.waitSignal(strip.row_activated) as wanted:
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at(strip, 0, NOW))

    assert wanted.args == ["nightly"]


def test_where_it_is_narrow_the_notes_go_and_time_keeps_its_room(strip: SlotStrip) -> None:
    assert strip.frame().notes.width() > 0

    strip.resize(230, strip.height())

    assert strip.frame().notes.width() == 0
    assert strip.frame().track.width() > 130


def test_time_runs_from_right_to_left_where_one_reads_so(qtbot: QtBot, strip: SlotStrip) -> None:
    strip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    qtbot.keyClick(strip, Qt.Key.Key_Left)
    qtbot.keyClick(strip, Qt.Key.Key_Left)

    assert at(strip, 0, NOW + HOUR).x() < at(strip, 0, NOW).x()
    assert strip.place == (0, 1)
    strip.grab()
