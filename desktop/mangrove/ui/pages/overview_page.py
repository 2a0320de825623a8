"""The overview page: what would be lost now, how long until it is back, and what needs you."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.figures.answer import Overview
from mangrove.core.figures.needs import Need, Remedy
from mangrove.core.run import RunStatus
from mangrove.core.vault import BackupRecord
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.exposure_card import ExposureCard, FirstSteps
from mangrove.ui.pages.timeline.picture import Picture, picture_of
from mangrove.ui.theme.tokens import Space
from mangrove.ui.widgets.banner import Banner
from mangrove.ui.widgets.card import Card, Line, ScrolledColumn, clear_layout
from mangrove.ui.widgets.key_value_grid import KeyValueGrid
from mangrove.ui.widgets.labels import TextLabel
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.wording import counted

_REFRESH_MS = 60_000  # ages grow while one looks
_SIDE_WIDTH = 288
_STEPS_WIDTH = 720


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything the page draws, fetched in one call."""

    overview: Overview
    records: tuple[BackupRecord, ...]
    vaults: tuple[tuple[str, int, int], ...]
    has_profile: bool
    pictures: dict[str, Picture]


class OverviewPage(Page):
    """The answer first, then one card per profile, worst first."""

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
        self.back_up = self.header.add_primary(self.tr("&Back up now"), "backups")
        self.back_up.clicked.connect(self._on_back_up_clicked)
        self.banner = Banner()
        self.headline = TextLabel("", "headline").wrapping()
        self.cards = ScrolledColumn()
        self.needs = Card(self.tr("Needs you"))
        self.storage = Card(self.tr("Storage"))
        self._figures = KeyValueGrid()
        self.storage.body.addWidget(self._figures)
        self.steps = FirstSteps(navigator)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._dashboard())
        self._stack.addWidget(self._first_steps())
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.reload)
        bridge.run_changed.connect(self._on_run_changed)
        navigator.data_changed.connect(self.reload)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Fetch the figures anew."""
        self._calls.run(self, self._fetched, self._on_loaded, self._on_failed)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _fetched(self) -> _Facts:
        services = self._services
        records = services.backups.all()
        vaults = []
        for spec in services.vaults.all():
            own = [r for r in records if r.vault_id == spec.vault_id]
            vaults.append((spec.name, len(own), sum(r.stored_bytes for r in own)))
        overview = services.figures.overview()
        pictures = {
            e.profile_slug: picture_of(
                services.points.timeline(e.profile_name), services.clock.now()
            )
            for e in overview.profiles
        }
        has_profile = bool(services.profiles.all())
        return _Facts(overview, records, tuple(vaults), has_profile, pictures)

    def _on_loaded(self, facts: _Facts) -> None:
        overview = facts.overview
        self.banner.clear()
        is_new = not facts.records
        self._stack.setCurrentIndex(1 if is_new else 0)
        self.back_up.setVisible(not is_new)
        self.steps.set_done((facts.has_profile, bool(facts.vaults), False))
        self.headline.setText(overview.headline)
        clear_layout(self.cards.column)
        for exposure in overview.profiles:
            own = [r for r in facts.records if r.profile_slug == exposure.profile_slug]
            picture = facts.pictures.get(exposure.profile_slug)
            card = ExposureCard(exposure, own, self._services.clock, self._navigator, picture)
            self.cards.column.addWidget(card)
        self.cards.column.addStretch()
        self._show_needs(overview.needs)
        self._figures.set_rows(self._storage_rows(facts))

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    def _storage_rows(self, facts: _Facts) -> list[tuple[str, str]]:
        rows = [(name, self._storage_words(size, count)) for name, count, size in facts.vaults]
        total = self._storage_words(facts.overview.stored_bytes, facts.overview.backups)
        return [*rows, (self.tr("All"), total)] if len(rows) > 1 else rows

    def _storage_words(self, size: int, number: int) -> str:
        backups = counted(number, self.tr("backup"), self.tr("backups"))
        return self.tr("{size} in {backups}").format(size=text.size(size), backups=backups)

    def _show_needs(self, needs: tuple[Need, ...]) -> None:
        clear_layout(self.needs.body)
        if not needs:
            self.needs.body.addWidget(TextLabel(self.tr("Nothing. All is in order."), "muted"))
        for index, need in enumerate(needs):
            if index:
                self.needs.body.addWidget(Line())
            self._add_need(need)

    def _add_need(self, need: Need) -> None:
        self.needs.body.addWidget(TextLabel(text.sentence(need.sentence)).wrapping())
        remedies = self._remedies(need.subject)
        if need.action not in remedies:
            return
        caption, action = remedies[need.action]
        button = QPushButton(caption)
        button.setProperty("kind", "link")
        button.setAccessibleDescription(need.sentence)
        button.clicked.connect(lambda _=False: action())
        self.needs.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _remedies(self, subject: str) -> dict[Remedy, tuple[str, Callable[[], None]]]:
        go = self._navigator
        return {
            Remedy.ADD_PROFILE: (self.tr("Add deployment…"), go.open_add_profile),
            Remedy.ADD_VAULT: (self.tr("Add vault…"), go.open_add_vault),
            Remedy.BACKUP: (self.tr("Back up now…"), lambda: go.open_backup(subject)),
            Remedy.VERIFY: (self.tr("Verify it…"), lambda: go.open_verify(BackupId(subject))),
            Remedy.OPEN_DEPLOYMENTS: (
                self.tr("Show deployments"),
                lambda: go.open_page(PageName.DEPLOYMENTS, profile=subject),
            ),
            Remedy.OPEN_BACKUPS: (
                self.tr("Show the backup"),
                lambda: go.open_page(PageName.BACKUPS, backup=subject),
            ),
            Remedy.OPEN_JOBS: (self.tr("Show jobs"), lambda: go.open_page(PageName.JOBS)),
            Remedy.PLAN_JOBS: (self.tr("Show jobs"), lambda: go.open_page(PageName.JOBS)),
            Remedy.START_AGENT: (self.tr("Show jobs"), lambda: go.open_page(PageName.JOBS)),
            Remedy.OPEN_TIMELINE: (
                self.tr("Open timeline"),
                lambda: go.open_page(PageName.TIMELINE, profile=subject),
            ),
            Remedy.MAKE_KIT: (self.tr("Make recovery kit…"), lambda: go.open_make_kit(subject)),
            Remedy.CONFIRM_KIT: (self.tr("Confirm the kit…"), lambda: go.open_confirm_kit(subject)),
            Remedy.OPEN_VAULTS: (self.tr("Show vaults"), lambda: go.open_page(PageName.VAULTS)),
            Remedy.SYNC_MIRROR: (self.tr("Show vaults"), lambda: go.open_page(PageName.VAULTS)),
        }

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if status.state.is_over:
            self.reload()

    @Slot()
    def _on_back_up_clicked(self) -> None:
        self._navigator.open_backup()

    def _dashboard(self) -> QWidget:
        side = ScrolledColumn()
        side.setFixedWidth(_SIDE_WIDTH)
        side.column.addWidget(self.needs)
        side.column.addWidget(self.storage)
        side.column.addStretch()
        ground = QWidget()
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(self.cards, 1)
        row.addWidget(side)
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self.headline)
        column.addLayout(row, 1)
        return ground

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
