"""``mangrove prune`` and what a person says about single backups: pin, hold, delete, undelete."""

from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.commands.vault.place import BREAK_LOCK_HELP
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Block, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import BackupId
from mangrove.core.command_line import command_line
from mangrove.core.explain import size_text
from mangrove.core.retention.chains import LostWindow
from mangrove.core.wording import counted
from mangrove.services.bundle import Services
from mangrove.services.retention import Fate, RetentionView

Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, in your words.")]
YesLose = Annotated[
    bool,
    typer.Option("--yes-lose-moments", help="Agree that moments stop being restorable."),
]


def prune(
    context: typer.Context,
    vault: Annotated[str, typer.Argument(metavar="VAULT", help="The vault's name.")],
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without this you only see what would go.")
    ] = False,
    yes_lose_moments: YesLose = False,
    break_lock: Annotated[bool, typer.Option("--break-lock", help=BREAK_LOCK_HELP)] = False,
) -> None:
    """Show what the vault's policy lets go and why; with --apply let it go.

    What goes can be taken back (mangrove undelete) until it is due; a later prune then removes it
    for good.
    """
    desk = desk_of(context)
    with desk.services() as services:
        if break_lock:
            services.vaults.break_stale_locks(vault)
        if not apply:
            _show(desk, services.retention.preview(vault))
            return
        agreed = yes_lose_moments or _agreed(desk, services, vault)
        run_id = services.retention.start_prune(vault, accepts_lost_moments=agreed)
        raise typer.Exit(report_run(desk.output, follow(services, run_id, desk.output)))


def pin(context: typer.Context, backup: BackupName, *, note: Note = "") -> None:
    """Keep a backup whatever the policy says, until it is unpinned."""
    desk = desk_of(context)
    with desk.services() as services:
        _told(desk, services.retention.pin(backup, note), "pinned", "it stays until it is unpinned")


def unpin(context: typer.Context, backup: BackupName) -> None:
    """Let the policy decide about a backup again."""
    desk = desk_of(context)
    with desk.services() as services:
        _told(desk, services.retention.unpin(backup), "unpinned", "the policy decides again")


def hold(context: typer.Context, backup: BackupName, *, note: Note) -> None:
    """Put a legal hold on a backup: nothing deletes it until it is released."""
    desk = desk_of(context)
    with desk.services() as services:
        _told(desk, services.retention.hold(backup, note), "held", "it stays until it is released")


def release(context: typer.Context, backup: BackupName, *, note: Note = "") -> None:
    """Take the legal hold off a backup."""
    desk = desk_of(context)
    with desk.services() as services:
        released = services.retention.release(backup, note)
        _told(desk, released, "released", "the policy decides again")


def delete(
    context: typer.Context,
    backup: BackupName,
    *,
    note: Note = "",
    yes_lose_moments: YesLose = False,
) -> None:
    """Begin to delete one backup; it can be taken back until it is due."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.backups.find(backup).backup
        planned = services.retention.deletion_of(found)
        agreed = yes_lose_moments or _asked(desk, planned.lost)
        done = services.retention.delete(found, note, accepts_lost_moments=agreed)
    said = (
        f"{found} goes for good with the first prune after {done.due_at:%Y-%m-%d %H:%M} UTC; "
        f"until then: {command_line('undelete', found)}"
    )
    desk.output.give({"deleted": found, "due_at": done.due_at, "lost": done.lost}, said)


def undelete(context: typer.Context, backup: BackupName) -> None:
    """Take the deletion of a backup back, and pin it."""
    desk = desk_of(context)
    with desk.services() as services:
        _told(desk, services.retention.undo(backup), "kept", "it is pinned now")


def _told(desk: Desk, backup: BackupId, word: str, what: str) -> None:
    desk.output.give({word: backup}, f"{backup}: {what}.")


def _agreed(desk: Desk, services: Services, vault: str) -> bool:
    """Ask about lost moments where a person is there; the second of two clear words."""
    return desk.can_ask() and _asked(desk, services.retention.preview(vault).plan.lost)


def _asked(desk: Desk, lost: tuple[LostWindow, ...]) -> bool:
    if not lost or not desk.can_ask():
        return False
    for window in lost:
        desk.output.say(f"{window.sentence}.")
    return desk.ask("Type lose to agree to that, anything else to leave it:") == "lose"


def _show(desk: Desk, view: RetentionView) -> None:
    rows = tuple(
        (f.record.backup, _word(f), size_text(f.record.stored_bytes), f.verdict.because)
        for f in view.fates
    )
    table = Table(("backup", "what", ">stored", "because"), rows, "no backup yet")
    desk.output.give(view_document(view), f"policy: {view.policy.describe()}", table, *_sums(view))
    if view.damaged:
        raise typer.Exit(ExitCode.FAILED)


def _word(fate: Fate) -> str:
    if fate.goes_at is None:
        return "stays"
    word = "deleted, goes" if fate.is_marked else "goes"
    return f"{word} {fate.goes_at:%Y-%m-%d}"


def _sums(view: RetentionView) -> list[Block]:
    going = view.going
    staying = len(view.fates) - len(going)
    lines: list[Block] = [
        f"{counted(staying, 'backup')} {'stays' if staying == 1 else 'stay'}, {len(going)} go.",
        f"{size_text(view.freed_bytes)} are freed, {size_text(view.plan.purged_bytes)} at once.",
    ]
    lines += [f"warning: {window.sentence}." for window in view.plan.lost]
    if view.damaged:
        lines.append(
            f"warning: {counted(len(view.damaged), 'statement')} about what stays cannot be "
            "believed, so nothing is deleted; look at the vault with: mangrove vault check"
        )
    if view.plan.marks or view.plan.purges or view.plan.slices:
        lines.append("Nothing was deleted: this is a preview. Let it go with --apply.")
    return lines


def view_document(view: RetentionView) -> dict[str, object]:
    """Return a preview as ``--json`` prints it."""
    plan = view.plan
    return {
        "vault": view.vault.name,
        "policy": view.policy,
        "backups": [
            {
                "backup": fate.record.backup,
                "series": fate.series,
                "stays": fate.stays,
                "goes_at": fate.goes_at,
                "is_marked": fate.is_marked,
                "stored_bytes": fate.record.stored_bytes,
                "reasons": [reason.text for reason in fate.verdict.reasons],
                "because": fate.verdict.because,
            }
            for fate in view.fates
        ],
        "marked_now": [verdict.entry.backup for verdict in plan.marks],
        "purged_now": [verdict.entry.backup for verdict in plan.purges],
        "slices_now": [verdict.slice.name for verdict in plan.slices],
        "lost": plan.lost,
        "freed_bytes": view.freed_bytes,
        "freed_now_bytes": plan.purged_bytes,
        "damaged_statements": view.damaged,
    }
