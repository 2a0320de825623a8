"""What a page shows when it has nothing to show: one sentence and one action."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.labels import TextLabel

_WIDEST = 420


class EmptyState(QWidget):
    """An icon, a sentence and a button, centred.

    Signals:
        action_triggered: The button was pressed.
    """

    action_triggered = Signal()

    def __init__(
        self, icon: str, sentence: str, action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence = TextLabel(sentence, "muted").wrapping()
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setFixedWidth(_WIDEST)
        self.button = QPushButton(action)
        self.button.setProperty("kind", "primary")
        self.button.setVisible(bool(action))
        self.button.clicked.connect(self.action_triggered)
        column = QVBoxLayout(self)
        column.setSpacing(Space.M)
        column.addStretch(2)
        column.addWidget(self._picture)
        column.addWidget(self._sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._say(sentence)
        self._draw()

    def set_text(self, sentence: str, action: str = "") -> None:
        """Show another sentence and action; no action hides the button."""
        self._say(sentence)
        self.button.setText(action)
        self.button.setVisible(bool(action))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Measure the sentence again: only now its style is known."""
        super().showEvent(event)
        self._say(self._sentence.text())

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.PaletteChange:
            self._draw()
        if event.type() is QEvent.Type.FontChange:
            self._say(self._sentence.text())
        super().changeEvent(event)

    def _say(self, sentence: str) -> None:
        """Show a sentence with room for all its lines, which an aligned item does not get."""
        self._sentence.setText(sentence)
        self._sentence.setMinimumHeight(max(0, self._sentence.heightForWidth(_WIDEST)))

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(theme().pixmap(self._icon, "border_strong", Size.LARGE_ICON, ratio))
