"""``mangrove import``: a mongodump directory or archive becomes a backup of ours."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.backup import Compression
from mangrove.core.dump import ImportRequest


def import_dump(
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A folder, a .bson file or an archive.")
    ],
    *,
    vault: Annotated[str, typer.Option(help="Where to keep it.")],
    db: Annotated[
        str, typer.Option(metavar="D", help="The database of a lone folder or file.")
    ] = "",
    name: Annotated[str, typer.Option(help="What the backup is said to be of.")] = "",
    compression: Annotated[
        Compression | None, typer.Option(help="Other than the vault's own.")
    ] = None,
) -> None:
    """Make a backup of what mongodump wrote, with all guarantees of ours."""
    desk = desk_of(context)
    request = ImportRequest(path, vault, db, name, compression)
    with desk.services() as services:
        status = follow(services, services.dumps.start_import(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))
