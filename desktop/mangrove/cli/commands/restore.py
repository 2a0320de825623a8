"""``mangrove restore``: bring data back, into a copy unless you name the target."""

from dataclasses import replace
from typing import Annotated

import typer

from mangrove.cli.front import Desk, desk_of, tell_latest
from mangrove.cli.landing import Landing, Wish
from mangrove.cli.restore_options import (
    Asked,
    Drop,
    DryRun,
    Globs,
    Indexes,
    LimitRate,
    NoIndexes,
    NoSafetyBackup,
    OnlyMissing,
    PrintIndexes,
    Renames,
    Replaced,
    StopOnError,
    Wide,
)
from mangrove.cli.streams import read_from
from mangrove.core.accounts import users_and_roles_of
from mangrove.core.backup import BackupId, IndexChoice, RestoreRequest
from mangrove.core.copy import DumpRestoreRequest, is_dump_path
from mangrove.core.errors import BackupNotFoundError, ProfileNotFoundError
from mangrove.core.latest import LATEST
from mangrove.core.pitr.moments import Edge, Moment, parse_entry
from mangrove.services.bundle import Services

BACKUP_HELP = (
    "An id, the beginning of one, latest, or a mongodump directory or archive (- is stdin)."
)
AT_HELP = (
    "As it was just before that moment: '2026-11-25 14:29:59 Europe/Berlin', 14:29:59 for today,"
    " ISO 8601, or one oplog entry. The best backup is chosen unless BACKUP names one."
)


def restore(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    backup: Annotated[
        str, typer.Argument(metavar="[BACKUP]", help=f"{BACKUP_HELP} With --at a profile does.")
    ] = "",
    *,
    to: Annotated[str, typer.Option(metavar="PROFILE", help="The deployment to write to.")],
    at: Annotated[str, typer.Option(metavar="TIME|TS:INC", help=AT_HELP)] = "",
    before_op: Annotated[
        str, typer.Option(metavar="TS:INC", help="As it was just before this oplog entry.")
    ] = "",
    including: Annotated[
        bool, typer.Option("--including", help="With --at: that second or entry as well.")
    ] = False,
    include: Globs = None,
    exclude: Globs = None,
    rename: Renames = None,
    yes_replace: Replaced = None,
    drop: Drop = False,
    only_missing: OnlyMissing = False,
    no_indexes: NoIndexes = False,
    indexes: Indexes = IndexChoice.AFTER,
    print_indexes: PrintIndexes = False,
    stop_on_error: StopOnError = False,
    no_safety_backup: NoSafetyBackup = False,
    users_and_roles: Annotated[
        bool,
        typer.Option("--users-and-roles", help="Add those missing; existing ones stay unchanged."),
    ] = False,
    safety_vault: Annotated[
        str, typer.Option(metavar="VAULT", help="For dumps: where the safety backup goes.")
    ] = "",
    db: Annotated[
        str, typer.Option(metavar="D", help="For dumps: the database of a lone folder or file.")
    ] = "",
    dry_run: DryRun = False,
    wide: Wide = False,
    limit_rate: LimitRate = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only print the same as mongorestore.")
    ] = False,
) -> None:
    """Restore a backup, a moment, or a dump of mongodump; without --rename into a copy."""
    desk = desk_of(context)
    backup = read_from(backup)
    if at and before_op:
        raise typer.BadParameter("--at and --before-op exclude each other")
    if not (backup or at or before_op):
        raise typer.BadParameter("name a BACKUP, or a moment with --at")
    asked = Asked(
        rename,
        yes_replace,
        drop,
        only_missing,
        no_indexes,
        indexes,
        print_indexes,
        stop_on_error,
        no_safety_backup,
        limit_rate,
    )
    with desk.services() as services:
        moment = _moment(services, at, before_op, including=including)
        is_dump = _means_dump(desk, services, backup, is_rewind=moment is not None)
        found, rewind_of = BackupId(""), ""
        if not is_dump:
            _refuse_what_only_dumps_know(db, safety_vault)
            found, rewind_of = _origin(services, backup, to, is_rewind=moment is not None)
        if found:
            tell_latest(desk, services, backup)
        plain = RestoreRequest(
            backup=found,
            profile=to,
            rewind_to=moment.limit if moment else None,
            rewind_of=rewind_of,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            users_and_roles=users_and_roles_of(asked=users_and_roles),
        )
        request = asked.applied(plain)
        if is_dump:
            landing = _of_dump(services, DumpRestoreRequest(backup, request, db, safety_vault))
        else:
            landing = _of_backup(services)
        wish = Wish(dry_run=dry_run, explain=explain, print_indexes=print_indexes, wide=wide)
        raise typer.Exit(landing.serve(desk, services, request, wish))


def _moment(services: Services, at: str, before_op: str, *, including: bool) -> Moment | None:
    edge = Edge.INCLUDING if including else Edge.BEFORE
    if before_op:
        return parse_entry(before_op, edge)
    return services.points.moment(at, edge) if at else None


def _refuse_what_only_dumps_know(database: str, safety_vault: str) -> None:
    """Refuse options that a backup in a vault would silently do without."""
    if database:
        raise typer.BadParameter(
            "--db is for dumps in files; what of a backup is restored, --include chooses"
        )
    if safety_vault:
        raise typer.BadParameter(
            "--safety-vault is for dumps in files; a backup's safety backup goes into its own vault"
        )


def _means_dump(desk: Desk, services: Services, name: str, *, is_rewind: bool) -> bool:
    """Whether a dump in files is meant; what a vault holds goes before a path of the same name."""
    if is_dump_path(name):
        return True
    if not name or not services.dumps.lies_at(name):
        return False
    try:
        _origin(services, name, "", is_rewind=is_rewind)
    except BackupNotFoundError:
        return True
    desk.output.say(f"'{name}' is taken from the vault; the path of that name is ./{name}")
    return False


def _origin(services: Services, backup: str, to: str, *, is_rewind: bool) -> tuple[BackupId, str]:
    """Return a backup, or the profile whose best base is chosen; without either that of --to."""
    if not is_rewind:
        return services.backups.find(backup).backup, ""
    if not backup:
        return BackupId(""), to
    try:
        record = services.backups.find(backup)
    except BackupNotFoundError as error:
        try:
            return BackupId(""), services.points.slug_of(backup)
        except ProfileNotFoundError:
            raise error from None
    if backup == LATEST:
        return BackupId(""), record.profile_slug
    return record.backup, ""


def _of_backup(services: Services) -> Landing:
    restores = services.restores
    return Landing(restores.preview, restores.start, restores.official, restores.index_commands)


def _of_dump(services: Services, asked: DumpRestoreRequest) -> Landing:
    """Restore a dump of another tool without importing it."""
    copies = services.copies
    return Landing(
        lambda request: copies.preview_dump(replace(asked, restore=request)),
        lambda request: copies.start_dump(replace(asked, restore=request)),
        lambda request: copies.official_of_dump(replace(asked, restore=request)),
        lambda request: copies.index_commands_of_dump(replace(asked, restore=request)),
    )
