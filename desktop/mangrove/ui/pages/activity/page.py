"""The activity page: what runs, what waits and why, what ran, and one run in full."""

from PySide6.QtCore import QItemSelection, QSortFilterProxyModel, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.models.runs_model import RunColumn, RunsModel
from mangrove.ui.models.table_model import RECORD_ROLE, SORT_ROLE
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.activity.run_detail import RunDetail
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.card import Card
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.widgets.run_row import RunRow
from mangrove.ui.widgets.tables.column_choice import ColumnChoice
from mangrove.ui.widgets.tables.row_table import RowTable

_WIDTHS = (720, 296)


class ActivityPage(Page):
    """Runs of this process live, and the history of all."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Activity"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self._rows: dict[RunId, RunRow] = {}
        self._wanted: RunId | None = None
        self.search = self.header.add_search(self.tr("Filter runs"))
        self.search.filter_changed.connect(self._on_filter_changed)
        self.banner = Banner()
        self.now = Card(self.tr("Running now"))
        self._build_table()
        self.detail = RunDetail(services, calls, navigator)
        self.detail.hide()
        self.empty = EmptyState(
            "activity",
            self.tr("Nothing has run yet. Backups, restores and verifications appear here."),
            self.tr("Back up now"),
        )
        self.empty.action_triggered.connect(self._on_empty_action_triggered)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._split())
        self._stack.addWidget(self.empty)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)
        bridge.run_changed.connect(self._on_run_changed)
        self.reload()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Fetch what ran elsewhere meanwhile: the command line tells this window nothing."""
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        """Fetch the history anew, and keep the chosen run."""
        self._calls.run(self, self._services.activity.recent, self._on_loaded, self._on_failed)

    def select(self, run: str = "") -> None:
        """Show one run."""
        self._wanted = RunId(run)
        self._select_wanted()

    def _on_loaded(self, runs: tuple[RunStatus, ...]) -> None:
        self.banner.clear()
        self._wanted = self._wanted or self.detail.run_id
        self.model.set_rows(runs)
        for run in reversed(runs):
            self._show_if_live(run)
        self._show_whether_empty()
        self._select_wanted()

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        self.model.put(status)
        self._show_if_live(status)
        self._show_whether_empty()
        if status.run_id == self.detail.run_id:
            self.detail.set_run(status)

    def _show_if_live(self, status: RunStatus) -> None:
        row = self._rows.get(status.run_id)
        if status.state.is_over:
            if row is not None:
                del self._rows[status.run_id]
                row.hide()
                row.deleteLater()
        elif row is not None:
            row.set_run(status)
        elif self._is_ours(status):
            row = RunRow(status)
            row.opened.connect(self._navigator.open_progress)
            row.cancelled.connect(self._on_row_cancelled)
            self._rows[status.run_id] = row
            self.now.body.insertWidget(0, row)
        self.now.setVisible(bool(self._rows))

    def _is_ours(self, status: RunStatus) -> bool:
        return any(r.run_id == status.run_id for r in self._services.activity.running())

    def _show_whether_empty(self) -> None:
        self._stack.setCurrentIndex(0 if self.model.rowCount() else 1)

    def _select_wanted(self) -> None:
        row = self.model.row_of(self._wanted) if self._wanted else 0
        index = self._proxy.mapFromSource(self.model.index(max(row, 0), 0))
        if index.isValid() and (self._wanted or self.table.currentIndex().row() < 0):
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)
            self._wanted = None

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self) -> None:
        run = self.table.currentIndex().data(RECORD_ROLE)
        if isinstance(run, RunStatus):
            self.detail.set_run(run)
        self.detail.setVisible(isinstance(run, RunStatus))

    @Slot(object)
    def _on_row_cancelled(self, run_id: RunId) -> None:
        try:
            self._services.activity.cancel(run_id)
        except MangroveError as error:
            self.banner.show_error(error)

    @Slot(str)
    def _on_filter_changed(self, wanted: str) -> None:
        self._proxy.setFilterFixedString(wanted)

    @Slot()
    def _on_double_clicked(self) -> None:
        run = self.table.currentIndex().data(RECORD_ROLE)
        if isinstance(run, RunStatus):
            self._navigator.open_progress(run.run_id)

    @Slot()
    def _on_empty_action_triggered(self) -> None:
        self._navigator.open_backup()

    def _build_table(self) -> None:
        self.model = RunsModel(self._services.clock, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table = RowTable(self._proxy, "activity-runs", self.tr("Runs"))
        self.table.sortByColumn(RunColumn.WHEN, Qt.SortOrder.DescendingOrder)
        self.table.fit(self._widest(), with_icon=RunColumn.STATE)
        self.columns = ColumnChoice(self.table, (RunColumn.SIZE,))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.doubleClicked.connect(self._on_double_clicked)

    def _widest(self) -> tuple[str, ...]:
        """Return the longest usual text of each column but the last."""
        return (
            self.tr("done with losses"),
            self.tr("Restore production"),
            self.tr("yesterday 23:59"),
            "59 min 59 s",
            "999 MB",
        )

    def _split(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.now)
        column.addWidget(self.table, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.detail)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 1)
        split.setSizes(_WIDTHS)
        return split
