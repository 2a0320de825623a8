"""Item model of what becomes of backups: one row each, what goes first."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import IntEnum

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from mangrove.services.retention import Fate
from mangrove.ui import text
from mangrove.ui.models.table_model import TableModel
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone


class FateColumn(IntEnum):
    """The columns."""

    FATE = 0
    WHEN = 1
    SERIES = 2
    BECAUSE = 3
    SIZE = 4


class FatesModel(TableModel[Fate]):
    """Backups with what becomes of them; can be narrowed to one day."""

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._all: tuple[Fate, ...] = ()
        self._day: date | None = None
        self.name_columns(
            (
                self.tr("What becomes of it"),
                self.tr("Backup of"),
                self.tr("Series"),
                self.tr("Because"),
                self.tr("Stored"),
            ),
            numbers=(FateColumn.SIZE,),
        )

    @override
    def set_rows(self, rows: Sequence[Fate]) -> None:
        """Show these instead: what goes first, each newest first."""
        self._all = tuple(sorted(rows, key=lambda fate: fate.stays))
        self._narrow()

    def set_day(self, day: date | None) -> None:
        """Show only the backups of a day; None for all."""
        self._day = day
        self._narrow()

    def _narrow(self) -> None:
        day = self._day
        super().set_rows(
            [f for f in self._all if day is None or day_of(f.record.finished_at) == day]
        )

    @override
    def cell(self, record: Fate, column: int, role: int) -> object:
        fate, column = record, FateColumn(column)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(fate, column)
            case Qt.ItemDataRole.DecorationRole if column is FateColumn.FATE:
                return state_icon(Tone.PROVEN if fate.stays else Tone.UNPROVEN)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(fate, column)
            case _:
                return None

    def _words(self, fate: Fate, column: FateColumn) -> str:
        match column:
            case FateColumn.FATE:
                return self._fate(fate)
            case FateColumn.WHEN:
                return text.moment(fate.record.finished_at, self._now()).text
            case FateColumn.SERIES:
                return fate.series
            case FateColumn.BECAUSE:
                return fate.verdict.because
            case FateColumn.SIZE:
                return text.size(fate.record.stored_bytes)

    def _fate(self, fate: Fate) -> str:
        if fate.goes_at is None:
            return self.tr("stays")
        words = self.tr("deleted, goes {day}") if fate.is_marked else self.tr("goes {day}")
        return words.format(day=f"{fate.goes_at.astimezone():%Y-%m-%d}")

    def _tip(self, fate: Fate, column: FateColumn) -> str:
        if column is FateColumn.WHEN:
            moment = text.moment(fate.record.finished_at, self._now()).tooltip
            return f"{fate.record.backup}\n{moment}"
        return self._words(fate, column)


def day_of(moment: datetime) -> date:
    """Return the day of a moment where the person is."""
    return moment.astimezone().date()
