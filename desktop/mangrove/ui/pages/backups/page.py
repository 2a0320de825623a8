"""The backups page: a table that stays quick, filters above it, and one backup explained."""

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QAction, QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunStatus
from mangrove.services.bundle import Services
from mangrove.services.retention_glance import fates_of
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.models.backup_rows import (
    COLUMNS,
    BackupColumn,
    BackupFilter,
    BackupRow,
    backup_rows,
)
from mangrove.ui.models.backups_model import BackupsModel
from mangrove.ui.navigation import Navigator
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.pages.backups.detail import BackupDetail
from mangrove.ui.pages.backups.filter import BackupsFilterBar
from mangrove.ui.pages.backups.snapshots_pane import SnapshotsPane
from mangrove.ui.theme.style import theme
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.page_header import LatePage
from mangrove.ui.widgets.tables.backup_delegate import EvidenceDelegate, ShapesDelegate
from mangrove.ui.widgets.tables.column_choice import ColumnChoice

_USUAL_CHAR = 7  # px; what the widths below are made for
_DETAIL_WIDTH, _DETAIL_CHARS = 304, 40
_FIRST_ROWS = 500
_EMPTY, _NOTHING_FOUND, _TABLE = range(3)
_WIDTHS = {
    BackupColumn.STATE: 108,
    BackupColumn.WHEN: 134,
    BackupColumn.PROFILE: 88,
    BackupColumn.WHAT: 88,
    BackupColumn.CONSISTENCY: 120,
    BackupColumn.SIZE: 80,
    BackupColumn.RATIO: 72,
    BackupColumn.DOCUMENTS: 96,
    BackupColumn.EVIDENCE: 198,
    BackupColumn.VAULT: 80,
    BackupColumn.KEPT: 198,
}
# With these hidden at first, the table fits a window of 1280 pixels; the detail says them too.
_HIDDEN = (
    BackupColumn.CONSISTENCY,
    BackupColumn.SIZE,
    BackupColumn.RATIO,
    BackupColumn.DOCUMENTS,
    BackupColumn.KEPT,
)


class BackupsPage(LatePage):
    """Every backup of every vault: the catalog is read only when somebody looks."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Backups"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self._wanted: BackupId | None = None
        self._load_number = 0
        self._fates, self._kept = NewestCall(calls, self), NewestCall(calls, self)
        self._pending: dict[str, str] = {}  # what to select once the rows are there
        self.banner = Banner()
        self.bar = BackupsFilterBar()
        self.model = BackupsModel(services.clock.now, self)
        self.table = QTableView()
        self.detail = BackupDetail(services.clock.now)
        self.empty = EmptyState(
            "backups", self.tr("No backup yet. The first one takes a minute to ask for.")
        )
        self.nothing = EmptyState(
            "search", self.tr("No backup fits these filters."), self.tr("Show all backups")
        )
        self.restore_dump = self.header.add_action(self.tr("Restore du&mp…"), "restore")
        self.import_dump = self.header.add_action(self.tr("&Import dump…"), "folder")
        self.back_up = self.header.add_primary(self.tr("&Back up…"), "plus")
        self.take_snapshot = self.header.add_primary(self.tr("&Take snapshot…"), "plus")
        self.snapshots = SnapshotsPane(services, calls, bridge, navigator)
        self.tabs = QTabWidget()
        self._stack, self._splitter = QStackedWidget(), QSplitter(Qt.Orientation.Horizontal)
        self._dress_table()
        self._lay_out()
        self._connect(bridge)

    def select(self, **selection: str) -> None:
        """Show the backup or snapshot, or the backups of the profile or vault, that is meant."""
        if snapshot := selection.get("snapshot"):
            self.snapshots.choose(BackupId(snapshot))
            self.tabs.setCurrentWidget(self.snapshots)
            return
        self._pending = selection
        if self.model.total:
            self._select_pending()

    def _select_pending(self) -> None:
        selection, self._pending = self._pending, {}
        if backup := selection.get("backup"):
            self._wanted = BackupId(backup)
            self.bar.clear()
            self._choose_wanted()
        for name, box in (("profile", self.bar.profile), ("vault", self.bar.vault)):
            if (wanted := selection.get(name)) and box.findData(wanted) >= 0:
                box.setCurrentIndex(box.findData(wanted))

    @override
    def _read(self) -> None:
        """Read the catalog anew in the background, and keep the chosen backup."""
        self._load_number += 1
        number = self._load_number
        if self.model.total:
            self._load_all(number)
            return
        self._calls.run(
            self,
            lambda: self._rows(self._services.backups.newest(_FIRST_ROWS)),
            lambda rows: self._on_first_loaded(number, rows),
            self._on_load_failed,
        )

    def _load_all(self, number: int) -> None:
        self._calls.run(
            self,
            lambda: self._rows(self._services.backups.all()),
            lambda rows: self._on_loaded(number, rows),
            self._on_load_failed,
        )

    def _rows(self, records: tuple[BackupRecord, ...]) -> tuple[BackupRow, ...]:
        return backup_rows(records, self._services.vaults.all())

    def _on_first_loaded(self, number: int, rows: tuple[BackupRow, ...]) -> None:
        """Show the newest at once; reading a hundred thousand takes a moment."""
        self._on_loaded(number, rows)
        if len(rows) == _FIRST_ROWS:
            self._load_all(number)

    def _dress_table(self) -> None:
        table = self.table
        table.setObjectName("backups")
        table.setModel(self.model)
        table.setAccessibleName(self.tr("Backups"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSortingEnabled(True)
        table.sortByColumn(COLUMNS.index(BackupColumn.WHEN), Qt.SortOrder.DescendingOrder)
        table.verticalHeader().hide()
        height = max(Size.TABLE_ROW, table.fontMetrics().height() + Space.M)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(height)
        header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        scale = QFontMetrics(theme().font()).averageCharWidth() / _USUAL_CHAR
        for number, column in enumerate(COLUMNS):
            table.setColumnWidth(number, round(_WIDTHS[column] * max(1.0, scale)))
        self._shapes, self._evidence = ShapesDelegate(table), EvidenceDelegate(table)
        table.setItemDelegateForColumn(COLUMNS.index(BackupColumn.STATE), self._shapes)
        table.setItemDelegateForColumn(COLUMNS.index(BackupColumn.EVIDENCE), self._evidence)
        copy = QAction(self.tr("&Copy"), table)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._on_copy_triggered)
        table.addAction(copy)
        self.columns = ColumnChoice(table, map(COLUMNS.index, _HIDDEN))
        self.columns.actions[-1].triggered.connect(self._ask_what_keeps)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _lay_out(self) -> None:
        width = max(_DETAIL_WIDTH, self.fontMetrics().averageCharWidth() * _DETAIL_CHARS)
        self.detail.setMinimumWidth(width)
        self._splitter.addWidget(self.table)
        self._splitter.addWidget(self.detail)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([Size.DIALOG_WIDTH, width])
        for part in (self.empty, self.nothing, self._splitter):
            self._stack.addWidget(part)
        in_vaults = QWidget()
        column = QVBoxLayout(in_vaults)
        column.setContentsMargins(0, Space.M, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.banner)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self.bar.hide()
        self.tabs.addTab(in_vaults, self.tr("In &vaults"))
        self.tabs.addTab(self.snapshots, self.tr("Filesystem s&napshots"))
        self.content.addWidget(self.tabs, 1)
        self._on_tab_changed(0)

    def _connect(self, bridge: ActivityBridge) -> None:
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.take_snapshot.clicked.connect(self.snapshots.ask_take)
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.empty.action_triggered.connect(self._on_back_up_clicked)
        self.nothing.action_triggered.connect(self.bar.clear)
        self.bar.filter_changed.connect(self._on_filter_changed)
        self.banner.action_triggered.connect(self.reload)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.table.doubleClicked.connect(self._on_double_clicked)
        self.detail.restore_wanted.connect(self._on_restore_wanted)
        self.detail.verify_wanted.connect(self._navigator.open_verify)
        self.detail.export_wanted.connect(self._navigator.open_export)
        self.detail.report_wanted.connect(self._navigator.open_report)
        self.import_dump.clicked.connect(self._navigator.open_import)
        self.restore_dump.clicked.connect(self._navigator.open_restore_dump)
        self._navigator.data_changed.connect(self.renew)
        bridge.run_changed.connect(self._on_run_changed)
        self.model.modelReset.connect(self._on_model_reset)

    def _on_loaded(self, number: int, rows: tuple[BackupRow, ...]) -> None:
        if number != self._load_number:
            return
        self.banner.clear()
        self.model.set_rows(rows)
        self.bar.offer(rows)
        self.bar.setVisible(bool(rows))
        self._offer_first_step()
        self._show_right_part()
        self._choose_wanted()
        self._select_pending()
        self._ask_what_keeps()

    def _on_load_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error, self.tr("Try again"))

    def _offer_first_step(self) -> None:
        """An empty page offers the step that comes first: a deployment, a vault, a backup."""
        if not self._services.profiles.all():
            words, verb = (
                self.tr("No backup yet, and no deployment to back up."),
                self.tr("Add deployment"),
            )
        elif not self._services.vaults.all():
            words, verb = self.tr("No backup yet, and no vault to keep one."), self.tr("Add vault")
        else:
            words, verb = self.tr("No backup yet. Take the first one now."), self.tr("Back up…")
        self.empty.set_text(words, verb)
        self._on_tab_changed(self.tabs.currentIndex())

    @Slot(int)
    def _on_tab_changed(self, index: int) -> None:
        """Offer in the header what goes with the tab."""
        in_vaults, has_profiles = index == 0, bool(self._services.profiles.all())
        self.restore_dump.setVisible(in_vaults and has_profiles)
        self.import_dump.setVisible(in_vaults and bool(self._services.vaults.all()))
        self.back_up.setVisible(in_vaults and bool(self.model.total))
        self.take_snapshot.setVisible(not in_vaults and has_profiles)

    def _show_right_part(self) -> None:
        if not self.model.total:
            self._stack.setCurrentIndex(_EMPTY)
        else:
            self._stack.setCurrentIndex(_TABLE if self.model.rowCount() else _NOTHING_FOUND)
        self.bar.show_count(self.model.rowCount(), self.model.total)

    def _choose_wanted(self) -> None:
        row = self.model.row_of(self._wanted) if self._wanted is not None else None
        if self.model.rowCount():
            self.table.selectRow(row if row is not None else 0)

    @Slot()
    def _on_model_reset(self) -> None:
        self._show_right_part()
        self._choose_wanted()

    @Slot(object)
    def _on_filter_changed(self, wanted: BackupFilter) -> None:
        self.model.set_filter(wanted)

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        row = self.model.row_at(current.row())
        self._wanted = row.record.backup
        self.detail.show_row(row)
        if row.record.state is BackupState.COMPLETE:
            self._explain(row.record.backup)

    @Slot()
    def _ask_what_keeps(self) -> None:
        """Look into the vaults for it only where somebody shows the column."""
        if self.table.isColumnHidden(COLUMNS.index(BackupColumn.KEPT)):
            return
        retention, vaults, records = (
            self._services.retention,
            self._services.vaults,
            self.model.records,
        )
        self._kept.ask(
            lambda: {name: f.sentence for name, f in fates_of(retention, vaults, records).items()},
            self.model.set_kept,
            lambda _error: None,  # each backup's own explanation says what is the matter
        )

    def _explain(self, backup: BackupId) -> None:
        self._calls.run(
            self,
            lambda: self._services.backups.explain(backup),
            self.detail.show_explanation,
            lambda error: self._on_explain_failed(backup, error),
        )
        self._fates.ask(
            lambda: self._services.retention.fate_of(backup),
            lambda sentence: self.detail.show_fate(backup, sentence),
            lambda _error: None,  # the vault cannot be looked at; the explanation says so
        )

    def _on_explain_failed(self, backup: BackupId, error: MangroveError) -> None:
        if backup == self._wanted:
            self.detail.show_problem(error)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over:
            self.renew()

    @Slot()
    def _on_back_up_clicked(self) -> None:
        if not self._services.profiles.all():
            self._navigator.open_add_profile()
        elif not self._services.vaults.all():
            self._navigator.open_add_vault()
        else:
            self._navigator.open_backup()

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        record = self.model.row_at(index.row()).record
        if record.state is BackupState.COMPLETE:
            self._on_restore_wanted(record.backup)

    @Slot(object)
    def _on_restore_wanted(self, backup: BackupId) -> None:
        """Ask for a target; a server's files go into a folder."""
        row = self.model.row_of(backup)
        record = self.model.row_at(row).record if row is not None else None
        if record is not None and record.is_physical:
            self.snapshots.ask_restore(record.backup, record.plain_bytes)
        else:
            self._navigator.open_restore(backup)

    @Slot()
    def _on_copy_triggered(self) -> None:
        """Put the chosen row on the clipboard: its id, then every cell, with tabs between."""
        index = self.table.currentIndex()
        if index.isValid():
            row = index.row()
            cells = (self.model.index(row, n).data() for n in range(self.model.columnCount()))
            backup = self.model.row_at(row).record.backup
            QGuiApplication.clipboard().setText("\t".join((backup, *map(str, cells))))
