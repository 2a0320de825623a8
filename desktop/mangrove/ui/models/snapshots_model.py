"""Item model of filesystem snapshots: one row each."""

from enum import IntEnum

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.ports.clock import Clock
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.ui import text
from mangrove.ui.models.table_model import TableModel
from mangrove.ui.snapshot_words import locked_words, proof_rank, proof_tone, proof_words
from mangrove.ui.theme.state_shapes import state_icon


class SnapshotColumn(IntEnum):
    """The columns of the table of snapshots."""

    PROOF = 0
    WHEN = 1
    PROFILE = 2
    PROVIDER = 3
    SIZE = 4
    LOCKED = 5


class SnapshotsModel(TableModel[Snapshot]):
    """Snapshots as rows, newest first until sorted otherwise."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self.name_columns(
            (
                self.tr("Proof"),
                self.tr("Taken"),
                self.tr("Profile"),
                self.tr("With"),
                self.tr("Size"),
                self.tr("Writes waited"),
            ),
            numbers=(SnapshotColumn.SIZE, SnapshotColumn.LOCKED),
        )

    def row_of(self, name: BackupId | None) -> int:
        """Return a snapshot's row, 0 if it is not here."""
        return next((n for n, s in enumerate(self._rows) if s.snapshot == name), 0)

    @override
    def cell(self, record: Snapshot, column: int, role: int) -> object:
        snapshot, column = record, SnapshotColumn(column)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(snapshot, column)
            case Qt.ItemDataRole.DecorationRole if column is SnapshotColumn.PROOF:
                return state_icon(proof_tone(snapshot))
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(snapshot, column)
            case _:
                return None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows by what a column stands for."""
        if not 0 <= column < len(SnapshotColumn):
            return
        self.layoutAboutToBeChanged.emit()
        self._rows.sort(
            key=lambda s: _key(s, SnapshotColumn(column)),
            reverse=order is Qt.SortOrder.DescendingOrder,
        )
        self.layoutChanged.emit()

    def _text(self, snapshot: Snapshot, column: SnapshotColumn) -> str:
        return {
            SnapshotColumn.PROOF: proof_words(snapshot),
            SnapshotColumn.WHEN: text.moment(snapshot.taken_at, self._clock.now()).text,
            SnapshotColumn.PROFILE: snapshot.profile_name,
            SnapshotColumn.PROVIDER: str(snapshot.provider),
            SnapshotColumn.SIZE: text.size(snapshot.used_bytes),
            SnapshotColumn.LOCKED: locked_words(snapshot),
        }[column]

    def _tip(self, snapshot: Snapshot, column: SnapshotColumn) -> str:
        if column is SnapshotColumn.WHEN:
            return text.moment(snapshot.taken_at, self._clock.now()).tooltip
        return snapshot.problem or snapshot.snapshot


def _key(snapshot: Snapshot, column: SnapshotColumn) -> tuple[object, ...]:
    waited = snapshot.locked_for.total_seconds() if snapshot.locked_for else -1.0
    keys: dict[SnapshotColumn, object] = {
        SnapshotColumn.PROOF: proof_rank(snapshot),
        SnapshotColumn.PROFILE: snapshot.profile_name.casefold(),
        SnapshotColumn.PROVIDER: str(snapshot.provider),
        SnapshotColumn.SIZE: snapshot.used_bytes,
        SnapshotColumn.LOCKED: waited,
    }
    return (keys.get(column, snapshot.taken_at), snapshot.taken_at)
