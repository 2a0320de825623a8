"""A field for a secret, hidden unless the person looks."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from mangrove.core.secret import Secret
from mangrove.ui.theme.style import set_icon, theme


class PasswordField(QLineEdit):
    """Shows dots, with an eye to show the text while it is being typed."""

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._eye = self.addAction(theme().icon("eye"), QLineEdit.ActionPosition.TrailingPosition)
        self._eye.triggered.connect(self._on_eye_triggered)
        self._draw()

    def secret(self) -> Secret | None:
        """Return what was typed; None when nothing was."""
        return Secret(self.text()) if self.text() else None

    @property
    def is_shown(self) -> bool:
        """Whether the text can be read."""
        return self.echoMode() is QLineEdit.EchoMode.Normal

    @Slot()
    def _on_eye_triggered(self) -> None:
        modes = QLineEdit.EchoMode
        self.setEchoMode(modes.Password if self.is_shown else modes.Normal)
        self._draw()

    def _draw(self) -> None:
        set_icon(self._eye, "eye-off" if self.is_shown else "eye")
        self._eye.setToolTip(self.tr("Hide") if self.is_shown else self.tr("Show"))
