"""``mangrove vault``: where backups are kept."""

from typing import Annotated

import typer

from mangrove.cli.commands.vault import mirror
from mangrove.cli.commands.vault.keys import import_identity, recipients, rewrap, rotate_key
from mangrove.cli.commands.vault.kit import KIT_WORDS, kit, open_kit
from mangrove.cli.commands.vault.place import (
    LOCK_DAYS_HELP,
    LOCK_MODE_HELP,
    OPENING_HELP,
    URL_HELP,
    give_place,
    object_lock,
    storage_secret,
    tell_step,
)
from mangrove.cli.commands.vault.policy import policy, unlock
from mangrove.cli.commands.vault.report import growth_blocks, pace_text, report_blocks
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of, require_keyring
from mangrove.cli.json_value import run_document, vault_document
from mangrove.cli.output import Block, Facts, Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run, result_blocks
from mangrove.core.backup import BackupId, Compression
from mangrove.core.command_line import command_line
from mangrove.core.explain import size_text
from mangrove.core.run import RunStatus
from mangrove.core.vaults.key_changes import Holder, holders, kit_state
from mangrove.core.vaults.mirror import given_back
from mangrove.core.vaults.object_lock import ObjectLockMode, keeping_words
from mangrove.core.vaults.vault import VaultHealth, VaultSpec
from mangrove.core.wording import counted
from mangrove.services.bundle import Services
from mangrove.services.vaults import VaultDraft

ALL_IN = ", manifests, signatures and evidence included"
_REACHED = {True: "reached", False: "NOT REACHABLE", None: "none yet"}
app = typer.Typer(help="Where backups are kept.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The vault's name.")]


@app.command()
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    url: Annotated[str, typer.Option(help=URL_HELP)],
    recipient: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]age1...", help="Another key that may open it."),
    ] = None,
    compression: Annotated[Compression, typer.Option()] = Compression.ZSTD,
    unencrypted: Annotated[
        bool, typer.Option("--unencrypted", help="Store data that anybody can read.")
    ] = False,
    write_only: Annotated[
        bool,
        typer.Option("--write-only", help="Make no key here that reads: only --recipient can."),
    ] = False,
    access_key: Annotated[str, typer.Option(help="Access key of an S3 storage.")] = "",
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", "--secret-key-stdin", help=OPENING_HELP)
    ] = False,
    object_lock_days: Annotated[int, typer.Option(help=LOCK_DAYS_HELP)] = 0,
    object_lock_mode: Annotated[
        ObjectLockMode, typer.Option(help=LOCK_MODE_HELP)
    ] = ObjectLockMode.GOVERNANCE,
    test: Annotated[
        bool, typer.Option("--test", help="Only try the place: write, read back, remove.")
    ] = False,
) -> None:
    """Make a vault; its keys go to the keyring. The place is tried before anything is made."""
    desk = desk_of(context)
    with desk.services() as services:
        draft = VaultDraft(
            name,
            url,
            encrypted=not unencrypted,
            compression=compression,
            extra_recipients=tuple(recipient or ()),
            access_key=access_key,
            secret_key=storage_secret(desk, url, access_key, from_input=secret_stdin),
            write_only=write_only,
            object_lock=object_lock(object_lock_days, object_lock_mode),
        )
        if test:
            give_place(desk, services.vaults.test(draft, tell_step(desk)))
            return
        require_keyring(services, "a vault's keys", "nothing was made")
        saved = services.vaults.add(draft)
    if saved.notice:
        desk.output.say(f"warning: {saved.notice}")
    facts = (
        ("name", saved.spec.name),
        ("url", saved.spec.url),
        ("encrypted to", ", ".join(map(_holder, holders(saved.spec))) or "nobody: not encrypted"),
        ("signed with", saved.spec.public_key),
        ("compression", saved.spec.compression),
        *_keeping_facts(saved.spec),
        ("recovery kit", KIT_WORDS["missing"]),
    )
    desk.output.give({"vault": vault_document(saved.spec)}, Facts(facts))


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the vaults."""
    desk = desk_of(context)
    with desk.services() as services:
        specs = services.vaults.all()
        growth = {v.name: services.upkeep.growth(v.name)[0] for v in specs}
        reached = services.figures.reached()
    rows = tuple(
        (
            v.name,
            v.url,
            _REACHED[reached[v.vault_id]],
            "yes" if v.is_encrypted else "NO",
            v.compression.value,
            f"{growth[v.name].backups:,}",
            size_text(growth[v.name].stored_bytes),
            pace_text(growth[v.name]),
            keeping_words(v.keeping, v.object_lock),
            str(kit_state(v)) if kit_state(v).is_safe else str(kit_state(v)).upper(),
        )
        for v in specs
    )
    columns = (
        "name",
        "url",
        "last attempt",
        "encrypted",
        "compression",
        ">backups",
        ">data",
        ">a day",
        "what is removed stays",
        "recovery kit",
    )
    table = Table(columns, rows, "no vault yet")
    documents = [
        {**vault_document(v), "growth": growth[v.name], "reachable": reached[v.vault_id]}
        for v in specs
    ]
    desk.output.give({"vaults": documents}, table)


@app.command()
def check(
    context: typer.Context,
    name: Name,
    *,
    remove_debris: Annotated[
        bool, typer.Option("--remove-debris", help="Remove what unfinished runs left.")
    ] = False,
    accept_missing: Annotated[
        bool,
        typer.Option("--accept-missing", help="Stop missing backups that were removed elsewhere."),
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be, also from mirrors; tell the rest.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only storage, keys and debris; read no manifest.")
    ] = False,
) -> None:
    """Look through a vault: storage, keys, every backup's objects, leftovers, catalog, growth."""
    desk = desk_of(context)
    with desk.services() as services:
        freed = services.vaults.clean(name) if remove_debris else None
        if accept_missing:
            services.keys.accept_missing(name)
        mending = _mended(desk, services, name) if repair else None
        mended = services.upkeep.repair(name) if repair else None
        health = services.vaults.check(name)
        spec = services.vaults.find(name)  # what the check noted of it is in it now
        is_usable = health.reachable and not health.problem
        report = services.upkeep.inspect(name) if is_usable and not quick else None
        is_whole = not health.missing and (report is None or report.is_sound)
        found = {} if is_whole else given_back(services.mirrors.states(name), health.missing)
        growth = services.upkeep.growth(name, health.free_bytes)
    document = {
        "health": health,
        "freed_bytes": freed,
        "kit": kit_state(spec),
        "report": report,
        "mending": run_document(mending) if mending else None,
        "repair": mended,
        "in_mirrors": found,
        "growth": growth,
    }
    brought = result_blocks(mending.result) if mending and mending.result else []
    report_said = [*report_blocks(report, mended), *_mirrored_blocks(name, found)]
    said = [*brought, *report_said, *growth_blocks(growth)]
    desk.output.give(document, *_health_blocks(health, freed, spec), *said)
    if not is_usable:
        raise typer.Exit(ExitCode.NOT_ALLOWED)
    if health.missing:
        raise typer.Exit(ExitCode.LOSSES)
    raise typer.Exit(ExitCode.DONE if not report or report.is_sound else ExitCode.BAD_BACKUP)


def _mended(desk: Desk, services: Services, name: str) -> RunStatus | None:
    """Bring back what other copies have; None when there are none."""
    run_id = services.upkeep.start_mending(name)
    if run_id is None:
        return None
    status = follow(services, run_id, desk.output)
    if status.result is None:
        raise typer.Exit(report_run(desk.output, status))
    return status


@app.command("rebuild-catalog")
def rebuild_catalog(context: typer.Context, name: Name) -> None:
    """Read a whole vault anew and list its backups again."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.vaults.rebuild_catalog(name)
    desk.output.give({"backups": found}, f"{counted(found, 'backup')} found in {name}.")


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a vault here; its backups and its keys stay where they are."""
    desk = desk_of(context)
    with desk.services() as services:
        services.vaults.remove(name)
    said = f"{name} was forgotten here; its storage and its keys in the keyring were not touched."
    desk.output.give({"removed": name}, said)


app.add_typer(mirror.app, name="mirror")
app.command("kit")(kit)
app.command("open")(open_kit)
app.command("recipients")(recipients)
app.command("rotate-key")(rotate_key)
app.command("rewrap")(rewrap)
app.command("import-identity")(import_identity)
app.command("policy")(policy)
app.command("unlock")(unlock)


def _holder(holder: Holder) -> str:
    return f"{holder.name} {holder.recipient}".strip()


def _health_blocks(health: VaultHealth, freed: int | None, spec: VaultSpec) -> list[Block]:
    free = size_text(health.free_bytes) if health.free_bytes is not None else "unknown"
    is_seen = health.reachable
    facts = Facts(
        (
            ("storage", health.problem or "reachable"),
            ("backups", f"{health.backups:,}" if is_seen else "unknown"),
            ("oplog slices", f"{health.slices:,}" if is_seen else "unknown"),
            ("stored", f"{size_text(health.stored_bytes)}{ALL_IN}" if is_seen else "unknown"),
            ("free", free),
            *_keeping_facts(spec),
            ("key to open", _opening(health, spec)),
            ("key to sign", "in the keyring" if health.has_signing_key else "MISSING"),
            ("recovery kit", KIT_WORDS[kit_state(spec)]),
            *(() if freed is None else (("freed", size_text(freed)),)),
        )
    )
    rows = tuple(
        (f"{d.profile_slug}/{d.backup}".strip("/"), f"{d.blobs}", size_text(d.size_bytes))
        for d in health.debris
    )
    debris = Table(("debris", ">objects", ">size"), rows, "no debris")
    return [facts, *_missing_blocks(health), debris] if is_seen else [facts]


def _keeping_facts(spec: VaultSpec) -> tuple[tuple[str, str], ...]:
    if spec.keeping is None:
        return ()
    facts = (("what is removed", spec.keeping.sentence),)
    if spec.object_lock is None:
        return facts
    return (*facts, ("what is written", spec.object_lock.words))


def _missing_blocks(health: VaultHealth) -> list[Block]:
    if not health.missing:
        return []
    rows = tuple((backup,) for backup in health.missing)
    hint = (
        "If they were removed on purpose elsewhere: mangrove vault check NAME --accept-missing."
        " If not, somebody can delete in this storage: change its keys, and look at the mirrors."
    )
    warning = f"WARNING: {health.rolled_back}" if health.rolled_back else "WARNING: missing backups"
    return [warning, Table(("gone, and seen here before",), rows), hint]


def _mirrored_blocks(vault: str, found: dict[BackupId, tuple[str, ...]]) -> list[Block]:
    """Offer what mirrors have of what the vault lacks."""
    if not found:
        return []
    rows = tuple((backup, ", ".join(names)) for backup, names in found.items())
    look = command_line("vault", "check", vault, "--repair")
    return [Table(("lacking here", "in the mirror"), rows), f"Bring it back with: {look}"]


def _opening(health: VaultHealth, spec: VaultSpec) -> str:
    if not spec.is_encrypted:
        return "none: not encrypted"
    if health.has_identity:
        return "in the keyring"
    who = ", ".join(holder.shown for holder in holders(spec))
    return f"not here: only {who} can read" if spec.is_write_only else "MISSING"
