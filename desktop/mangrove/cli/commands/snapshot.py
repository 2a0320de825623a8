"""``mangrove snapshot``: snapshots of the volumes that a server's files are on."""

from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.cli.restore_options import LimitRate
from mangrove.cli.retention_options import ZONE, Count, counts_of
from mangrove.cli.snapshot_options import (
    DeleteCommand,
    Folder,
    LockLimit,
    MountCommand,
    Node,
    NoLock,
    ProviderChoice,
    SnapshotSsh,
    SnapshotSshKey,
    SnapshotSshKnownHosts,
    TakeCommand,
    TakeOptions,
    ThickSize,
    UnmountCommand,
)
from mangrove.cli.snapshot_reports import (
    COLUMNS,
    preflight_blocks,
    preflight_document,
    row_of,
    snapshot_document,
    snapshot_facts,
)
from mangrove.core.rate import parse_rate
from mangrove.core.retention.policy import RetentionPolicy, policy_of
from mangrove.core.snapshots.snapshot import OwnCommands

app = typer.Typer(
    name="snapshot", no_args_is_help=True, help="Snapshots of the volumes with a server's files."
)
ProfileName = Annotated[str, typer.Argument(metavar="PROFILE", help="Whose server.")]
SnapshotName = Annotated[
    str,
    typer.Argument(metavar="SNAPSHOT", help="Its id, the beginning of it, or latest."),
]


@app.command()
def preflight(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: ProfileName,
    *,
    node: Node = "",
    ssh: SnapshotSsh = None,
    ssh_key: SnapshotSshKey = None,
    ssh_known_hosts: SnapshotSshKnownHosts = None,
    provider: ProviderChoice = None,
    no_lock: NoLock = False,
    lock_limit: LockLimit = "",
    folder: Folder = "",
    thick_size: ThickSize = "",
    take_command: TakeCommand = "",
) -> None:
    """Look at server and machine; nothing is locked, nothing is taken. Ends with 5 if refused."""
    desk = desk_of(context)
    options = TakeOptions(
        node, ssh, ssh_key, ssh_known_hosts, provider, lock_limit, folder, thick_size,
        OwnCommands(take_command), no_lock=no_lock,
    )  # fmt: skip
    with desk.services() as services:
        checked = services.snapshots.preflight(options.request(profile))
    desk.output.give(preflight_document(checked), *preflight_blocks(checked))
    raise typer.Exit(ExitCode.REFUSED if checked.stops else ExitCode.DONE)


@app.command()
def take(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: ProfileName,
    *,
    node: Node = "",
    ssh: SnapshotSsh = None,
    ssh_key: SnapshotSshKey = None,
    ssh_known_hosts: SnapshotSshKnownHosts = None,
    provider: ProviderChoice = None,
    no_lock: NoLock = False,
    lock_limit: LockLimit = "",
    folder: Folder = "",
    thick_size: ThickSize = "",
    take_command: TakeCommand = "",
    delete_command: DeleteCommand = "",
    mount_command: MountCommand = "",
    unmount_command: UnmountCommand = "",
) -> None:
    """Hold writes back, take a snapshot, let go; the time that writes waited is shown."""
    desk = desk_of(context)
    commands = OwnCommands(take_command, delete_command, mount_command, unmount_command)
    options = TakeOptions(
        node, ssh, ssh_key, ssh_known_hosts, provider, lock_limit, folder, thick_size,
        commands, no_lock=no_lock,
    )  # fmt: skip
    with desk.services() as services:
        run = services.snapshots.take(options.request(profile))
        raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))


@app.command("list")
def list_(
    context: typer.Context,
    *,
    profile: Annotated[str | None, typer.Option(help="Only of this profile.")] = None,
) -> None:
    """List the snapshots, newest first."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.snapshots.all(profile)
        if profile and not found:
            services.profiles.find(profile)  # a mistyped name is not "no snapshot yet"
    document = {"snapshots": [snapshot_document(s) for s in found]}
    rows = tuple(map(row_of, found))
    desk.output.give(document, Table(COLUMNS, rows, "no snapshot yet"))


@app.command()
def show(context: typer.Context, snapshot: SnapshotName) -> None:
    """Say everything that is known of one snapshot."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.snapshots.find(snapshot)
    desk.output.give(snapshot_document(found), snapshot_facts(found))


@app.command()
def verify(
    context: typer.Context,
    snapshot: SnapshotName,
    *,
    mongod: Annotated[
        str, typer.Option(metavar="PROGRAM", help="On its machine; else the one it was taken of.")
    ] = "",
) -> None:
    """Open a throw-away copy and validate everything; ends with 6 if it is not what it should."""
    desk = desk_of(context)
    with desk.services() as services:
        run = services.snapshots.verify(snapshot, mongod)
        raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))


@app.command()
def delete(context: typer.Context, snapshot: SnapshotName) -> None:
    """Remove a snapshot from its file system; a pinned one is refused."""
    desk = desk_of(context)
    with desk.services() as services:
        run = services.snapshots.delete(snapshot)
        raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))


@app.command()
def pin(
    context: typer.Context,
    snapshot: SnapshotName,
    *,
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Keep a snapshot from being deleted."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.snapshots.pin(snapshot, note)
    desk.output.give(snapshot_document(found), f"{found.snapshot} is pinned.")


@app.command()
def unpin(context: typer.Context, snapshot: SnapshotName) -> None:
    """Let a pinned snapshot be deleted again."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.snapshots.unpin(snapshot)
    desk.output.give(snapshot_document(found), f"{found.snapshot} is not pinned any more.")


@app.command()
def forget(context: typer.Context, snapshot: SnapshotName) -> None:
    """Take a snapshot off the list; what lies on the file system stays."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.snapshots.forget(snapshot)
    lies = ", ".join(part.name for part in found.parts)
    desk.output.give(
        snapshot_document(found), f"{found.snapshot} is off the list; it still lies in {lies}."
    )


@app.command()
def copy(
    context: typer.Context,
    snapshot: SnapshotName,
    *,
    vault: Annotated[str, typer.Option(help="Where to keep its files.")],
    limit_rate: LimitRate = None,
) -> None:
    """Copy a snapshot's files, encrypted, into a vault; an interrupted copy is gone on with."""
    desk = desk_of(context)
    with desk.services() as services:
        rate = parse_rate(limit_rate) if limit_rate else None
        run = services.snapshots.copy(snapshot, vault, rate)
        raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))


@app.command()
def restore(
    context: typer.Context,
    snapshot: Annotated[
        str, typer.Argument(metavar="SNAPSHOT|BACKUP", help="A snapshot, or a copy in a vault.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Empty, or not there yet.", resolve_path=True)
    ],
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME|TS:INC", help="Replay captured oplog to this moment, too."),
    ] = None,
) -> None:
    """Bring the files into a folder, with a guide that says how a server is made of them."""
    desk = desk_of(context)
    with desk.services() as services:
        limit = services.points.moment(at).limit if at else None
        run = services.snapshots.restore(snapshot, str(folder), limit)
        raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))


@app.command()
def prune(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: ProfileName,
    *,
    keep_last: Count = None,
    keep_hourly: Count = None,
    keep_daily: Count = None,
    keep_weekly: Count = None,
    keep_monthly: Count = None,
    keep_yearly: Count = None,
    keep_at_least: Count = None,
    time_zone: Annotated[str, ZONE] = "UTC",
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without this you only see what would go.")
    ] = False,
) -> None:
    """Show which snapshots of a profile would go and why; with --apply remove them for good.

    The rules are those of vaults: pins, the newest proven one and those of the last day stay.
    """
    counts = counts_of(keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    rules = policy_of(counts, {}).rules
    policy = RetentionPolicy(
        rules, minimum_redundancy=1 if keep_at_least is None else keep_at_least, time_zone=time_zone
    )
    desk = desk_of(context)
    with desk.services() as services:
        if apply:
            run = services.snapshots.prune(profile, policy)
            raise typer.Exit(report_run(desk.output, follow(services, run, desk.output)))
        verdicts = services.snapshots.preview_prune(profile, policy).verdicts
    rows = tuple((v.entry.backup, "stays" if v.stays else "goes", v.because) for v in verdicts)
    document = {
        "snapshots": [
            {"snapshot": v.entry.backup, "stays": v.stays, "because": v.because} for v in verdicts
        ]
    }
    table = Table(("snapshot", "", "because"), rows, "no snapshot of this profile")
    desk.output.give(document, table, "Nothing was removed; --apply does it.")


@app.command()
def guide(
    context: typer.Context,
    snapshot: SnapshotName,
    *,
    folder: Annotated[str, typer.Option(metavar="DIR", help="Where the files are.")] = "FOLDER",
) -> None:
    """Print how a server is made of a snapshot's files, step by step."""
    desk = desk_of(context)
    with desk.services() as services:
        text = services.snapshots.guide(snapshot, folder)
    desk.output.give({"guide": text}, text.rstrip())
