import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import RECORDS
from fakes.services import FakeServices
from mangrove.core.assertion import Answer, Measure
from mangrove.core.errors import PointNotReachableError, ServerUnreachableError
from mangrove.core.jobs.job import JobKind
from mangrove.core.reports.report import ReportKind
from mangrove.core.verification import EMBEDDED
from mangrove.services.evidence_reports import ReportForm
from mangrove.ui.dialogs.drill_dialog import DrillDialog, Way
from mangrove.ui.dialogs.evidence_report_dialog import EvidenceReportDialog
from mangrove.ui.dialogs.job_dialog import JobDialog
from mangrove.ui.dialogs.profiles.assertions_dialog import AssertionsDialog
from mangrove.ui.dialogs.question_dialog import QuestionDialog
from ui.conftest import Ends


def shown(qtbot: QtBot, dialog: QuestionDialog) -> None:
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)


def drilling(qtbot: QtBot, ends: Ends) -> DrillDialog:
    dialog = DrillDialog(None, ends.services, ends.calls, "production")
    shown(qtbot, dialog)
    return dialog


def asserting(qtbot: QtBot, ends: Ends) -> AssertionsDialog:
    dialog = AssertionsDialog(None, ends.services, ends.calls, "production")
    shown(qtbot, dialog)
    return dialog


def reporting(qtbot: QtBot, ends: Ends) -> EvidenceReportDialog:
    dialog = EvidenceReportDialog(None, ends.services, "production", RECORDS[0].backup)
    shown(qtbot, dialog)
    return dialog


# --- drills ------------------------------------------------------------------------------


def test_a_drill_goes_where_the_dialog_said_it_would(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = drilling(qtbot, ends)
    qtbot.waitUntil(dialog.yes.isEnabled)

    first = dialog.answer()
    assert first.seed
    assert first.target == EMBEDDED
    assert fakes.drills.planned[-1] == first
    assert "Nothing existing is touched" in dialog.summary

    qtbot.mouseClick(dialog.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.yes.isEnabled)
    assert dialog.answer().seed != first.seed


def test_a_named_moment_is_read_as_it_is_typed(qtbot: QtBot, ends: Ends) -> None:
    dialog = drilling(qtbot, ends)
    dialog.way.choose(Way.NAMED)
    assert not dialog.yes.isEnabled()

    dialog.moment.setText("nonsense")
    assert not dialog.yes.isEnabled()
    assert "another moment" in dialog.summary
    dialog.moment.setText("1764081840:3")
    qtbot.waitUntil(dialog.yes.isEnabled)
    at = dialog.answer().at
    assert str(at) == "1764081840:3"


def test_why_there_is_no_way_there_is_said(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    fakes.drills.problem = PointNotReachableError("there is no backup", hint="take one")
    dialog = drilling(qtbot, ends)

    qtbot.waitUntil(lambda: "There is no backup" in dialog.summary)
    assert not dialog.yes.isEnabled()


def test_the_place_of_a_drill_can_be_a_deployment(qtbot: QtBot, ends: Ends) -> None:
    dialog = drilling(qtbot, ends)
    dialog.scratch.setCurrentIndex(dialog.scratch.findData("staging"))
    qtbot.waitUntil(dialog.yes.isEnabled)

    assert dialog.answer().target == "staging"
    assert "staging" in dialog.summary


# --- assertions --------------------------------------------------------------------------


def fill(dialog: AssertionsDialog) -> None:
    form = dialog.form
    form.collection.setText("shop.orders")
    form.measure.setCurrentIndex(form.measure.findData(Measure.AGE))
    form.field.setText("placed_at")
    form.most.setText("26h")


def test_an_assertion_is_added_and_the_dialog_stays(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    dialog = asserting(qtbot, ends)
    assert not dialog.yes.isEnabled()

    fill(dialog)
    assert dialog.yes.isEnabled()
    assert "at most 26 h" in dialog.summary
    dialog.yes.click()

    assert dialog.isVisible()
    added = fakes.assertions.kept[-1]
    assert added.name == "shop.orders age of placed_at"
    assert added.question.at_most == 26 * 3600
    assert dialog.form.most.text() == ""


def test_what_makes_no_sense_cannot_be_added(qtbot: QtBot, ends: Ends) -> None:
    dialog = asserting(qtbot, ends)
    fill(dialog)
    dialog.form.most.setText("soon")

    assert not dialog.yes.isEnabled()
    assert "no age" in dialog.summary


def test_a_live_try_says_what_is_there_now(qtbot: QtBot, ends: Ends, fakes: FakeServices) -> None:
    dialog = asserting(qtbot, ends)
    dialog.form.collection.setText("shop.orders")
    dialog.form.least.setText("2,000,000")
    with qtbot.waitSignal(dialog.answered):
        dialog.try_it.click()
    assert "Does not hold live now" in dialog.found.text()
    assert "1,204,933" in dialog.found.text()

    fakes.assertions.problem = ServerUnreachableError("nobody answers")
    with qtbot.waitSignal(dialog.answered):
        dialog.try_it.click()
    assert "Nobody answers" in dialog.summary


def test_all_can_be_tried_and_each_can_be_removed(
    qtbot: QtBot, ends: Ends, fakes: FakeServices
) -> None:
    fakes.assertions.answer = Answer(5.0)
    dialog = asserting(qtbot, ends)
    with qtbot.waitSignal(dialog.answered):
        dialog.try_all.click()
    assert len(fakes.assertions.kept) == 2

    def removing() -> list[QToolButton]:
        buttons = dialog.findChildren(QToolButton)
        return [b for b in buttons if b.isVisible() and "enough" in b.accessibleName()]

    qtbot.waitUntil(lambda: len(removing()) == 1)
    removing()[0].click()
    assert [a.name for a in fakes.assertions.kept] == ["orders are fresh"]


# --- reports -----------------------------------------------------------------------------


def test_a_report_is_asked_for_by_subject_form_and_folder(qtbot: QtBot, ends: Ends) -> None:
    dialog = reporting(qtbot, ends)

    wish = dialog.answer()
    assert (wish.kind, wish.backup) == (ReportKind.BACKUP, RECORDS[0].backup)
    assert wish.forms == tuple(ReportForm)
    assert not dialog.month.isVisible()
    dialog.kind.choose(ReportKind.MONTH)
    assert dialog.month.isVisible()
    assert dialog.answer().month == f"{ends.services.clock.now():%Y-%m}"
    dialog.html.setChecked(False)
    dialog.pdf.setChecked(False)
    assert not dialog.yes.isEnabled()


@pytest.mark.usefixtures("large_text")
@pytest.mark.parametrize("make", [drilling, asserting, reporting])
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends, make: object) -> None:
    dialog = make(qtbot, ends)  # type: ignore[operator]  # one of the three above

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


# --- jobs --------------------------------------------------------------------------------


def test_a_job_says_where_it_restores_and_how_much_it_proves_again(
    qtbot: QtBot, ends: Ends
) -> None:
    dialog = JobDialog(None, ends.services)
    shown(qtbot, dialog)
    dialog.kind.setCurrentIndex(dialog.kind.findData(JobKind.VERIFY))
    dialog.scratch.setCurrentIndex(dialog.scratch.findData("staging"))
    dialog.share.setValue(25)
    draft = dialog.answer()
    assert (draft.scratch, draft.share_percent) == ("staging", 25)

    dialog.kind.setCurrentIndex(dialog.kind.findData(JobKind.CHECK))
    assert not dialog.scratch.isVisible()
    assert not dialog.share.isVisible()
    assert dialog.answer().scratch == EMBEDDED
    dialog.kind.setCurrentIndex(dialog.kind.findData(JobKind.DRILL))
    assert dialog.scratch.isVisible()
    assert "moment by lot" in dialog.summary
