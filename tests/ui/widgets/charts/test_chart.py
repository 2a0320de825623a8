from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from pytestqt.qtbot import QtBot

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import SchemeChoice, Tone
from mangrove.ui.widgets.charts.amounts import Measure
from mangrove.ui.widgets.charts.chart import Chart
from mangrove.ui.widgets.charts.legend import legend_entries
from mangrove.ui.widgets.charts.plots import Absence, Limit, Look, Plot, Reading, Trace

NOW = 1_795_010_520.0  # 2026-11-18 15:02:00 in Berlin
HOUR, DAY = 3600.0, 86_400.0
BERLIN = ZoneInfo("Europe/Berlin")
READINGS = tuple(
    Reading(NOW - DAY * (9 - n), hours * HOUR, key=f"day-{n}")
    for n, hours in enumerate((20, 24, 50, 24, 22, 24, 2))
)
DAYS = Plot(
    title="Exposure of each day",
    summary="the worst was 50 h",
    measure=Measure.SECONDS,
    start_s=NOW - 15 * DAY,
    end_s=NOW,
    traces=(Trace("", READINGS, Look.BARS, DAY),),
    limits=(Limit(26 * HOUR, "objective 26 h"),),
    absences=(Absence(NOW - 15 * DAY, NOW - 10 * DAY, "no backup yet"),),
)
AREAS = replace(
    DAYS,
    traces=(
        Trace("cloud", READINGS, Look.AREA),
        Trace("nas", READINGS, Look.AREA),
        Trace("expected", READINGS[-2:], Look.PROJECTION),
    ),
    now_s=NOW,
)


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[Chart]:
    made = Chart(BERLIN)
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.set_plot(DAYS)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def at(chart: Chart, moment_s: float, amount: float) -> QPoint:
    frame = chart._frame()
    return frame.at(moment_s, amount).toPoint()


def colours(chart: Chart, where: QPoint, reach: int = 5) -> set[str]:
    image = chart.grab().toImage()
    ratio = image.devicePixelRatio()
    box = range(-reach, reach + 1)
    return {
        QColor(image.pixel(round((where.x() + x) * ratio), round((where.y() + y) * ratio))).name()
        for x in box
        for y in box
    }


@pytest.mark.parametrize("scheme", [SchemeChoice.LIGHT, SchemeChoice.DARK])
def test_what_exceeds_the_objective_is_drawn_as_exposed_and_absence_grey(
    chart: Chart, scheme: SchemeChoice
) -> None:
    theme().choose(scheme)
    try:
        worst = colours(chart, at(chart, READINGS[2].at_s, 40 * HOUR))
        usual = colours(chart, at(chart, READINGS[1].at_s, 12 * HOUR), 2)
        nothing = colours(chart, at(chart, NOW - 12 * DAY, 40 * HOUR))

        assert theme().tone_soft(Tone.EXPOSED).name() in worst
        assert usual == {theme().colour("accent").name()}
        assert theme().colour("neutral_soft").name() in nothing
    finally:
        theme().choose(SchemeChoice.SYSTEM)


def test_a_pointer_is_told_what_lies_there(chart: Chart) -> None:
    words = chart.words_at(at(chart, READINGS[2].at_s, 40 * HOUR))

    assert words == "2 d 2 h\n2026-11-11 15:02:00 CET\n2026-11-11 14:02:00 UTC"
    assert chart.words_at(at(chart, NOW - 13 * DAY, 0)).startswith("no backup yet\n2026-11-05")
    assert chart.words_at(QPoint(1, 1)) == ""


def test_keys_go_from_reading_to_reading_and_say_where_they_stand(
    qtbot: QtBot, chart: Chart
) -> None:
    assert (chart.accessibleName(), chart.accessibleDescription()) == (DAYS.title, DAYS.summary)
    stops = []
    for name in ("Left", "Left", "Right", "Home", "Left", "PageDown", "End", "PageUp"):
        key = Qt.Key[f"Key_{name}"]
        qtbot.keyClick(chart, key)
        stops.append([r.at_s for r in READINGS].index(chart.cursor_s or 0))

    assert stops == [6, 5, 6, 0, 0, 1, 6, 4]
    assert chart.accessibleDescription().startswith("22 h\n")


def test_enter_and_a_click_tell_what_a_reading_stands_for(qtbot: QtBot, chart: Chart) -> None:
    qtbot.keyClick(chart, Qt.Key.Key_End)
    with qtbot.waitSignal(chart.reading_activated) as entered:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    with qtbot.waitSignal(chart.reading_activated) as clicked:
        where = at(chart, READINGS[2].at_s, HOUR)
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=where)

    assert (entered.args, clicked.args) == (["day-6"], ["day-2"])


def test_ctrl_c_copies_the_table(qtbot: QtBot, chart: Chart) -> None:
    qtbot.keyClick(chart, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 1 + len(READINGS)
    assert lines[0].endswith("seconds")


def test_time_runs_from_right_to_left_where_one_reads_so(qtbot: QtBot, chart: Chart) -> None:
    chart.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    newest, oldest = at(chart, NOW, 0), at(chart, DAYS.start_s, 0)

    qtbot.keyClick(chart, Qt.Key.Key_Home)
    qtbot.keyClick(chart, Qt.Key.Key_Left)

    assert newest.x() < oldest.x()
    assert chart.cursor_s == READINGS[1].at_s
    chart.grab()


@pytest.mark.usefixtures("large_text")
def test_a_chart_grows_with_the_letters(chart: Chart) -> None:
    frame = chart._frame()

    assert chart.minimumSizeHint().height() > 200
    assert frame.gutter.width() > 40


def test_areas_projection_and_their_legend_are_drawn(chart: Chart) -> None:
    chart.set_plot(AREAS)
    inside = at(chart, READINGS[1].at_s, 10 * HOUR)

    assert theme().colour("accent").name() in colours(chart, inside)
    assert [name for name, _ in legend_entries(AREAS)] == ["nas", "cloud", "expected"]


def test_a_plot_without_readings_keeps_its_frame_and_takes_no_cursor(
    qtbot: QtBot, chart: Chart
) -> None:
    chart.set_plot(replace(DAYS, traces=()))

    qtbot.keyClick(chart, Qt.Key.Key_Left)

    assert chart.cursor_s is None
    assert chart.words_at(at(chart, NOW - 12 * DAY, HOUR)).startswith("no backup yet")
