"""The jobs page."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QStyleOptionViewItem, QToolTip
from pytestqt.qtbot import QtBot

from fakes import sample_jobs, sample_runs
from fakes.sample_data import NOW
from fakes.services import FakeServices
from mangrove.core.errors import StateUnavailableError
from mangrove.core.jobs.job import JobKind
from mangrove.core.jobs.vigil import Notice, NoticeKind
from mangrove.core.run import RunState
from mangrove.core.verification import Level
from mangrove.services.jobs import JobDraft
from mangrove.ui.dialogs.confirm_dialog import ConfirmDialog
from mangrove.ui.dialogs.job_dialog import JobDialog
from mangrove.ui.dialogs.pause_dialog import PauseDialog
from mangrove.ui.dialogs.plan_choice_dialog import PlanChoiceDialog
from mangrove.ui.models.jobs_model import JobColumn, JobsModel
from mangrove.ui.pages.jobs.page import JobsPage
from mangrove.ui.widgets.tables.middle_elided import MiddleElided
from ui.conftest import Ends


def _opened(qtbot: QtBot, ends: Ends) -> JobsPage:
    page = JobsPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1080, 740)
    page.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    return page


def _cells(page: JobsPage, column: JobColumn) -> list[str]:
    rows = range(page.model.rowCount())
    return [page.model.index(row, column).data() for row in rows]


def test_every_job_says_how_its_last_time_went_and_when_it_is_due(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert _cells(page, JobColumn.STATE) == ["failed", "done", "done", "paused"]
    assert _cells(page, JobColumn.WHEN)[0] == "At 02:00 every day"
    assert all(_cells(page, JobColumn.NEXT))
    assert page.agent.badge.accessibleName() == "on time"
    assert page.agent.words.text() == "Jobs run while Mangrove is open."


def test_names_keep_both_ends_and_say_the_whole_only_where_they_are_cut(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, told = _opened(qtbot, ends), list[str]()
    monkeypatch.setattr(QToolTip, "showText", lambda _at, words, *_: told.append(words))
    table = page.table
    cell = table.model().index(0, JobColumn.NAME)
    cells = table.itemDelegateForColumn(JobColumn.NAME)
    assert isinstance(cells, MiddleElided)

    def hovered(width: int) -> QStyleOptionViewItem:
        table.setColumnWidth(JobColumn.NAME, width)
        option = QStyleOptionViewItem()
        option.initFrom(table)
        option.rect = table.visualRect(cell)
        at = option.rect.center()
        event = QHelpEvent(QEvent.Type.ToolTip, at, table.viewport().mapToGlobal(at))
        cells.helpEvent(event, table, option, cell)
        cells.initStyleOption(option, cell)
        return option

    assert hovered(400).textElideMode is Qt.TextElideMode.ElideMiddle
    assert told == []
    hovered(24)
    assert told == [cell.data()]


def test_detail_shows_times_history_and_why_it_failed(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    page.select(job="nightly")

    assert "cannot reach db1.example.net" in page.detail.problem.text()
    assert len(page.detail.times.texts()) == 20
    assert "done (for 2 missed before)" in page.detail.history.texts()
    assert "Back up, then every document decoded, then vault pruned" in page.detail.facts.texts()


def test_nobody_who_fires_jobs_is_said_with_one_click_to_mend_it(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.jobs.holder = None
    page = _opened(qtbot, ends)
    assert page.agent.badge.accessibleName() == "unattended"

    page.agent.install_button.click()

    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    assert fakes.agent.done == [("install",)]
    assert not page.agent.install_button.isVisible()


def test_all_jobs_rest_with_a_reason_and_go_on(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    later = NOW + timedelta(days=1)
    monkeypatch.setattr(PauseDialog, "ask", lambda *_: (later, "moving house"))

    page.agent.rest_button.click()
    qtbot.waitUntil(lambda: page.agent.is_resting)
    assert "moving house" in page.agent.words.text()
    page.agent.rest_button.click()

    qtbot.waitUntil(lambda: not page.agent.is_resting)
    assert fakes.agent.done == [("rest", "moving house"), ("end rest",)]


def test_what_the_agent_noticed_is_said_in_one_line(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    night = Notice(NOW - timedelta(hours=1), NoticeKind.SLEPT, timedelta(hours=7, minutes=40))
    fakes.agent.noticed = (Notice(NOW, NoticeKind.STARTED), night)

    page = _opened(qtbot, ends)

    assert page.agent.notice.text().endswith("the computer slept for 7 h 40 min")


def test_progress_of_runs_reloads_nothing_and_a_change_of_state_once(
    qtbot: QtBot, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    page.model.set_rows(())  # whatever is loaded now is seen
    loads: list[None] = []
    monkeypatch.setattr(page, "reload", lambda: loads.append(None))
    page._soon.timeout.disconnect()
    page._soon.timeout.connect(page.reload)
    run = sample_runs.RUNS[0]

    for step in range(200):
        ends.bridge.run_changed.emit(replace(run, done_bytes=step))
    for state in (RunState.CANCELLING, RunState.CANCELLED):
        ends.bridge.run_changed.emit(replace(run, state=state))
    qtbot.waitUntil(lambda: not page._soon.isActive())

    assert len(loads) == 1


def test_no_job_yet_is_one_sentence_and_one_action(qtbot: QtBot, empty_ends: Ends) -> None:
    page = _opened(qtbot, empty_ends)

    assert page.empty.isVisible()
    with qtbot.waitSignal(empty_ends.navigator.add_profile_wanted):
        page.empty.button.click()


def test_run_pause_resume_and_remove_reach_the_service(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    later = NOW + timedelta(days=1)
    monkeypatch.setattr(PauseDialog, "ask", lambda *_: (later, "moving"))
    monkeypatch.setattr(ConfirmDialog, "ask", lambda *_: True)

    page.select(job="nightly")
    page.detail.run_button.click()
    page.detail.pause_button.click()
    page.select(job="vault check")
    page.detail.pause_button.click()
    page.detail.remove_button.click()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)

    assert fakes.jobs.done == [
        ("start", "nightly"),
        ("pause", "nightly", later.isoformat(), "moving"),
        ("resume", "vault check"),
        ("remove", "vault check"),
    ]
    assert "vault check" not in _cells(page, JobColumn.NAME)


def test_the_recommended_plan_and_a_job_of_ones_own_are_made(
    qtbot: QtBot, ends: Ends, fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(qtbot, ends)
    draft = JobDraft("mine", JobKind.VERIFY, "cloud", "daily 04:00", "UTC")
    monkeypatch.setattr(PlanChoiceDialog, "ask", lambda *_: ("production", "cloud"))
    monkeypatch.setattr(JobDialog, "ask", lambda *_: draft)

    page.plan_button.click()
    page.add_button.click()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)

    assert fakes.jobs.done == [("recommended", "production", "cloud", "Europe/Berlin")]
    assert fakes.jobs.drafts == [draft]


def test_a_failing_service_is_told_on_the_page(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = _opened(qtbot, ends)
    fakes.jobs.problem = StateUnavailableError("the disk is full")

    page.reload()

    qtbot.waitUntil(page.banner.isVisible)


def test_model_keeps_qt_rules(ends: Ends, qtmodeltester: object) -> None:
    model = JobsModel(ends.services.clock)
    model.set_rows(sample_jobs.JOBS)

    qtmodeltester.check(model)  # type: ignore[attr-defined]


def test_job_dialog_shows_next_times_and_refuses_what_is_no_schedule(
    qtbot: QtBot, ends: Ends
) -> None:
    dialog = JobDialog(None, ends.services)
    qtbot.addWidget(dialog)
    assert dialog.yes.isEnabled()
    assert "tomorrow 02:00" in dialog.times.text() or "Next times" in dialog.times.text()

    dialog.schedule.setEditText("when it rains")
    assert not dialog.yes.isEnabled()

    dialog.kind.setCurrentIndex(dialog.kind.findData(JobKind.VERIFY))
    dialog.schedule.setEditText("sundays 05:00")
    assert dialog.yes.isEnabled()
    answer = dialog.answer()
    assert (answer.kind, answer.level, answer.name) == (
        JobKind.VERIFY,
        Level.RESTORED,
        "production verify",
    )


def test_pause_dialog_answers_a_moment_with_its_zone(qtbot: QtBot, ends: Ends) -> None:
    dialog = PauseDialog(None, "nightly", ends.services.points, NOW)
    qtbot.addWidget(dialog)
    assert not dialog.yes.isEnabled()
    dialog.why.setText(" moving ")
    assert dialog.yes.isEnabled()

    until, why = dialog.answer()

    assert (until, why) == (NOW + timedelta(days=1), "moving")
    assert until.tzinfo is not None


def test_recommended_plan_dialog_names_what_will_run(qtbot: QtBot, ends: Ends) -> None:
    dialog = PlanChoiceDialog(None, ends.services)
    qtbot.addWidget(dialog)

    assert "daily 02:00" in dialog.jobs.texts()
    assert dialog.answer() == ("production", "cloud")


@pytest.mark.usefixtures("large_text")
@pytest.mark.parametrize("direction", list(Qt.LayoutDirection)[:2])
def test_page_draws_with_large_text_in_both_directions(
    qtbot: QtBot, ends: Ends, direction: Qt.LayoutDirection
) -> None:
    page = _opened(qtbot, ends)
    page.setLayoutDirection(direction)

    assert not page.grab().isNull()
