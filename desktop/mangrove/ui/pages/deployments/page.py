"""The deployments page: profiles on the left, what is known of the chosen one on the right."""

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QListView, QSplitter, QStackedWidget
from typing_extensions import override

from mangrove.core.deployment import DeploymentReport
from mangrove.core.errors import MangroveError
from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.profile import Profile, UnreadableProfile
from mangrove.services.bundle import Services
from mangrove.services.profiles import SavedProfile
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.dialogs.profiles.objectives_dialog import Chosen as Objectives
from mangrove.ui.dialogs.profiles.objectives_dialog import ObjectivesDialog
from mangrove.ui.models.namespace_rows import Chosen
from mangrove.ui.models.profiles_model import Live, Probe, ProfilesModel
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.deployments.detail import DeploymentDetail
from mangrove.ui.theme.tokens import Size, Space
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.page_header import Page
from mangrove.ui.widgets.tables.profile_delegate import ProfileDelegate

_LIST_CHARS = 26


def _no_steps(_step: str, _result: str) -> None:
    """Take no notice of a probe's steps: the page shows the whole."""


class DeploymentsPage(Page):
    """Every profile, damaged ones too, with a live look at the chosen one."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Deployments"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self._bridge = bridge
        self.banner = Banner()
        self.model = ProfilesModel(self)
        self.list = QListView()
        self.detail = DeploymentDetail(services, calls)
        self.empty = EmptyState(
            "deployments",
            self.tr("No deployment yet. Tell Mangrove how to reach the first one."),
            self.tr("Add deployment"),
        )
        self._stack = QStackedWidget()
        self.add = self.header.add_action(self.tr("&Add deployment"), "plus")
        self._lay_out()
        self._connect()
        self.reload()

    def select(self, **selection: str) -> None:
        """Choose the profile that another page means."""
        self._choose(selection.get("profile", ""))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._choose(self._navigator.profile)
        self._look()

    @Slot()
    def reload(self) -> None:
        """Read the profiles anew, and keep the chosen one."""
        chosen = self._chosen_name()
        self.model.set_profiles(self._services.profiles.all())
        has_any = self.model.rowCount() > 0
        self._stack.setCurrentIndex(1 if has_any else 0)
        self.add.setVisible(has_any)
        if has_any:
            self._choose(chosen)

    def _lay_out(self) -> None:
        self.list.setModel(self.model)
        self.list.setItemDelegate(ProfileDelegate(self.model))
        self.list.setAccessibleName(self.tr("Deployments"))
        self.list.setMinimumWidth(self._list_width())
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([self._list_width(), Size.DIALOG_WIDTH])
        self._stack.addWidget(self.empty)
        self._stack.addWidget(splitter)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)

    def _list_width(self) -> int:
        """Room for a host name at any text size."""
        return max(Size.RAIL + Space.XXL, self.list.fontMetrics().averageCharWidth() * _LIST_CHARS)

    def _connect(self) -> None:
        self.add.clicked.connect(self._navigator.open_add_profile)
        self.empty.action_triggered.connect(self._navigator.open_add_profile)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self._navigator.data_changed.connect(self.reload)
        detail = self.detail
        detail.test_wanted.connect(self._on_test_wanted)
        detail.edit_wanted.connect(self._navigator.open_edit_profile)
        detail.duplicate_wanted.connect(self._on_duplicate_wanted)
        detail.remove_wanted.connect(self._on_remove_wanted)
        detail.backup_wanted.connect(self._on_backup_wanted)
        detail.copy_wanted.connect(self._on_copy_wanted)
        detail.timeline_wanted.connect(self._on_timeline_wanted)
        detail.capture_wanted.connect(self._navigator.open_capture)
        detail.objectives_wanted.connect(self._on_objectives_wanted)
        detail.drill_wanted.connect(self._navigator.open_drill)
        detail.assertions_wanted.connect(self._navigator.open_assertions)
        detail.report_wanted.connect(self._navigator.open_report)

    def _chosen_name(self) -> str:
        index = self.list.currentIndex()
        return self.model.row_at(index.row()).profile.name if index.isValid() else ""

    def _choose(self, name: str) -> None:
        row = self.model.row_of(name)
        if row is None and not self.list.currentIndex().isValid():
            row = next(
                (
                    n
                    for n in range(self.model.rowCount())
                    if not isinstance(self.model.row_at(n).profile, UnreadableProfile)
                ),
                0,
            )
        if row is not None and row < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(row))

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        row = self.model.row_at(current.row())
        if self.isVisible() and isinstance(row.profile, Profile):
            self._navigator.profile = row.profile.name
        self.detail.show_row(row)
        self._look()

    def _look(self) -> None:
        """Probe what is shown and not known yet; nothing is contacted behind a person's back."""
        index = self.list.currentIndex()
        if not index.isValid() or not self.isVisible():
            return
        row = self.model.row_at(index.row())
        if not isinstance(row.profile, UnreadableProfile) and row.probe.live is Live.UNKNOWN:
            self._probe(row.profile.name)

    @Slot(str)
    def _on_test_wanted(self, name: str) -> None:
        self._probe(name)

    def _probe(self, name: str) -> None:
        self._show_probe(name, Probe(Live.PROBING, self.model.probe(name).report))
        self._calls.run(
            self,
            lambda: self._services.profiles.test(name, _no_steps),
            lambda report: self._on_probed(name, report),
            lambda error: self._on_probe_failed(name, error),
        )

    def _on_probed(self, name: str, report: DeploymentReport) -> None:
        self._show_probe(name, Probe(Live.UP, report))

    def _on_probe_failed(self, name: str, error: MangroveError) -> None:
        self._show_probe(name, Probe(Live.DOWN, self.model.probe(name).report, error))

    def _show_probe(self, name: str, probe: Probe) -> None:
        self.model.set_probe(name, probe)
        row = self.model.row_of(name)
        if row is not None and self._chosen_name() == name:
            self.detail.show_row(self.model.row_at(row))

    @Slot(str)
    def _on_duplicate_wanted(self, name: str) -> None:
        taken = {p.name.casefold() for p in self._services.profiles.all()}
        tries = (self.tr("{name} copy {number}"), self.tr("{name} copy"))
        numbered = (tries[0].format(name=name, number=n) for n in range(2, len(taken) + 3))
        names = (tries[1].format(name=name), *numbered)
        new_name = next(n for n in names if n.casefold() not in taken)
        self._calls.run(
            self,
            lambda: self._services.profiles.duplicate(name, new_name),
            self._on_duplicated,
            self._on_failed,
        )

    def _on_duplicated(self, saved: SavedProfile) -> None:
        self._navigator.tell_data_changed()
        self._choose(saved.profile.name)
        if saved.notice:
            self.banner.show_message(BannerKind.WARNING, saved.notice)

    @Slot(str)
    def _on_remove_wanted(self, name: str) -> None:
        wanted = Confirmation(
            title=self.tr("Remove a deployment"),
            question=self.tr("This is removed from this computer:"),
            removed=(
                self.tr("the profile {name} with its address and options").format(name=name),
                self.tr("its entries in the keyring"),
            ),
            kept=self.tr("Its backups stay in their vaults. Nothing on the server is changed."),
            verb=self.tr("Remove {name}").format(name=name),
        )
        if ConfirmDialog.ask(self, wanted):
            self._calls.run(
                self,
                lambda: self._services.profiles.remove(name),
                self._on_removed,
                self._on_failed,
            )

    def _on_removed(self, _nothing: None) -> None:
        self._navigator.tell_data_changed()

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    @Slot(str, object)
    def _on_backup_wanted(self, name: str, chosen: Chosen) -> None:
        self._navigator.open_backup(
            name,
            databases=chosen.databases,
            collections=tuple(map(str, chosen.collections)),
        )

    @Slot(str)
    def _on_objectives_wanted(self, name: str) -> None:
        services = self._services
        self._calls.run(
            self,
            lambda: (services.figures.profile(name), services.objectives.of(name)),
            self._ask_objectives,
            self._on_failed,
        )

    def _ask_objectives(self, known: tuple[ProfileFigures, Objectives]) -> None:
        figures, held = known
        chosen = ObjectivesDialog.ask(self, figures, held)
        if chosen is None:
            return

        def save() -> None:
            for database, wanted in chosen.items():
                self._services.objectives.set(figures.profile_name, wanted, database)

        self._calls.run(self, save, self._on_objectives_saved, self._on_failed)

    def _on_objectives_saved(self, _nothing: None) -> None:
        self._navigator.tell_data_changed()

    @Slot(str)
    def _on_timeline_wanted(self, name: str) -> None:
        self._navigator.open_page(PageName.TIMELINE, profile=name)

    @Slot(str, object)
    def _on_copy_wanted(self, name: str, chosen: Chosen) -> None:
        self._navigator.open_copy(
            name,
            databases=chosen.databases,
            collections=tuple(map(str, chosen.collections)),
        )
