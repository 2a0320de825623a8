"""A field that filters what stands below it."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Size

_PAUSE_MS = 150


class SearchField(QLineEdit):
    """Filters after a short pause or at Enter; Ctrl+F reaches it, Escape empties it.

    Signals:
        filter_changed: The text, trimmed.
    """

    filter_changed = Signal(str)

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(Size.RAIL)
        self.setMaximumWidth(Size.SEARCH)
        action = self.addAction(
            self.style().standardIcon(self.style().StandardPixmap.SP_FileIcon),
            QLineEdit.ActionPosition.LeadingPosition,
        )
        set_icon(action, "search", "text_faint")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause_timeout)
        self.textChanged.connect(self._on_text_changed)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WindowShortcut)
        find.activated.connect(self._on_find_activated)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # never the dialog's button
            self._pause.stop()
            self._on_pause_timeout()
            return
        super().keyPressEvent(event)

    @Slot()
    def _on_text_changed(self) -> None:
        self._pause.start()

    @Slot()
    def _on_pause_timeout(self) -> None:
        self.filter_changed.emit(self.text().strip())

    @Slot()
    def _on_find_activated(self) -> None:
        if self.isVisible():
            self.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.selectAll()
