"""The table of a vault's backups: what becomes of each, when, and why."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView

from mangrove.services.retention import Fate
from mangrove.ui.models.fates_model import FateColumn, FatesModel
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.tables.row_table import choose_rows

_WIDTHS = {
    FateColumn.FATE: 190,
    FateColumn.WHEN: 150,
    FateColumn.SERIES: 190,
    FateColumn.SIZE: 90,
}
_USUAL_CHAR = 7


class FatesTable(QTableView):
    """One row for each backup, of which one is chosen."""

    def __init__(self, fates: FatesModel) -> None:
        super().__init__()
        self._fates = fates
        self.setModel(fates)
        self.setAccessibleName(self.tr("What becomes of each backup"))
        choose_rows(self)
        height = max(Size.TABLE_ROW, self.fontMetrics().height() + Space.M)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(height)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(FateColumn.BECAUSE, QHeaderView.ResizeMode.Stretch)
        scale = max(1.0, self.fontMetrics().averageCharWidth() / _USUAL_CHAR)
        for section, width in _WIDTHS.items():
            self.setColumnWidth(section, round(width * scale))
        self.setMinimumHeight(height * 4)

    def chosen(self) -> Fate | None:
        """Return what becomes of the chosen backup; None without a choice."""
        rows = self.selectionModel().selectedRows()
        return self._fates.record_at(rows[0].row()) if rows else None
