from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.marks import Stretch, Stretches, StripMarks, Tick, Ticks
from mangrove.ui.widgets.timeline.strip import TimelineStrip

NOW = 1_795_010_520.0  # 2026-11-18 15:02:00 in Berlin
HOUR, DAY = 3600.0, 86_400.0
BERLIN = ZoneInfo("Europe/Berlin")
MARKS = StripMarks(
    bands=Stretches(
        [
            Stretch(NOW - 6 * DAY, NOW - 3 * DAY, "any second, first"),
            Stretch(NOW - 2 * DAY, NOW - 60, "any second, second", Tone.UNPROVEN),
        ]
    ),
    gaps=Stretches([Stretch(NOW - 3 * DAY, NOW - 2 * DAY, "nothing captured the oplog then")]),
    ticks=Ticks(
        [
            Tick(NOW - 6 * DAY, Tone.PROVEN, "backup one"),
            Tick(NOW - 2 * DAY, Tone.UNPROVEN, "backup two"),
            Tick(NOW - 2 * DAY + 600, Tone.EXPOSED, "backup three"),
        ]
    ),
    now_s=NOW,
)


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[TimelineStrip]:
    made = TimelineStrip(BERLIN)
    qtbot.addWidget(made)
    made.resize(1008, made.sizeHint().height())
    made.set_marks(MARKS)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def at(strip: TimelineStrip, moment_s: float, row: str = "band") -> QPoint:
    place = getattr(strip._rows(), row).center().y() + 4
    return QPoint(round(strip.scale.x_of(moment_s)) + 4, round(place))


def click(qtbot: QtBot, strip: TimelineStrip, where: QPoint) -> None:
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=where)


def wheel(strip: TimelineStrip, where: QPoint, notches: int, sideways: int = 0) -> None:
    event = QWheelEvent(
        QPointF(where),
        QPointF(strip.mapToGlobal(where)),
        QPoint(),
        QPoint(sideways * 120, notches * 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(strip, event)


def test_a_click_chooses_a_whole_second_that_is_as_round_as_the_zoom(
    qtbot: QtBot, strip: TimelineStrip
) -> None:
    with qtbot.waitSignal(strip.moment_chosen) as chosen:
        click(qtbot, strip, at(strip, NOW - 4.5 * DAY))

    assert abs(chosen.args[0] - (NOW - 4.5 * DAY)) < HOUR
    assert chosen.args[0] % 300 == 0
    assert strip.chosen_s == chosen.args[0]


def test_a_click_near_the_end_of_a_window_means_its_end(qtbot: QtBot, strip: TimelineStrip) -> None:
    with qtbot.waitSignal(strip.moment_chosen) as chosen:
        click(qtbot, strip, at(strip, NOW - 60, "axis") + QPoint(4, 0))

    assert chosen.args == [NOW - 60]


def test_a_click_on_a_gap_tells_which(qtbot: QtBot, strip: TimelineStrip) -> None:
    with qtbot.waitSignal(strip.gap_chosen) as chosen:
        click(qtbot, strip, at(strip, NOW - 2.5 * DAY))

    assert chosen.args == [0]
    assert strip.accessibleDescription() == "nothing captured the oplog then"


def test_a_click_on_a_backup_chooses_its_moment(qtbot: QtBot, strip: TimelineStrip) -> None:
    with qtbot.waitSignal(strip.tick_chosen) as chosen:
        click(qtbot, strip, at(strip, NOW - 6 * DAY, "ticks"))

    assert chosen.args == [0]
    assert strip.chosen_s == NOW - 6 * DAY
    assert strip.accessibleDescription().startswith("backup one\n")


def test_a_click_on_several_backups_comes_closer_until_they_part(
    qtbot: QtBot, strip: TimelineStrip
) -> None:
    assert "2 backups" in strip.tip_at(QPointF(at(strip, NOW - 2 * DAY, "ticks")))

    click(qtbot, strip, at(strip, NOW - 2 * DAY, "ticks"))

    assert strip.tip_at(QPointF(at(strip, NOW - 2 * DAY, "ticks"))).startswith("backup two")
    assert strip.chosen_s is None


@pytest.mark.parametrize(
    ("key", "modifiers", "moved"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, -1),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, -60),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, 3600),
        (
            Qt.Key.Key_Left,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
            -86_400,
        ),
    ],
    ids=["second", "second back", "minute back", "hour", "day back"],
)
def test_arrow_keys_step_by_what_is_held_down(
    qtbot: QtBot,
    strip: TimelineStrip,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    moved: float,
) -> None:
    strip.choose(NOW - DAY)

    with qtbot.waitSignal(strip.moment_chosen) as chosen:
        qtbot.keyClick(strip, key, modifiers)

    assert chosen.args == [NOW - DAY + moved]


def test_a_day_is_a_day_of_the_clock_when_the_clocks_change(
    qtbot: QtBot, strip: TimelineStrip
) -> None:
    change = 1_792_890_000.0  # 2026-10-25 01:00 UTC: summer time ended
    strip.set_marks(StripMarks(Stretches([Stretch(change - 3 * DAY, NOW)]), now_s=NOW))
    strip.choose(change - 12 * HOUR)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier

    qtbot.keyClick(strip, Qt.Key.Key_Right, both)

    assert strip.chosen_s == change + 13 * HOUR


def test_home_end_and_backups_by_key(qtbot: QtBot, strip: TimelineStrip) -> None:
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert strip.chosen_s == NOW - 60

    qtbot.keyClick(strip, Qt.Key.Key_Down)
    assert strip.chosen_s == NOW - 2 * DAY + 600

    qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert strip.chosen_s == NOW - 6 * DAY

    qtbot.keyClick(strip, Qt.Key.Key_Up)
    assert strip.chosen_s == NOW - 2 * DAY


def test_no_key_leads_into_the_future(qtbot: QtBot, strip: TimelineStrip) -> None:
    strip.choose(NOW - 60)

    qtbot.keyClick(strip, Qt.Key.Key_PageDown)

    assert strip.chosen_s == NOW


def test_the_chosen_moment_stays_in_view(qtbot: QtBot, strip: TimelineStrip) -> None:
    strip.show_last(HOUR)

    qtbot.keyClick(strip, Qt.Key.Key_Home)

    assert strip.scale.shows(NOW - 6 * DAY)


def test_the_wheel_zooms_around_the_pointer(strip: TimelineStrip) -> None:
    there = NOW - 4 * DAY
    before = strip.scale.x_of(there)

    wheel(strip, at(strip, there), 5)

    assert strip.scale.length_s < 4 * DAY
    assert abs(strip.scale.x_of(there) - before) < 2
    wheel(strip, at(strip, there), -50)
    assert strip.scale.is_whole


def test_the_wheel_turned_sideways_moves(strip: TimelineStrip) -> None:
    strip.show_last(DAY)
    start = strip.scale.start_s

    wheel(strip, QPoint(500, 60), 0, sideways=2)

    assert strip.scale.start_s < start
    assert strip.scale.length_s == pytest.approx(DAY)


def test_dragging_moves_the_view_and_chooses_nothing(qtbot: QtBot, strip: TimelineStrip) -> None:
    strip.show_last(DAY)
    grabbed = strip.scale.moment_at(300)

    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(304, 60))
    qtbot.mouseMove(strip, QPoint(500, 60))
    qtbot.mouseMove(strip, QPoint(704, 60))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(704, 60))

    assert strip.scale.x_of(grabbed) == pytest.approx(700, abs=1)
    assert strip.chosen_s is None


def test_dragging_the_chosen_moment_moves_it(qtbot: QtBot, strip: TimelineStrip) -> None:
    strip.choose(NOW - 4 * DAY)
    view = strip.scale

    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(strip, NOW - 4 * DAY))
    qtbot.mouseMove(strip, at(strip, NOW - 5 * DAY))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(strip, NOW - 5 * DAY))

    assert strip.scale == view
    assert strip.chosen_s is not None
    assert abs(strip.chosen_s - (NOW - 5 * DAY)) < HOUR


def test_plus_minus_and_zero_zoom(qtbot: QtBot, strip: TimelineStrip) -> None:
    whole = strip.scale.length_s

    qtbot.keyClick(strip, Qt.Key.Key_Plus)
    closer = strip.scale.length_s
    qtbot.keyClick(strip, Qt.Key.Key_Minus)
    back = strip.scale.length_s
    qtbot.keyClick(strip, Qt.Key.Key_Plus)
    qtbot.keyClick(strip, Qt.Key.Key_0)

    assert closer < whole
    assert back == pytest.approx(whole)
    assert strip.scale.is_whole


def test_a_tip_says_what_is_there_in_local_time_and_utc(strip: TimelineStrip) -> None:
    tip = strip.tip_at(QPointF(at(strip, NOW - 4 * DAY)))

    assert tip.startswith("any second, first\n2026-11-14 15:")
    assert "CET\n2026-11-14 14:" in tip
    assert tip.endswith("UTC")
    assert strip.tip_at(QPointF(at(strip, NOW - 2.5 * DAY))) == "nothing captured the oplog then"


def test_whoever_listens_hears_the_chosen_moment(qtbot: QtBot, strip: TimelineStrip) -> None:
    assert strip.accessibleName() == "Timeline"

    qtbot.keyClick(strip, Qt.Key.Key_End)

    assert strip.accessibleDescription().startswith("2026-11-18 15:01:00 CET")


def test_right_to_left_time_runs_to_the_left_and_keys_go_where_they_point(
    qtbot: QtBot, strip: TimelineStrip
) -> None:
    strip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    strip.choose(NOW - DAY)

    qtbot.keyClick(strip, Qt.Key.Key_Left)

    assert strip.scale.x_of(NOW) < strip.scale.x_of(NOW - DAY)
    assert strip.chosen_s == NOW - DAY + 1
    assert not strip.grab().isNull()


def test_new_marks_may_keep_the_view(strip: TimelineStrip) -> None:
    strip.show_last(DAY)
    start = strip.scale.start_s

    strip.set_marks(MARKS, keep_view=True)
    assert strip.scale.start_s == pytest.approx(start)

    strip.set_marks(MARKS)
    assert strip.scale.is_whole


@pytest.mark.usefixtures("large_text")
def test_rows_grow_with_the_text(qtbot: QtBot, qapp: QApplication) -> None:
    large = TimelineStrip(BERLIN)
    qtbot.addWidget(large)
    high = large.sizeHint().height()
    font = qapp.font()
    font.setPointSizeF(font.pointSizeF() / 2)
    qapp.setFont(font)

    assert large.sizeHint().height() < high
