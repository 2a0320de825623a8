"""What the button beside a failed run does about its problem."""

from collections.abc import Callable

from mangrove.core.run import RunKind, RunStatus
from mangrove.ui.navigation import Navigator, PageName
from mangrove.ui.problems import Remedy

Action = Callable[[], None]


def run_remedy(status: RunStatus, remedy: Remedy, navigator: Navigator) -> Action | None:
    """Return where a remedy leads for this run; None when it leads nowhere from here."""
    show = navigator.open_page
    ways: dict[Remedy, Action] = {
        Remedy.OPEN_BACKUPS: lambda: show(PageName.BACKUPS, backup=status.backup or ""),
        Remedy.OPEN_ACTIVITY: lambda: show(PageName.ACTIVITY, run=status.run_id),
    }
    if again := _again(status, navigator):
        ways[Remedy.RETRY] = again
    if status.profile:
        ways[Remedy.TEST_PROFILE] = lambda: show(PageName.DEPLOYMENTS, profile=status.profile)
        ways[Remedy.EDIT_PROFILE] = lambda: navigator.open_edit_profile(status.profile)
    if status.vault:
        ways[Remedy.CHECK_VAULT] = lambda: show(PageName.VAULTS, vault=status.vault)
    return ways.get(remedy)


def _again(status: RunStatus, navigator: Navigator) -> Action | None:
    backup = status.backup
    if status.kind is RunKind.BACKUP and status.profile:
        return lambda: navigator.open_backup(status.profile)
    if status.kind is RunKind.VERIFY and backup:
        return lambda: navigator.open_verify(backup)
    if status.kind is RunKind.RESTORE and backup:
        return lambda: navigator.open_restore(backup)
    return None
