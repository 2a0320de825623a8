"""``mangrove vault kit`` and ``vault open``: the recovery kit, made, confirmed and used."""

from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.commands.vault.passphrases import asked_passphrase, new_passphrase
from mangrove.cli.front import Desk, desk_of, require_keyring
from mangrove.cli.json_value import vault_document
from mangrove.cli.output import Facts
from mangrove.core.command_line import command_line
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import kit_state
from mangrove.core.wording import counted

KIT_WORDS = {
    "missing": "NOT MADE: if this computer is lost, so are the backups; mangrove vault kit",
    "unconfirmed": "made, NOT CONFIRMED: store it, then mangrove vault kit NAME --confirm CODE",
    "outdated": "OUTDATED: keys have changed since; make a new one with mangrove vault kit",
    "stored": "stored",
}


def kit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The vault's name.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Writes two files: FILE.pdf to print, and FILE.age, sealed."
        ),
    ] = None,
    confirm: Annotated[
        str, typer.Option(metavar="CODE", help="Say that the kit with this code is stored.")
    ] = "",
    with_storage_key: Annotated[
        bool, typer.Option("--with-storage-key", help="Also put the storage's secret key into it.")
    ] = False,
) -> None:
    """Make a recovery kit, or confirm that it is stored; the passphrase comes from stdin."""
    desk = desk_of(context)
    if bool(out) == bool(confirm):
        raise typer.BadParameter("give either --out FILE or --confirm CODE")
    with desk.services() as services:
        if confirm:
            spec = services.kits.confirm(name, confirm)
            state = str(kit_state(spec))
            said = f"The recovery kit of {spec.name} is confirmed to be stored."
            desk.output.give({"vault": spec.name, "kit": state}, said)
            return
        services.vaults.find(name)
        passphrase = new_passphrase(desk, "A passphrase for the kit's file")
        files = services.kits.make(name, str(out), passphrase, with_storage_key=with_storage_key)
    confirming = command_line("vault", "kit", name, "--confirm", "CODE")
    desk.output.give(
        {"sheet": str(files.sheet), "sealed": str(files.sealed), "kit": "unconfirmed"},
        "Two files were written:",
        Facts((("to print", str(files.sheet)), ("sealed", str(files.sealed)))),
        "The sheet holds the key in the clear: print it, keep it safe, and delete the file."
        " Keep the sealed file apart from this computer, and its passphrase apart from it."
        f" Then type the sheet's code back: {confirming}",
    )


def open_kit(
    context: typer.Context,
    *,
    kit: Annotated[Path, typer.Option(metavar="FILE", help="The kit's file that ends in .age.")],
    url: Annotated[str, typer.Option(help="Where the vault is now, if it was moved.")] = "",
    name: Annotated[str, typer.Option(help="What to call the vault here.")] = "",
    secret_key_stdin: Annotated[
        bool,
        typer.Option(
            "--secret-key-stdin",
            help="Read the storage's secret key from stdin, on the line after the passphrase.",
        ),
    ] = False,
) -> None:
    """Open a vault from its recovery kit; the passphrase is asked for, or read from stdin."""
    desk = desk_of(context)
    with desk.services() as services:
        require_keyring(services, "the vault's keys", "nothing was opened")
        passphrase = asked_passphrase(desk, f"Passphrase of {kit}")
        held = services.kits.read(str(kit), passphrase)
        storage_key = Secret(desk.read_line()) if secret_key_stdin else None
        if storage_key is None and held.spec.access_key and not held.storage_key:
            storage_key = _asked_storage_key(desk, held.spec.access_key)
        opened = services.kits.open(held, url=url, name=name, storage_key=storage_key)
    for notice in opened.notices:
        desk.output.say(f"warning: {notice}")
    backups = "not listed yet" if opened.backups is None else counted(opened.backups, "backup")
    facts = (
        ("vault", opened.spec.name),
        ("url", opened.spec.url),
        ("holds", backups),
        ("profiles added", ", ".join(opened.profiles) or "none"),
        *((("already here", ", ".join(opened.kept_profiles)),) if opened.kept_profiles else ()),
    )
    said = "Profiles come without passwords: give them with mangrove profile add or in the window."
    desk.output.give(
        {
            "vault": vault_document(opened.spec),
            "backups": opened.backups,
            "profiles": list(opened.profiles),
            "kept_profiles": list(opened.kept_profiles),
            "notices": list(opened.notices),
        },
        Facts(facts),
        *((said,) if opened.profiles else ()),
    )


def _asked_storage_key(desk: Desk, access_key: str) -> Secret | None:
    if not desk.can_ask():
        return None
    return desk.ask_secret(f"Secret key of {access_key} (empty for none)")
