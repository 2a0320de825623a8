"""What happens when a page wishes for something about keys and recovery kits."""

from PySide6.QtCore import Slot

from mangrove.core.errors import MangroveError
from mangrove.core.secret import Secret
from mangrove.services.bundle import Services
from mangrove.services.keys import ChangedKeys
from mangrove.services.kit_files import KitFiles
from mangrove.services.kits import OpenedKit
from mangrove.ui import text
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.vaults.keys_dialog import KeyChange, KeysDialog, KeyWish
from mangrove.ui.dialogs.vaults.kit_dialogs import (
    ConfirmKitDialog,
    KitToOpen,
    MakeKitDialog,
    OpenKitDialog,
)
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.errand import Errand
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.widgets.banner import BannerKind
from mangrove.ui.wording import counted


class KeyErrands(Errand):
    """Opens the dialogs about keys and carries out their answers."""

    def __init__(
        self, window: MainWindow, services: Services, calls: Calls, navigator: Navigator
    ) -> None:
        super().__init__(window, services, calls, navigator)
        navigator.make_kit_wanted.connect(self._on_make_kit_wanted)
        navigator.confirm_kit_wanted.connect(self._on_confirm_kit_wanted)
        navigator.open_kit_wanted.connect(self._on_open_kit_wanted)
        navigator.keys_wanted.connect(self._on_keys_wanted)

    @Slot(str)
    def _on_make_kit_wanted(self, name: str) -> None:
        self._make_kit(name, None)

    def _make_kit(self, name: str, problem: MangroveError | None) -> None:
        spec = self._services.vaults.find(name)
        wish = MakeKitDialog.ask(self._window, spec, problem)
        if wish is None:
            return
        kits = self._services.kits
        self._calls.run(
            self,
            lambda: kits.make(
                name, wish.target, wish.passphrase, with_storage_key=wish.with_storage_key
            ),
            lambda files: self._on_kit_made(name, files),
            lambda error: self._make_kit(name, error),
        )

    def _on_kit_made(self, name: str, files: KitFiles) -> None:
        words = self.tr(
            "Print {sheet} and delete it then; keep {sealed} away from this computer."
            " Then type the code on the sheet."
        )
        self._window.notify(
            BannerKind.WARNING,
            words.format(sheet=files.sheet, sealed=files.sealed.name),
            self.tr("Confirm kit…"),
            lambda: self._on_confirm_kit_wanted(name),
        )
        self._navigator.tell_data_changed()

    @Slot(str)
    def _on_confirm_kit_wanted(self, name: str) -> None:
        self._confirm_kit(name, None)

    def _confirm_kit(self, name: str, problem: MangroveError | None) -> None:
        spec = self._services.vaults.find(name)
        code = ConfirmKitDialog.ask(self._window, spec, problem)
        if code is None:
            return
        self._calls.run(
            self,
            lambda: self._services.kits.confirm(name, code),
            lambda confirmed: self._on_kit_confirmed(confirmed.name),
            lambda error: self._confirm_kit(name, error),
        )

    def _on_kit_confirmed(self, name: str) -> None:
        words = self.tr("The recovery kit of {vault} is stored.")
        self._window.notify(BannerKind.GOOD, words.format(vault=name))
        self._navigator.tell_data_changed()

    @Slot()
    def _on_open_kit_wanted(self) -> None:
        self._open_kit(None, None)

    def _open_kit(self, start: KitToOpen | None, problem: MangroveError | None) -> None:
        wish = OpenKitDialog.ask(self._window, start, problem)
        if wish is None:
            return
        self._calls.run(
            self,
            lambda: self._opened(wish),
            self._on_kit_opened,
            lambda error: self._open_kit(wish, error),
        )

    def _opened(self, wish: KitToOpen) -> OpenedKit:
        kits = self._services.kits
        kit = kits.read(wish.path, wish.passphrase)
        return kits.open(kit, url=wish.url, name=wish.name, storage_key=wish.storage_key)

    def _on_kit_opened(self, opened: OpenedKit) -> None:
        words = self.tr("The vault {vault} is open: {backups}, {profiles} added.")
        said = words.format(
            vault=opened.spec.name,
            backups=counted(opened.backups or 0, self.tr("backup"), self.tr("backups")),
            profiles=counted(len(opened.profiles), self.tr("deployment"), self.tr("deployments")),
        )
        more = [text.sentence(notice) for notice in opened.notices]
        if opened.profiles:
            more.append(self.tr("Give the deployments their passwords again."))
        kind = BannerKind.WARNING if opened.notices else BannerKind.GOOD
        self._window.notify(kind, " ".join((said, *more)))
        self._navigator.tell_data_changed()

    @Slot(str)
    def _on_keys_wanted(self, name: str) -> None:
        wish = KeysDialog.ask(self._window, self._services.vaults.find(name))
        if wish is None:
            return
        keys = self._services.keys
        if wish.change is KeyChange.REWRAP:
            self._begin(lambda: keys.start_rewrap(name))
            return
        self._calls.run(
            self, lambda: self._carried_out(name, wish), self._on_changed, self._on_failed
        )

    def _carried_out(self, name: str, wish: KeyWish) -> str:
        keys = self._services.keys
        match wish.change:
            case KeyChange.ADD:
                return self._said(keys.add_recipient(name, wish.holder))
            case KeyChange.REMOVE:
                return self._said(keys.remove_recipient(name, wish.holder.recipient))
            case KeyChange.ROTATE:
                return self._said(keys.rotate_signing_key(name))
            case _:
                keys.import_identity(name, wish.identity or Secret(""))
                return ""

    def _said(self, changed: ChangedKeys) -> str:
        return changed.notice

    def _on_changed(self, notice: str) -> None:
        done = self.tr(
            "The keys were changed. Make a new recovery kit if they were in the old one."
        )
        kind = BannerKind.WARNING if notice else BannerKind.GOOD
        self._window.notify(kind, f"{done} {text.sentence(notice)}" if notice else done)
        self._navigator.tell_data_changed()
