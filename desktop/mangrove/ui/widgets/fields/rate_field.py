"""A field for a bandwidth limit, which says at once what is wrong with it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.rate import parse_rate
from mangrove.ui import text
from mangrove.ui.widgets.fields.form import FormRow


class RateField(QWidget):
    """Empty for no limit.

    Signals:
        changed(): Something else is typed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("no limit"))
        hint = self.tr("At most so much per second, such as 10 MB/s; empty for no limit.")
        self.row = FormRow(self.tr("Rat&e limit"), self.field, hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.row)
        self.field.textChanged.connect(self._on_typed)

    @property
    def problem(self) -> str:
        """What is wrong with it; "" when nothing is."""
        try:
            self._parsed()
        except InvalidSelectionError as error:
            return text.sentence(f"{error.message.partition(';')[0]}: {error.hint}")
        return ""

    @property
    def bytes_per_s(self) -> int | None:
        """The limit; None without one, and for what makes no sense."""
        return None if self.problem else self._parsed()

    def _parsed(self) -> int | None:
        typed = self.field.text().strip()
        return parse_rate(typed) if typed else None

    @Slot()
    def _on_typed(self) -> None:
        self.row.set_error(self.problem)
        self.changed.emit()
