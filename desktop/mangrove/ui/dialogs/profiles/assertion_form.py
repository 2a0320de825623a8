"""The fields of one assertion: a figure of a collection, and the range it is expected in."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from mangrove.core.assertion import EVERYTHING, Measure, Question, parse_bound
from mangrove.core.namespace import Namespace
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.form import Form, FormRow


class AssertionForm(Form):
    """Collection, figure, field, query, bounds and name.

    Signals:
        changed(): A field has other content.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.collection, self.field, self.query = QLineEdit(), QLineEdit(), QLineEdit()
        self.least, self.most, self.name = QLineEdit(), QLineEdit(), QLineEdit()
        self.measure = ChoiceBox()
        for measure, words in self._measures().items():
            self.measure.addItem(words, measure)
        self.collection.setPlaceholderText("shop.orders")
        self.field.setPlaceholderText("placed_at")
        self.query.setPlaceholderText('{"status": "open"}')
        self._is_named = False
        self._lay_out()
        for line in (self.collection, self.field, self.query, self.least, self.most, self.name):
            line.textChanged.connect(self.changed)
        self.name.textEdited.connect(self._on_name_edited)
        self.measure.currentIndexChanged.connect(self._on_measure_changed)
        self.changed.connect(self._on_changed)
        self._on_measure_changed()

    def question(self) -> Question:
        """Return what is asked, as the fields stand.

        Raises:
            InvalidAssertionError, InvalidSelectionError: If a field makes no sense.
        """
        measure = self.chosen
        return Question(
            namespace=Namespace.parse(self.collection.text().strip()),
            measure=measure,
            field=self.field.text().strip() if measure.needs_field else "",
            query=self.query.text().strip() or EVERYTHING,
            at_least=parse_bound(measure, self.least.text()),
            at_most=parse_bound(measure, self.most.text()),
        )

    @property
    def chosen(self) -> Measure:
        """The figure."""
        return Measure(self.measure.currentData())

    @property
    def is_blank(self) -> bool:
        """Whether nobody typed what an assertion cannot do without."""
        bounds = self.least.text().strip() or self.most.text().strip()
        return not (self.collection.text().strip() and bounds)

    def clear(self) -> None:
        """Make room for the next one in the same collection."""
        self._is_named = False
        for line in (self.field, self.query, self.least, self.most, self.name):
            line.clear()

    def _measures(self) -> dict[Measure, str]:
        return {
            Measure.COUNT: self.tr("How many documents"),
            Measure.AGE: self.tr("How old the newest date is"),
            Measure.SUM: self.tr("The sum of a field"),
            Measure.AVERAGE: self.tr("The average of a field"),
            Measure.LEAST: self.tr("The least of a field"),
            Measure.GREATEST: self.tr("The greatest of a field"),
        }

    def _lay_out(self) -> None:
        self._beside(
            FormRow(self.tr("Of &collection"), self.collection),
            FormRow(self.tr("&Figure"), self.measure),
        )
        self.field_row = FormRow(self.tr("Fi&eld"), self.field)
        self._beside(
            self.field_row,
            FormRow(self.tr("Only where (extended &JSON)"), self.query),
        )
        self.least_row = FormRow(self.tr("At &least"), self.least)
        self.most_row = FormRow(self.tr("At &most"), self.most)
        self._beside(self.least_row, self.most_row, FormRow(self.tr("&Name"), self.name))

    def _beside(self, *rows: FormRow) -> None:
        line = QHBoxLayout()
        line.setSpacing(Space.M)
        for row in rows:
            line.addWidget(row, 1)
        self.column.addLayout(line)

    @Slot()
    def _on_name_edited(self) -> None:
        self._is_named = True

    @Slot()
    def _on_measure_changed(self) -> None:
        is_age = self.chosen is Measure.AGE
        self.field_row.setVisible(self.chosen.needs_field)
        self.least.setPlaceholderText("0h" if is_age else "1,000,000")
        self.most.setPlaceholderText("26h" if is_age else "")
        self.changed.emit()

    @Slot()
    def _on_changed(self) -> None:
        if self._is_named:
            return
        where = self.collection.text().strip()
        what = f"{self.chosen} of {self.field.text().strip()}" if self.chosen.needs_field else ""
        words = f"{where} {what}".strip() if what else f"{where} {self.chosen}"
        self.name.blockSignals(True)  # noqa: FBT003 - Qt's own
        self.name.setText(words if where else "")
        self.name.blockSignals(False)  # noqa: FBT003 - Qt's own
