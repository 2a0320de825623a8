"""Filesystem snapshots beside the backups in vaults: a table, and one of them explained."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunStatus
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.dialogs.snapshot_dialog import SnapshotDialog
from mangrove.ui.dialogs.snapshot_places import CopySnapshotDialog, RestoreSnapshotDialog
from mangrove.ui.dialogs.text_dialog import TextDialog
from mangrove.ui.models.snapshots_model import SnapshotColumn, SnapshotsModel
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.backups.snapshot_detail import SnapshotDetail
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.tables.row_table import RowTable

_DETAIL_CHARS = 44
_WIDEST = ("not verified", "yesterday 00:00", "production", "commands", "999.9 MB", "waited")


class SnapshotsPane(QWidget):
    """Every filesystem snapshot that this workstation took."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__()
        self._services, self._calls, self._navigator = services, calls, navigator
        self._wanted: BackupId | None = None
        self.banner = Banner()
        self.model = SnapshotsModel(services.clock, self)
        self.table = RowTable(self.model, "snapshots", self.tr("Snapshots"))
        self.table.fit(_WIDEST)
        self.table.sortByColumn(SnapshotColumn.WHEN, Qt.SortOrder.DescendingOrder)
        self.detail = SnapshotDetail(services.clock)
        self.empty = EmptyState("backups", "")
        self._stack, self._splitter = QStackedWidget(), QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self._connect(bridge)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Read the register only when somebody looks."""
        super().showEvent(event)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read the register anew, and keep the chosen snapshot."""
        self._calls.run(self, self._services.snapshots.all, self._on_loaded, self._on_failed)

    def choose(self, snapshot: BackupId) -> None:
        """Show a snapshot that another page means."""
        self._wanted = snapshot
        self.reload()

    @Slot()
    def ask_take(self) -> None:
        """Ask of which server one shall be taken, and take it."""
        request = SnapshotDialog.ask(self, self._services, self._calls)
        if request is not None:
            self._begin(lambda: self._services.snapshots.take(request))

    def _on_loaded(self, found: tuple[Snapshot, ...]) -> None:
        self.model.set_rows(found)
        self.model.sort(
            self.table.horizontalHeader().sortIndicatorSection(),
            self.table.horizontalHeader().sortIndicatorOrder(),
        )
        self._offer_first_step()
        self._stack.setCurrentIndex(1 if found else 0)
        if found:
            self.table.selectRow(self.model.row_of(self._wanted))

    def _offer_first_step(self) -> None:
        if not self._services.profiles.all():
            words = self.tr("No snapshot yet, and no deployment to take one of.")
            self.empty.set_text(words, self.tr("Add deployment"))
            return
        words = self.tr(
            "No snapshot yet. A snapshot of the volume holds a server's files within a second,"
            " whatever their size."
        )
        self.empty.set_text(words, self.tr("Take snapshot…"))

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    def _begin(self, start: Callable[[], RunId]) -> None:
        self._calls.run(self, start, self._navigator.open_progress, self._on_failed)

    @Slot()
    def _on_empty_triggered(self) -> None:
        if self._services.profiles.all():
            self.ask_take()
        else:
            self._navigator.open_add_profile()

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        snapshot = self.model.record_at(current.row()) if current.isValid() else None
        if snapshot is not None:
            self._wanted = snapshot.snapshot
            self.detail.show_snapshot(snapshot)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over and self.isVisible():
            self.reload()

    @Slot(object)
    def _on_verify_wanted(self, snapshot: Snapshot) -> None:
        self._begin(lambda: self._services.snapshots.verify(snapshot.snapshot))

    @Slot(object)
    def _on_copy_wanted(self, snapshot: Snapshot) -> None:
        vault = CopySnapshotDialog.ask(self, self._services, snapshot)
        if vault is not None:
            self._begin(lambda: self._services.snapshots.copy(snapshot.snapshot, vault))

    @Slot(object)
    def _on_restore_wanted(self, snapshot: Snapshot) -> None:
        self.ask_restore(snapshot.snapshot, snapshot.used_bytes)

    def ask_restore(self, what: BackupId, size_bytes: int) -> None:
        """Ask into which folder the files of a snapshot or physical backup shall go."""
        folder = RestoreSnapshotDialog.ask(self, what, size_bytes)
        if folder is not None:
            self._begin(lambda: self._services.snapshots.restore(what, folder))

    @Slot(object)
    def _on_guide_wanted(self, snapshot: Snapshot) -> None:
        guide = self._services.snapshots.guide(snapshot.snapshot, "FOLDER")
        sentence = self.tr("FOLDER stands for where the files are.")
        TextDialog.show_text(self, self.tr("Restore guide"), guide, sentence)

    @Slot(object)
    def _on_pin_wanted(self, snapshot: Snapshot) -> None:
        service, name = self._services.snapshots, snapshot.snapshot
        is_free = snapshot.pin is None
        change = partial(service.pin, name, "") if is_free else partial(service.unpin, name)
        self._calls.run(self, change, lambda _: self.reload(), self._on_failed)

    @Slot(object)
    def _on_delete_wanted(self, snapshot: Snapshot) -> None:
        wanted = Confirmation(
            self.tr("Delete a snapshot"),
            self.tr("This snapshot is removed from its file system, at once and for good:"),
            [snapshot.snapshot, *(part.name for part in snapshot.parts)],
            self.tr("The deployment, other snapshots and copies in vaults stay."),
            self.tr("Delete snapshot"),
        )
        if ConfirmDialog.ask(self, wanted):
            self._begin(lambda: self._services.snapshots.delete(snapshot.snapshot))

    def _lay_out(self) -> None:
        width = max(Size.DIALOG_WIDTH // 2, self.fontMetrics().averageCharWidth() * _DETAIL_CHARS)
        self.detail.setMinimumWidth(width)
        self._splitter.addWidget(self.table)
        self._splitter.addWidget(self.detail)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([Size.DIALOG_WIDTH, width])
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._splitter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.M, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.banner)
        column.addWidget(self._stack, 1)

    def _connect(self, bridge: ActivityBridge) -> None:
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.empty.action_triggered.connect(self._on_empty_triggered)
        bridge.run_changed.connect(self._on_run_changed)
        self.detail.verify_wanted.connect(self._on_verify_wanted)
        self.detail.copy_wanted.connect(self._on_copy_wanted)
        self.detail.restore_wanted.connect(self._on_restore_wanted)
        self.detail.guide_wanted.connect(self._on_guide_wanted)
        self.detail.pin_wanted.connect(self._on_pin_wanted)
        self.detail.delete_wanted.connect(self._on_delete_wanted)
