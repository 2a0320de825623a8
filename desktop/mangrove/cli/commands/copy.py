"""``mangrove copy``: from one deployment into another, without a vault between."""

from typing import Annotated

import typer

from mangrove.cli.commands.restore import RENAME_HELP, Globs
from mangrove.cli.front import desk_of
from mangrove.cli.landing import Landing
from mangrove.cli.offered import OfferedConsistency
from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    RestoreRequest,
    SafetyBackup,
    selection_of,
)
from mangrove.core.copy import CopyRequest
from mangrove.core.renaming import parse_rename


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
    rename: Annotated[list[str] | None, typer.Option(metavar="FROM=TO", help=RENAME_HELP)] = None,
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
    safety_vault: Annotated[
        str, typer.Option(metavar="VAULT", help="Where the safety backup goes.")
    ] = "",
    consistency: Annotated[OfferedConsistency, typer.Option()] = OfferedConsistency.AUTO,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; 5 if it would be refused.")
    ] = False,
) -> None:
    """Copy from one deployment into another; compared at the end, a copy unless renamed."""
    desk = desk_of(context)
    selection = selection_of(
        tuple(db or ()), tuple(collection or ()), tuple(exclude or ()), tuple(include or ())
    )
    request = RestoreRequest(
        backup=BackupId(""),
        profile=to,
        renames=tuple(map(parse_rename, rename or ())),
        replace=tuple(yes_replace or ()),
        indexes=IndexChoice.NEVER if no_indexes else IndexChoice.AFTER,
        safety=SafetyBackup.SKIP if no_safety_backup else SafetyBackup.TAKE,
    )

    def whole(restore: RestoreRequest) -> CopyRequest:
        return CopyRequest(source, selection, restore, consistency.meant, safety_vault)

    with desk.services() as services:
        landing = Landing(
            lambda asked: services.copies.preview(whole(asked)),
            lambda asked: services.copies.start(whole(asked)),
        )
        code = (
            landing.show(desk, request) if dry_run else landing.carry_out(desk, services, request)
        )
        raise typer.Exit(code)
