"""The bar above the backups table: text, profile, vault and state."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from mangrove.core.figures.lights import Light
from mangrove.ui.models.backup_rows import BackupFilter, BackupRow
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.fields.choice_box import ChoiceBox
from mangrove.ui.widgets.fields.search_field import SearchField
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.wording import counted

_WIDEST_CHARS = 34  # of a choice: a long name is cut rather than pushing the others away


class BackupsFilterBar(QWidget):
    """Narrows the table.

    Signals:
        filter_changed: A ``BackupFilter``.
    """

    filter_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = SearchField(self.tr("Find a backup"))
        self.profile, self.vault, self.state = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.profile.setAccessibleName(self.tr("Profile"))
        self.vault.setAccessibleName(self.tr("Vault"))
        self.state.setAccessibleName(self.tr("State"))
        self.profile.addItem(self.tr("All profiles"), "")
        self.vault.addItem(self.tr("All vaults"), "")
        self.state.addItem(self.tr("Any state"), None)
        self.state.addItem(self.tr("proven"), Light.PROVEN)
        self.state.addItem(self.tr("not proven"), Light.UNPROVEN)
        self.state.addItem(self.tr("failed or unreadable"), Light.EXPOSED)
        self.count = TextLabel("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.search)
        for box in (self.profile, self.vault, self.state):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMaximumWidth(self.fontMetrics().averageCharWidth() * _WIDEST_CHARS)
            box.currentIndexChanged.connect(self._on_changed)
            row.addWidget(box)
        row.addStretch()
        row.addWidget(self.count)
        self.search.filter_changed.connect(self._on_changed)

    def offer(self, rows: Sequence[BackupRow]) -> None:
        """Offer the profiles and vaults that occur; what is chosen stays chosen."""
        _refill(self.profile, {row.record.profile_name for row in rows})
        _refill(self.vault, {row.vault for row in rows})
        self._on_changed()

    def show_count(self, shown: int, total: int) -> None:
        """Say how many rows pass."""
        whole = counted(total, self.tr("backup"), self.tr("backups"))
        words = self.tr("{shown} of {whole}")
        self.count.setText(whole if shown == total else words.format(shown=shown, whole=whole))

    def clear(self) -> None:
        """Ask for nothing any more."""
        self.search.clear()
        for box in (self.profile, self.vault, self.state):
            box.setCurrentIndex(0)
        self._on_changed()

    def wanted(self) -> BackupFilter:
        """Return what is asked for."""
        return BackupFilter(
            text=self.search.text().strip(),
            profile=str(self.profile.currentData()),
            vault=str(self.vault.currentData()),
            light=self.state.currentData(),
        )

    @Slot()
    def _on_changed(self) -> None:
        self.filter_changed.emit(self.wanted())


def _refill(box: QComboBox, names: set[str]) -> None:
    chosen = box.currentData()
    with QSignalBlocker(box):
        while box.count() > 1:
            box.removeItem(1)
        for name in sorted(names, key=str.casefold):
            box.addItem(name, name)
        box.setCurrentIndex(max(0, box.findData(chosen)))
