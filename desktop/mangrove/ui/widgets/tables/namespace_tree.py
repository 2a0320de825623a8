"""A tree view of databases and collections that sorts, filters and keeps its checkboxes."""

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from mangrove.core.namespace import Namespace
from mangrove.ui.models.namespace_tree_model import (
    NAMESPACE_ROLE,
    SORT_ROLE,
    Chosen,
    NamespaceRow,
    NamespaceTreeModel,
)
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.tables.backup_delegate import RowHeight

_UNFOLD_UP_TO = 4


class NamespaceTree(QTreeView):
    """Shows a ``NamespaceTreeModel``; few databases come unfolded."""

    def __init__(self, model: NamespaceTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.namespaces = model
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(model)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setRecursiveFilteringEnabled(True)
        self._proxy.setAutoAcceptChildRows(True)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._proxy)
        self.setItemDelegate(RowHeight(self))
        self.setUniformRowHeights(True)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(self.tr("Databases and collections"))
        self.setIndentation(Space.M)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        model.modelReset.connect(self._on_model_reset)

    @Slot(str)
    def filter_by(self, text: str) -> None:
        """Show only what holds this text, and unfold it."""
        self._proxy.setFilterFixedString(text)
        if text:
            self.expandAll()

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
        databases: list[str] = []
        collections: list[Namespace] = []
        for index in self.selectionModel().selectedRows():
            row = index.data(NAMESPACE_ROLE)
            if isinstance(row, NamespaceRow):
                if row.collection:
                    collections.append(row.namespace)
                else:
                    databases.append(row.database)
        single = tuple(n for n in collections if n.database not in databases)
        return Chosen(tuple(databases), single)

    @Slot()
    def _on_model_reset(self) -> None:
        if self.namespaces.rowCount() <= _UNFOLD_UP_TO:
            self.expandAll()
        elif self.namespaces.rowCount():
            self.collapse(QModelIndex())
