"""The buttons that mend what needs somebody: each goes there, or starts it."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.figures.needs import Need, Remedy
from mangrove.services.jobs import Jobs
from mangrove.ui.bridge import Calls
from mangrove.ui.navigation import Navigator, PageName


class Remedies(QObject):
    """Knows a caption and a deed for every remedy.

    Args:
        failed: Told when a deed went wrong.
    """

    def __init__(
        self,
        navigator: Navigator,
        jobs: Jobs,
        calls: Calls,
        failed: Callable[[MangroveError], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._go, self._jobs, self._calls, self._failed = navigator, jobs, calls, failed

    def caption(self, remedy: Remedy) -> str:
        """Return what stands on the button; a deed that asks first ends in an ellipsis."""
        return {
            Remedy.ADD_PROFILE: self.tr("Add deployment…"),
            Remedy.ADD_VAULT: self.tr("Add vault…"),
            Remedy.BACKUP: self.tr("Back up now…"),
            Remedy.VERIFY: self.tr("Verify it…"),
            Remedy.OPEN_DEPLOYMENTS: self.tr("Show the deployment"),
            Remedy.OPEN_BACKUPS: self.tr("Show the backup"),
            Remedy.OPEN_JOBS: self.tr("Show the job"),
            Remedy.RUN_JOB: self.tr("Run the job now"),
            Remedy.PLAN_JOBS: self.tr("Plan its jobs"),
            Remedy.START_AGENT: self.tr("Start the agent"),
            Remedy.OPEN_TIMELINE: self.tr("Open the timeline"),
            Remedy.CAPTURE: self.tr("Start capture…"),
            Remedy.MAKE_KIT: self.tr("Make a recovery kit…"),
            Remedy.CONFIRM_KIT: self.tr("Confirm the kit…"),
            Remedy.OPEN_VAULTS: self.tr("Show the vault"),
            Remedy.SYNC_MIRROR: self.tr("Show the vault"),
            Remedy.OPEN_ATLAS: self.tr("Show Atlas"),
            Remedy.OPEN_SNAPSHOTS: self.tr("Show the snapshot"),
        }[remedy]

    def apply(self, need: Need) -> None:
        """Do what mends it."""
        subject, go = need.subject, self._go
        deeds: dict[Remedy, Callable[[], None]] = {
            Remedy.ADD_PROFILE: go.open_add_profile,
            Remedy.ADD_VAULT: go.open_add_vault,
            Remedy.BACKUP: lambda: go.open_backup(subject),
            Remedy.VERIFY: lambda: go.open_verify(BackupId(subject)),
            Remedy.OPEN_DEPLOYMENTS: lambda: go.open_page(PageName.DEPLOYMENTS, profile=subject),
            Remedy.OPEN_BACKUPS: lambda: go.open_page(PageName.BACKUPS, backup=subject),
            Remedy.OPEN_JOBS: lambda: go.open_page(PageName.JOBS, job=subject),
            Remedy.RUN_JOB: lambda: self._run_job(subject),
            Remedy.PLAN_JOBS: lambda: go.open_page(PageName.JOBS),
            Remedy.START_AGENT: lambda: go.open_page(PageName.JOBS),
            Remedy.OPEN_TIMELINE: lambda: go.open_page(PageName.TIMELINE, profile=subject),
            Remedy.CAPTURE: lambda: go.open_capture(subject),
            Remedy.MAKE_KIT: lambda: go.open_make_kit(subject),
            Remedy.CONFIRM_KIT: lambda: go.open_confirm_kit(subject),
            Remedy.OPEN_VAULTS: lambda: go.open_page(PageName.VAULTS, vault=subject),
            Remedy.SYNC_MIRROR: lambda: go.open_page(PageName.VAULTS, vault=subject),
            Remedy.OPEN_ATLAS: lambda: go.open_page(PageName.ATLAS, profile=subject),
            Remedy.OPEN_SNAPSHOTS: lambda: go.open_page(PageName.BACKUPS, snapshot=subject),
        }
        deeds[need.action]()

    def _run_job(self, name: str) -> None:
        self._calls.run(
            self.parent() or self,
            lambda: self._jobs.start(name),
            lambda _run: self._go.tell_data_changed(),
            self._failed,
        )
