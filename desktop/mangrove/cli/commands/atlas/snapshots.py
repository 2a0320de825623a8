"""Snapshots that Atlas keeps: ``mangrove atlas snapshots``, ``take``, ``keep``, ``delete``."""

from typing import Annotated

import typer

from mangrove.cli.commands.atlas.options import Account, Cluster, Snapshot
from mangrove.cli.commands.atlas.words import moment_text, snapshot_document, snapshots_table
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Table
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import parse_retention
from mangrove.core.atlas.snapshot import AtlasSnapshot
from mangrove.services.bundle import Services


def snapshots(context: typer.Context, cluster: Cluster, *, account: Account = "") -> None:
    """List a cluster's snapshots, newest first."""
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        found = services.atlas.snapshots.all(place)
        now = services.clock.now()
    for sentence in place.cluster.limits:
        desk.output.say(f"note: {sentence}")
    document = {"cluster": place.text, "snapshots": [snapshot_document(s) for s in found]}
    desk.output.give(document, snapshots_table(found, now))


def take(
    context: typer.Context,
    cluster: Cluster,
    *,
    days: Annotated[int, typer.Option(min=1, help="How many days Atlas keeps it.")] = 7,
    description: Annotated[str, typer.Option(help="What it is for.")] = "by Mangrove",
    account: Account = "",
) -> None:
    """Let Atlas take a snapshot, and wait until it is complete.

    Ctrl-C ends the waiting; Atlas goes on, for a snapshot cannot be stopped.
    """
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        run_id = services.atlas.snapshots.start_take(place, description, days)
        raise typer.Exit(report_run(desk.output, follow(services, run_id, desk.output)))


def keep(
    context: typer.Context,
    cluster: Cluster,
    snapshot: Snapshot,
    *,
    how_long: Annotated[str, typer.Option("--for", metavar="'30 days'", help="From now on.")],
    account: Account = "",
) -> None:
    """Change how long Atlas keeps a snapshot."""
    desk = desk_of(context)
    with desk.services() as services:
        place, found = _found(services, cluster, snapshot, account)
        made = services.atlas.snapshots.keep(place, found, parse_retention(how_long))
    said = f"{made.snapshot_id} stays until {moment_text(made.expires_at)}."
    desk.output.give({"snapshot": snapshot_document(made)}, said)


def delete(
    context: typer.Context,
    cluster: Cluster,
    snapshot: Snapshot,
    *,
    yes_delete_of: Annotated[
        str, typer.Option(metavar="CLUSTER", help="The cluster's name, to agree.")
    ] = "",
    account: Account = "",
) -> None:
    """Delete a snapshot at Atlas, for good."""
    desk = desk_of(context)
    with desk.services() as services:
        place, found = _found(services, cluster, snapshot, account)
        agreed = yes_delete_of or _asked(desk, place, found)
        services.atlas.snapshots.delete(place, found, agreed)
    said = f"The snapshot {found.snapshot_id} of {place.text} was deleted."
    desk.output.give({"deleted": found.snapshot_id, "cluster": place.text}, said)


def contents(
    context: typer.Context,
    cluster: Cluster,
    snapshot: Snapshot,
    *,
    database: Annotated[str, typer.Option("--db", metavar="D", help="Only this database.")] = "",
    account: Account = "",
) -> None:
    """List the databases and collections that a snapshot holds."""
    desk = desk_of(context)
    with desk.services() as services:
        place, found = _found(services, cluster, snapshot, account)
        names = (database,) if database else services.atlas.snapshots.databases(place, found)
        held = {n: services.atlas.snapshots.collections(place, found, n) for n in names}
    rows = tuple((name, collection) for name, inside in held.items() for collection in inside)
    table = Table(("database", "collection"), rows, "nothing that can be restored by itself")
    desk.output.give({"snapshot": found.snapshot_id, "databases": held}, table)


def add_to(app: typer.Typer) -> None:
    """Make all of these commands of ``mangrove atlas``."""
    for command in (snapshots, take, keep, delete, contents):
        app.command()(command)


def _found(
    services: Services, cluster: str, snapshot: str, account: str
) -> tuple[Located, AtlasSnapshot]:
    place = services.atlas.clusters.find(cluster, account)
    return place, services.atlas.snapshots.find(place, snapshot)


def _asked(desk: Desk, place: Located, found: AtlasSnapshot) -> str:
    if not desk.can_ask():
        return ""
    return desk.ask(
        f"The snapshot {found.snapshot_id} of {moment_text(found.created_at)} cannot be had back.\n"
        f"Type the cluster's name, {place.cluster.name}, to delete it:"
    ).strip()
