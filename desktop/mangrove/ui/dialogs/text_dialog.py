"""Shows a longer text that is read, selected and copied: a guide."""

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from mangrove.ui.dialogs.question_dialog import QuestionDialog
from mangrove.ui.theme.tokens import Size


class TextDialog(QuestionDialog):
    """A text with a button that copies it."""

    def __init__(self, parent: QWidget | None, title: str, words: str, sentence: str) -> None:
        super().__init__(parent, title, "")
        self.yes.setText(self.tr("&Close"))
        self.no.hide()
        self.words = QPlainTextEdit(words)
        self.words.setReadOnly(True)
        self.words.setAccessibleName(title)
        self.words.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.words.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.words.setMinimumHeight(Size.DIALOG_HEIGHT * 2 // 3)
        self.copy = QPushButton(self.tr("C&opy text"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(words))
        self.body.addWidget(self.words, 1)
        self.add_lower_button(self.copy)
        self.say(sentence)
        self.take_room(Size.DIALOG_WIDTH * 5 // 4, Size.DIALOG_HEIGHT * 5 // 4)

    @classmethod
    def show_text(cls, parent: QWidget | None, title: str, words: str, sentence: str) -> None:
        """Show the text until it is closed."""
        dialog = cls(parent, title, words, sentence)
        dialog.exec()
        dialog.deleteLater()
