"""Item model of a run's namespaces: those active, failed or lately done, and how far each is."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.core.run import NamespaceProgress, NamespaceState
from mangrove.ui import text

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
PROGRESS_ROLE = int(Qt.ItemDataRole.UserRole) + 1


class NamespacesModel(QAbstractListModel):
    """Namespaces as rows that keep their place while only figures change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[NamespaceProgress] = []

    def set_rows(self, rows: Sequence[NamespaceProgress]) -> None:
        """Show these namespaces; the same ones in the same order only change their figures."""
        if [r.namespace for r in rows] != [r.namespace for r in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        changed = [i for i, (a, b) in enumerate(zip(rows, self._rows, strict=True)) if a != b]
        self._rows = list(rows)
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))

    @override
    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.namespace
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.namespace}: {self.figures(row)}"
        return row if role == PROGRESS_ROLE else None

    def figures(self, row: NamespaceProgress) -> str:
        """Say how far a namespace is."""
        match row.state:
            case NamespaceState.WAITING:
                return self.tr("waiting")
            case NamespaceState.ACTIVE if row.total_bytes > 0:
                return text.percent(row.done_bytes / row.total_bytes)
            case NamespaceState.ACTIVE:
                return text.size(row.done_bytes)
            case NamespaceState.DONE:
                return self.tr("done")
            case NamespaceState.FAILED:
                return self.tr("failed")
