"""One line of a schedule as fields: how often, when, and how long it is kept."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QToolButton, QWidget

from mangrove.core.atlas.policy import PolicyItem, Retention, Unit
from mangrove.core.atlas.snapshot import Frequency
from mangrove.ui.atlas_words import frequency_word, places_of
from mangrove.ui.theme.style import set_icon
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.labels import TextLabel

KINDS = (
    Frequency.HOURLY,
    Frequency.DAILY,
    Frequency.WEEKLY,
    Frequency.MONTHLY,
    Frequency.YEARLY,
)
_MOST = 999


class ScheduleRow(QWidget):
    """The fields of one line.

    Signals:
        changed(): Something is different.
        remove_wanted(object): The row itself shall go.
    """

    changed = Signal()
    remove_wanted = Signal(object)

    def __init__(self, item: PolicyItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item_id = item.item_id
        self.kind, self.place = ChoiceBox(), ChoiceBox()
        self.value, self.unit = QSpinBox(), ChoiceBox()
        self.count = TextLabel("", "small")
        self.remove = QToolButton()
        self._fill()
        self._show(item)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.place.currentIndexChanged.connect(self.changed)
        self.value.valueChanged.connect(self.changed)
        self.unit.currentIndexChanged.connect(self.changed)
        self.remove.clicked.connect(lambda: self.remove_wanted.emit(self))

    def item(self) -> PolicyItem:
        """Return the line as the fields say it."""
        return PolicyItem(
            Frequency(self.kind.currentData()),
            int(self.place.currentData() or 1),
            Retention(self.value.value(), Unit(self.unit.currentData())),
            self._item_id,
        )

    def chain(self) -> tuple[QWidget, ...]:
        """Return the fields in the order of the Tab key."""
        return (self.kind, self.place, self.value, self.unit, self.remove)

    def _fill(self) -> None:
        for kind in KINDS:
            self.kind.addItem(frequency_word(kind), kind)
        names = {
            Unit.DAYS: self.tr("days"),
            Unit.WEEKS: self.tr("weeks"),
            Unit.MONTHS: self.tr("months"),
            Unit.YEARS: self.tr("years"),
        }
        for unit, name in names.items():
            self.unit.addItem(name, unit)
        self.value.setRange(1, _MOST)
        self.value.lineEdit().setTextMargins(Space.S - 2, 0, 0, 0)
        set_icon(self.remove, "trash")
        self.remove.setToolTip(self.tr("Remove this line"))
        self.remove.setAccessibleName(self.tr("Remove this line"))
        self.kind.setAccessibleName(self.tr("How often"))
        self.place.setAccessibleName(self.tr("When"))
        self.value.setAccessibleName(self.tr("Kept for"))
        self.unit.setAccessibleName(self.tr("Unit"))

    def _show(self, item: PolicyItem) -> None:
        self.kind.setCurrentIndex(self.kind.findData(item.frequency))
        self._fill_places()
        self.place.setCurrentIndex(max(0, self.place.findData(item.interval)))
        self.value.setValue(item.keep.value)
        self.unit.setCurrentIndex(self.unit.findData(item.keep.unit))

    def _fill_places(self) -> None:
        self.place.clear()
        for words, number in places_of(Frequency(self.kind.currentData())):
            self.place.addItem(words, number)

    @Slot()
    def _on_kind_changed(self) -> None:
        blocked = self.place.blockSignals(True)  # noqa: FBT003 - Qt's own
        self._fill_places()
        self.place.blockSignals(blocked)
        self._item_id = ""
        self.changed.emit()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.kind)
        row.addWidget(self.place, 1)
        row.addWidget(TextLabel(self.tr("kept"), "muted"))
        row.addWidget(self.value)
        row.addWidget(self.unit)
        row.addWidget(self.count)
        row.addWidget(self.remove)
        self.count.setMinimumWidth(self.fontMetrics().horizontalAdvance("9,999 snapshots"))
