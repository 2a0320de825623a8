"""How pages and dialogs reach each other without knowing each other."""

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from mangrove.core.backup import BackupId
from mangrove.core.pitr.moments import Moment
from mangrove.core.run import RunId


class PageName(StrEnum):
    """The places in the rail, in its order."""

    OVERVIEW = "overview"
    DEPLOYMENTS = "deployments"
    BACKUPS = "backups"
    TIMELINE = "timeline"
    INCIDENT = "incident"
    JOBS = "jobs"
    VAULTS = "vaults"
    ATLAS = "atlas"
    ACTIVITY = "activity"
    ALERTS = "alerts"
    SETTINGS = "settings"


class Navigator(QObject):
    """Carries wishes from pages to the main window, which fulfils them.

    Signals:
        page_wanted: A ``PageName`` and a dict of what to select there; a page with a method
            ``select(**selection)`` is given it.
        progress_wanted: A ``RunId`` whose progress dialog shall open.
        add_profile_wanted, add_vault_wanted: The dialog shall open.
        edit_profile_wanted: A profile's name.
        backup_wanted: A profile's name or "", and a dict with ``databases`` and ``collections``.
        verify_wanted, restore_wanted, export_wanted: A ``BackupId``.
        import_wanted, restore_dump_wanted: The dialog shall open.
        copy_wanted: As ``backup_wanted``.
        rewind_wanted: A profile's name, and the ``Moment`` it shall be restored to.
        capture_wanted: The name of a profile whose oplog shall be captured.
        drill_wanted, assertions_wanted: A profile's name.
        report_wanted: A profile's name, "" for all; and a ``BackupId`` or None.
        make_kit_wanted, confirm_kit_wanted, keys_wanted: A vault's name.
        add_mirror_wanted: The name of a vault that shall have one more copy.
        remove_mirror_wanted: A vault's name and that of its mirror to forget.
        open_kit_wanted: The dialog shall open.
        data_changed: Profiles, vaults or backups are different now; pages load anew.

    Attributes:
        profile: Whose page was looked at last, at first that in most need; pages open with it.
    """

    profile = ""

    page_wanted = Signal(object, object)
    progress_wanted = Signal(object)
    add_profile_wanted = Signal()
    edit_profile_wanted = Signal(str)
    add_vault_wanted = Signal()
    backup_wanted = Signal(str, object)
    verify_wanted = Signal(object)
    restore_wanted = Signal(object)
    export_wanted = Signal(object)
    import_wanted = Signal()
    restore_dump_wanted = Signal()
    copy_wanted = Signal(str, object)
    rewind_wanted = Signal(str, object)
    capture_wanted = Signal(str)
    drill_wanted = Signal(str)
    assertions_wanted = Signal(str)
    report_wanted = Signal(str, object)
    make_kit_wanted = Signal(str)
    confirm_kit_wanted = Signal(str)
    keys_wanted = Signal(str)
    add_mirror_wanted = Signal(str)
    remove_mirror_wanted = Signal(str, str)
    open_kit_wanted = Signal()
    data_changed = Signal()

    def open_page(self, name: PageName, **selection: str) -> None:
        """Show a page, and select something there (``profile``, ``backup``, ``vault``, ``run``)."""
        self.page_wanted.emit(name, selection)

    def open_progress(self, run_id: RunId) -> None:
        """Show the progress dialog of a run."""
        self.progress_wanted.emit(run_id)

    def open_add_profile(self) -> None:
        """Ask for a new deployment."""
        self.add_profile_wanted.emit()

    def open_edit_profile(self, profile: str) -> None:
        """Ask for changes to a deployment."""
        self.edit_profile_wanted.emit(profile)

    def open_add_vault(self) -> None:
        """Ask for a new vault."""
        self.add_vault_wanted.emit()

    def open_add_mirror(self, vault: str) -> None:
        """Ask where one more copy of a vault shall be."""
        self.add_mirror_wanted.emit(vault)

    def open_remove_mirror(self, vault: str, mirror: str) -> None:
        """Ask whether a mirror shall be forgotten."""
        self.remove_mirror_wanted.emit(vault, mirror)

    def open_backup(
        self,
        profile: str | None = None,
        *,
        databases: tuple[str, ...] = (),
        collections: tuple[str, ...] = (),
    ) -> None:
        """Ask what to back up, with these as a start; nothing chosen means everything."""
        self.backup_wanted.emit(profile or "", {"databases": databases, "collections": collections})

    def open_verify(self, backup: BackupId) -> None:
        """Ask how deep to verify a backup."""
        self.verify_wanted.emit(backup)

    def open_restore(self, backup: BackupId) -> None:
        """Ask where to restore a backup."""
        self.restore_wanted.emit(backup)

    def open_export(self, backup: BackupId) -> None:
        """Ask in which form a backup shall leave its vault."""
        self.export_wanted.emit(backup)

    def open_import(self) -> None:
        """Ask which dump shall become a backup."""
        self.import_wanted.emit()

    def open_restore_dump(self) -> None:
        """Ask where a dump of another tool shall be restored."""
        self.restore_dump_wanted.emit()

    def open_copy(
        self,
        profile: str | None = None,
        *,
        databases: tuple[str, ...] = (),
        collections: tuple[str, ...] = (),
    ) -> None:
        """Ask what to copy elsewhere, with these as a start; nothing chosen means everything."""
        self.copy_wanted.emit(profile or "", {"databases": databases, "collections": collections})

    def open_rewind(self, profile: str, moment: Moment) -> None:
        """Ask where a moment shall be restored."""
        self.rewind_wanted.emit(profile, moment)

    def open_capture(self, profile: str) -> None:
        """Ask how a profile's oplog shall be captured."""
        self.capture_wanted.emit(profile)

    def open_drill(self, profile: str) -> None:
        """Ask where a drill of a profile's recovery shall go."""
        self.drill_wanted.emit(profile)

    def open_assertions(self, profile: str) -> None:
        """Show what is expected of a profile's data."""
        self.assertions_wanted.emit(profile)

    def open_report(self, profile: str = "", backup: BackupId | None = None) -> None:
        """Ask for an evidence report on a backup, a profile or a month."""
        self.report_wanted.emit(profile, backup)

    def open_make_kit(self, vault: str) -> None:
        """Ask where a vault's recovery kit shall be written."""
        self.make_kit_wanted.emit(vault)

    def open_confirm_kit(self, vault: str) -> None:
        """Ask for the code on a vault's recovery kit."""
        self.confirm_kit_wanted.emit(vault)

    def open_open_kit(self) -> None:
        """Ask which recovery kit shall be opened."""
        self.open_kit_wanted.emit()

    def open_keys(self, vault: str) -> None:
        """Show a vault's keys and ask for a change."""
        self.keys_wanted.emit(vault)

    def tell_data_changed(self) -> None:
        """Say that something was added, changed or removed."""
        self.data_changed.emit()
