"""What tables of records have in common: a record in each row, headings, numbers at the right."""

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
RECORD_ROLE = int(Qt.ItemDataRole.UserRole) + 2
_RIGHT = int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value)
R = TypeVar("R")


class TableModel(QAbstractTableModel, Generic[R]):
    """A record in each row; what stands in its cells is told by ``cell``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[R] = []
        self._titles: tuple[str, ...] = ()
        self._numbers: Collection[int] = ()

    def name_columns(self, titles: Sequence[str], numbers: Collection[int] = ()) -> None:
        """Say what the columns are called, and which of them hold numbers."""
        self._titles, self._numbers = tuple(titles), numbers

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these records instead."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def record_at(self, row: int) -> R | None:
        """Return the record of a row; None where there is none."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def cell(self, record: R, column: int, role: int) -> object:
        """Return what a cell has for a role; None for nothing."""
        raise NotImplementedError

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section in self._numbers:
            return _RIGHT
        return self._titles[section] if role == Qt.ItemDataRole.DisplayRole else None

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        record = self.record_at(index.row()) if index.isValid() else None
        if record is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() in self._numbers else None
        return self.cell(record, index.column(), role)
