"""What a person asks for from anywhere: open the dialog, do it, open its progress."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from mangrove.core.backup import BackupId, Selection
from mangrove.core.errors import MangroveError
from mangrove.core.namespace import Namespace
from mangrove.core.profile import Profile
from mangrove.core.run import RunId
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft, SavedProfile
from mangrove.services.vaults import SavedVault
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.dialogs.profile_dialog import ProfileDialog, ProfileStart
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.dialogs.vault_dialog import VaultAnswer, VaultDialog, VaultStart
from mangrove.ui.dialogs.verify_dialog import VerifyDialog
from mangrove.ui.shell.navigation import Navigator


class Errands(QObject):
    """Fulfils what pages ask of the navigator with dialogs and services.

    What could not be saved comes back: the dialog opens again with everything typed and the reason.

    Signals:
        problem_arose: A ``MangroveError`` that stopped an errand without a dialog.
        notice_given: A sentence that needs saying after something was saved.
    """

    problem_arose = Signal(object)
    notice_given = Signal(str)

    def __init__(
        self, services: Services, calls: Calls, navigator: Navigator, window: QWidget
    ) -> None:
        super().__init__(window)
        self._services, self._calls = services, calls
        self._navigator, self._window = navigator, window
        navigator.add_profile_wanted.connect(self.add_profile)
        navigator.edit_profile_wanted.connect(self.edit_profile)
        navigator.add_vault_wanted.connect(self.add_vault)
        navigator.backup_wanted.connect(self.back_up)
        navigator.verify_wanted.connect(self.verify)
        navigator.restore_wanted.connect(self.restore)

    @Slot()
    def add_profile(self) -> None:
        """Ask for a new deployment and keep it."""
        self._ask_profile(ProfileStart())

    @Slot(str)
    def edit_profile(self, name: str) -> None:
        """Ask for changes to a deployment and keep them."""
        try:
            profile = self._services.profiles.find(name)
        except MangroveError as error:
            self.problem_arose.emit(error)
            return
        self._ask_profile(ProfileStart(profile))

    @Slot()
    def add_vault(self) -> None:
        """Ask for a new vault and make it."""
        self._ask_vault(None)

    @Slot(str, object)
    def back_up(self, profile: str, chosen: Mapping[str, tuple[str, ...]]) -> None:
        """Ask what to back up and start it."""
        collections = tuple(map(Namespace.parse, chosen.get("collections", ())))
        selection = Selection(tuple(chosen.get("databases", ())), collections)
        preset = BackupPreset(profile=profile, selection=selection)
        request = BackupDialog.ask(self._window, self._services, self._calls, preset)
        if request is None:
            return
        try:
            run_id = self._services.backups.start(request)
        except MangroveError as error:
            self.problem_arose.emit(error)
            return
        self._navigator.open_progress(run_id)

    @Slot(object)
    def verify(self, backup: BackupId) -> None:
        """Ask how deep to verify and start it."""
        try:
            record = self._services.backups.find(backup)
        except MangroveError as error:
            self.problem_arose.emit(error)
            return
        request = VerifyDialog.ask(self._window, self._services, record)
        if request is not None:
            # Off this thread: a service may open keyring and storage before the run starts.
            self._calls.run(
                self,
                lambda: self._services.verifications.start(request),
                self._on_started,
                self.problem_arose.emit,
            )

    @Slot(object)
    def restore(self, backup: BackupId) -> None:
        """Ask where to restore to and start it."""
        try:
            record = self._services.backups.find(backup)
        except MangroveError as error:
            self.problem_arose.emit(error)
            return
        request = RestoreDialog.ask(self._window, self._services, self._calls, record)
        if request is not None:
            self._calls.run(
                self,
                lambda: self._services.restores.start(request),
                self._on_started,
                self.problem_arose.emit,
            )

    def _on_started(self, run_id: RunId) -> None:
        self._navigator.open_progress(run_id)

    def _ask_profile(self, start: ProfileStart) -> None:
        draft = ProfileDialog.ask(self._window, self._services, self._calls, start)
        if draft is not None:
            profile, answer = start.profile, draft
            self._calls.run(
                self,
                lambda: self._saved_profile(profile, answer),
                self._on_profile_saved,
                lambda error: self._ask_profile(ProfileStart(profile, answer, error)),
            )

    def _saved_profile(self, profile: Profile | None, draft: ProfileDraft) -> SavedProfile:
        if profile is None:
            return self._services.profiles.add(draft)
        return self._services.profiles.update(profile.profile_id, draft)

    def _on_profile_saved(self, saved: SavedProfile) -> None:
        self._navigator.tell_data_changed()
        if saved.notice:
            self.notice_given.emit(saved.notice)

    def _ask_vault(self, start: VaultStart | None) -> None:
        answer = VaultDialog.ask(self._window, self._services, start)
        if answer is not None:
            self._make_vault(answer)

    def _make_vault(self, answer: VaultAnswer) -> None:
        self._calls.run(
            self,
            lambda: self._services.vaults.add(answer.draft),
            self._on_vault_saved,
            lambda error: self._ask_vault(VaultStart(answer.place, answer.draft, error)),
        )

    def _on_vault_saved(self, saved: SavedVault) -> None:
        self._navigator.tell_data_changed()
        if saved.notice:
            self.notice_given.emit(saved.notice)
