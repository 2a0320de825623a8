"""Asks for the words that go with a pin or a legal hold."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog, asked
from mangrove.ui.theme.tokens import Size
from mangrove.ui.widgets.fields.form import Form


class NoteDialog(QuestionDialog):
    """One line of text.

    Attributes:
        note: What is typed.
    """

    def __init__(
        self, parent: QWidget | None, title: str, verb: str, sentence: str, *, is_needed: bool
    ) -> None:
        super().__init__(parent, title, verb)
        self._is_needed = is_needed
        self.note = QLineEdit()
        form = Form()
        form.add_row(self.tr("&Why"), self.note, self.tr("Kept in the vault, encrypted with it."))
        self.body.addWidget(form)
        self.body.addStretch()
        self.say(sentence)
        self.note.textChanged.connect(self._on_changed)
        self._on_changed()
        self.take_room(Size.DIALOG_WIDTH * 3 // 4, Size.DIALOG_HEIGHT // 2)

    @Slot()
    def _on_changed(self) -> None:
        self.yes.setEnabled(bool(self.note.text().strip()) or not self._is_needed)

    @classmethod
    def ask(
        cls, parent: QWidget | None, title: str, verb: str, sentence: str, *, is_needed: bool
    ) -> str | None:
        """Ask; None when the person cancelled."""
        dialog = cls(parent, title, verb, sentence, is_needed=is_needed)
        return asked(dialog, lambda: dialog.note.text().strip())
