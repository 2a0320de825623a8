"""A run's log: grows at its end, and follows unless the person scrolled up."""

from collections.abc import Sequence

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from mangrove.core.run import LogLine

_MOST_LINES = 2000


class LogView(QPlainTextEdit):
    """Read-only lines with their local time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "log")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setMaximumBlockCount(_MOST_LINES)
        self.setAccessibleName(self.tr("Log"))
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._lines = 0
        self.follows = True

    def set_lines(self, lines: Sequence[LogLine]) -> None:
        """Show a log; lines shown already are not touched."""
        if len(lines) < self._lines:
            self.forget()
        new = lines[self._lines :]
        if not new:
            return
        bar = self.verticalScrollBar()
        was_at = bar.value()
        self.appendPlainText("\n".join(f"{x.at.astimezone():%H:%M:%S}  {x.text}" for x in new))
        self._lines = len(lines)
        bar.setValue(bar.maximum() if self.follows else was_at)

    def forget(self) -> None:
        """Start with an empty log."""
        self.clear()
        self._lines = 0
