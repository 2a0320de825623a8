"""The jobs page: what runs by itself, when next, and what became of the last times."""

from dataclasses import dataclass

from PySide6.QtCore import QItemSelection, QSortFilterProxyModel, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QSplitter,
    QStackedWidget,
)
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.services.bundle import Services
from mangrove.services.jobs import JobDraft, JobView
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.dialogs.job_dialog import JobDialog
from mangrove.ui.dialogs.pause_dialog import PauseDialog
from mangrove.ui.dialogs.plan_choice_dialog import PlanChoiceDialog
from mangrove.ui.models.jobs_model import TONES_ROLE, JobColumn, JobsModel
from mangrove.ui.models.table_model import RECORD_ROLE, SORT_ROLE
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.jobs.agent_strip import AgentStrip, AgentView
from mangrove.ui.pages.jobs.detail import JobDetail
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.firing_dots import FiringDots
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.widgets.tables.middle_elided import MiddleElided
from mangrove.ui.widgets.tables.row_table import RowTable

_WIDTHS = (728, 308)
_DOTS = 72  # px; the newest firings
_LOOK_AGAIN_MS = 15_000
_SOON_MS = 400


@dataclass(frozen=True, slots=True)
class _Found:
    jobs: tuple[JobView, ...]
    agent: AgentView


class JobsPage(Page):
    """The jobs of this workstation, whoever fires them."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Jobs"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self.plan_button = self.header.add_action(self.tr("&Recommended plan…"), "check")
        self.add_button = self.header.add_primary(self.tr("&Add job…"), "plus")
        self.plan_button.clicked.connect(self._on_plan_clicked)
        self.add_button.clicked.connect(self._on_add_clicked)
        self.banner, self.agent = Banner(), AgentStrip(services.clock)
        self._build_table()
        self.detail = JobDetail(services.clock)
        self.detail.hide()
        self.empty = EmptyState(
            "jobs",
            self.tr(
                "Nothing runs by itself yet. The recommended plan backs up every night, proves"
                " what it made, and looks after the vault."
            ),
            self.tr("Recommended plan…"),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._split())
        self._stack.addWidget(self.empty)
        self.content.addWidget(self.banner)
        self.content.addWidget(self.agent)
        self.content.addWidget(self._stack, 1)
        self._shown: _Found | None = None
        self._states: dict[RunId, RunState] = {}
        self._again, self._soon = QTimer(self), QTimer(self)
        self._again.setInterval(_LOOK_AGAIN_MS)
        self._soon.setInterval(_SOON_MS)
        self._soon.setSingleShot(True)
        for timer in (self._again, self._soon):
            timer.timeout.connect(self.reload)
        self._connect(bridge)
        self.reload()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()
        self._again.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()

    def reload(self) -> None:
        """Fetch the jobs anew, and keep the chosen one."""
        self._calls.run(self, self._fetched, self._on_loaded, self._on_failed)

    def select(self, job: str = "") -> None:
        """Show one job."""
        row = self._proxy.mapFromSource(self.model.index(self.model.row_of(job), 0))
        if row.isValid():
            self.table.setCurrentIndex(row)

    # --- what was fetched ----------------------------------------------------------------

    def _fetched(self) -> _Found:
        agent = self._services.agent
        view = AgentView(
            agent.holder(), agent.is_ours(), agent.autostart(), agent.rest(), agent.notices()
        )
        return _Found(self._services.jobs.all(), view)

    def _on_loaded(self, found: _Found) -> None:
        """Show what is different; what is the same stays untouched, selection and scroll too."""
        before, self._shown = self._shown, found
        self.agent.setVisible(bool(found.jobs))
        self.agent.set_view(found.agent)
        if before is None or before.jobs != found.jobs:
            self.model.set_rows(found.jobs)
            self._stack.setCurrentIndex(0 if found.jobs else 1)
            self.plan_button.setVisible(bool(found.jobs))
            if found.jobs and not self.table.currentIndex().isValid():
                self.table.setCurrentIndex(self._proxy.index(0, 0))
            self._show_chosen()

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self) -> None:
        self._show_chosen()

    def _show_chosen(self) -> None:
        view = self.table.currentIndex().data(RECORD_ROLE)
        if isinstance(view, JobView):
            self.detail.set_job(view)
        self.detail.setVisible(isinstance(view, JobView))

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        """Load anew soon after a run changed its state; how far it got is shown elsewhere."""
        if self._states.get(status.run_id) is status.state:
            return
        self._states[status.run_id] = status.state
        if status.state.is_over:
            del self._states[status.run_id]
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    # --- what a person does --------------------------------------------------------------

    @Slot()
    def _on_add_clicked(self) -> None:
        if self._lacks_vault():
            return
        draft = JobDialog.ask(self, self._services)
        if draft is not None:
            self._add(draft)

    def _add(self, draft: JobDraft) -> None:
        jobs = self._services.jobs
        self._calls.run(self, lambda: jobs.add(draft), self._on_changed, self._on_failed)

    @Slot()
    def _on_plan_clicked(self) -> None:
        if self._lacks_vault():
            return
        chosen = PlanChoiceDialog.ask(self, self._services)
        if chosen is not None:
            profile, vault = chosen
            jobs, zone = self._services.jobs, self._services.clock.zone_name()
            self._calls.run(
                self,
                lambda: jobs.add_recommended(profile, vault, zone),
                self._on_changed,
                self._on_failed,
            )

    @Slot()
    def _on_run_wanted(self) -> None:
        jobs, name = self._services.jobs, self.detail.name
        self._calls.run(self, lambda: jobs.start(name), self._on_changed, self._on_failed)

    @Slot()
    def _on_pause_wanted(self) -> None:
        jobs, name = self._services.jobs, self.detail.name
        if self.detail.is_paused:
            self._calls.run(self, lambda: jobs.resume(name), self._on_changed, self._on_failed)
            return
        chosen = PauseDialog.ask(self, name, self._services.points, self._services.clock.now())
        if chosen is not None:
            until, why = chosen
            self._calls.run(
                self, lambda: jobs.pause(name, until, why), self._on_changed, self._on_failed
            )

    @Slot()
    def _on_rest_wanted(self) -> None:
        agent = self._services.agent
        if self.agent.is_resting:
            self._calls.run(self, agent.end_rest, self._on_changed, self._on_failed)
            return
        chosen = PauseDialog.ask(
            self, self.tr("all jobs"), self._services.points, self._services.clock.now()
        )
        if chosen is not None:
            rest = agent.rest_until
            self._calls.run(self, lambda: rest(*chosen), self._on_changed, self._on_failed)

    @Slot()
    def _on_install_wanted(self) -> None:
        self._calls.run(self, self._services.agent.install, self._on_changed, self._on_failed)

    @Slot()
    def _on_remove_wanted(self) -> None:
        name = self.detail.name
        wanted = Confirmation(
            title=self.tr("Remove a job"),
            question=self.tr("Remove this job from this workstation?"),
            removed=(name,),
            kept=self.tr("What it made stays. Nothing runs by itself in its place."),
            verb=self.tr("Remove {name}").format(name=name),
        )
        if ConfirmDialog.ask(self, wanted):
            jobs = self._services.jobs
            self._calls.run(self, lambda: jobs.remove(name), self._on_changed, self._on_failed)

    @Slot(object)
    def _on_run_opened(self, run_id: RunId) -> None:
        self._navigator.open_page(PageName.ACTIVITY, run=run_id)

    def _on_changed(self, _result: object) -> None:
        self.banner.clear()
        self.reload()

    def _lacks_vault(self) -> bool:
        """Say what a job needs first, where it is missing."""
        if not self._services.profiles.all():
            self._navigator.open_add_profile()
            return True
        if not self._services.vaults.all():
            self._navigator.open_add_vault()
            return True
        return False

    # --- building ------------------------------------------------------------------------

    def _connect(self, bridge: ActivityBridge) -> None:
        bridge.run_changed.connect(self._on_run_changed)
        self._navigator.data_changed.connect(self.reload)
        self.empty.action_triggered.connect(self._on_plan_clicked)
        self.agent.rest_wanted.connect(self._on_rest_wanted)
        self.agent.install_wanted.connect(self._on_install_wanted)
        self.detail.run_wanted.connect(self._on_run_wanted)
        self.detail.pause_wanted.connect(self._on_pause_wanted)
        self.detail.remove_wanted.connect(self._on_remove_wanted)
        self.detail.run_opened.connect(self._on_run_opened)

    def _build_table(self) -> None:
        self.model = JobsModel(self._services.clock, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setSortRole(SORT_ROLE)
        self.table = RowTable(self._proxy, "jobs", self.tr("Jobs"))
        self.table.sortByColumn(JobColumn.NEXT, Qt.SortOrder.AscendingOrder)
        self.table.fit(self._widest(), with_icon=JobColumn.STATE)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(JobColumn.WHEN, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(JobColumn.HISTORY, _DOTS)
        self._names = MiddleElided(self.table)
        self.table.setItemDelegateForColumn(JobColumn.NAME, self._names)
        self._dots = FiringDots(TONES_ROLE)
        self.table.setItemDelegateForColumn(JobColumn.HISTORY, self._dots)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)

    def _widest(self) -> tuple[str, ...]:
        """Return the longest usual text of each column but the last."""
        return (
            self.tr("cancelled"),
            "sunday proof",
            self.tr("Capture oplog"),
            self.tr("At 02:00 every day"),
            "2026-12-24 23:59",
        )

    def _split(self) -> QSplitter:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 1)
        split.setSizes(_WIDTHS)
        return split
