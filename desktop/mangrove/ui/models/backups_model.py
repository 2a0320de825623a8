"""Item model of the backups table: quick with a hundred thousand rows, filters and sorts itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.ui import text
from mangrove.ui.models.backup_rows import (
    COLUMNS,
    BackupColumn,
    BackupFilter,
    BackupRow,
    ratio,
    sort_permutation,
)
from mangrove.ui.models.backup_words import state_tip, state_word, what_words

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
ABSENT = "—"
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_NUMBERS = (BackupColumn.SIZE, BackupColumn.RATIO, BackupColumn.DOCUMENTS)


class BackupsModel(QAbstractTableModel):
    """The backups that pass the filter, in the chosen order.

    The rows stay one tuple; what is shown is a list of row numbers, so that a filter or a sort
    moves numbers and nothing else.
    """

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._rows: tuple[BackupRow, ...] = ()
        self._orders: dict[BackupColumn, list[int]] = {}
        self._filter = BackupFilter()
        self._column = BackupColumn.WHEN
        self._descending = True
        self._visible: list[int] = []

    def set_rows(self, rows: Sequence[BackupRow]) -> None:
        """Show these rows, through the present filter and order."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._orders = {}
        self._arrange()
        self.endResetModel()

    def set_filter(self, wanted: BackupFilter) -> None:
        """Let through only what the filter bar asks for."""
        if wanted != self._filter:
            self.beginResetModel()
            self._filter = wanted
            self._arrange()
            self.endResetModel()

    def set_kept(self, kept: Mapping[BackupId, str]) -> None:
        """Say of each backup whether it stays or goes, where that is known."""
        self._rows = tuple(replace(r, kept=kept.get(r.record.backup, "")) for r in self._rows)
        self._orders.pop(BackupColumn.KEPT, None)
        if self._column is BackupColumn.KEPT:
            self.beginResetModel()
            self._arrange()
            self.endResetModel()
        elif self._visible:
            at = COLUMNS.index(BackupColumn.KEPT)
            self.dataChanged.emit(self.index(0, at), self.index(len(self._visible) - 1, at))

    @property
    def records(self) -> tuple[BackupRecord, ...]:
        """All backups, whatever the filter says."""
        return tuple(row.record for row in self._rows)

    @property
    def total(self) -> int:
        """How many backups there are without the filter."""
        return len(self._rows)

    def row_at(self, row: int) -> BackupRow:
        """Return what a visible row shows."""
        return self._rows[self._visible[row]]

    def row_of(self, backup: BackupId) -> int | None:
        """Return where a backup is shown; None when the filter hides it."""
        rows = self._rows
        found = (n for n, at in enumerate(self._visible) if rows[at].record.backup == backup)
        return next(found, None)

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._visible)

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(COLUMNS):
            return
        self.beginResetModel()
        self._column = COLUMNS[column]
        self._descending = order is Qt.SortOrder.DescendingOrder
        self._arrange()
        self.endResetModel()

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self.row_at(index.row()), COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._shown(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column in _NUMBERS else None
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(row, column)
            case _ if role == ROW_ROLE:
                return row
            case _:
                return None

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _NUMBERS:
            return _RIGHT
        return self._titles()[column] if role == Qt.ItemDataRole.DisplayRole else None

    def _arrange(self) -> None:
        if self._column not in self._orders:
            self._orders[self._column] = sort_permutation(self._rows, self._column)
        order = self._orders[self._column]
        shown = self._filter.passing(self._rows, order)
        self._visible = shown[::-1] if self._descending else shown

    def _shown(self, row: BackupRow, column: BackupColumn) -> str:
        if column in _NUMBERS:
            return _figure(row.record, column)
        if column is BackupColumn.PROFILE:
            return row.record.profile_name
        if column in (BackupColumn.VAULT, BackupColumn.KEPT):
            return row.vault if column is BackupColumn.VAULT else row.kept
        words = {
            BackupColumn.STATE: state_word,
            BackupColumn.WHEN: self._when,
            BackupColumn.WHAT: lambda row: what_words(row.record),
            BackupColumn.CONSISTENCY: self._consistency,
            BackupColumn.EVIDENCE: self._evidence,
        }
        return words[column](row)

    def _when(self, row: BackupRow) -> str:
        return text.moment(row.record.data_at, self._now()).text

    def _consistency(self, row: BackupRow) -> str:
        record = row.record
        match record.achieved:
            case Consistency.SNAPSHOT:
                return self.tr("one moment")
            case Consistency.OPLOG:
                return self.tr("with oplog")
            case _:
                return self.tr("not consistent")

    def _evidence(self, row: BackupRow) -> str:
        record = row.record
        proof = record.proven
        if proof is None:
            return self.tr("none yet")
        return f"{proof.level.value} {text.ago(proof.finished_at, self._now())}"

    def _tip(self, row: BackupRow, column: BackupColumn) -> str | None:
        match column:
            case BackupColumn.STATE:
                return state_tip(row.record) or None
            case BackupColumn.KEPT:
                return row.kept or self.tr("Not known: the vault did not answer yet.")
            case BackupColumn.WHEN:
                return text.moment(row.record.data_at, self._now()).tooltip
            case BackupColumn.WHAT:
                return self._what_tip(row.record)
            case BackupColumn.VAULT if not row.record.is_encrypted:
                return self.tr("not encrypted")
            case _:
                return None

    def _what_tip(self, record: BackupRecord) -> str | None:
        inside = ", ".join(record.databases)
        shown = what_words(record)
        return "\n".join(filter(None, (shown if record.is_filtered else "", inside))) or None

    def _titles(self) -> dict[BackupColumn, str]:
        return {
            BackupColumn.STATE: self.tr("State"),
            BackupColumn.WHEN: self.tr("When"),
            BackupColumn.PROFILE: self.tr("Profile"),
            BackupColumn.WHAT: self.tr("What"),
            BackupColumn.CONSISTENCY: self.tr("Consistency"),
            BackupColumn.SIZE: self.tr("Stored"),
            BackupColumn.RATIO: self.tr("Ratio"),
            BackupColumn.DOCUMENTS: self.tr("Documents"),
            BackupColumn.EVIDENCE: self.tr("Evidence"),
            BackupColumn.VAULT: self.tr("Vault"),
            BackupColumn.KEPT: self.tr("Kept by"),
        }


def _figure(record: BackupRecord, column: BackupColumn) -> str:
    if record.state is BackupState.UNREADABLE or not record.stored_bytes:
        return ABSENT
    match column:
        case BackupColumn.SIZE:
            return text.size(record.stored_bytes)
        case BackupColumn.RATIO:
            return f"{ratio(record):.1f} : 1"
        case _:
            return text.count(record.documents)
