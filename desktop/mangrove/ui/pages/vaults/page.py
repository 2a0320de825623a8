"""The vaults page: a card per vault, checked in the background when it is shown."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget
from typing_extensions import override

from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunKind, RunStatus
from mangrove.core.vaults.vault import VaultHealth
from mangrove.services.bundle import Services
from mangrove.ui import text
from mangrove.ui.bridge import ActivityBridge, Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.pages.vaults.card import VaultCard
from mangrove.ui.pages.vaults.retention_pane import RetentionPane
from mangrove.ui.widgets.banner import Banner, BannerKind
from mangrove.ui.widgets.card import ScrolledColumn, clear_layout
from mangrove.ui.widgets.empty_state import EmptyState
from mangrove.ui.widgets.page_header import LatePage
from mangrove.ui.wording import counted

_CHANGE_VAULTS = (RunKind.BACKUP, RunKind.PRUNE, RunKind.MIRROR)


class VaultsPage(LatePage):
    """Where backups are kept, and whether all is well there: asked when somebody looks."""

    def __init__(
        self, services: Services, calls: Calls, bridge: ActivityBridge, navigator: Navigator
    ) -> None:
        super().__init__("")
        self.header.title.setText(self.tr("Vaults"))
        self._services, self._calls, self._navigator = services, calls, navigator
        self.banner = Banner()
        self.cards: dict[str, VaultCard] = {}
        self.shelf = ScrolledColumn()
        self.empty = EmptyState(
            "vaults",
            self.tr(
                "No vault yet. A vault is a folder, a bucket or a server where backups are kept,"
                " encrypted and signed. A vault that exists already opens from its recovery kit."
            ),
            self.tr("Add vault"),
        )
        self.open_kit = self.header.add_action(self.tr("&Open from kit…"))
        self.add = self.header.add_primary(self.tr("&Add vault"), "plus")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.shelf)
        self.retention = RetentionPane(services, calls, navigator)
        self._stack.addWidget(self.retention)
        self.retention.left.connect(self._on_retention_left)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._stack, 1)
        self.open_kit.clicked.connect(navigator.open_open_kit)
        self.add.clicked.connect(navigator.open_add_vault)
        self.empty.action_triggered.connect(navigator.open_add_vault)
        navigator.data_changed.connect(self.renew)
        bridge.run_changed.connect(self._on_run_changed)

    @property
    def is_retention_shown(self) -> bool:
        """Whether one vault's retention is shown in place of the cards."""
        return self._stack.currentWidget() is self.retention

    def select(self, **selection: str) -> None:
        """Bring the vault that another page means into view, or its retention."""
        if (wanted := selection.get("retention", "")) in self.cards:
            self._on_retention_wanted(wanted)
            return
        card = self.cards.get(selection.get("vault", ""))
        if card is not None:
            self.shelf.ensureWidgetVisible(card)

    @override
    def _read(self) -> None:
        """Read the vaults anew and check each."""
        specs = self._services.vaults.all()
        clear_layout(self.shelf.column)
        self.cards = {spec.name: VaultCard(spec) for spec in specs}
        for card in self.cards.values():
            self._connect_card(card)
            self.shelf.column.addWidget(card)
        self.shelf.column.addStretch()
        is_retention = self.retention.vault in self.cards and self.is_retention_shown
        if not is_retention:
            self._stack.setCurrentIndex(1 if specs else 0)
        self.add.setVisible(bool(specs) and not is_retention)
        for name in self.cards:
            self._check(name)

    @Slot(str)
    def _on_retention_wanted(self, name: str) -> None:
        self.retention.open(name)
        self._stack.setCurrentWidget(self.retention)
        self.add.hide()

    @Slot()
    def _on_retention_left(self) -> None:
        self._stack.setCurrentIndex(1)
        self.add.show()

    def _connect_card(self, card: VaultCard) -> None:
        card.retention_wanted.connect(self._on_retention_wanted)
        card.check_wanted.connect(self._check)
        card.clean_wanted.connect(self._on_clean_wanted)
        card.rebuild_wanted.connect(self._on_rebuild_wanted)
        card.forget_wanted.connect(self._on_forget_wanted)
        card.backups_wanted.connect(self._on_backups_wanted)
        card.accept_wanted.connect(self._on_accept_wanted)
        card.sync_wanted.connect(self._on_sync_wanted)
        card.inspect_wanted.connect(self._on_inspect_wanted)
        card.bring_back_wanted.connect(self._on_bring_back_wanted)
        card.add_mirror_wanted.connect(self._navigator.open_add_mirror)
        card.remove_mirror_wanted.connect(self._navigator.open_remove_mirror)
        card.kit.make_wanted.connect(self._navigator.open_make_kit)
        card.kit.confirm_wanted.connect(self._navigator.open_confirm_kit)
        card.kit.keys_wanted.connect(self._navigator.open_keys)

    @Slot(str)
    def _check(self, name: str) -> None:
        card = self.cards[name]
        card.show_checking()
        self._calls.run(
            card,
            lambda: self._services.vaults.check(name),
            lambda health: self._on_checked(name, health),
            card.show_problem,
        )

    def _on_checked(self, name: str, health: VaultHealth) -> None:
        card = self.cards[name]
        card.show_health(health)
        self._calls.run(
            card,
            lambda: self._services.upkeep.growth(name, health.free_bytes)[0],
            card.show_growth,
            lambda _error: None,  # a figure less; what matters is said already
        )
        if card.spec.mirrors:
            self._calls.run(
                card,
                lambda: self._services.mirrors.states(name),
                lambda states: card.mirrors.show_states(states, health.missing),
                card.mirrors.show_problem,
            )

    @Slot(str)
    def _on_sync_wanted(self, name: str) -> None:
        self._calls.run(
            self,
            lambda: self._services.mirrors.start_sync(name),
            self._navigator.open_progress,
            self._on_failed,
        )

    @Slot(str)
    def _on_inspect_wanted(self, name: str) -> None:
        self._calls.run(
            self,
            lambda: self._services.upkeep.start_check(name),
            self._navigator.open_progress,
            self._on_failed,
        )

    @Slot(str)
    def _on_bring_back_wanted(self, name: str) -> None:
        self._calls.run(
            self,
            lambda: self._services.upkeep.start_mending(name),
            lambda run_id: self._on_mending_started(name, run_id),
            self._on_failed,
        )

    def _on_mending_started(self, name: str, run_id: RunId | None) -> None:
        if run_id is not None:
            self._navigator.open_progress(run_id)
            return
        words = self.tr("There is no other copy of {vault} that anything could come back from.")
        self.banner.show_message(BannerKind.INFO, words.format(vault=name))

    @Slot(str)
    def _on_clean_wanted(self, name: str) -> None:
        wanted = Confirmation(
            title=self.tr("Clean a vault"),
            question=self.tr("This is removed from {vault}:").format(vault=name),
            removed=self.cards[name].debris_lines(),
            kept=self.tr("Every signed backup stays as it is."),
            verb=self.tr("Remove unfinished objects"),
        )
        if ConfirmDialog.ask(self, wanted):
            self._calls.run(
                self,
                lambda: self._services.vaults.clean(name),
                lambda freed: self._on_cleaned(name, freed),
                self._on_failed,
            )

    def _on_cleaned(self, name: str, freed_bytes: int) -> None:
        words = self.tr("{size} freed in {vault}.")
        self.banner.show_message(
            BannerKind.GOOD, words.format(size=text.size(freed_bytes), vault=name)
        )
        if name in self.cards:
            self._check(name)

    @Slot(str)
    def _on_accept_wanted(self, name: str) -> None:
        health = self.cards[name].health
        wanted = Confirmation(
            title=self.tr("Missing backups"),
            question=self.tr("These were in {vault} and are not any more:").format(vault=name),
            removed=health.missing[:20] if health else (),
            kept=self.tr("Say yes only if somebody removed them on purpose, elsewhere."),
            verb=self.tr("Stop missing them"),
        )
        if ConfirmDialog.ask(self, wanted):
            self._calls.run(
                self,
                lambda: self._services.keys.accept_missing(name),
                lambda _accepted: self._check(name),
                self._on_failed,
            )

    @Slot(str)
    def _on_rebuild_wanted(self, name: str) -> None:
        self.cards[name].rebuild.setEnabled(False)
        self._calls.run(
            self,
            lambda: self._services.vaults.rebuild_catalog(name),
            lambda found: self._on_rebuilt(name, found),
            lambda error: self._on_rebuild_failed(name, error),
        )

    def _on_rebuilt(self, name: str, found: int) -> None:
        words = self.tr("The catalog of {vault} was rebuilt: {backups} found.")
        backups = counted(found, self.tr("backup"), self.tr("backups"))
        self.banner.show_message(BannerKind.GOOD, words.format(vault=name, backups=backups))
        self._navigator.tell_data_changed()

    def _on_rebuild_failed(self, name: str, error: MangroveError) -> None:
        if name in self.cards:
            self.cards[name].rebuild.setEnabled(True)
        self._on_failed(error)

    @Slot(str)
    def _on_forget_wanted(self, name: str) -> None:
        wanted = Confirmation(
            title=self.tr("Forget a vault"),
            question=self.tr("This is removed from this computer:"),
            removed=(self.tr("the entry {vault} and its catalog").format(vault=name),),
            kept=self.tr("The backups in it and its keys in the keyring stay."),
            verb=self.tr("Forget {vault}").format(vault=name),
        )
        if ConfirmDialog.ask(self, wanted):
            self._calls.run(
                self,
                lambda: self._services.vaults.remove(name),
                self._on_forgotten,
                self._on_failed,
            )

    def _on_forgotten(self, _nothing: None) -> None:
        self._navigator.tell_data_changed()

    def _on_failed(self, error: MangroveError) -> None:
        self.banner.show_error(error)

    @Slot(str)
    def _on_backups_wanted(self, name: str) -> None:
        self._navigator.open_page(PageName.BACKUPS, vault=name)

    @Slot(object)
    def _on_run_changed(self, status: RunStatus) -> None:
        if not status.state.is_over or status.kind not in _CHANGE_VAULTS:
            return
        if self.is_retention_shown and status.vault == self.retention.vault:
            self.retention.reload()
        if self.isVisible() and status.vault in self.cards:
            self._check(status.vault)
        else:
            self.is_stale = True
