"""The dialog that sets what a deployment is held to."""

from datetime import timedelta

from pytestqt.qtbot import QtBot

from mangrove.core.figures.objectives import Objectives
from mangrove.ui.dialogs.profiles.objectives_dialog import Chosen, ObjectivesDialog
from ui.conftest import Ends

DAY = timedelta(days=1)


def opened(qtbot: QtBot, ends: Ends, held: Chosen | None = None) -> ObjectivesDialog:
    figures = ends.services.figures.profile("production")
    dialog = ObjectivesDialog(None, figures, held or {})
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_what_was_typed_is_the_answer(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)
    assert not dialog.yes.isEnabled()

    qtbot.keyClicks(dialog.rpo, "2h")
    dialog.scope.setCurrentText("billing")
    qtbot.keyClicks(dialog.rto, "30 min")

    assert dialog.answer() == {
        "": Objectives(rpo=timedelta(hours=2)),
        "billing": Objectives(rto=timedelta(minutes=30)),
    }
    assert dialog.yes.isEnabled()


def test_what_is_no_length_of_time_cannot_be_saved(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.keyClicks(dialog.evidence, "often")

    assert not dialog.yes.isEnabled()


def test_an_emptied_field_takes_the_objective_away(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends, {"": Objectives(rpo=DAY, evidence_age=7 * DAY)})
    assert dialog.evidence.text() == "7 d"

    dialog.rpo.selectAll()
    qtbot.keyClicks(dialog.rpo, " ")

    assert dialog.answer() == {"": Objectives(evidence_age=7 * DAY)}
