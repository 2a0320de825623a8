"""Item model of where each database of a restore goes: source, editable target, what is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from mangrove.core.restores.plan import RestorePlan
from mangrove.ui.wording import counted

AnyIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SOURCE, TARGET, EFFECT = range(3)


@dataclass(frozen=True, slots=True)
class RenameRow:
    """One database on its way."""

    source: str
    target: str


class RenameModel(QAbstractTableModel):
    """One row per database that is restored.

    Signals:
        targets_changed(): A target name was edited.
    """

    targets_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[RenameRow, ...] = ()
        self._plan: RestorePlan | None = None
        self._is_editable = False

    def set_rows(self, rows: Sequence[RenameRow], *, editable: bool) -> None:
        """Show these databases; the same rows again leave an open editor alone."""
        if tuple(rows) == self._rows and editable == self._is_editable:
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self._is_editable = editable
        self.endResetModel()

    def show_plan(self, plan: RestorePlan | None) -> None:
        """Say in the last column what the plan found at each target."""
        self._plan = plan
        if self._rows:
            last = self.index(len(self._rows) - 1, EFFECT)
            self.dataChanged.emit(self.index(0, EFFECT), last)

    @property
    def rows(self) -> tuple[RenameRow, ...]:
        """What is shown."""
        return self._rows

    @override
    def rowCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: AnyIndex = ROOT) -> int:
        return 0 if parent.isValid() else EFFECT + 1

    @override
    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        if self._is_editable and index.column() == TARGET:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        shown = (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.EditRole,
            Qt.ItemDataRole.ToolTipRole,
        )
        if not index.isValid() or role not in shown:
            return None
        row = self._rows[index.row()]
        match index.column():
            case 0:
                return row.source
            case 1:
                return row.target
            case _:
                return self._effect(row.target)

    @override
    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != TARGET:
            return False
        target = str(value).strip()
        row = self._rows[index.row()]
        if target == row.target:
            return False
        changed = list(self._rows)
        changed[index.row()] = replace(row, target=target)
        self._rows = tuple(changed)
        self.dataChanged.emit(index, index)
        self.targets_changed.emit()
        return True

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("From"), self.tr("Becomes"), self.tr("What stands there"))[section]

    def _effect(self, target: str) -> str:
        if self._plan is None:
            return "…"
        if target in self._plan.creates:
            return self.tr("nothing: a new database")
        replaced = sum(1 for n in self._plan.replaced if n.database == target)
        if replaced:
            what = counted(replaced, self.tr("collection"), self.tr("collections"))
            return self.tr("data: {what} dropped and replaced").format(what=what)
        filled = sum(1 for n in self._plan.filled if n.database == target)
        if filled:
            what = counted(filled, self.tr("collection"), self.tr("collections"))
            return self.tr("data: {what} filled up").format(what=what)
        if target in self._plan.occupied:
            return self.tr("data: no collection of the same name")
        return ""
