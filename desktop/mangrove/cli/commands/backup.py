"""``mangrove backup``: take one."""

from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.commands.vault.place import BREAK_LOCK_HELP
from mangrove.cli.front import desk_of
from mangrove.cli.json_value import official_document
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.accounts import PlainCredentials, users_and_roles_of
from mangrove.core.backup import BackupRequest, Compression, Consistency, selection_of
from mangrove.core.rate import parse_rate
from mangrove.services.queries import parse_query


def backup(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="What to back up.")],
    *,
    vault: Annotated[str, typer.Option(help="Where to keep it.")],
    db: Annotated[list[str] | None, typer.Option(metavar="D", help="Only this database.")] = None,
    collection: Annotated[
        list[str] | None, typer.Option(metavar="D.C", help="Only this collection.")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only what matches; * is anything, dots too."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Leave out what matches.")
    ] = None,
    query: Annotated[
        list[str] | None,
        typer.Option(metavar="D.C=JSON", help="Of this collection only what matches; filtered."),
    ] = None,
    consistency: Annotated[Consistency, typer.Option()] = Consistency.AUTO,
    compression: Annotated[
        Compression | None, typer.Option(help="Other than the vault's own.")
    ] = None,
    users_and_roles: Annotated[
        bool, typer.Option("--users-and-roles", help="Also who may sign in, with their hashes.")
    ] = False,
    yes_unencrypted_credentials: Annotated[
        bool,
        typer.Option(
            "--yes-unencrypted-credentials", help="Password hashes may lie in a plain vault."
        ),
    ] = False,
    limit_rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="At most so much per second, such as 10MB/s."),
    ] = None,
    break_lock: Annotated[bool, typer.Option("--break-lock", help=BREAK_LOCK_HELP)] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongodump.")
    ] = False,
) -> None:
    """Take a backup; it counts once every stored object was read back and compared."""
    desk = desk_of(context)
    selection = selection_of(
        tuple(db or ()),
        tuple(collection or ()),
        tuple(exclude or ()),
        tuple(include or ()),
        tuple(map(parse_query, query or ())),
    )
    request = BackupRequest(
        profile,
        vault,
        replace(selection, users_and_roles=users_and_roles_of(asked=users_and_roles)),
        consistency,
        compression,
        PlainCredentials.ALLOW if yes_unencrypted_credentials else PlainCredentials.REFUSE,
        parse_rate(limit_rate) if limit_rate else None,
    )
    with desk.services() as services:
        if explain:
            command = services.backups.official(request)
            desk.output.give(official_document(command), command.text)
            return
        if break_lock:
            services.vaults.break_stale_locks(vault)
        status = follow(services, services.backups.start(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))
