"""``mangrove restore``: bring data back, into a copy unless you name the target."""

from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.front import desk_of
from mangrove.cli.landing import Landing, Wish
from mangrove.cli.restore_options import (
    Asked,
    Drop,
    DryRun,
    Globs,
    Indexes,
    LimitRate,
    NoIndexes,
    NoSafetyBackup,
    OnlyMissing,
    PrintIndexes,
    Renames,
    Replaced,
    StopOnError,
)
from mangrove.core.accounts import users_and_roles_of
from mangrove.core.backup import BackupId, IndexChoice, RestoreRequest
from mangrove.core.copy import DumpRestoreRequest, is_dump_path
from mangrove.services.bundle import Services


def restore(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    backup: BackupName,
    *,
    to: Annotated[str, typer.Option(metavar="PROFILE", help="The deployment to write to.")],
    include: Globs = None,
    exclude: Globs = None,
    rename: Renames = None,
    yes_replace: Replaced = None,
    drop: Drop = False,
    only_missing: OnlyMissing = False,
    no_indexes: NoIndexes = False,
    indexes: Indexes = IndexChoice.AFTER,
    print_indexes: PrintIndexes = False,
    stop_on_error: StopOnError = False,
    no_safety_backup: NoSafetyBackup = False,
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
    dry_run: DryRun = False,
    limit_rate: LimitRate = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongorestore.")
    ] = False,
) -> None:
    """Restore a backup, or a mongodump directory or archive; without --rename into a copy."""
    desk = desk_of(context)
    asked = Asked(
        rename,
        yes_replace,
        drop,
        only_missing,
        no_indexes,
        indexes,
        print_indexes,
        stop_on_error,
        no_safety_backup,
        limit_rate,
    )
    with desk.services() as services:
        is_dump = is_dump_path(backup)
        plain = RestoreRequest(
            backup=BackupId("") if is_dump else services.backups.find(backup).backup,
            profile=to,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            users_and_roles=users_and_roles_of(asked=users_and_roles),
        )
        request = asked.applied(plain)
        if is_dump:
            landing = _of_dump(services, DumpRestoreRequest(backup, request, db, safety_vault))
        else:
            landing = _of_backup(services)
        wish = Wish(dry_run=dry_run, explain=explain, print_indexes=print_indexes)
        raise typer.Exit(landing.serve(desk, services, request, wish))


def _of_backup(services: Services) -> Landing:
    restores = services.restores
    return Landing(restores.preview, restores.start, restores.official, restores.index_commands)


def _of_dump(services: Services, asked: DumpRestoreRequest) -> Landing:
    """Restore a dump of another tool without importing it."""
    copies = services.copies
    return Landing(
        lambda request: copies.preview_dump(replace(asked, restore=request)),
        lambda request: copies.start_dump(replace(asked, restore=request)),
        lambda request: copies.official_of_dump(replace(asked, restore=request)),
        lambda request: copies.index_commands_of_dump(replace(asked, restore=request)),
    )
