from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog

WANTED = Confirmation(
    "Remove", "This goes:", ("the profile", "its keys"), "Backups stay.", "Remove x"
)


def test_enter_changes_nothing(qtbot: QtBot) -> None:
    dialog = ConfirmDialog(None, WANTED)
    qtbot.addWidget(dialog)
    dialog.show()

    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)


def test_the_button_names_its_object(qtbot: QtBot) -> None:
    dialog = ConfirmDialog(None, WANTED)
    qtbot.addWidget(dialog)
    dialog.show()

    assert dialog.yes.text() == "Remove x"
    assert dialog.summary == "Backups stay."
    with qtbot.waitSignal(dialog.accepted):
        dialog.yes.click()
