"""A tree view of databases and collections that sorts, filters and keeps its checkboxes."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from mangrove.ui.models.namespace_rows import Chosen, NamespaceRow
from mangrove.ui.models.namespace_tree_model import NAMESPACE_ROLE, NamespaceTreeModel
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.tables.backup_delegate import RowHeight

_UNFOLD_UP_TO = 4  # databases
_UNFOLD_ROWS = 1000  # unfolding more would be felt
_MEASURED_ROWS = 64  # for the width of a column: more are not looked at
_SELECT_ROW = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
_KEEP_SELECTION = QItemSelectionModel.SelectionFlag.NoUpdate


class NamespaceTree(QTreeView):
    """Shows a ``NamespaceTreeModel``; few databases come unfolded."""

    def __init__(self, model: NamespaceTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.namespaces = model
        self.setModel(model)
        self.setItemDelegate(RowHeight(self))
        self.setUniformRowHeights(True)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(self.tr("Databases and collections"))
        self.setIndentation(Space.M)
        header = self.header()
        header.setStretchLastSection(False)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        model.modelReset.connect(self._on_model_reset)

    @Slot(str)
    def filter_by(self, text: str) -> None:
        """Show only what holds this text, and unfold it; what was picked stays so, if shown."""
        rows, current = self._selected_rows(), self.currentIndex().data(NAMESPACE_ROLE)
        self.namespaces.search(text)
        if text and self._is_small():
            self.expandAll()
        selection = self.selectionModel()
        for row in rows:
            selection.select(self._index_of(row), _SELECT_ROW)
        if isinstance(current, NamespaceRow):
            selection.setCurrentIndex(self._index_of(current), _KEEP_SELECTION)

    def fit_rows(self, most: int) -> None:
        """Take the height of all rows that are unfolded, up to so many."""
        below = self.namespaces.rowCount
        tops = [self.namespaces.index(n, 0) for n in range(below())]
        is_unfolded = len(tops) <= _UNFOLD_UP_TO
        rows = len(tops) + (sum(below(top) for top in tops) if is_unfolded else 0)
        row = max(Size.TABLE_ROW, self.fontMetrics().height() + Space.S)
        height = self.header().sizeHint().height() + row * max(1, min(rows, most))
        self.setFixedHeight(height + 2 * self.frameWidth() + Space.HALF)

    def selected(self) -> Chosen:
        """Return the selected rows as databases and single collections."""
        rows = self._selected_rows()
        databases = tuple(row.database for row in rows if not row.collection)
        single = tuple(r.namespace for r in rows if r.collection and r.database not in databases)
        return Chosen(databases, single)

    def _selected_rows(self) -> list[NamespaceRow]:
        found = (index.data(NAMESPACE_ROLE) for index in self.selectionModel().selectedRows())
        return [row for row in found if isinstance(row, NamespaceRow)]

    def _index_of(self, row: NamespaceRow) -> QModelIndex:
        return self.namespaces.index_of(row.database, row.collection)

    @Slot()
    def _on_model_reset(self) -> None:
        if self.namespaces.rowCount() <= _UNFOLD_UP_TO and self._is_small():
            self.expandAll()

    def _is_small(self) -> bool:
        return self.namespaces.shown_rows <= _UNFOLD_ROWS
