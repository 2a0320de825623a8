"""A small field with one entry per line, such as patterns."""

from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from mangrove.ui.theme.tokens import Space

_ROWS = 2


class LinesEdit(QPlainTextEdit):
    """Holds a few short lines; Tab leaves it."""

    def __init__(self, example: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(example)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.fit_rows(_ROWS)

    def fit_rows(self, rows: int) -> None:
        """Take the height of so many lines."""
        height = QFontMetrics(self.font()).lineSpacing() * rows
        self.setFixedHeight(height + 2 * self.frameWidth() + Space.M)

    @property
    def entries(self) -> tuple[str, ...]:
        """The lines that hold something, in order."""
        lines = (line.strip() for line in self.toPlainText().splitlines())
        return tuple(line for line in lines if line)
