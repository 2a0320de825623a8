"""Item model of values in rows, each column told by a few functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from mangrove.ui.models.table_model import RECORD_ROLE, SORT_ROLE, R, TableModel
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone


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


class RecordsModel(TableModel[R]):
    """Shows records as they come.

    Shapes: ``SORT_ROLE`` gives values that sort, ``RECORD_ROLE`` the record itself.
    """

    def __init__(self, columns: Sequence[Column[R]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self.name_columns([column.title for column in self._columns])

    @property
    def rows(self) -> tuple[R, ...]:
        """The records."""
        return tuple(self._rows)

    @override
    def cell(self, record: R, column: int, role: int) -> object:
        told = self._columns[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return told.shown(record)
            case Qt.ItemDataRole.DecorationRole if told.tone is not None:
                return state_icon(told.tone(record))
            case Qt.ItemDataRole.ToolTipRole:
                return (told.tip(record) if told.tip else told.shown(record)) or None
            case _ if role == SORT_ROLE:
                by = told.sorted_by
                return by(record) if by else told.shown(record).casefold()
            case _:
                return record if role == RECORD_ROLE else None
