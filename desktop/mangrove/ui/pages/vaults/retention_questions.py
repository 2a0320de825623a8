"""What a person is asked before retention does something: what goes, and what stays."""

from PySide6.QtCore import QCoreApplication

from mangrove.core.errors import VaultLockedError
from mangrove.services.retention import Deletion, RetentionView
from mangrove.ui.dialogs.confirm_dialog import Confirmation
from mangrove.ui.wording import counted


def _tr(words: str) -> str:
    return QCoreApplication.translate("Retention", words)


def prune_question(vault: str, view: RetentionView) -> Confirmation:
    """Ask whether what the policy lets go may go, and say when it does."""
    plan = view.plan
    later, now = len(plan.marks), len(plan.purges)
    words = _tr("{backups}, removed for good now")
    marked = _tr("{backups}, from {day} on; until then each can be taken back")
    lines = [
        words.format(backups=counted(now, _tr("backup"), _tr("backups"))) if now else "",
        marked.format(
            backups=counted(later, _tr("backup"), _tr("backups")),
            day=f"{plan.due_at.astimezone():%Y-%m-%d}",
        )
        if later
        else "",
        counted(len(plan.slices), _tr("oplog slice"), _tr("oplog slices")) if plan.slices else "",
        *(window.sentence for window in plan.lost),
    ]
    return Confirmation(
        title=_tr("Prune {vault}").format(vault=vault),
        question=_tr("The policy lets these go:"),
        removed=[line for line in lines if line],
        kept=_tr("{backups} stay.").format(
            backups=counted(len(plan.kept), _tr("backup"), _tr("backups"))
        ),
        verb=_tr("Prune {vault}").format(vault=vault),
    )


def loss_question(lost: list[str]) -> Confirmation:
    """Ask whether moments may be given up: they are gone for good."""
    return Confirmation(
        title=_tr("Moments are lost"),
        question=_tr("This cannot be undone once it is due:"),
        removed=lost,
        kept=_tr("The backups that stay can still be restored as they are."),
        verb=_tr("Give up these moments"),
    )


def deletion_question(planned: Deletion) -> Confirmation:
    """Ask whether a backup may be marked for deletion."""
    backup, due = planned.backups[0], f"{planned.due_at.astimezone():%Y-%m-%d}"
    lost = [window.sentence for window in planned.lost]
    return Confirmation(
        title=_tr("Delete a backup"),
        question=_tr("This goes with the first prune after {day}:").format(day=due),
        removed=[str(backup), *lost],
        kept=_tr("Until then it can be taken back here."),
        verb=_tr("Delete {backup}").format(backup=backup),
    )


def stale_lock_question(error: VaultLockedError) -> Confirmation:
    """Ask whether the lock of a Mangrove that seems to be gone may be removed."""
    return Confirmation(
        title=_tr("The vault is locked"),
        question=_tr("Another Mangrove left this lock, and has long given no sign of life:"),
        removed=[error.message],
        kept=_tr("If it is still at work after all, its run ends when it notices."),
        verb=_tr("Remove the lock"),
    )
