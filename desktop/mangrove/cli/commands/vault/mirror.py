"""``mangrove vault mirror``: more copies of a vault."""

from typing import Annotated

import typer

from mangrove.cli.commands.vault.place import (
    LOCK_DAYS_HELP,
    LOCK_MODE_HELP,
    OPENING_HELP,
    URL_HELP,
    object_lock,
    storage_secret,
)
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of, require_keyring
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.command_line import command_line
from mangrove.core.explain import size_text
from mangrove.core.vaults.mirror import MirrorState
from mangrove.core.vaults.object_lock import ObjectLockMode
from mangrove.services.mirrors import MirrorDraft

app = typer.Typer(help="More copies of a vault, in places of their own.", no_args_is_help=True)
Vault = Annotated[str, typer.Argument(metavar="VAULT", help="The vault's name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The mirror's name.")]


@app.command()
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    vault: Vault,
    name: Name,
    *,
    url: Annotated[str, typer.Option(help=URL_HELP)],
    access_key: Annotated[str, typer.Option(help="Access key of an S3 storage.")] = "",
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help=OPENING_HELP)] = False,
    object_lock_days: Annotated[int, typer.Option(help=LOCK_DAYS_HELP)] = 0,
    object_lock_mode: Annotated[
        ObjectLockMode, typer.Option(help=LOCK_MODE_HELP)
    ] = ObjectLockMode.GOVERNANCE,
) -> None:
    """Add a mirror; the next backup, or sync, copies everything there."""
    desk = desk_of(context)
    with desk.services() as services:
        secret = storage_secret(desk, url, access_key, from_input=secret_stdin)
        lock = object_lock(object_lock_days, object_lock_mode)
        if secret is not None:
            require_keyring(services, "what opens the mirror", "nothing was added")
        made = services.mirrors.add(vault, MirrorDraft(name, url, access_key, secret, lock))
    copying = command_line("vault", "mirror", "sync", vault)
    said = f"{made.name} mirrors {vault} now; copy everything there: {copying}"
    desk.output.give({"mirror": made}, said)


@app.command("list")
def list_all(context: typer.Context, vault: Vault) -> None:
    """Say how every mirror stands; one that is late or does not answer ends with 3."""
    desk = desk_of(context)
    with desk.services() as services:
        states = services.mirrors.states(vault)
    rows = tuple(_row(state) for state in states)
    columns = ("mirror", "place", ">backups", ">to copy", "state")
    table = Table(columns, rows, "no mirror: this vault is the only copy")
    documents = [
        {"mirror": state, "complete": state.is_complete, "sentence": state.sentence}
        for state in states
    ]
    desk.output.give({"mirrors": documents}, table)
    is_whole = not any(state.is_late or state.problem for state in states)
    raise typer.Exit(ExitCode.DONE if is_whole else ExitCode.LOSSES)


@app.command()
def sync(context: typer.Context, vault: Vault) -> None:
    """Copy what is missing in every mirror, and compare each copy."""
    desk = desk_of(context)
    with desk.services() as services:
        status = follow(services, services.mirrors.start_sync(vault), desk.output)
    raise typer.Exit(report_run(desk.output, status))


@app.command()
def remove(context: typer.Context, vault: Vault, name: Name) -> None:
    """Forget a mirror here; what is stored there stays."""
    desk = desk_of(context)
    with desk.services() as services:
        services.mirrors.remove(vault, name)
    said = f"{name} is no mirror of {vault} any more; what is stored there was not touched."
    desk.output.give({"removed": name}, said)


def _row(state: MirrorState) -> tuple[str, ...]:
    if state.problem:
        return (state.name, state.url, "?", "?", state.sentence)
    size = size_text(state.late_bytes)
    return (state.name, state.url, f"{state.backups:,}", size, state.sentence)
