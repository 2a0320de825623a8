"""What happens when a page wishes for a vault, or for more or fewer copies of one."""

from PySide6.QtCore import Slot

from mangrove.core.errors import MangroveError
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.services.bundle import Services
from mangrove.services.vaults import SavedVault
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.confirm_dialog import Confirmation, ConfirmDialog
from mangrove.ui.dialogs.vaults.mirror_dialog import MirrorAnswer, MirrorDialog, MirrorStart
from mangrove.ui.dialogs.vaults.vault_dialog import VaultAnswer, VaultDialog, VaultStart
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.errand import Errand
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.widgets.banner import BannerKind


class VaultErrands(Errand):
    """Opens the dialogs about vaults and mirrors and carries out their answers."""

    def __init__(
        self, window: MainWindow, services: Services, calls: Calls, navigator: Navigator
    ) -> None:
        super().__init__(window, services, calls, navigator)
        navigator.add_vault_wanted.connect(self._on_add_vault_wanted)
        navigator.add_mirror_wanted.connect(self._on_add_mirror_wanted)
        navigator.remove_mirror_wanted.connect(self._on_remove_mirror_wanted)

    @Slot()
    def _on_add_vault_wanted(self) -> None:
        self._ask_vault(None)

    def _ask_vault(self, start: VaultStart | None) -> None:
        answer = VaultDialog.ask(self._window, self._services, self._calls, start)
        if answer is None:
            return
        self._calls.run(
            self,
            lambda: self._services.vaults.add(answer.draft),
            self._on_vault_saved,
            lambda error: self._on_vault_failed(answer, error),
        )

    def _on_vault_saved(self, saved: SavedVault) -> None:
        self._notice(saved.notice)
        self._navigator.tell_data_changed()

    def _on_vault_failed(self, answer: VaultAnswer, error: MangroveError) -> None:
        self._ask_vault(VaultStart(answer.place, answer.draft, error))

    @Slot(str)
    def _on_add_mirror_wanted(self, vault: str) -> None:
        self._ask_mirror(vault, None)

    def _ask_mirror(self, vault: str, start: MirrorStart | None) -> None:
        spec = self._services.vaults.find(vault)
        answer = MirrorDialog.ask(self._window, self._services, self._calls, spec, start)
        if answer is None:
            return
        self._calls.run(
            self,
            lambda: self._services.mirrors.add(vault, answer.draft),
            lambda made: self._on_mirror_added(vault, made),
            lambda error: self._on_mirror_failed(vault, answer, error),
        )

    def _on_mirror_added(self, vault: str, made: MirrorSpec) -> None:
        words = self.tr("{mirror} mirrors {vault} now. It is empty until something is copied.")
        self._window.notify(
            BannerKind.GOOD,
            words.format(mirror=made.name, vault=vault),
            self.tr("Copy everything now"),
            lambda: self._begin(lambda: self._services.mirrors.start_sync(vault)),
        )
        self._navigator.tell_data_changed()

    def _on_mirror_failed(self, vault: str, answer: MirrorAnswer, error: MangroveError) -> None:
        self._ask_mirror(vault, MirrorStart(answer.place, answer.draft, error))

    @Slot(str, str)
    def _on_remove_mirror_wanted(self, vault: str, mirror: str) -> None:
        wanted = Confirmation(
            title=self.tr("Forget a mirror"),
            question=self.tr("This is removed from this computer:"),
            removed=(self.tr("the mirror {mirror} of {vault}").format(mirror=mirror, vault=vault),),
            kept=self.tr("What is stored there stays; nothing new is copied to it."),
            verb=self.tr("Forget {mirror}").format(mirror=mirror),
        )
        if ConfirmDialog.ask(self._window, wanted):
            self._calls.run(
                self,
                lambda: self._services.mirrors.remove(vault, mirror),
                self._on_mirror_removed,
                self._on_failed,
            )

    def _on_mirror_removed(self, _nothing: None) -> None:
        self._navigator.tell_data_changed()
