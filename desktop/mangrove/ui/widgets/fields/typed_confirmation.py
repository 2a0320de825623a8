"""A destructive choice that needs the typed name of what it destroys."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.labels import TextLabel


class TypedConfirmation(QWidget):
    """Asks for a name to be typed, letter by letter the same.

    Signals:
        confirmed_changed: Whether the typed text is the name now.
    """

    confirmed_changed = Signal(bool)

    def __init__(self, name: str, prompt: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._was_confirmed = False
        text = prompt or self.tr("Type {name} to confirm")
        self._prompt = TextLabel(text.replace("{name}", name)).wrapping()
        self.field = QLineEdit()
        self.field.setPlaceholderText(name)
        self.field.setAccessibleName(self._prompt.text())
        self._prompt.setBuddy(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.HALF)
        column.addWidget(self._prompt)
        column.addWidget(self.field)
        self.field.textChanged.connect(self._on_field_text_changed)

    @property
    def is_confirmed(self) -> bool:
        """Whether the name stands there."""
        return bool(self._name) and self.field.text() == self._name

    @Slot()
    def _on_field_text_changed(self) -> None:
        if self.is_confirmed != self._was_confirmed:
            self._was_confirmed = self.is_confirmed
            self.confirmed_changed.emit(self.is_confirmed)
