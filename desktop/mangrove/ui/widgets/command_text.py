"""Commands that would do the same, folded away, to be read and copied."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fold import Fold

_ROWS = 6


class CommandText(QWidget):
    """Asks for the commands when it is unfolded, and again when the question changed."""

    def __init__(
        self,
        title: str,
        calls: Calls,
        make: Callable[[], Callable[[], str] | None],
        parent: QWidget | None = None,
    ) -> None:
        """Lay out the folded text.

        Args:
            title: The heading.
            calls: Runs what ``make`` returns.
            make: Looks at the question and returns what finds the commands, which may block;
                None while the question is not whole.
            parent: As ever.
        """
        super().__init__(parent)
        self._calls, self._make = calls, make
        self._asked = 0
        self.fold = Fold(title)
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setTabChangesFocus(True)
        self.view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.view.setAccessibleName(title)
        self.view.setPlaceholderText(self.tr("Shown once everything is chosen."))
        self.view.setFixedHeight(self.view.fontMetrics().lineSpacing() * _ROWS + Space.L)
        self.copy = QPushButton(self.tr("Cop&y"))
        self.copy.setAutoDefault(False)
        self.fold.column.addWidget(self.view)
        self.fold.column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeading)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.fold)
        self.fold.unfolded.connect(self.refresh)
        self.copy.clicked.connect(self._on_copy_clicked)

    @Slot()
    def refresh(self) -> None:
        """Bring the text up to date, if anybody sees it; what was true before goes at once."""
        if not self.fold.button.isChecked():
            return
        self._asked += 1
        asked, work = self._asked, self._make()
        self._show(asked, "")
        if work is None:
            return
        self._calls.run(
            self,
            work,
            lambda words: self._show(asked, words),
            lambda error: self._on_failed(asked, error),
        )

    def _on_failed(self, asked: int, error: MangroveError) -> None:
        self._show(asked, f"# {text.sentence(error.message)}")

    def _show(self, asked: int, words: str) -> None:
        if asked == self._asked:
            self.view.setPlainText(words)
            self.copy.setEnabled(bool(words))

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
