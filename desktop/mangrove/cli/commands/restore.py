"""``mangrove restore``: bring data back, into a copy unless you name the target."""

from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.json_value import official_document
from mangrove.cli.landing import Landing
from mangrove.core.accounts import users_and_roles_of
from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    OnExisting,
    OnRefusal,
    RestoreRequest,
    SafetyBackup,
)
from mangrove.core.copy import DumpRestoreRequest, is_dump_path
from mangrove.core.rate import parse_rate
from mangrove.core.renaming import parse_rename
from mangrove.core.restore import copies_of
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
    users_and_roles: Annotated[
        bool,
        typer.Option("--users-and-roles", help="Add those missing; existing ones stay unchanged."),
    ] = False,
    safety_vault: Annotated[
        str, typer.Option(metavar="VAULT", help="For dumps: where the safety backup goes.")
    ] = "",
    db: Annotated[
        str, typer.Option(metavar="D", help="For dumps: the database of a lone folder or file.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; 5 if it would be refused.")
    ] = False,
    limit_rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="At most so much per second, such as 10MB/s."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongorestore.")
    ] = False,
) -> None:
    """Restore a backup, or a mongodump directory or archive; without --rename into a copy."""
    desk = desk_of(context)
    with desk.services() as services:
        is_dump = is_dump_path(backup)
        request = RestoreRequest(
            backup=BackupId("") if is_dump else services.backups.find(backup).backup,
            profile=to,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            renames=tuple(map(parse_rename, rename or ())),
            replace=tuple(yes_replace or ()),
            indexes=IndexChoice.NEVER if no_indexes or print_indexes else indexes,
            safety=SafetyBackup.SKIP if no_safety_backup else SafetyBackup.TAKE,
            on_refusal=OnRefusal.STOP if stop_on_error else OnRefusal.GO_ON,
            on_existing=OnExisting.ONLY_MISSING if only_missing else OnExisting.REPLACE,
            users_and_roles=users_and_roles_of(asked=users_and_roles, is_dump=is_dump),
            limit_bytes_per_s=parse_rate(limit_rate) if limit_rate else None,
        )
        if is_dump:
            landing = _dump_landing(services, DumpRestoreRequest(backup, request, db, safety_vault))
            raise typer.Exit(
                landing.show(desk, request)
                if dry_run
                else landing.carry_out(desk, services, request)
            )
        if explain:
            _explain(desk, services, request)
            return
        commands = None
        if print_indexes:
            request = _with_named_copies(services, request)
            commands = services.restores.index_commands(request)
        landing = Landing(services.restores.preview, services.restores.start, commands)
        if dry_run:
            raise typer.Exit(landing.show(desk, request))
        raise typer.Exit(landing.carry_out(desk, services, request))


def _dump_landing(services: Services, asked: DumpRestoreRequest) -> Landing:
    """Restore a dump of another tool without importing it."""
    return Landing(
        lambda request: services.copies.preview_dump(replace(asked, restore=request)),
        lambda request: services.copies.start_dump(replace(asked, restore=request)),
    )


def _explain(desk: Desk, services: Services, request: RestoreRequest) -> None:
    command = services.restores.official(request)
    desk.output.give(official_document(command), command.text)


def _with_named_copies(services: Services, request: RestoreRequest) -> RestoreRequest:
    """Name the copies now: what is printed and what is restored is the same then."""
    copies = copies_of(request, services.restores.preview(request))
    return replace(request, renames=(*copies, *request.renames))
