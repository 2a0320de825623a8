"""The main window: pages, rail, strip, dialogs, closing."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot

from fakes import sample_runs
from fakes.services import FakeServices
from mangrove.core.backup import BackupRequest
from mangrove.core.backup_record import BackupRecord
from mangrove.core.pitr.capture import CaptureRequest
from mangrove.core.pitr.moments import Moment
from mangrove.core.run import RunId, RunState
from mangrove.services.vaults import VaultDraft
from mangrove.ui.application import build_window
from mangrove.ui.dialogs.backup_dialog import BackupDialog
from mangrove.ui.dialogs.capture_dialog import CaptureDialog
from mangrove.ui.dialogs.quit_dialog import QuitDialog
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.dialogs.vaults.vault_dialog import VaultAnswer, VaultDialog
from mangrove.ui.dialogs.vaults.vault_fields import VaultPlace
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.shell.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, fakes: FakeServices, tmp_path: Path) -> MainWindow:
    made = build_window(fakes.services, tmp_path / "window.ini")
    qtbot.addWidget(made, before_close_func=lambda _: fakes.activity.end_all())
    made.resize(1280, 800)
    made.show()
    _settled(qtbot, made)
    return made


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window._calls.waiting == 0)


def _navigator(window: MainWindow) -> Navigator:
    found = window.findChild(Navigator)
    assert found is not None
    return found


def test_first_page_is_the_overview(window: MainWindow) -> None:
    assert window.page_name is PageName.OVERVIEW


def test_rail_counts_what_runs(window: MainWindow) -> None:
    assert window.rail.buttons[PageName.ACTIVITY].accessibleName() == "Activity (2)"


def test_rail_folds_when_the_window_is_narrow(window: MainWindow) -> None:
    window.resize(1000, 700)

    assert window.rail.is_folded
    assert window.rail.buttons[PageName.VAULTS].accessibleName() == "Vaults"


def test_planned_pages_are_not_shown(window: MainWindow) -> None:
    assert PageName.INCIDENT not in window.rail.buttons


def test_keys_switch_pages(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()

    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)

    assert window.page_name is PageName.BACKUPS


def test_strip_shows_the_newest_running_work(window: MainWindow) -> None:
    assert window.strip.run is not None
    assert window.strip.run.run_id == "r-running"
    assert "2 of 8 collections" in window.strip.words.text()


def test_click_on_the_strip_opens_the_progress(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.strip, Qt.MouseButton.LeftButton)

    dialog = window.progress_dialog(RunId("r-running"))
    assert dialog is not None
    assert dialog.isVisible()


def test_one_run_has_one_dialog(window: MainWindow) -> None:
    _navigator(window).open_progress(RunId("r-running"))
    first = window.progress_dialog(RunId("r-running"))

    _navigator(window).open_progress(RunId("r-running"))

    assert window.progress_dialog(RunId("r-running")) is first


def test_a_closed_dialog_is_wiped_and_taken_for_the_next_run(
    qtbot: QtBot, window: MainWindow
) -> None:
    _navigator(window).open_progress(RunId("r-failed"))
    first = window.progress_dialog(RunId("r-failed"))
    assert first is not None
    qtbot.waitUntil(lambda: first.log.blockCount() == 6)
    first.follow.setChecked(False)

    first.close()
    assert window.progress_dialog(RunId("r-failed")) is None
    assert first.log.toPlainText() == ""
    _navigator(window).open_progress(RunId("r-running"))

    assert window.progress_dialog(RunId("r-running")) is first
    assert first.windowTitle() == "Back up staging"
    assert not first.summary.isVisible()
    assert first.bar.isVisible()
    assert first.follow.isChecked()
    _settled(qtbot, window)


def test_two_runs_have_two_dialogs(window: MainWindow) -> None:
    for run in ("r-running", "r-failed"):
        _navigator(window).open_progress(RunId(run))

    both = {window.progress_dialog(RunId(run)) for run in ("r-running", "r-failed")}
    assert len(both) == 2
    assert all(dialog is not None and dialog.isVisible() for dialog in both)


def test_an_unknown_run_is_told_and_opens_nothing(window: MainWindow) -> None:
    _navigator(window).open_progress(RunId("r-none"))

    assert window.progress_dialog(RunId("r-none")) is None
    assert window.notice.text != ""
    _navigator(window).open_progress(RunId("r-running"))
    assert window.progress_dialog(RunId("r-running")) is not None


def test_first_window_leaves_room_for_its_title_on_the_screen(
    qtbot: QtBot, no_data: FakeServices, tmp_path: Path
) -> None:
    first = build_window(no_data.services, tmp_path / "new.ini")
    qtbot.addWidget(first)

    assert first.height() < first.screen().availableSize().height()
    _settled(qtbot, first)


def test_page_is_opened_with_its_selection(window: MainWindow) -> None:
    _navigator(window).open_page(PageName.ACTIVITY, run="r-losses")

    assert window.page_name is PageName.ACTIVITY
    assert window.places[PageName.ACTIVITY].page.detail.run_id == "r-losses"


def test_closing_while_work_goes_on_asks_and_stays(
    window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuitDialog, "ask", lambda *_: False)

    window.close()

    assert window.isVisible()
    assert fakes.activity.cancelled == []


def test_closing_cancels_the_runs_and_waits_for_their_end(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuitDialog, "ask", lambda *_: True)

    window.close()
    assert window.isVisible()
    for run in fakes.activity.running():
        fakes.activity.publish(replace(run, state=RunState.CANCELLED))

    qtbot.waitUntil(lambda: not window.isVisible())
    assert set(fakes.activity.cancelled) == {"r-running", "r-queued"}
    assert fakes.activity.listeners == 0


def test_window_remembers_its_page(qtbot: QtBot, no_data: FakeServices, tmp_path: Path) -> None:
    for expected in (PageName.OVERVIEW, PageName.VAULTS):
        made = build_window(no_data.services, tmp_path / "window.ini")
        qtbot.addWidget(made)
        made.show()
        _settled(qtbot, made)
        assert made.page_name is expected
        made.open_page(PageName.VAULTS)
        made.close()


def test_columns_are_remembered_but_not_those_of_a_table_with_fewer(
    qtbot: QtBot, no_data: FakeServices, tmp_path: Path
) -> None:
    fewer = QTableView()
    qtbot.addWidget(fewer)
    fewer.setModel(QStandardItemModel(0, 3, fewer))
    old = fewer.horizontalHeader().saveState()
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    for name in ("columns/backups", "columns/backups-3"):
        settings.setValue(name, old)
    settings.sync()

    for is_shown in (False, True):
        made = build_window(no_data.services, tmp_path / "window.ini")
        qtbot.addWidget(made)
        made.show()
        _settled(qtbot, made)
        table = made.findChild(QTableView, "backups")
        assert isinstance(table, QTableView)
        last = table.model().columnCount() - 1
        assert table.isColumnHidden(last) is not is_shown
        table.showColumn(last)
        made.close()


def test_answered_backup_dialog_starts_a_run_and_opens_its_progress(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = BackupRequest("staging", "cloud")
    monkeypatch.setattr(BackupDialog, "ask", lambda *_: request)

    _navigator(window).open_backup("staging")

    qtbot.waitUntil(lambda: bool(window._progress._open))
    assert fakes.backups.requests == [request]


def test_backup_without_a_vault_says_what_is_missing(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VaultDialog, "ask", lambda *_: None)
    fakes.vaults.rows = []

    _navigator(window).open_backup("staging")

    assert window.notice.text == "There is no vault to keep the backup in yet."
    with qtbot.waitSignal(_navigator(window).add_vault_wanted):
        window.notice.action.click()


def test_vault_that_cannot_be_made_is_asked_for_again_with_what_was_typed(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = VaultDraft("cloud", "file:///srv/elsewhere")
    answer = VaultAnswer(VaultPlace(), draft)
    starts: list[object] = []

    def ask(*given: object) -> VaultAnswer | None:
        starts.append(given[-1])
        return answer if len(starts) == 1 else None

    monkeypatch.setattr(VaultDialog, "ask", ask)

    _navigator(window).open_add_vault()

    qtbot.waitUntil(lambda: len(starts) == 2)
    assert starts[1].draft is draft
    assert starts[1].problem.code == "name-taken"


def test_new_work_of_a_worker_appears_in_the_strip(
    qtbot: QtBot, no_data: FakeServices, tmp_path: Path
) -> None:
    made = build_window(no_data.services, tmp_path / "window.ini")
    qtbot.addWidget(made)
    assert made.strip.run is None

    no_data.activity.publish(sample_runs.running_backup())

    qtbot.waitUntil(lambda: made.strip.run is not None)
    no_data.activity.publish(replace(sample_runs.running_backup(), state=RunState.SUCCEEDED))
    qtbot.waitUntil(lambda: made.strip.run is None)
    made.close()


def test_right_to_left_layout_opens_every_page_without_warnings(
    qtbot: QtBot, qapp: QApplication, window: MainWindow
) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        for name in window.places:
            window.open_page(name)
            window.grab()
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    _settled(qtbot, window)


def test_doubled_font_cuts_no_rail_caption_and_no_button(
    qtbot: QtBot, qapp: QApplication, window: MainWindow
) -> None:
    font = qapp.font()
    doubled = qapp.font()
    doubled.setPointSizeF(max(font.pointSizeF(), 9.75) * 2)
    before = window.places[PageName.OVERVIEW].page.dashboard.headline.fontMetrics().height()
    qapp.setFont(doubled)
    try:
        window.resize(1600, 1200)
        window.grab()
        headline = window.places[PageName.OVERVIEW].page.dashboard.headline
        assert headline.fontMetrics().height() > 1.8 * before
        for button in window.rail.buttons.values():
            assert button.width() >= button.sizeHint().width()
        page = window.places[PageName.OVERVIEW].page
        assert page.back_up.width() >= page.back_up.sizeHint().width()
    finally:
        qapp.setFont(font)
    _settled(qtbot, window)


def test_answered_capture_dialog_starts_a_run(
    qtbot: QtBot, window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = CaptureRequest("production", "office-nas")
    monkeypatch.setattr(CaptureDialog, "ask", lambda *_: request)

    _navigator(window).open_capture("production")

    qtbot.waitUntil(lambda: bool(window._progress._open))
    assert fakes.captures.requests == [request]


def test_a_moment_opens_the_restore_of_its_base_with_the_moment_filled_in(
    window: MainWindow, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[BackupRecord, Moment]] = []
    monkeypatch.setattr(RestoreDialog, "ask", lambda *args: asked.append((args[3], args[4])))
    base = fakes.points.timeline("staging").bases[-1]
    moment = Moment(base.stands_at.following, "then")

    _navigator(window).open_rewind("staging", moment)

    assert [(record.backup, at) for record, at in asked] == [(base.backup, moment)]
