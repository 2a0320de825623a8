"""Item model of what becomes of backups: one row each, what goes first."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.services.retention import Fate
from mangrove.ui import text
from mangrove.ui.theme.state_shapes import state_icon
from mangrove.ui.theme.tokens import Tone

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_RIGHT = int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value)


class FateColumn(IntEnum):
    """The columns."""

    FATE = 0
    WHEN = 1
    SERIES = 2
    BECAUSE = 3
    SIZE = 4


class FatesModel(QAbstractTableModel):
    """Backups with what becomes of them; can be narrowed to one day."""

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._all: tuple[Fate, ...] = ()
        self._shown: list[Fate] = []
        self._day: date | None = None

    def set_fates(self, fates: Sequence[Fate]) -> None:
        """Show these instead: what goes first, each newest first."""
        self.beginResetModel()
        self._all = tuple(sorted(fates, key=lambda fate: fate.stays))
        self._narrow()
        self.endResetModel()

    def set_day(self, day: date | None) -> None:
        """Show only the backups of a day; None for all."""
        self.beginResetModel()
        self._day = day
        self._narrow()
        self.endResetModel()

    def fate_at(self, row: int) -> Fate | None:
        """Return what a row shows."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _narrow(self) -> None:
        day = self._day
        self._shown = [f for f in self._all if day is None or day_of(f.record.finished_at) == day]

    @override
    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    @override
    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(FateColumn)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == FateColumn.SIZE:
            return _RIGHT
        titles = {
            FateColumn.FATE: self.tr("What becomes of it"),
            FateColumn.WHEN: self.tr("Backup of"),
            FateColumn.SERIES: self.tr("Series"),
            FateColumn.BECAUSE: self.tr("Because"),
            FateColumn.SIZE: self.tr("Stored"),
        }
        return titles[FateColumn(section)] if role == Qt.ItemDataRole.DisplayRole else None

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        fate = self.fate_at(index.row()) if index.isValid() else None
        if fate is None:
            return None
        column = FateColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(fate, column)
            case Qt.ItemDataRole.DecorationRole if column is FateColumn.FATE:
                return state_icon(Tone.PROVEN if fate.stays else Tone.UNPROVEN)
            case Qt.ItemDataRole.TextAlignmentRole if column is FateColumn.SIZE:
                return _RIGHT
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
