"""Item model of values in rows, each column told by a few functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
RECORD_ROLE = int(Qt.ItemDataRole.UserRole) + 2
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column.

    Attributes:
        title: Its heading.
        shown: The text of a cell.
        sorted_by: What it sorts by; the text where it is None.
        tip: The whole story of a cell; "" for none.
        tone: The state drawn before the text; None for no state.
    """

    title: str
    shown: Callable[[R], str]
    sorted_by: Callable[[R], float] | None = None
    tip: Callable[[R], str] | None = None
    tone: Callable[[R], Tone] | None = None


class RecordsModel(QAbstractTableModel, Generic[R]):
    """Shows records as they come.

    Shapes: ``SORT_ROLE`` gives values that sort, ``RECORD_ROLE`` the record itself.
    """

    def __init__(self, columns: Sequence[Column[R]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: tuple[R, ...] = ()

    @property
    def rows(self) -> tuple[R, ...]:
        """The records."""
        return self._rows

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these records instead."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    @override
    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._columns[section].title

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        record, column = self._rows[index.row()], self._columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.shown(record)
            case Qt.ItemDataRole.DecorationRole if column.tone is not None:
                return state_icon(column.tone(record))
            case Qt.ItemDataRole.ToolTipRole:
                return (column.tip(record) if column.tip else column.shown(record)) or None
            case _ if role == SORT_ROLE:
                by = column.sorted_by
                return by(record) if by else column.shown(record).casefold()
            case _:
                return record if role == RECORD_ROLE else None
