"""A message inside a page or dialog: what happened, and one thing to do about it."""

from enum import StrEnum

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.ui.problems import explain
from mangrove.ui.theme.style import set_icon, theme
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.labels import TextLabel


class BannerKind(StrEnum):
    """How serious a message is."""

    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"


_LOOKS = {
    BannerKind.INFO: ("info", "running"),
    BannerKind.GOOD: ("check", "proven"),
    BannerKind.WARNING: ("warning", "unproven"),
    BannerKind.ERROR: ("error", "exposed"),
}


class Banner(QFrame):
    """A message line, hidden until there is one.

    Signals:
        action_triggered: The action's button was pressed.
        dismissed: The person closed the message.
    """

    action_triggered = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self._kind = BannerKind.INFO
        self._picture = QLabel()
        self._text = TextLabel().wrapping().selectable()
        self.action = QPushButton()
        self._close = QToolButton()
        self._close.setAccessibleName(self.tr("Dismiss message"))
        set_icon(self._close, "close")
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, Space.S, Space.S, Space.S)
        row.setSpacing(Space.S + Space.HALF)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self.action.clicked.connect(self.action_triggered)
        self._close.clicked.connect(self._on_close_clicked)
        self.setAccessibleDescription(self.tr("Message"))
        self.hide()

    @property
    def text(self) -> str:
        """What is said now; "" when nothing is."""
        return "" if self.isHidden() else self._text.text()

    def show_message(self, kind: BannerKind, text: str, action: str = "") -> None:
        """Say something; replaces what was said before."""
        self._kind = kind
        self.setProperty("kind", kind.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._draw()
        self.show()

    def show_error(self, error: MangroveError, action: str = "") -> None:
        """Say why something failed, in the window's words for the error's code."""
        self.show_message(BannerKind.ERROR, explain(error).text, action)

    def keep_open(self) -> None:
        """Offer no way to dismiss the message: what it says stays true."""
        self._close.hide()

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.PaletteChange and not self.isHidden():
            self._draw()
        super().changeEvent(event)

    @Slot()
    def _on_close_clicked(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _draw(self) -> None:
        icon, colour = _LOOKS[self._kind]
        pixmap = theme().pixmap(icon, colour, Size.ICON, self.devicePixelRatioF())
        self._picture.setPixmap(pixmap)


class LastingBanner(Banner):
    """A banner that stays: it cannot be dismissed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._close.hide()
