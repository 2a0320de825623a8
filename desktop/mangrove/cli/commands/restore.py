"""``mangrove restore``: bring data back, into a copy unless you name the target."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.json_value import official_document, plan_document
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import (
    IndexChoice,
    OnExisting,
    OnRefusal,
    RestoreRequest,
    SafetyBackup,
)
from mangrove.core.explain import size_text
from mangrove.core.renaming import parse_rename
from mangrove.core.restore import PlannedNamespace, RestorePlan, copies_of
from mangrove.services.bundle import Services

RENAME_HELP = "Databases, collections, or patterns: 'prod.*=dev.*'; the last that fits wins."
Globs = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="On database.collection.")]


def restore(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    backup: BackupName,
    *,
    to: Annotated[str, typer.Option(metavar="PROFILE", help="The deployment to write to.")],
    include: Globs = None,
    exclude: Globs = None,
    rename: Annotated[list[str] | None, typer.Option(metavar="FROM=TO", help=RENAME_HELP)] = None,
    yes_replace: Annotated[
        list[str] | None,
        typer.Option(metavar="DB", help="Existing collections in it may be replaced."),
    ] = None,
    no_indexes: Annotated[
        bool, typer.Option("--no-indexes", help="Build no secondary indexes.")
    ] = False,
    indexes: Annotated[
        IndexChoice, typer.Option(help="When secondary indexes are built.")
    ] = IndexChoice.AFTER,
    print_indexes: Annotated[
        bool,
        typer.Option("--print-indexes", help="Print the createIndexes commands, build none."),
    ] = False,
    only_missing: Annotated[
        bool,
        typer.Option("--only-missing", help="Insert what is absent, change nothing that exists."),
    ] = False,
    stop_on_error: Annotated[
        bool,
        typer.Option("--stop-on-error", help="End at the first refused document or index."),
    ] = False,
    no_safety_backup: Annotated[
        bool, typer.Option("--no-safety-backup", help="Do not back up what is replaced.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; 5 if it would be refused.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongorestore.")
    ] = False,
) -> None:
    """Restore a backup or a part of it; without --rename into <db>_restored_<timestamp>."""
    desk = desk_of(context)
    with desk.services() as services:
        request = RestoreRequest(
            backup=services.backups.find(backup).backup,
            profile=to,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            renames=tuple(map(parse_rename, rename or ())),
            replace=tuple(yes_replace or ()),
            indexes=IndexChoice.NEVER if no_indexes or print_indexes else indexes,
            safety=SafetyBackup.SKIP if no_safety_backup else SafetyBackup.TAKE,
            on_refusal=OnRefusal.STOP if stop_on_error else OnRefusal.GO_ON,
            on_existing=OnExisting.ONLY_MISSING if only_missing else OnExisting.REPLACE,
        )
        if explain:
            _explain(desk, services, request)
            return
        commands = None
        if print_indexes:
            request = _with_named_copies(services, request)
            commands = services.restores.index_commands(request)
        if dry_run:
            raise typer.Exit(_preview(desk, services, request, commands))
        if desk.can_ask():
            request = _confirmed(desk, services, request)
        status = follow(services, services.restores.start(request), desk.output)
        raise typer.Exit(report_run(desk.output, status, commands))


def _explain(desk: Desk, services: Services, request: RestoreRequest) -> None:
    command = services.restores.official(request)
    desk.output.give(official_document(command), command.text)


def _with_named_copies(services: Services, request: RestoreRequest) -> RestoreRequest:
    """Name the copies now: what is printed and what is restored is the same then."""
    copies = copies_of(request, services.restores.preview(request))
    return replace(request, renames=(*copies, *request.renames))


def _preview(
    desk: Desk, services: Services, request: RestoreRequest, commands: Sequence[str] | None
) -> int:
    plan = services.restores.preview(request)
    refused = (
        f"It would be refused: {', '.join(plan.unconfirmed)} holds data already; confirm with "
    )
    refused += " ".join(f"--yes-replace {name}" for name in plan.unconfirmed) + "."
    notes = (f"note: {note}" for note in plan.notes)
    said = (plan.sentence, *notes, *((refused,) if plan.unconfirmed else ()), *(commands or ()))
    more = {} if commands is None else {"index_commands": commands}
    desk.output.give({"plan": plan_document(plan), **more}, _plan_table(plan), *said)
    return ExitCode.REFUSED if plan.unconfirmed else ExitCode.DONE


def _plan_table(plan: RestorePlan) -> Table:
    rows = tuple(
        (
            str(item.entry.namespace),
            str(item.target),
            _there(item),
            f"{item.entry.documents:,}",
            size_text(item.entry.plain_bytes),
        )
        for item in plan.namespaces
    )
    return Table(("from", "to", "there", ">documents", ">BSON"), rows)


def _there(item: PlannedNamespace) -> str:
    if item.fills:
        return "filled up"
    return "REPLACED" if item.replaces else "new"


def _confirmed(desk: Desk, services: Services, request: RestoreRequest) -> RestoreRequest:
    """Let a person type the names of the databases that hold data; anything else leaves them."""
    plan = services.restores.preview(request)
    if not plan.unconfirmed:
        return request
    desk.output.say(plan.sentence)
    typed = [
        name
        for name in plan.unconfirmed
        if desk.ask(f"{name} on {plan.profile} holds data. Type its name to go on:") == name
    ]
    return replace(request, replace=(*request.replace, *typed))
