"""Asks for a plain yes before something is removed, and says exactly what that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.labels import TextLabel


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is asked.

    Attributes:
        removed: What goes, one line each.
        kept: The sentence that says what stays.
        verb: The button's text; names its object.
    """

    title: str
    question: str
    removed: Sequence[str]
    kept: str
    verb: str


class ConfirmDialog(QuestionDialog):
    """A question whose Enter key changes nothing."""

    def __init__(self, parent: QWidget | None, wanted: Confirmation) -> None:
        super().__init__(parent, wanted.title, wanted.verb.replace("&", "&&"))
        self.body.addWidget(TextLabel(wanted.question).wrapping())
        for line in wanted.removed:
            self.body.addWidget(TextLabel(f"• {line}").wrapping().selectable())
        self.body.addStretch()
        self.say(wanted.kept)
        self.yes.setProperty("kind", "danger")
        self.yes.setAutoDefault(False)
        self.yes.setDefault(False)
        self.no.setDefault(True)
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)

    @classmethod
    def ask(cls, parent: QWidget | None, wanted: Confirmation) -> bool:
        """Ask; whether the person said yes."""
        dialog = cls(parent, wanted)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return accepted
