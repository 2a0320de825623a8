"""``mangrove copy``: from one deployment into another, without a vault between."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.landing import Landing, Wish
from mangrove.cli.offered import OfferedConsistency
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
    Wide,
)
from mangrove.core.accounts import users_and_roles_of
from mangrove.core.backup import BackupId, IndexChoice, RestoreRequest, selection_of
from mangrove.core.copy import CopyRequest
from mangrove.services.queries import parse_query


def copy(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SRC", help="The deployment to read.")],
    *,
    to: Annotated[str, typer.Option(metavar="DST", help="The deployment to write to.")],
    db: Annotated[list[str] | None, typer.Option(metavar="D", help="Only this database.")] = None,
    collection: Annotated[
        list[str] | None, typer.Option(metavar="D.C", help="Only this collection.")
    ] = None,
    include: Globs = None,
    exclude: Globs = None,
    query: Annotated[
        list[str] | None,
        typer.Option(metavar="D.C=JSON", help="Of this collection only what matches."),
    ] = None,
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
        typer.Option(
            "--users-and-roles",
            help="Add those missing, of the databases or of all; existing ones stay unchanged.",
        ),
    ] = False,
    safety_vault: Annotated[
        str, typer.Option(metavar="VAULT", help="Where the safety backup goes.")
    ] = "",
    consistency: Annotated[OfferedConsistency, typer.Option()] = OfferedConsistency.AUTO,
    dry_run: DryRun = False,
    wide: Wide = False,
    limit_rate: LimitRate = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongodump and mongorestore.")
    ] = False,
) -> None:
    """Copy from one deployment into another; compared at the end, a copy unless renamed."""
    desk = desk_of(context)
    selection = selection_of(
        tuple(db or ()),
        tuple(collection or ()),
        tuple(exclude or ()),
        tuple(include or ()),
        tuple(map(parse_query, query or ())),
    )
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
    users = users_and_roles_of(asked=users_and_roles)
    request = asked.applied(RestoreRequest(BackupId(""), to, users_and_roles=users))

    def whole(restore: RestoreRequest) -> CopyRequest:
        return CopyRequest(source, selection, restore, consistency.meant, safety_vault)

    with desk.services() as services:
        copies = services.copies
        landing = Landing(
            lambda asked: copies.preview(whole(asked)),
            lambda asked: copies.start(whole(asked)),
            lambda asked: copies.official(whole(asked)),
            lambda asked: copies.index_commands(whole(asked)),
        )
        wish = Wish(dry_run=dry_run, explain=explain, print_indexes=print_indexes, wide=wide)
        raise typer.Exit(landing.serve(desk, services, request, wish))
