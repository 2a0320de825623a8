"""The progress dialog of one run."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fakes import sample_runs
from fakes.services import FakeServices
from mangrove.core.backup import BackupId
from mangrove.core.run import (
    NamespaceProgress,
    NamespaceState,
    Phase,
    Problem,
    RunId,
    RunState,
    RunStatus,
)
from mangrove.ui.dialogs.progress_dialog import ProgressDialog
from mangrove.ui.dialogs.quit_dialog import QuitDialog
from mangrove.ui.dialogs.run_remedy import run_remedy
from mangrove.ui.navigation import PageName
from mangrove.ui.problems import Remedy
from ui.conftest import Ends


def _opened(qtbot: QtBot, ends: Ends, run_id: str) -> ProgressDialog:
    dialog = ProgressDialog(ends.services, ends.calls, ends.bridge, ends.navigator)
    dialog.watch(RunId(run_id))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def _publish(fakes: FakeServices, status: RunStatus) -> None:
    worker = threading.Thread(target=lambda: fakes.activity.publish(status))
    worker.start()
    worker.join()


def test_running_backup_shows_share_rate_and_time_left(qtbot: QtBot, ends: Ends) -> None:
    dialog = _opened(qtbot, ends, "r-running")

    assert dialog.figures.text() == "54 %   84 MB/s   1 min 10 s left"
    assert dialog.step.text() == "3 of 6 phases"
    assert dialog.bar.value() == 540


def test_log_appears_and_grows(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    qtbot.waitUntil(lambda: dialog.log.blockCount() == 6)
    line = replace(fakes.activity.lines[-1], text="shop.carts: 5,310 documents")
    fakes.activity.lines = (*fakes.activity.lines, line)

    _publish(fakes, replace(sample_runs.running_backup(), note="next"))

    qtbot.waitUntil(lambda: "shop.carts" in dialog.log.toPlainText())
    assert dialog.log.blockCount() == 7


def test_progress_of_another_thread_moves_the_bar(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    status = sample_runs.running_backup()

    _publish(fakes, replace(status, done_bytes=status.total_bytes * 3 // 4))

    qtbot.waitUntil(lambda: dialog.bar.value() == 750)


def test_end_turns_the_dialog_into_its_summary(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    ended = replace(sample_runs.restore_with_losses(), run_id=RunId("r-running"))

    _publish(fakes, ended)

    qtbot.waitUntil(dialog.summary.isVisible)
    assert dialog.summary.losses.topLevelItemCount() == 1
    assert not dialog.cancel.isVisible()
    assert dialog.close_button.isVisible()


def test_failed_run_says_what_is_safe_and_what_to_do(qtbot: QtBot, ends: Ends) -> None:
    dialog = _opened(qtbot, ends, "r-failed")

    assert "Existing backups were not touched" in dialog.summary.message.text
    assert "/srv/backups/mongo has no space left" in dialog.summary.message.text


def _button(dialog: ProgressDialog, caption: str) -> QPushButton:
    buttons = dialog.summary.findChildren(QPushButton)
    return next(b for b in buttons if b.text().replace("&", "") == caption)


def test_the_safety_backup_of_a_restore_can_be_shown(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    ended = replace(sample_runs.restore_with_losses(), run_id=RunId("r-running"))
    assert ended.result is not None
    result = replace(ended.result, safety_backup=BackupId("2026-safe"), losses=())
    _publish(fakes, replace(ended, result=result))
    qtbot.waitUntil(dialog.summary.isVisible)
    assert "2026-safe" in [label.text() for label in dialog.summary.facts.findChildren(QLabel)]

    with qtbot.waitSignal(ends.navigator.page_wanted) as wish:
        _button(dialog, "Show safety backup").click()

    assert wish.args == [PageName.BACKUPS, {"backup": "2026-safe"}]


def test_failed_run_offers_what_helps(qtbot: QtBot, ends: Ends) -> None:
    dialog = _opened(qtbot, ends, "r-failed")

    with qtbot.waitSignal(ends.navigator.page_wanted) as wish:
        _button(dialog, "Check vault").click()

    assert wish.args == [PageName.VAULTS, {"vault": "office-nas"}]
    assert not dialog.isVisible()


def test_a_run_that_failed_by_our_fault_gives_a_report_without_secrets(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    problem = Problem("error", "went wrong at mongodb://ann:hunter2@db1/ (KeyError)", is_bug=True)
    run = replace(sample_runs.failed_backup(), problem=problem)
    fakes.activity.runs[run.run_id] = run
    dialog = _opened(qtbot, ends, "r-failed")
    qtbot.waitUntil(lambda: dialog.log.blockCount() > 1)

    _button(dialog, "Copy report").click()

    report = QGuiApplication.clipboard().text()
    assert "went wrong at mongodb://db1/ (KeyError)" in report
    assert fakes.activity.lines[-1].text in report
    assert "hunter2" not in report
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("remedy", "has_way"),
    [(r, r not in (Remedy.NONE, Remedy.COPY_REPORT)) for r in Remedy],
)
def test_every_remedy_of_a_run_leads_somewhere(ends: Ends, remedy: Remedy, has_way: bool) -> None:
    action = run_remedy(sample_runs.failed_backup(), remedy, ends.navigator)

    assert (action is not None) is has_way


def test_cancel_asks_the_service_and_says_so(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = _opened(qtbot, ends, "r-running")

    dialog.cancel.click()

    assert fakes.activity.cancelled == ["r-running"]
    qtbot.waitUntil(lambda: dialog.badge.word == "cancelling")
    assert not dialog.cancel.isEnabled()


def test_escape_leaves_the_run_alone(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = _opened(qtbot, ends, "r-running")

    qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    assert not dialog.isVisible()
    assert fakes.activity.cancelled == []


def test_news_come_faster_than_a_person_reads_and_are_drawn_at_most_five_times_a_second(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    drawn: list[RunStatus] = []
    show = dialog.show_status
    monkeypatch.setattr(dialog, "show_status", lambda s: (drawn.append(s), show(s)))
    rows = tuple(NamespaceProgress(f"shop.c{n}", NamespaceState.ACTIVE, n, 100) for n in range(50))
    status = replace(sample_runs.running_backup(), namespaces=rows, namespaces_total=2000)

    for number in range(500):
        fakes.activity.publish(replace(status, documents=number))

    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1].documents == 499)
    assert len(drawn) <= 3
    assert dialog.more.text() == "1,950 more"


def test_next_steps_of_a_backup_lead_on(qtbot: QtBot, ends: Ends) -> None:
    dialog = _opened(qtbot, ends, "r-0")
    buttons = [b.text().replace("&", "") for b in dialog.summary.findChildren(type(dialog.cancel))]

    assert {"Verify…", "Restore…", "Show backup"} <= set(buttons)


def test_phases_before_the_current_one_are_ticked(qtbot: QtBot, ends: Ends) -> None:
    dialog = _opened(qtbot, ends, "r-running")

    assert dialog.phases.accessibleName() == "Phases done: connect, preflight"
    assert sample_runs.running_backup().phase is Phase.DUMP


def test_quit_question_stays_by_default(qtbot: QtBot) -> None:
    dialog = QuitDialog((sample_runs.running_backup(),))
    qtbot.addWidget(dialog)
    dialog.show()

    assert dialog.stay.isDefault()
    assert not dialog.leave.autoDefault()


@pytest.mark.parametrize("state", [s for s in RunState if s.is_over])
def test_every_ending_can_be_read(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, state: RunState
) -> None:
    run = replace(sample_runs.running_backup("r-end"), state=state)
    fakes.activity.runs[run.run_id] = run

    dialog = _opened(qtbot, ends, "r-end")

    assert dialog.summary.message.text


def test_at_the_end_the_keyboard_stands_on_close(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = _opened(qtbot, ends, "r-running")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.background.hasFocus)

    _publish(fakes, replace(sample_runs.running_backup(), state=RunState.SUCCEEDED))

    qtbot.waitUntil(dialog.close_button.hasFocus)
