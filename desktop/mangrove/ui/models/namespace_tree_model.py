"""Item model of databases and their collections, with figures and, if wanted, checkboxes."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from mangrove.core.known import Known
from mangrove.core.namespace import Namespace
from mangrove.core.wording import TIME_SERIES
from mangrove.ui import text
from mangrove.ui.models.namespace_rows import (
    LIVE_COLUMNS,
    Arrangement,
    Branch,
    Chosen,
    NamespaceRow,
    TreeColumn,
    arranged,
    branches_of,
)
from mangrove.ui.wording import counted

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NAMESPACE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
ABSENT = "—"
_BRANCH = 0  # internal id of database rows; a collection carries its database's number plus one


class NamespaceTreeModel(QAbstractItemModel):
    """Databases on the first level, their collections on the second.

    It sorts and searches by itself: a proxy that asks for every cell in Python took seconds
    for thousands of collections.

    Signals:
        choice_changed(): A checkbox changed.
    """

    choice_changed = Signal()

    def __init__(
        self,
        columns: Sequence[TreeColumn] = LIVE_COLUMNS,
        *,
        checkable: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._checkable = checkable
        self._branches: tuple[Branch, ...] = ()
        self._checked: list[set[int]] = []
        self._wanted = ""
        self._sorted_by = (TreeColumn.NAME, False)
        self._shown = Arrangement()

    def set_rows(self, rows: Sequence[NamespaceRow]) -> None:
        """Show these collections; with checkboxes, all of them are checked."""
        self.beginResetModel()
        self._branches = branches_of(rows)
        self._checked = [set(range(len(b.rows))) for b in self._branches]
        self._shown = self._arranged()
        self.endResetModel()
        self.choice_changed.emit()

    def search(self, wanted: str) -> None:
        """Show only what holds this text in its name; what is hidden keeps its tick."""
        if wanted != self._wanted:
            self.beginResetModel()
            self._wanted = wanted
            self._shown = self._arranged()
            self.endResetModel()

    @property
    def shown_rows(self) -> int:
        """How many databases and collections are shown."""
        return len(self._shown.order) + sum(map(len, self._shown.rows))

    def choose(self, databases: Sequence[str], collections: Sequence[Namespace]) -> None:
        """Check exactly these, as far as they exist."""
        wanted = set(collections)
        self._checked = [
            {
                n
                for n, row in enumerate(branch.rows)
                if branch.name in databases or row.namespace in wanted
            }
            for branch in self._branches
        ]
        self._tell_all()

    def choose_all(self, *, checked: bool) -> None:
        """Check everything, or nothing."""
        self._checked = [set(range(len(b.rows))) if checked else set() for b in self._branches]
        self._tell_all()

    def chosen(self) -> Chosen:
        """Return what is checked."""
        databases: list[str] = []
        collections: list[Namespace] = []
        left_out: list[Namespace] = []
        for branch, checked in zip(self._branches, self._checked, strict=True):
            if len(checked) == len(branch.rows):
                databases.append(branch.name)
            elif checked:
                for n, row in enumerate(branch.rows):
                    (collections if n in checked else left_out).append(row.namespace)
        is_all = bool(databases) and len(databases) == len(self._branches)
        return Chosen(tuple(databases), tuple(collections), is_all, tuple(left_out))

    def chosen_rows(self) -> tuple[NamespaceRow, ...]:
        """Return the checked collections."""
        pairs = zip(self._branches, self._checked, strict=True)
        return tuple(branch.rows[n] for branch, checked in pairs for n in sorted(checked))

    def all_rows(self) -> tuple[NamespaceRow, ...]:
        """Return every collection."""
        return tuple(row for branch in self._branches for row in branch.rows)

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of all databases shown."""
        return tuple(branch.name for branch in self._branches)

    def index_of(self, database: str, collection: str = "") -> QModelIndex:
        """Return where a database or collection stands now; invalid when it is not shown."""
        for number, branch in enumerate(self._branches):
            if branch.name != database or self._shown.places[number] < 0:
                continue
            if not collection:
                return self.createIndex(self._shown.places[number], 0, _BRANCH)
            for row, n in enumerate(self._shown.rows[number]):
                if branch.rows[n].collection == collection:
                    return self.createIndex(row, 0, number + 1)
        return QModelIndex()

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self._columns):
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        named = [(self._number(index), index.column()) for index in kept]
        self._sorted_by = (self._columns[column], order is Qt.SortOrder.DescendingOrder)
        self._shown = self._arranged()
        self.changePersistentIndexList(kept, [self._at(*place) for place in named])
        self.layoutChanged.emit()

    @override
    def index(self, row: int, column: int, parent: AnyIndex = ROOT) -> QModelIndex:
        if row < 0 or not 0 <= column < len(self._columns):
            return QModelIndex()
        if not parent.isValid():
            is_there, identity = row < len(self._shown.order), _BRANCH
        elif parent.internalId() != _BRANCH or parent.column() != 0:
            return QModelIndex()
        else:
            number = self._shown.order[parent.row()]
            is_there, identity = row < len(self._shown.rows[number]), number + 1
        return self.createIndex(row, column, identity) if is_there else QModelIndex()

    @override
    def parent(self, index: AnyIndex = ROOT) -> QModelIndex:  # type: ignore[override]  # Qt overloads parent()
        if not index.isValid() or index.internalId() == _BRANCH:
            return QModelIndex()
        return self.createIndex(self._shown.places[index.internalId() - 1], 0, _BRANCH)

    @override
    def hasChildren(self, parent: AnyIndex = ROOT) -> bool:
        is_branch = parent.internalId() == _BRANCH and parent.column() == 0
        return is_branch if parent.isValid() else bool(self._shown.order)

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        if not parent.isValid():
            return len(self._shown.order)
        if parent.internalId() != _BRANCH or parent.column() != 0:
            return 0
        return len(self._shown.rows[self._shown.order[parent.row()]])

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return len(self._columns)

    @override
    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = _PLAIN
        if self._checkable and index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if index.internalId() != _BRANCH:
            flags |= Qt.ItemFlag.ItemNeverHasChildren
        return flags

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self._row_at(index), self._columns[index.column()]
        if role == Qt.ItemDataRole.CheckStateRole:
            return self._check_state(index) if self._checkable and not index.column() else None
        return self._cell(row, column, role)

    def _cell(self, row: NamespaceRow, column: TreeColumn, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column.is_number else None
            case Qt.ItemDataRole.ToolTipRole if column is TreeColumn.NAME and row.collection:
                return str(row.namespace)
            case _:
                return row if role == NAMESPACE_ROLE else None

    @override
    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self._checkable or index.column() != 0:
            return False
        number, n = self._number(index)
        rows = self._shown.rows[number] if n is None else (n,)
        if Qt.CheckState(value) == Qt.CheckState.Checked:
            self._checked[number].update(rows)
        else:
            self._checked[number].difference_update(rows)
        self._tell_branch(number)
        self.choice_changed.emit()
        return True

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and column.is_number:
            return _RIGHT
        return self._title(column) if role == Qt.ItemDataRole.DisplayRole else None

    def _arranged(self) -> Arrangement:
        column, is_descending = self._sorted_by
        return arranged(self._branches, self._wanted, column, descending=is_descending)

    def _number(self, index: AnyIndex) -> tuple[int, int | None]:
        """Return the places of a database and, if it is one, of a collection in the branches."""
        if index.internalId() == _BRANCH:
            return self._shown.order[index.row()], None
        number = index.internalId() - 1
        return number, self._shown.rows[number][index.row()]

    def _at(self, place: tuple[int, int | None], column: int) -> QModelIndex:
        number, n = place
        if n is None:
            return self.createIndex(self._shown.places[number], column, _BRANCH)
        return self.createIndex(self._shown.rows[number].index(n), column, number + 1)

    def _row_at(self, index: AnyIndex) -> NamespaceRow:
        number, n = self._number(index)
        branch = self._branches[number]
        return branch.total if n is None else branch.rows[n]

    def _check_state(self, index: AnyIndex) -> Qt.CheckState:
        """Return a tick; that of a database is about its collections shown, as its change is."""
        number, n = self._number(index)
        checked = self._checked[number]
        if n is not None:
            return Qt.CheckState.Checked if n in checked else Qt.CheckState.Unchecked
        shown = self._shown.rows[number]
        is_whole = len(shown) == len(self._branches[number].rows)
        within = len(checked) if is_whole else len(checked.intersection(shown))
        if not within:
            return Qt.CheckState.Unchecked
        return Qt.CheckState.Checked if within == len(shown) else Qt.CheckState.PartiallyChecked

    def _words(self, row: NamespaceRow, column: TreeColumn) -> str:
        match column:
            case TreeColumn.NAME:
                return row.collection or row.database
            case TreeColumn.KIND:
                return self._kind(row)
            case TreeColumn.DOCUMENTS:
                return ABSENT if row.kind == "view" else self._documents(row)
            case TreeColumn.SIZE:
                return ABSENT if row.kind == "view" else self._size(row)
            case TreeColumn.STORED:
                return text.size(row.stored_bytes)
            case TreeColumn.INDEXES:
                return text.count(row.indexes)

    def _documents(self, row: NamespaceRow) -> str:
        words = text.count(row.documents)
        if row.kind == TIME_SERIES:
            words = counted(row.documents, self.tr("bucket"), self.tr("buckets"))
        return self._as_known(words, row.documents_known)

    def _size(self, row: NamespaceRow) -> str:
        return self._as_known(text.size(row.plain_bytes), row.bytes_known)

    def _as_known(self, words: str, known: Known) -> str:
        match known:
            case Known.EXACT:
                return words
            case Known.AT_LEAST:
                return self.tr("at least {figure}").format(figure=words)
            case Known.UNKNOWN:
                return self.tr("unknown")

    def _kind(self, row: NamespaceRow) -> str:
        match row.kind:
            case "database":
                return self.tr("database")
            case "view":
                return self.tr("view")
            case "timeseries":
                return self.tr("time series")
            case _:
                return self.tr("collection")

    def _title(self, column: TreeColumn) -> str:
        match column:
            case TreeColumn.NAME:
                return self.tr("Name")
            case TreeColumn.KIND:
                return self.tr("Kind")
            case TreeColumn.DOCUMENTS:
                return self.tr("Documents")
            case TreeColumn.SIZE:
                return self.tr("Size")
            case TreeColumn.STORED:
                return self.tr("Stored")
            case TreeColumn.INDEXES:
                return self.tr("Indexes")

    def _tell_branch(self, number: int) -> None:
        if self._shown.places[number] < 0:
            return
        top = self._at((number, None), 0)
        self.dataChanged.emit(top, top, [Qt.ItemDataRole.CheckStateRole])
        if last := len(self._shown.rows[number]):
            first, end = self.index(0, 0, top), self.index(last - 1, 0, top)
            self.dataChanged.emit(first, end, [Qt.ItemDataRole.CheckStateRole])

    def _tell_all(self) -> None:
        for number in range(len(self._branches)):
            self._tell_branch(number)
        self.choice_changed.emit()
