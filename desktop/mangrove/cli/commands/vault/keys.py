"""``mangrove vault``: who can open it, and which key signs."""

from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.commands.vault.passphrases import asked_passphrase, new_passphrase
from mangrove.cli.front import desk_of
from mangrove.cli.output import Facts, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.command_line import command_line
from mangrove.core.vaults.key_changes import holders, parse_holder
from mangrove.services.keys import ChangedKeys

Name = Annotated[str, typer.Argument(metavar="NAME", help="The vault's name.")]
FUTURE = (
    "This holds for backups from now on. Those that are there stay as they are until {command}."
)


def recipients(
    context: typer.Context,
    name: Name,
    *,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="[NAME=]age1...", help="Let this key open future backups."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="NAME|age1...", help="Keep it from future backups."),
    ] = None,
    add_passphrase: Annotated[
        Path | None,
        typer.Option(
            "--add-passphrase",
            metavar="FILE",
            help="Make a key that a passphrase opens, sealed in a new FILE, and add it.",
        ),
    ] = None,
    label: Annotated[str, typer.Option(help="Whose passphrase it is.")] = "passphrase",
) -> None:
    """List who can open a vault; add and remove recipients."""
    desk = desk_of(context)
    with desk.services() as services:
        wanted = [parse_holder(text) for text in add or ()]
        changes = [services.keys.add_recipient(name, holder) for holder in wanted]
        changes += [services.keys.remove_recipient(name, text) for text in remove or ()]
        if add_passphrase is not None:
            passphrase = new_passphrase(desk, "A passphrase for the key")
            changes.append(
                services.keys.add_passphrase(name, label, str(add_passphrase), passphrase)
            )
        spec = services.vaults.find(name)
    for notice in filter(None, dict.fromkeys(change.notice for change in changes)):
        desk.output.say(f"warning: {notice}")
    found = holders(spec)
    table = Table(
        ("recipient", "name"), tuple((h.recipient, h.name) for h in found), "not encrypted"
    )
    document = {"recipients": [{"recipient": h.recipient, "name": h.name} for h in found]}
    rewrap = command_line("vault", "rewrap", spec.name)
    desk.output.give(document, table, *((FUTURE.format(command=rewrap),) if changes else ()))


def rotate_key(context: typer.Context, name: Name) -> None:
    """Sign with a new key from now on; what the old one signed stays good."""
    desk = desk_of(context)
    with desk.services() as services:
        changed: ChangedKeys = services.keys.rotate_signing_key(name)
    if changed.notice:
        desk.output.say(f"warning: {changed.notice}")
    spec, old = changed.spec, changed.spec.retired_keys[-1]
    facts = (
        ("signed with", spec.public_key),
        ("before", f"{old.public_key}, trusted up to sequence {old.last_sequence}"),
    )
    said = "The recovery kit is outdated now: make a new one with mangrove vault kit."
    document = {"public_key": spec.public_key, "last_sequence": old.last_sequence}
    desk.output.give(document, Facts(facts), said)


def import_identity(
    context: typer.Context,
    name: Name,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="A key that a passphrase seals."),
    ] = None,
) -> None:
    """Put a key that opens a vault into the keyring; it is read from standard input."""
    desk = desk_of(context)
    with desk.services() as services:
        if file is not None:
            passphrase = asked_passphrase(desk, f"Passphrase of {file}")
            identity = services.keys.open_identity(str(file), passphrase)
        else:
            identity = asked_passphrase(desk, "AGE-SECRET-KEY-1...")
        holder = services.keys.import_identity(name, identity)
    said = f"The key of {holder.shown} is in the keyring; {name} can be read here."
    desk.output.give({"recipient": holder.recipient, "name": holder.name}, said)


def rewrap(context: typer.Context, name: Name) -> None:
    """Give all stored backups to the present recipients; their encrypted content stays."""
    desk = desk_of(context)
    with desk.services() as services:
        status = follow(services, services.keys.start_rewrap(name), desk.output)
        raise typer.Exit(report_run(desk.output, status))
