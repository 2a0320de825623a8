"""The overview page."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fakes import sample_data, sample_runs
from fakes.services import FakeServices
from mangrove.core.errors import StorageUnavailableError
from mangrove.core.figures.answer import Overview
from mangrove.core.run import RunState
from mangrove.ui.navigation import PageName
from mangrove.ui.pages.overview.page import OverviewPage
from mangrove.ui.pages.overview.profile_card import ProfileCard
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.labels import TextLabel
from ui.conftest import Ends


def opened(qtbot: QtBot, ends: Ends) -> OverviewPage:
    page = OverviewPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1280 - Size.RAIL, 800)
    page.show()
    qtbot.waitUntil(lambda: is_settled(page, ends))
    return page


def is_settled(page: OverviewPage, ends: Ends) -> bool:
    return ends.calls.waiting == 0 and page.dashboard.is_drawn


def cards(page: OverviewPage) -> list[tuple[str, str]]:
    column = page.dashboard.profiles._column
    widgets = [column.itemAt(n).widget() for n in range(column.count())]
    return [(w.profile, w.badge.word) for w in widgets if isinstance(w, ProfileCard)]


def needs(page: OverviewPage) -> list[str]:
    return [row.sentence.text() for row in page.dashboard.needs.rows]


def test_worst_profile_stands_first(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    shown = cards(page)
    assert shown[0] == ("reporting", "exposed")
    assert {name for name, _ in shown} == {"reporting", "production", "staging"}


def test_answer_comes_first(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    answer = page.dashboard.headline.text()
    assert answer.startswith("If reporting died now you would lose at most")


def test_backups_of_parts_are_not_called_nothing_and_names_keep_their_case(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    rows = [r for r in fakes.backups.rows if r.profile_slug != "production"]
    part = replace(sample_data.RECORDS[0], profile_slug="production", is_whole=False)
    fakes.backups.rows[:] = [*rows, part]

    page = opened(qtbot, ends)

    page.dashboard.needs.more.click()
    assert "No backup holds all of production: 1 backup holds a part of it." in needs(page)
    assert page.dashboard.headline.text() == (
        "If production died now, everything on it that no backup of a part holds would be lost."
    )


def test_a_deployment_without_any_backup_is_named_as_it_is_written(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.backups.rows[:] = [r for r in fakes.backups.rows if r.profile_slug == "staging"]

    page = opened(qtbot, ends)

    page.dashboard.needs.more.click()
    assert "There is no backup of production." in needs(page)


def test_what_needs_somebody_stands_beside_several_profiles_and_above_one(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends)
    board, shelf = page.dashboard, page.dashboard.shelf
    assert _left_in(shelf, board.needs) > _left_in(shelf, board.profiles)
    every, backups = list(fakes.profiles.rows), list(fakes.backups.rows)

    fakes.profiles.rows[:] = [p for p in every if p.name == "production"]
    fakes.backups.rows[:] = [r for r in backups if r.profile_slug == "production"]
    page.reload()

    qtbot.waitUntil(lambda: is_settled(page, ends) and len(cards(page)) == 1)
    qtbot.waitUntil(lambda: board.needs.width() == shelf.column.contentsRect().width())
    assert _top_in(shelf, board.needs) < _top_in(shelf, board.profiles)
    row = board.needs.rows[0]
    qtbot.waitUntil(lambda: row.button.x() > row.sentence.geometry().right())

    fakes.profiles.rows[:], fakes.backups.rows[:] = every, backups
    page.reload()

    qtbot.waitUntil(lambda: is_settled(page, ends) and len(cards(page)) > 1)
    qtbot.waitUntil(lambda: _left_in(shelf, board.needs) > _left_in(shelf, board.profiles))
    row = board.needs.rows[0]
    qtbot.waitUntil(lambda: row.button.y() > row.sentence.geometry().bottom())


def _left_in(shelf: QWidget, part: QWidget) -> int:
    return part.mapTo(shelf, part.rect().topLeft()).x()


def _top_in(shelf: QWidget, part: QWidget) -> int:
    return part.mapTo(shelf, part.rect().topLeft()).y()


@pytest.mark.usefixtures("large_text")
def test_nothing_scrolls_sideways_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    qtbot.waitUntil(lambda: page.dashboard.shelf.widget().width() > 500)

    assert page.dashboard.shelf.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("width", [800 - Size.RAIL_FOLDED, 1280 - Size.RAIL, 2400])
def test_nothing_scrolls_sideways_and_nothing_is_squeezed(
    qtbot: QtBot, ends: Ends, width: int
) -> None:
    page = opened(qtbot, ends)
    page.resize(width, 700)
    shelf = page.dashboard.shelf

    charts = (page.dashboard.history.exposure, page.dashboard.storage.chart)

    def is_roomy() -> bool:
        needed = shelf.column.minimumHeightForWidth(shelf.viewport().width())
        charted = all(chart.height() >= chart.minimumSizeHint().height() for chart in charts)
        return shelf.widget().height() >= needed and charted

    qtbot.waitUntil(is_roomy)

    assert shelf.horizontalScrollBar().maximum() == 0


def test_each_need_has_a_button_that_mends_it(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    wanted = next(r for r in page.dashboard.needs.rows if r.button.text() == "Back up now…")

    with qtbot.waitSignal(ends.navigator.backup_wanted) as asked:
        wanted.button.click()

    assert asked.args[0] == "reporting"
    assert wanted.button.toolTip().startswith("In a terminal: mangrove backup reporting")


def test_new_install_shows_three_steps_and_no_figures(qtbot: QtBot, empty_ends: Ends) -> None:
    page = opened(qtbot, empty_ends)

    assert page.steps.isVisible()
    assert not page.dashboard.isVisible()
    assert [b.isEnabled() for b in page.steps.buttons] == [True, False, False]


def test_done_step_is_ticked_and_the_next_one_opens(
    qtbot: QtBot, empty_ends: Ends, no_data: FakeServices, fakes: FakeServices
) -> None:
    page = opened(qtbot, empty_ends)
    no_data.profiles.rows = list(fakes.profiles.rows)

    empty_ends.navigator.tell_data_changed()
    qtbot.waitUntil(page.steps.buttons[0].isHidden)

    assert [b.isEnabled() for b in page.steps.buttons] == [True, True, False]


def test_failure_is_said_in_place(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = opened(qtbot, ends)

    def fail() -> Overview:
        raise StorageUnavailableError("the catalog's disk is gone")

    fakes.figures.overview = fail  # type: ignore[method-assign]  # what a dead disk does
    page.reload()

    qtbot.waitUntil(page.banner.isVisible)
    assert "cannot be reached" in page.banner.text


def test_ended_backup_brings_new_figures(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = opened(qtbot, ends)
    fakes.backups.rows = [r for r in fakes.backups.rows if r.profile_slug != "staging"]

    fakes.activity.publish(replace(sample_runs.running_backup(), state=RunState.SUCCEEDED))

    qtbot.waitUntil(lambda: ("staging", "exposed") in cards(page))


def test_many_ends_at_once_are_looked_at_once_and_then_once_more(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends)
    page._pause.setInterval(50)
    looks: list[Overview] = []
    asked = fakes.figures.overview

    def counted() -> Overview:
        looks.append(asked())
        return looks[-1]

    fakes.figures.overview = counted  # type: ignore[method-assign]  # counts how often it is asked
    for number in range(20):
        run = sample_runs.running_backup(f"r-{number}")
        fakes.activity.publish(replace(run, state=RunState.SUCCEEDED))

    qtbot.waitUntil(lambda: len(looks) == 2)
    qtbot.waitUntil(lambda: ends.calls.waiting == 0 and not page._pause.isActive())
    assert len(looks) == 2


def test_what_somebody_reads_stays_where_it_is_when_figures_come_anew(
    qtbot: QtBot, ends: Ends
) -> None:
    page = opened(qtbot, ends)
    card = page.dashboard.profiles.cards["staging"]
    card.fold.button.click()
    row = page.dashboard.needs.rows[0]
    page.dashboard.history.choose("staging")

    page.reload()
    qtbot.waitUntil(lambda: is_settled(page, ends))

    assert page.dashboard.profiles.cards["staging"] is card
    assert card.fold.button.isChecked()
    assert page.dashboard.needs.rows[0] is row
    assert page.dashboard.history.profile.currentText() == "staging"


def test_a_card_leads_to_the_timeline_of_its_profile(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        page.dashboard.profiles.cards["staging"].timeline.click()

    assert wanted.args == [PageName.TIMELINE, {"profile": "staging"}]


def test_captured_profiles_show_their_windows_and_gaps(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    band = page.dashboard.profiles.cards["production"].band
    assert band.isVisible()
    assert band.accessibleName() == "Any second of the last 14 days, with 5 gaps"
    assert "oplog was captured, but no backup" in band.tip_at(
        band.scale.x_of(sample_data.NOW.timestamp() - 11.5 * 86_400)
    )
    assert band.tip_at(1).startswith("Nothing kept")
    assert not page.dashboard.profiles.cards["staging"].band.isVisible()


def test_a_click_on_the_band_opens_the_timeline(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    band = page.dashboard.profiles.cards["production"].band

    with qtbot.waitSignal(ends.navigator.page_wanted):
        qtbot.mouseClick(band, Qt.MouseButton.LeftButton)


def test_the_databases_of_a_profile_are_listed_worst_first(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    card = page.dashboard.profiles.cards["reporting"]

    card.fold.button.click()

    words = card.grid.texts()
    assert words[:6] == [
        "Database",
        "Lose at most",
        "Objective",
        "Back in",
        "Restored on trial",
        "Collections backed up",
    ]
    assert words[6] in ("billing", "shop")
    assert "2 days" in words


def test_history_goes_to_the_profile_that_a_card_means(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    page.dashboard.profiles.cards["production"].history.click()

    history = page.dashboard.history
    assert history.profile.currentText() == "production"
    assert history.exposure.plot.title == "Exposure of each day of production"
    bar = page.dashboard.shelf.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)


def test_runs_that_do_not_come_on_are_called_stuck(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = opened(qtbot, ends)
    rows = page.dashboard.operations.rows
    running = next(row for row in rows.values() if row.badge.word == "running")
    assert not running.is_stuck

    fakes.clock.advance(timedelta(minutes=3))
    page.dashboard.operations._on_timer_timeout()

    assert running.is_stuck
    assert "last change 3 min ago" in running.figures.text()
    waiting = [row for row in rows.values() if row.badge.word == "waiting"]
    assert waiting
    assert not waiting[0].is_stuck

    moved = replace(sample_runs.running_backup(), done_bytes=900_000_000)
    fakes.activity.publish(moved)
    qtbot.waitUntil(lambda: not running.is_stuck)


def test_what_is_deleted_next_is_said_with_its_reason(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    words = [label.text() for label in page.dashboard.departures.findChildren(TextLabel)]
    assert any(line.startswith("24 backups will go and free") for line in words)
    assert any("no rule keeps it" in line for line in words)


def test_a_vault_that_cannot_be_looked_at_is_named_and_hides_nothing_else(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.retention.problem = StorageUnavailableError("the folder is gone")

    page = opened(qtbot, ends)

    words = [label.text() for label in page.dashboard.departures.findChildren(TextLabel)]
    assert any(line.startswith("cloud: not known.") for line in words)
    assert not page.banner.isVisible()
    assert page.dashboard.headline.text()


def test_storage_is_shown_by_vault_and_by_tier(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    storage = page.dashboard.storage
    all_names = [trace.name for trace in storage.chart.plot.traces]

    storage.vault.setCurrentText("cloud")
    storage.vault.activated.emit(1)
    storage.split.setCurrentIndex(1)
    storage.split.activated.emit(1)

    assert set(all_names) == {"production", "staging", "reporting", "expected"}
    assert storage.chart.plot.title == "What is kept in cloud, by how long it stays"
    assert "daily" in [trace.name for trace in storage.chart.plot.traces]
    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        storage.retention.click()
    assert wanted.args == [PageName.VAULTS, {"retention": "cloud"}]


def test_readers_are_named_with_both_ends_of_their_keys(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    words = [label.text() for label in page.dashboard.readers.findChildren(TextLabel)]
    assert "cloud" in words
    assert any("age1qyqszq\N{HORIZONTAL ELLIPSIS}3290gq" in line for line in words)


def test_a_job_on_the_strip_leads_to_its_page(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.page_wanted) as wanted:
        page.dashboard.schedule.strip.row_activated.emit("nightly")

    assert wanted.args == [PageName.JOBS, {"job": "nightly"}]


def test_the_whole_page_can_be_walked_over_with_tab(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    page.activateWindow()
    page.back_up.setFocus()
    seen = []
    for _ in range(80):
        qtbot.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())

    dashboard = page.dashboard
    for wanted in (dashboard.schedule.strip, dashboard.history.exposure, dashboard.storage.chart):
        assert wanted in seen


def test_lines_run_from_right_to_left_where_one_reads_so(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)
    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    def middle(widget: QWidget) -> int:
        return widget.mapTo(page, widget.rect().center()).x()

    qtbot.waitUntil(lambda: middle(page.dashboard.needs) < middle(page.dashboard.profiles))
    page.grab()


def test_the_header_leads_to_an_evidence_report(qtbot: QtBot, ends: Ends) -> None:
    page = opened(qtbot, ends)

    with qtbot.waitSignal(ends.navigator.report_wanted) as wanted:
        page.report.click()

    assert wanted.args == ["", None]


def test_other_pages_open_with_the_profile_in_most_need(qtbot: QtBot, ends: Ends) -> None:
    opened(qtbot, ends)

    assert ends.navigator.profile == "reporting"
