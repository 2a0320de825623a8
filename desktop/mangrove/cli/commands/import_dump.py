"""``mangrove import``: a mongodump directory or archive becomes a backup of ours."""

from typing import Annotated

import typer

from mangrove.cli.commands.vault.place import BREAK_LOCK_HELP
from mangrove.cli.front import desk_of
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.cli.streams import read_from
from mangrove.core.accounts import PlainCredentials, users_and_roles_of
from mangrove.core.backup import Compression
from mangrove.core.dump import ImportRequest


def import_dump(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="A folder, .bson file or archive; - is stdin."),
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
    users_and_roles: Annotated[
        bool, typer.Option("--users-and-roles", help="Those of the dump too, with their hashes.")
    ] = False,
    yes_unencrypted_credentials: Annotated[
        bool,
        typer.Option(
            "--yes-unencrypted-credentials", help="Password hashes may lie in a plain vault."
        ),
    ] = False,
    break_lock: Annotated[bool, typer.Option("--break-lock", help=BREAK_LOCK_HELP)] = False,
) -> None:
    """Make a backup of what mongodump wrote, with all guarantees of ours."""
    desk = desk_of(context)
    request = ImportRequest(
        read_from(path),
        vault,
        db,
        name,
        compression,
        users_and_roles_of(asked=users_and_roles),
        PlainCredentials.ALLOW if yes_unencrypted_credentials else PlainCredentials.REFUSE,
    )
    with desk.services() as services:
        if break_lock:
            services.vaults.break_stale_locks(vault)
        status = follow(services, services.dumps.start_import(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))
