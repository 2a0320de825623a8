"""``mangrove restore``: bring data back, into a copy unless you name the target."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.json_value import plan_document
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import IndexChoice, Rename, RestoreRequest, SafetyBackup
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.explain import size_text
from mangrove.core.restore import RestorePlan
from mangrove.services.bundle import Services

Globs = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="On database.collection.")]


def restore(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    backup: BackupName,
    *,
    to: Annotated[str, typer.Option(metavar="PROFILE", help="The deployment to write to.")],
    include: Globs = None,
    exclude: Globs = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="FROM=TO", help="A database or a collection.")
    ] = None,
    yes_replace: Annotated[
        list[str] | None,
        typer.Option(metavar="DB", help="Existing collections in it may be replaced."),
    ] = None,
    no_indexes: Annotated[
        bool, typer.Option("--no-indexes", help="Build no secondary indexes.")
    ] = False,
    no_safety_backup: Annotated[
        bool, typer.Option("--no-safety-backup", help="Do not back up what is replaced.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; 5 if it would be refused.")
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
            renames=_renames(rename or ()),
            replace=tuple(yes_replace or ()),
            indexes=IndexChoice.NEVER if no_indexes else IndexChoice.AFTER,
            safety=SafetyBackup.SKIP if no_safety_backup else SafetyBackup.TAKE,
        )
        if dry_run:
            raise typer.Exit(_preview(desk, services, request))
        if desk.can_ask():
            request = _confirmed(desk, services, request)
        status = follow(services, services.restores.start(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))


def _renames(texts: Sequence[str]) -> tuple[Rename, ...]:
    renames = []
    for text in texts:
        source, equals, target = text.partition("=")
        if not (source and equals and target):
            raise InvalidSelectionError(f"'{text}' is no renaming", hint="write FROM=TO")
        renames.append(Rename(source, target))
    return tuple(renames)


def _preview(desk: Desk, services: Services, request: RestoreRequest) -> int:
    plan = services.restores.preview(request)
    refused = (
        f"It would be refused: {', '.join(plan.unconfirmed)} holds data already; confirm with "
    )
    refused += " ".join(f"--yes-replace {name}" for name in plan.unconfirmed) + "."
    said = (plan.sentence, *((refused,) if plan.unconfirmed else ()))
    desk.output.give({"plan": plan_document(plan)}, _plan_table(plan), *said)
    return ExitCode.REFUSED if plan.unconfirmed else ExitCode.DONE


def _plan_table(plan: RestorePlan) -> Table:
    rows = tuple(
        (
            str(item.entry.namespace),
            str(item.target),
            "REPLACED" if item.replaces else "new",
            f"{item.entry.documents:,}",
            size_text(item.entry.plain_bytes),
        )
        for item in plan.namespaces
    )
    return Table(("from", "to", "there", ">documents", ">BSON"), rows)


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
