"""The activity page."""

import threading
from dataclasses import replace

from pytestqt.qtbot import QtBot

from fakes import sample_runs
from fakes.services import FakeServices
from mangrove.core.run import RunId, RunState
from mangrove.ui.models.runs_model import RunColumn
from mangrove.ui.pages.activity.page import ActivityPage
from ui.conftest import Ends


def _opened(qtbot: QtBot, ends: Ends) -> ActivityPage:
    page = ActivityPage(ends.services, ends.calls, ends.bridge, ends.navigator)
    qtbot.addWidget(page)
    page.resize(1080, 740)
    page.show()
    qtbot.waitUntil(lambda: ends.calls.waiting == 0)
    return page


def test_history_and_running_work_are_shown(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    assert page.model.rowCount() == len(sample_runs.RUNS)
    assert page.now.isVisible()


def test_waiting_run_says_why_it_waits(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)
    row = page.model.row_of(RunId("r-queued"))

    assert "is busy with" in page.model.index(row, RunColumn.RESULT).data()


def test_nothing_ran_yet_is_one_sentence_and_one_action(qtbot: QtBot, empty_ends: Ends) -> None:
    page = _opened(qtbot, empty_ends)

    assert page.empty.isVisible()
    assert not page.table.isVisible()
    with qtbot.waitSignal(empty_ends.navigator.backup_wanted):
        page.empty.button.click()


def test_run_that_ends_on_another_thread_leaves_the_running_list(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = _opened(qtbot, ends)
    for run in fakes.activity.running():
        ended = replace(run, state=RunState.SUCCEEDED)
        worker = threading.Thread(target=fakes.activity.publish, args=(ended,))
        worker.start()
        worker.join()

    qtbot.waitUntil(lambda: not page.now.isVisible())
    row = page.model.row_of(RunId("r-running"))
    assert page.model.index(row, RunColumn.STATE).data() == "done"


def test_wished_run_is_selected_and_shown(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    page.select(run="r-losses")

    assert page.detail.run_id == "r-losses"
    assert page.detail.summary.losses.isVisible()
    qtbot.waitUntil(lambda: bool(page.detail.log.toPlainText()))


def test_a_run_of_the_command_line_is_there_when_the_page_is_looked_at_again(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    page = _opened(qtbot, ends)
    chosen = page.detail.run_id
    page.hide()
    before = page.model.rowCount()
    elsewhere = replace(sample_runs.failed_backup(), run_id=RunId("r-elsewhere"))
    fakes.activity.runs[elsewhere.run_id] = elsewhere

    page.show()

    qtbot.waitUntil(lambda: page.model.rowCount() == before + 1)
    assert page.detail.run_id == chosen


def test_every_column_shown_at_first_fits_the_page(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    qtbot.waitUntil(lambda: page.table.horizontalScrollBar().maximum() == 0)

    assert not page.table.isColumnHidden(RunColumn.RESULT)


def test_filter_leaves_what_fits(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    page.search.setText("no space left")

    qtbot.waitUntil(lambda: page.table.model().rowCount() == 1)


def test_sorting_by_size_is_by_number(qtbot: QtBot, ends: Ends) -> None:
    page = _opened(qtbot, ends)

    page.table.sortByColumn(RunColumn.TOOK, page.table.horizontalHeader().sortIndicatorOrder())

    shown = [page.table.model().index(r, RunColumn.TOOK).data() for r in range(3)]
    assert shown[0] == "5 min"


def test_cancel_of_a_row_reaches_the_service(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    page = _opened(qtbot, ends)

    page._rows[RunId("r-running")].cancel_button.click()

    assert fakes.activity.cancelled == ["r-running"]
