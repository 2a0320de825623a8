"""What happens when a page wishes for a dialog: ask, do it off the GUI thread, show the outcome."""

from functools import partial

from PySide6.QtCore import Slot

from mangrove.core.backup import BackupId, Selection
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import MangroveError
from mangrove.core.namespace import Namespace
from mangrove.core.pitr.moments import Moment
from mangrove.core.profile import Profile
from mangrove.services.bundle import Services
from mangrove.services.profiles import ProfileDraft, SavedProfile
from mangrove.ui.bridge import Calls
from mangrove.ui.dialogs.backup_dialog import BackupDialog, BackupPreset
from mangrove.ui.dialogs.capture_dialog import CaptureDialog
from mangrove.ui.dialogs.copy_dialog import CopyDialog
from mangrove.ui.dialogs.export_dialog import ExportDialog
from mangrove.ui.dialogs.import_dialog import ImportDialog
from mangrove.ui.dialogs.profiles.profile_dialog import ProfileDialog, ProfileStart
from mangrove.ui.dialogs.restore_dialog import RestoreDialog
from mangrove.ui.dialogs.restore_dump_dialog import RestoreDumpDialog
from mangrove.ui.dialogs.verify_dialog import VerifyDialog
from mangrove.ui.navigation import Navigator
from mangrove.ui.shell.errand import Errand
from mangrove.ui.shell.main_window import MainWindow
from mangrove.ui.widgets.banner import BannerKind


class Errands(Errand):
    """Opens dialogs for the navigator's wishes and carries out their answers."""

    def __init__(
        self, window: MainWindow, services: Services, calls: Calls, navigator: Navigator
    ) -> None:
        super().__init__(window, services, calls, navigator)
        navigator.add_profile_wanted.connect(self._on_add_profile_wanted)
        navigator.edit_profile_wanted.connect(self._on_edit_profile_wanted)
        navigator.backup_wanted.connect(self._on_backup_wanted)
        navigator.verify_wanted.connect(self._on_verify_wanted)
        navigator.restore_wanted.connect(self._on_restore_wanted)
        navigator.export_wanted.connect(self._on_export_wanted)
        navigator.import_wanted.connect(self._on_import_wanted)
        navigator.restore_dump_wanted.connect(self._on_restore_dump_wanted)
        navigator.copy_wanted.connect(self._on_copy_wanted)
        navigator.capture_wanted.connect(self._on_capture_wanted)
        navigator.rewind_wanted.connect(self._on_rewind_wanted)

    # --- profiles ------------------------------------------------------------------------

    @Slot()
    def _on_add_profile_wanted(self) -> None:
        self._ask_profile(ProfileStart())

    @Slot(str)
    def _on_edit_profile_wanted(self, name: str) -> None:
        try:
            profile = self._services.profiles.find(name)
        except MangroveError as error:
            self._on_failed(error)
        else:
            self._ask_profile(ProfileStart(profile))

    def _ask_profile(self, start: ProfileStart) -> None:
        draft = ProfileDialog.ask(self._window, self._services, self._calls, start)
        if draft is None:
            return
        self._calls.run(
            self,
            lambda: self._saved(start.profile, draft),
            self._on_profile_saved,
            lambda error: self._ask_profile(ProfileStart(start.profile, draft, error)),
        )

    def _saved(self, old: Profile | None, draft: ProfileDraft) -> SavedProfile:
        profiles = self._services.profiles
        return profiles.add(draft) if old is None else profiles.update(old.profile_id, draft)

    def _on_profile_saved(self, saved: SavedProfile) -> None:
        self._notice(saved.notice)
        self._navigator.tell_data_changed()

    # --- runs ----------------------------------------------------------------------------

    @Slot(str, object)
    def _on_backup_wanted(self, profile: str, chosen: dict[str, tuple[str, ...]]) -> None:
        if self._lacks_deployment() or self._lacks_vault():
            return
        preset = BackupPreset(profile=profile, selection=_selection(chosen))
        request = BackupDialog.ask(self._window, self._services, self._calls, preset)
        if request is not None:
            self._begin(partial(self._services.backups.start, request))

    @Slot(object)
    def _on_verify_wanted(self, backup: BackupId) -> None:
        record = self._found(backup)
        if record is None:
            return
        request = VerifyDialog.ask(self._window, self._services, record)
        if request is not None:
            start = self._services.verifications.start
            self._begin(partial(start, request))

    @Slot(object)
    def _on_restore_wanted(self, backup: BackupId) -> None:
        record = self._found(backup)
        if record is None:
            return
        request = RestoreDialog.ask(self._window, self._services, self._calls, record)
        if request is not None:
            start = self._services.restores.start
            self._begin(partial(start, request))

    @Slot(object)
    def _on_export_wanted(self, backup: BackupId) -> None:
        record = self._found(backup)
        if record is None:
            return
        request = ExportDialog.ask(self._window, self._services, self._calls, record)
        if request is not None:
            start = self._services.dumps.start_export
            self._begin(partial(start, request))

    @Slot()
    def _on_import_wanted(self) -> None:
        if self._lacks_vault():
            return
        request = ImportDialog.ask(self._window, self._services, self._calls)
        if request is not None:
            start = self._services.dumps.start_import
            self._begin(partial(start, request))

    @Slot()
    def _on_restore_dump_wanted(self) -> None:
        if self._lacks_deployment():
            return
        request = RestoreDumpDialog.ask(self._window, self._services, self._calls)
        if request is not None:
            start = self._services.copies.start_dump
            self._begin(partial(start, request))

    @Slot(str, object)
    def _on_copy_wanted(self, profile: str, chosen: dict[str, tuple[str, ...]]) -> None:
        if self._lacks_deployment():
            return
        request = CopyDialog.ask(
            self._window, self._services, self._calls, profile, _selection(chosen)
        )
        if request is not None:
            start = self._services.copies.start
            self._begin(partial(start, request))

    @Slot(str)
    def _on_capture_wanted(self, profile: str) -> None:
        if self._lacks_vault():
            return
        request = CaptureDialog.ask(self._window, self._services, profile)
        if request is not None:
            start = self._services.captures.start
            self._begin(partial(start, request))

    @Slot(str, object)
    def _on_rewind_wanted(self, profile: str, moment: Moment) -> None:
        """Restore a moment: the dialog opens on its best base with the moment filled in."""
        try:
            plan = self._services.points.plan(profile, moment.limit)
        except MangroveError as error:
            self._on_failed(error)
            return
        request = RestoreDialog.ask(
            self._window, self._services, self._calls, plan.base.record, moment
        )
        if request is not None:
            start = self._services.restores.start
            self._begin(partial(start, request))

    def _found(self, backup: BackupId) -> BackupRecord | None:
        try:
            return self._services.backups.find(backup)
        except MangroveError as error:
            self._on_failed(error)
            return None

    def _lacks_deployment(self) -> bool:
        if not self._services.profiles.all():
            self._window.notify(
                BannerKind.INFO,
                self.tr("There is no deployment yet."),
                self.tr("Add deployment…"),
                self._navigator.open_add_profile,
            )
            return True
        return False

    def _lacks_vault(self) -> bool:
        if not self._services.vaults.all():
            self._window.notify(
                BannerKind.INFO,
                self.tr("There is no vault to keep the backup in yet."),
                self.tr("Add vault…"),
                self._navigator.open_add_vault,
            )
            return True
        return False


def _selection(chosen: dict[str, tuple[str, ...]]) -> Selection:
    return Selection(
        databases=chosen["databases"],
        collections=tuple(map(Namespace.parse, chosen["collections"])),
    )
