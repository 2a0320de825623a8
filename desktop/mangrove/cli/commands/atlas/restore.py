"""Restores by Atlas: ``mangrove atlas restore``, ``download``, ``jobs``, ``watch``, ``cancel``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.commands.atlas.options import Account, Cluster, Job, Snapshot
from mangrove.cli.commands.atlas.words import job_document, jobs_table
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.restore import (
    Delivery,
    IndexStrategy,
    Part,
    PointInTime,
    RestoreOrder,
    WriteStrategy,
)
from mangrove.core.errors import AtlasNotFoundError, InvalidSelectionError
from mangrove.core.run import RunId
from mangrove.services.bundle import Services

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What somebody wants restored, as it was typed."""

    snapshot: str
    at: str
    only: tuple[str, ...]
    rename: tuple[str, ...]
    overwrite: bool
    indexes: IndexStrategy
    confirmed: str


def restore(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    cluster: Cluster,
    *,
    to: Annotated[
        str, typer.Option(metavar="CLUSTER", help="The cluster it goes to, as CLUSTER is named.")
    ],
    snapshot: Annotated[
        str, typer.Option(metavar="ID|latest", help="Which snapshot to restore.")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="TIME|TS:INC", help="Or the moment to go back to.")
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="DB|DB.COLL", help="Only this; everything else stays."),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM=TO", help="Another name for what --only names."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --only: replace what has the name.")
    ] = False,
    indexes: Annotated[
        IndexStrategy, typer.Option(case_sensitive=False, help="With --only: which indexes.")
    ] = IndexStrategy.ALL,
    yes_replace: Annotated[
        str, typer.Option(metavar="CLUSTER", help="The target's name, to agree.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    account: Account = "",
) -> None:
    """Let Atlas restore a snapshot or a moment into a cluster, and watch it to its end.

    Without --only Atlas deletes ALL data of the target first. Ctrl-C asks Atlas to stop; what it
    cannot stop goes on there, and the last line says so.
    """
    desk = desk_of(context)
    wanted = _Wanted(
        snapshot, at, tuple(only or ()), tuple(rename or ()), overwrite, indexes, yes_replace
    )
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        target = services.atlas.clusters.find(to, account)
        order = _order(services, place, target, wanted)
        preview = services.atlas.restores.preview(place, order, target)
        if dry_run:
            document = {"sentence": preview.sentence, "confirm": preview.needs_confirmation}
            desk.output.give(document, preview.sentence + ".", "Nothing was asked of Atlas.")
            return
        if preview.needs_confirmation and not order.confirmed and desk.can_ask():
            desk.output.say(preview.sentence + ".")
            typed = desk.ask(f"Type {preview.needs_confirmation} to go on:").strip()
            order = replace(order, confirmed=typed)
        _followed(desk, services, services.atlas.restores.start(place, order, target))


def download(
    context: typer.Context,
    cluster: Cluster,
    snapshot: Snapshot,
    folder: Folder,
    *,
    account: Account = "",
) -> None:
    """Let Atlas pack a snapshot's files, and fetch them into a folder.

    They are the server's data files: a mongod of the same version opens them.
    """
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        found = services.atlas.snapshots.find(place, snapshot)
        order = RestoreOrder(Delivery.DOWNLOAD, found.snapshot_id)
        _followed(desk, services, services.atlas.restores.start(place, order, folder=folder))


def jobs(context: typer.Context, cluster: Cluster, *, account: Account = "") -> None:
    """List the restores from a cluster's snapshots, newest first."""
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        found = services.atlas.restores.all(place)
    document = {"cluster": place.text, "jobs": [job_document(j) for j in found]}
    desk.output.give(document, jobs_table(found))


def watch(
    context: typer.Context,
    cluster: Cluster,
    wanted: Annotated[
        str, typer.Argument(metavar="SNAPSHOT|JOB", help="Its id, or the beginning of it.")
    ],
    *,
    fetch_to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Fetch a download's files when ready.")
    ] = None,
    account: Account = "",
) -> None:
    """Watch a snapshot or a restore until it is over."""
    desk = desk_of(context)
    with desk.services() as services:
        atlas, place = services.atlas, services.atlas.clusters.find(cluster, account)
        try:
            job = atlas.restores.find(place, wanted)
        except AtlasNotFoundError:
            found = atlas.snapshots.find(place, wanted)
            _followed(desk, services, atlas.snapshots.start_watch(place, found.snapshot_id))
            return
        _followed(desk, services, atlas.restores.start_watch(place, job, fetch_to))


def cancel(context: typer.Context, cluster: Cluster, job: Job, *, account: Account = "") -> None:
    """Let Atlas stop a restore, as long as that is possible."""
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        done = services.atlas.restores.cancel(place, services.atlas.restores.find(place, job))
    desk.output.give({"cancelled": done}, f"Atlas stops the restore {done}.")


def add_to(app: typer.Typer) -> None:
    """Make all of these commands of ``mangrove atlas``."""
    for command in (restore, download, jobs, watch, cancel):
        app.command()(command)


def _followed(desk: Desk, services: Services, run_id: RunId) -> None:
    raise typer.Exit(report_run(desk.output, follow(services, run_id, desk.output)))


def _order(services: Services, place: Located, target: Located, wanted: _Wanted) -> RestoreOrder:
    if bool(wanted.snapshot) == bool(wanted.at):
        raise InvalidSelectionError(
            "give either --snapshot or --at; nothing was asked of Atlas",
            hint="--snapshot latest takes the newest one",
        )
    order = RestoreOrder(
        Delivery.POINT_IN_TIME if wanted.at else Delivery.AUTOMATED,
        target_project=target.project.project_id,
        target_cluster=target.cluster.name,
        parts=_parts(wanted),
        write=WriteStrategy.OVERWRITE if wanted.overwrite else WriteStrategy.CREATE_NEW,
        indexes=wanted.indexes,
        confirmed=wanted.confirmed,
    )
    if wanted.at:
        moment = services.points.moment(wanted.at).limit
        return replace(order, point=PointInTime(moment.seconds, moment.increment or None))
    found = services.atlas.snapshots.find(place, wanted.snapshot)
    return replace(order, snapshot=found.snapshot_id)


def _parts(wanted: _Wanted) -> tuple[Part, ...]:
    names: dict[str, str] = {}
    for text in wanted.rename:
        source, equals, target = text.partition("=")
        if not (equals and source.strip() and target.strip()):
            raise InvalidSelectionError(f"'{text}' renames nothing", hint="write FROM=TO")
        names[source.strip()] = target.strip()
    if unknown := set(names) - set(wanted.only):
        raise InvalidSelectionError(
            f"--rename names what --only does not: {', '.join(sorted(unknown))}",
            hint="name it with --only too",
        )
    return tuple(Part(name, names.get(name, "")) for name in wanted.only)
