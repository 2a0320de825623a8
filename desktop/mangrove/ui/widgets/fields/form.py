"""Forms: a label above its field, a hint below, and the error right where it is."""

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.labels import TextLabel

LEAST_SHOWN = 14  # letters of a chosen entry
LONG_LABEL = 60  # letters; longer ones break into lines


class FormRow(QWidget):
    """One field with its label, hint and error.

    Attributes:
        field: The input itself.
    """

    def __init__(
        self, label: str, field: QWidget, hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._hint = hint
        self._label = TextLabel(label)
        self._label.setBuddy(field.focusProxy() or field)  # a mnemonic passes no focus on
        self._note = TextLabel(hint, "small").wrapping()
        self._note.setVisible(bool(hint))
        if isinstance(field, QComboBox):
            _let_shrink(field)
        if not field.accessibleName():
            field.setAccessibleName(label.replace("&", ""))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.HALF)
        column.addWidget(self._label)
        column.addWidget(field)
        column.addWidget(self._note)

    @property
    def error(self) -> str:
        """What is wrong with the field; "" when nothing is."""
        return self._note.text() if self.field.property("invalid") == "true" else ""

    def set_hint(self, text: str) -> None:
        """Show another hint from now on; an error stays."""
        self._hint = text
        self.set_error(self.error)

    def set_label(self, label: str) -> None:
        """Name the field otherwise."""
        if len(label) > LONG_LABEL:
            self._label.setWordWrap(True)
        self._label.setText(label)
        self.field.setAccessibleName(label.replace("&", ""))

    def set_error(self, text: str) -> None:
        """Show what is wrong instead of the hint; "" brings the hint back."""
        self.field.setProperty("invalid", "true" if text else "false")
        self._note.setProperty("role", "error" if text else "small")
        self._note.setText(text or self._hint)
        self._note.setVisible(bool(text or self._hint))
        for widget in (self.field, self._note):
            widget.style().unpolish(widget)
            widget.style().polish(widget)


def _let_shrink(box: QComboBox) -> None:
    """Let a box with long entries be narrower than they are; its list shows them whole."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(LEAST_SHOWN)


class Form(QWidget):
    """Form rows below each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.S + Space.HALF)

    def add_row(self, label: str, field: QWidget, hint: str = "") -> FormRow:
        """Add a field and return its row."""
        row = FormRow(label, field, hint)
        self.column.addWidget(row)
        return row
