"""Item model of databases and their collections, with figures and, if wanted, checkboxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from mangrove.core.known import Known, together
from mangrove.core.namespace import Namespace
from mangrove.core.wording import TIME_SERIES
from mangrove.ui import text
from mangrove.ui.wording import counted

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SORT_ROLE = int(Qt.ItemDataRole.UserRole)
NAMESPACE_ROLE = SORT_ROLE + 1
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
ABSENT = "—"
_BRANCH = 0  # internal id of database rows; a collection carries its database's row plus one


class TreeColumn(Enum):
    """What a column of the tree shows."""

    NAME = "name"
    KIND = "kind"
    DOCUMENTS = "documents"
    SIZE = "size"
    STORED = "stored"
    INDEXES = "indexes"


LIVE_COLUMNS = (TreeColumn.NAME, TreeColumn.DOCUMENTS, TreeColumn.SIZE, TreeColumn.KIND)
STORED_COLUMNS = (
    TreeColumn.NAME,
    TreeColumn.DOCUMENTS,
    TreeColumn.SIZE,
    TreeColumn.STORED,
    TreeColumn.INDEXES,
)


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """One collection, view or time series as a row.

    Units: bytes of BSON, and bytes as stored.
    """

    database: str
    collection: str
    kind: str
    documents: int
    plain_bytes: int
    stored_bytes: int = 0
    indexes: int = 0
    documents_known: Known = Known.EXACT
    bytes_known: Known = Known.EXACT

    @property
    def namespace(self) -> Namespace:
        """The namespace it shows."""
        return Namespace(self.database, self.collection)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is checked in the tree.

    Attributes:
        databases: Those whose every collection is checked.
        collections: The checked ones of the other databases.
        is_all: Whether everything there is is checked.
    """

    databases: tuple[str, ...] = ()
    collections: tuple[Namespace, ...] = ()
    is_all: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is checked."""
        return not (self.databases or self.collections)


@dataclass(frozen=True, slots=True)
class _Branch:
    name: str
    rows: tuple[NamespaceRow, ...]
    total: NamespaceRow


class NamespaceTreeModel(QAbstractItemModel):
    """Databases on the first level, their collections on the second.

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
        self._branches: tuple[_Branch, ...] = ()
        self._checked: list[set[int]] = []

    def set_rows(self, rows: Sequence[NamespaceRow]) -> None:
        """Show these collections; with checkboxes, all of them are checked."""
        self.beginResetModel()
        self._branches = _branches(rows)
        self._checked = [set(range(len(b.rows))) for b in self._branches]
        self.endResetModel()
        self.choice_changed.emit()

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
        for branch, checked in zip(self._branches, self._checked, strict=True):
            if len(checked) == len(branch.rows):
                databases.append(branch.name)
            else:
                collections += [branch.rows[n].namespace for n in sorted(checked)]
        is_all = bool(databases) and len(databases) == len(self._branches)
        return Chosen(tuple(databases), tuple(collections), is_all)

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

    @override
    def index(self, row: int, column: int, parent: AnyIndex = ROOT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _BRANCH)

    @override
    def parent(self, index: AnyIndex = ROOT) -> QModelIndex:  # type: ignore[override]  # Qt overloads parent()
        if not index.isValid() or index.internalId() == _BRANCH:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _BRANCH)

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        if not parent.isValid():
            return len(self._branches)
        if parent.internalId() != _BRANCH or parent.column() != 0:
            return 0
        return len(self._branches[parent.row()].rows)

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return len(self._columns)

    @override
    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
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
                return self._shown(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if _is_number(column) else None
            case Qt.ItemDataRole.ToolTipRole if column is TreeColumn.NAME and row.collection:
                return str(row.namespace)
            case _ if role == SORT_ROLE:
                return _sort_key(row, column)
            case _:
                return row if role == NAMESPACE_ROLE else None

    @override
    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self._checkable or index.column() != 0:
            return False
        checked = Qt.CheckState(value) == Qt.CheckState.Checked
        if index.internalId() == _BRANCH:
            rows = self._branches[index.row()].rows
            self._checked[index.row()] = set(range(len(rows))) if checked else set()
            self._tell_branch(index.row())
        else:
            branch = self._checked[index.internalId() - 1]
            branch.add(index.row()) if checked else branch.discard(index.row())
            self._tell_branch(index.internalId() - 1)
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
        if role == Qt.ItemDataRole.TextAlignmentRole and _is_number(column):
            return _RIGHT
        return self._title(column) if role == Qt.ItemDataRole.DisplayRole else None

    def _row_at(self, index: AnyIndex) -> NamespaceRow:
        if index.internalId() == _BRANCH:
            return self._branches[index.row()].total
        return self._branches[index.internalId() - 1].rows[index.row()]

    def _check_state(self, index: AnyIndex) -> Qt.CheckState:
        if index.internalId() != _BRANCH:
            is_in = index.row() in self._checked[index.internalId() - 1]
            return Qt.CheckState.Checked if is_in else Qt.CheckState.Unchecked
        checked = len(self._checked[index.row()])
        if not checked:
            return Qt.CheckState.Unchecked
        is_full = checked == len(self._branches[index.row()].rows)
        return Qt.CheckState.Checked if is_full else Qt.CheckState.PartiallyChecked

    def _shown(self, row: NamespaceRow, column: TreeColumn) -> str:
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

    def _tell_branch(self, row: int) -> None:
        top = self.index(row, 0)
        self.dataChanged.emit(top, top, [Qt.ItemDataRole.CheckStateRole])
        last = self.rowCount(top) - 1
        if last >= 0:
            first, end = self.index(0, 0, top), self.index(last, 0, top)
            self.dataChanged.emit(first, end, [Qt.ItemDataRole.CheckStateRole])

    def _tell_all(self) -> None:
        for row in range(len(self._branches)):
            self._tell_branch(row)
        self.choice_changed.emit()


def _branches(rows: Sequence[NamespaceRow]) -> tuple[_Branch, ...]:
    by_database: dict[str, list[NamespaceRow]] = {}
    for row in sorted(rows, key=lambda r: (r.database, r.collection)):
        by_database.setdefault(row.database, []).append(row)
    return tuple(_Branch(name, tuple(own), _total(name, own)) for name, own in by_database.items())


def _total(name: str, rows: Sequence[NamespaceRow]) -> NamespaceRow:
    documents = sum(r.documents for r in rows)
    plain_bytes = sum(r.plain_bytes for r in rows)
    return NamespaceRow(
        database=name,
        collection="",
        kind="database",
        documents=documents,
        plain_bytes=plain_bytes,
        stored_bytes=sum(r.stored_bytes for r in rows),
        indexes=sum(r.indexes for r in rows),
        documents_known=together((r.documents_known for r in rows), documents),
        bytes_known=together((r.bytes_known for r in rows), plain_bytes),
    )


def _is_number(column: TreeColumn) -> bool:
    return column not in (TreeColumn.NAME, TreeColumn.KIND)


def _sort_key(row: NamespaceRow, column: TreeColumn) -> str | float:
    # Counts and bytes as float: a Qt variant of a Python int may overflow 32 bits.
    match column:
        case TreeColumn.NAME:
            return (row.collection or row.database).casefold()
        case TreeColumn.KIND:
            return row.kind
        case TreeColumn.DOCUMENTS:
            return float(row.documents)
        case TreeColumn.SIZE:
            return float(row.plain_bytes)
        case TreeColumn.STORED:
            return float(row.stored_bytes)
        case TreeColumn.INDEXES:
            return float(row.indexes)
