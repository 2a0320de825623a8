from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.readable import cut_off
from fakes.sample_data import RECORDS
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest
from mangrove.ui.dialogs.verify_dialog import VerifyDialog
from ui.conftest import Ends

RECORD = RECORDS[0]


def opened(qtbot: QtBot, ends: Ends) -> VerifyDialog:
    dialog = VerifyDialog(None, ends.services, RECORD)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_trial_restore_on_a_throw_away_server_is_preselected(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    assert dialog.answer() == VerifyRequest(RECORD.backup, Level.RESTORED, EMBEDDED)
    assert "a throw-away server" in dialog.summary
    assert "Nothing existing is changed" in dialog.summary


def test_the_deployment_of_the_backup_is_marked(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    at = dialog.target.findData("staging")
    assert dialog.target.itemText(at) == "staging (where it was taken)"
    dialog.target.setCurrentIndex(at)
    assert dialog.answer().target == "staging"


@pytest.mark.parametrize("level", [Level.STORED, Level.DECODED])
def test_shallow_levels_need_no_target(qtbot: QtBot, ends: Ends, level: Level) -> None:
    dialog = opened(qtbot, ends)
    dialog.target.setCurrentIndex(dialog.target.findData("staging"))

    dialog.level.choose(level)

    assert not dialog.target.isVisible()
    assert dialog.answer() == VerifyRequest(RECORD.backup, level, EMBEDDED)


@pytest.mark.usefixtures("large_text")
def test_nothing_is_cut_off_at_double_size(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    qtbot.waitUntil(lambda: cut_off(dialog) == [])


def test_escape_leaves_without_effect(qtbot: QtBot, ends: Ends) -> None:
    dialog = opened(qtbot, ends)

    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_files_of_a_server_are_only_opened_by_a_throw_away_server(qtbot: QtBot, ends: Ends) -> None:
    dialog = VerifyDialog(None, ends.services, replace(RECORDS[0], is_physical=True))
    qtbot.addWidget(dialog)

    assert dialog.target.count() == 1
    assert "open the files with a throw-away server" in dialog.summary
    assert dialog.answer().target == EMBEDDED
