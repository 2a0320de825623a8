"""The overview page: what would be lost now, how long until it is back, and what needs you."""

from dataclasses import dataclass

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.core.figures.answer import Overview, ProfileFigures
from mangrove.core.run import RunStatus
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.bundle import Services
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator
from mangrove.ui.pages.overview.dashboard import Dashboard
from mangrove.ui.pages.overview.first_steps import FirstSteps
from mangrove.ui.pages.timeline.picture import picture_of
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.widgets.timeline.marks import StripMarks

_REFRESH_MS = 60_000  # ages grow while one looks
_LEAST_MS = 2_000  # between two looks, however much happens
_STEPS_WIDTH = 720
_MOST_FOR_PICTURE = 3_000  # backups: with more, drawing what each moment rests on takes too long


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything the page draws, fetched in one call."""

    overview: Overview
    vaults: tuple[VaultSpec, ...]
    has_profile: bool
    running: tuple[RunStatus, ...]


class OverviewPage(Page):
    """The answer first, then one card per profile, worst first, then how it came to that."""

    def __init__(
        self,
        services: Services,
        calls: Calls,
        bridge: ActivityBridge,
        navigator: Navigator,
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Overview"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self.report = self.header.add_action(self.tr("Evidence &report…"), "document")
        self.report.setToolTip(self.tr("A signed report to show to others, as HTML and PDF."))
        self.report.clicked.connect(self._on_report_clicked)
        self.back_up = self.header.add_primary(self.tr("&Back up now"), "backups")
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.banner = Banner()
        self.dashboard = Dashboard(services, calls, navigator, self.banner.show_error)
        self.dashboard.drawn.connect(self._on_drawn)
        self.steps = FirstSteps(navigator)
        self._marks: dict[str, StripMarks] = {}
        self._is_fetching = self._is_stale = False
        self._facts: _Facts | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.dashboard)
        self._stack.addWidget(self._first_steps())
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)
        self._timer, self._pause = QTimer(self), QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.reload)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_LEAST_MS)
        self._pause.timeout.connect(self._on_pause_timeout)
        bridge.run_changed.connect(self._on_run_changed)
        navigator.data_changed.connect(self._on_data_changed)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Fetch the figures anew; what is asked for meanwhile is fetched once more, after that."""
        if self._is_fetching:
            self._is_stale = True
            return
        self._is_fetching, self._is_stale = True, False
        self._calls.run(self, self._fetched, self._on_loaded, self._on_failed)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        if self._facts is not None:
            self.dashboard.look_at_vaults(self._facts.vaults)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    # --- what comes in -------------------------------------------------------------------

    def _fetched(self) -> _Facts:
        services = self._services
        return _Facts(
            overview=services.figures.overview(),
            vaults=services.vaults.all(),
            has_profile=bool(services.profiles.all()),
            running=services.activity.running(),
        )

    def _on_loaded(self, facts: _Facts) -> None:
        self._facts = facts
        self.banner.clear()
        overview = facts.overview
        if overview.profiles and not self._navigator.profile:
            self._navigator.profile = overview.profiles[0].profile_name
        is_new = not overview.backups and not any(p.elsewhere for p in overview.profiles)
        self._stack.setCurrentIndex(1 if is_new else 0)
        for button in (self.report, self.back_up):
            button.setVisible(not is_new)
        self.steps.set_done((facts.has_profile, bool(facts.vaults), False))
        if not is_new:
            self.dashboard.show_overview(overview, facts.running, self._marks)
        self._fetched_all()

    @Slot()
    def _on_drawn(self) -> None:
        """Look closer at what is on view now."""
        if self._facts is None:
            return
        self._fetch_marks(self._facts.overview)
        if self.isVisible():
            self.dashboard.look_at_vaults(self._facts.vaults)

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)
        self._fetched_all()

    def _fetched_all(self) -> None:
        self._is_fetching = False
        if self._is_stale:
            self.reload()

    def _fetch_marks(self, overview: Overview) -> None:
        """Find out on which backups the windows rest, of those profiles that are drawn in full."""
        shown = [
            p
            for p in overview.profiles
            if p.windows
            and p.backups <= _MOST_FOR_PICTURE
            and p.profile_name in self.dashboard.profiles.cards
        ]
        if shown:
            self._calls.run(self, lambda: self._marked(shown), self._on_marked, lambda _error: None)

    def _marked(self, profiles: list[ProfileFigures]) -> dict[str, StripMarks]:
        points, now = self._services.points, self._services.clock.now()
        return {
            p.profile_slug: picture_of(points.timeline(p.profile_name), now).marks for p in profiles
        }

    def _on_marked(self, marks: dict[str, StripMarks]) -> None:
        self._marks = marks
        if self._facts is not None:
            self.dashboard.show_marks(marks)

    # --- what happens --------------------------------------------------------------------

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        self.dashboard.operations.put(status)
        if not status.state.is_over:
            return
        if self._pause.isActive():
            self._is_stale = True
        else:
            self._pause.start()
            self.reload()

    @Slot()
    def _on_pause_timeout(self) -> None:
        if self._is_stale:
            self.reload()

    @Slot()
    def _on_data_changed(self) -> None:
        self.dashboard.forget_vaults()
        self.reload()

    @Slot()
    def _on_back_up_clicked(self) -> None:
        self._navigator.open_backup()

    @Slot()
    def _on_report_clicked(self) -> None:
        self._navigator.open_report()

    def _first_steps(self) -> QWidget:
        ground = QWidget()
        self.steps.setMaximumWidth(_STEPS_WIDTH)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.steps, 6)
        row.addStretch(1)
        column = QVBoxLayout(ground)
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(2)
        return ground
