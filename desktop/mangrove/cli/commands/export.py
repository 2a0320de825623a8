"""``mangrove export``: a backup leaves the vault as a mongodump directory or archive."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of, found_backup
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.cli.streams import written_to
from mangrove.core.accounts import users_and_roles_of
from mangrove.core.backup import BackupId
from mangrove.core.dump import STANDARD_OUTPUT, DumpForm, DumpPacking, ExportRequest


def export(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    backup: Annotated[
        str, typer.Argument(metavar="BACKUP", help="An id, the beginning of one, or latest.")
    ],
    directory: Annotated[
        str | None, typer.Argument(metavar="DIR", help="The folder to make.")
    ] = None,
    *,
    archive: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="One archive instead of a folder; - is stdout."),
    ] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Pack with gzip.")] = False,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="On database.collection.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="On database.collection.")
    ] = None,
    users_and_roles: Annotated[
        bool,
        typer.Option("--users-and-roles", help="Those in the backup too, with password hashes."),
    ] = False,
) -> None:
    """Write a backup as a mongodump directory or archive, which mongorestore reads."""
    desk = desk_of(context)
    if (directory is None) == (archive is None):
        raise typer.BadParameter("give either DIR or --archive FILE")
    target = written_to(archive, as_json=desk.output.as_json) if archive else directory
    output = desk.output.aside() if target == STANDARD_OUTPUT else desk.output
    with desk.services() as services:
        request = ExportRequest(
            backup=BackupId(found_backup(desk, services, backup).backup),
            path=target or "",
            form=DumpForm.ARCHIVE if archive else DumpForm.DIRECTORY,
            packing=DumpPacking.GZIP if gzip else DumpPacking.PLAIN,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            users_and_roles=users_and_roles_of(asked=users_and_roles),
        )
        status = follow(services, services.dumps.start_export(request), output)
        raise typer.Exit(report_run(output, status))
