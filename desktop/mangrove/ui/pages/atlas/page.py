"""The Atlas page: every cluster that the accounts see, and what Atlas keeps of the chosen one."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunKind, RunStatus
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator
from mangrove.ui.newest_call import NewestCall
from mangrove.ui.pages.atlas.asking import AtlasAsking
from mangrove.ui.pages.atlas.cluster_pane import ClusterPane
from mangrove.ui.pages.atlas.gathered import (
    ClusterRow,
    ClusterView,
    gather_cluster,
    gather_clusters,
)
from mangrove.ui.pages.atlas.tables import Words, clusters_table
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.page_header import LatePage

_WIDTHS = (380, 652)
_PAUSE_MS = 60


class AtlasPage(LatePage):
    """Clusters at the left, the chosen one at the right; Atlas is asked when the page is shown."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Atlas"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self._wanted = ""
        self.banner = Banner()
        self.refresh = self.header.add_action(self.tr("&Refresh"), "refresh")
        self.add = self.header.add_primary(self.tr("&Add account…"), "plus")
        self.table = clusters_table(Words(self))
        self.pane = ClusterPane(services.clock)
        self.asking = AtlasAsking(self, services, calls, self._begin, self._on_failed)
        self._newest = NewestCall(calls, self, _PAUSE_MS)
        self.empty = EmptyState(
            "atlas",
            self.tr(
                "No Atlas account yet. With one, Atlas snapshots and continuous backup stand beside"
                " your own backups: in one timeline, in the same figures."
            ),
            self.tr("Add account…"),
        )
        self.waiting = TextLabel(self.tr("Asking Atlas…"), "muted")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing = EmptyState(
            "atlas", self.tr("The accounts see no cluster. Give them a role in a project.")
        )
        self._stack = QStackedWidget()
        for part in (self.empty, self.waiting, self.nothing, self._split()):
            self._stack.addWidget(part)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)
        self._connect(bridge)
        self._show_accounts()

    def select(self, profile: str = "", cluster: str = "") -> None:
        """Choose a linked profile's cluster, or one by its name."""
        self._wanted = profile or cluster
        self._choose_wanted()

    @override
    def _read(self) -> None:
        """Ask for the clusters anew."""
        if not self._show_accounts():
            return
        if not self.table.records.rows:
            self._stack.setCurrentWidget(self.waiting)
        self._calls.run(
            self, lambda: gather_clusters(self._services), self._on_clusters, self._on_failed
        )

    def _show_accounts(self) -> bool:
        has_accounts = bool(self._services.atlas.accounts.all())
        self.refresh.setVisible(has_accounts)
        self.add.setVisible(has_accounts)
        if not has_accounts:
            self._stack.setCurrentWidget(self.empty)
        return has_accounts

    def _on_clusters(self, rows: tuple[ClusterRow, ...]) -> None:
        self.banner.clear()
        self._stack.setCurrentIndex(3 if rows else 2)
        chosen = self.table.chosen
        self.table.set_rows(rows)
        if chosen is not None and not self._wanted:
            self._wanted = chosen.place.text
        self._choose_wanted()

    def _choose_wanted(self) -> None:
        model = self.table.model()
        for row in range(model.rowCount()):
            self.table.choose(row)
            found = self.table.chosen
            if found is None:
                continue
            if not self._wanted or self._wanted in (found.profile, found.place.text):
                self._wanted = ""
                return
        self.table.choose(0)

    @Slot()
    def _on_chosen(self) -> None:
        row = self.table.chosen
        if row is not None:
            self.pane.show_row(row)
            self._look()

    def _look(self) -> None:
        row = self.table.chosen
        if row is None:
            return
        self._newest.ask(
            lambda: gather_cluster(self._services, row), self._on_seen, self._on_failed
        )

    def _on_seen(self, view: ClusterView) -> None:
        self.banner.clear()
        self.pane.show_view(view)

    def _on_failed(self, error: MangroveError) -> None:
        if self._stack.currentWidget() is self.waiting:
            self._stack.setCurrentWidget(self.nothing)
        self.banner.show_error(error)

    def _begin(self, start: Callable[[], RunId]) -> None:
        """Start a run and show its progress."""
        self._calls.run(self, start, self._navigator.open_progress, self._on_failed)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        is_ours = status.kind in (RunKind.ATLAS_SNAPSHOT, RunKind.ATLAS_RESTORE)
        if is_ours and status.state.is_over and self.isVisible():
            self._look()

    # --- what a person wants -------------------------------------------------------------

    @Slot()
    def _on_add_clicked(self) -> None:
        self.asking.add_account(self._navigator.tell_data_changed)

    @Slot()
    def _on_link_wanted(self) -> None:
        if (row := self.table.chosen) is not None:
            self.asking.link(row, self._navigator.tell_data_changed)

    def _with_view(self, ask: Callable[[ClusterView], None]) -> Callable[[], None]:
        """Return what asks about the cluster that is shown, and does nothing without one."""

        def asks() -> None:
            if self.pane.view is not None:
                ask(self.pane.view)

        return asks

    def _restore(self, view: ClusterView) -> None:
        targets = tuple(row.place for row in self.table.records.rows)
        self.asking.restore(view, self.pane.snapshots.chosen, targets)

    def _download(self, view: ClusterView) -> None:
        snapshot, folder = self.pane.snapshots.chosen, self._folder()
        if snapshot is not None and folder is not None:
            self.asking.download(view, snapshot, folder)

    def _fetch(self, view: ClusterView) -> None:
        job, folder = self.pane.restores.chosen, self._folder()
        if job is not None and folder is not None:
            self._begin(
                lambda: self._services.atlas.restores.start_watch(view.row.place, job, folder)
            )

    def _watch(self, view: ClusterView) -> None:
        if (job := self.pane.restores.chosen) is not None:
            self._begin(lambda: self._services.atlas.restores.start_watch(view.row.place, job))

    def _cancel(self, view: ClusterView) -> None:
        if (job := self.pane.restores.chosen) is not None:
            self.asking.cancel(view, job, self._look)

    def _keep(self, view: ClusterView) -> None:
        if (snapshot := self.pane.snapshots.chosen) is not None:
            self.asking.keep(view, snapshot, self._look)

    def _delete(self, view: ClusterView) -> None:
        if (snapshot := self.pane.snapshots.chosen) is not None:
            self.asking.delete(view, snapshot, self._look)

    def _edit(self, view: ClusterView) -> None:
        self.asking.schedule(view, self._look)

    def _folder(self) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Where the files go"))
        return Path(chosen) if chosen else None

    def _connect(self, bridge: ActivityBridge) -> None:
        self.refresh.clicked.connect(self.reload)
        self.add.clicked.connect(self._on_add_clicked)
        self.empty.action_triggered.connect(self._on_add_clicked)
        self.table.selectionModel().selectionChanged.connect(self._on_chosen)
        self._navigator.data_changed.connect(self.renew)
        bridge.run_changed.connect(self._on_run_changed)
        pane = self.pane
        pane.link_wanted.connect(self._on_link_wanted)
        pane.take_wanted.connect(self._with_view(self.asking.take))
        pane.schedule_wanted.connect(self._with_view(self._edit))
        pane.restore_wanted.connect(self._with_view(self._restore))
        pane.download_wanted.connect(self._with_view(self._download))
        pane.keep_wanted.connect(self._with_view(self._keep))
        pane.delete_wanted.connect(self._with_view(self._delete))
        pane.watch_wanted.connect(self._with_view(self._watch))
        pane.cancel_wanted.connect(self._with_view(self._cancel))
        pane.fetch_wanted.connect(self._with_view(self._fetch))

    def _split(self) -> QSplitter:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.pane)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(1, 1)
        split.setSizes(_WIDTHS)
        return split
