"""The part of the restore dialog that asks for a moment between backups."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from mangrove.core.errors import MangroveError
from mangrove.core.pitr.moments import Edge, Moment
from mangrove.services.points import Points
from mangrove.ui import text
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.form import FormRow
from mangrove.ui.widgets.labels import TextLabel


class MomentPart(QWidget):
    """A moment as a person writes it; empty for the backup as it is.

    Signals:
        changed(): The moment is another.
    """

    changed = Signal()

    def __init__(
        self, points: Points, moment: Moment | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._points = points
        self._given = moment
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("the backup as it is"))
        hint = self.tr(
            "A time such as 2026-11-25 14:29:59, one with a time zone, or an oplog entry (TS:INC)."
            " The captured oplog is replayed up to just before it."
        )
        self.row = FormRow(self.tr("As it was just &before"), self.field, hint)
        self.including = QCheckBox(self.tr("Include that &very second or entry"))
        self.said = TextLabel("", "small").wrapping()
        if moment is not None:
            self.field.setText(moment.text)
        self._lay_out()
        self._show()
        self.field.textChanged.connect(self._on_changed)
        self.including.toggled.connect(self._on_changed)

    @property
    def moment(self) -> Moment | None:
        """The moment; None while there is none, or none that can be understood."""
        try:
            return self._read()
        except MangroveError:
            return None

    @property
    def problem(self) -> str:
        """What is wrong with what was typed; "" when nothing is."""
        try:
            self._read()
        except MangroveError as error:
            return text.sentence(f"{error.message}; {error.hint}" if error.hint else error.message)
        return ""

    def _read(self) -> Moment | None:
        words = self.field.text().strip()
        if not words:
            return None
        edge = Edge.INCLUDING if self.including.isChecked() else Edge.BEFORE
        given = self._given
        if given is not None and words == given.text and edge is Edge.BEFORE:
            return given
        return self._points.moment(words, edge)

    def _on_changed(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        moment = self.moment
        self.row.set_error(self.problem)
        self.including.setVisible(moment is not None)
        words = moment.describe(self._points.zone) if moment is not None else ""
        self.said.setText(self.tr("Everything {moment}.").format(moment=words) if words else "")
        self.said.setVisible(bool(words))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.HALF)
        for part in (self.row, self.including, self.said):
            column.addWidget(part)
