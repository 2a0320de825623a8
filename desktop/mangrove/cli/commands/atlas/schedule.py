"""``mangrove atlas schedule``: when Atlas takes snapshots, and how long it keeps them."""

import re
from typing import Annotated

import typer

from mangrove.cli.commands.atlas.options import Account, Cluster
from mangrove.cli.commands.atlas.words import schedule_blocks, schedule_document
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.link import Located
from mangrove.core.atlas.policy import SHAPE_HINT, CopySetting, parse_copy, parse_item
from mangrove.core.errors import InvalidAtlasPolicyError
from mangrove.core.wording import counted
from mangrove.services.atlas.schedules import ScheduleChange

app = typer.Typer(help="When Atlas takes snapshots of a cluster.", no_args_is_help=True)
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_NONE = "none"


@app.command()
def show(context: typer.Context, cluster: Cluster, *, account: Account = "") -> None:
    """Show a cluster's schedule, and how many snapshots it comes to."""
    desk = desk_of(context)
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        view = services.atlas.schedules.show(place)
    lines = () if view.compliance is None else compliance_lines(view.compliance)
    desk.output.give({"schedule": schedule_document(view)}, *schedule_blocks(view), *lines)


@app.command()
def edit(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    cluster: Cluster,
    *,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE", help=f"A line of the new schedule: {SHAPE_HINT}."),
    ] = None,
    time: Annotated[str, typer.Option(metavar="HH:MM", help="Time of the day, UTC.")] = "",
    restore_window: Annotated[
        int | None, typer.Option(metavar="DAYS", help="How far back any second can be had.")
    ] = None,
    copy_to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION=KINDS",
            help="Copies elsewhere: AWS/EU_WEST_1=daily,weekly,oplog; none ends all copies.",
        ),
    ] = None,
    also_existing: Annotated[
        bool, typer.Option("--also-existing", help="Existing snapshots get the new times too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would come to.")
    ] = False,
    account: Account = "",
) -> None:
    """Change a cluster's schedule; Atlas' rules are checked before anything is sent.

    What is not given stays. Lines are given all or not at all: they replace the old ones.
    Snapshots of a line that goes stay until they expire.
    """
    desk = desk_of(context)
    items = tuple(map(parse_item, line)) if line else None
    with desk.services() as services:
        place = services.atlas.clusters.find(cluster, account)
        change = ScheduleChange(
            items=items,
            time=_time(time) if time else None,
            restore_window_days=restore_window,
            copies=_copies(copy_to, place) if copy_to else None,
            also_existing=also_existing,
        )
        schedules = services.atlas.schedules
        view = schedules.preview(place, change) if dry_run else schedules.change(place, change)
    said = "Nothing was sent to Atlas." if dry_run else f"{place.text} has this schedule now."
    document = {"schedule": schedule_document(view), "sent": not dry_run}
    desk.output.give(document, *schedule_blocks(view), said)
    raise typer.Exit(ExitCode.USAGE if view.broken and dry_run else ExitCode.DONE)


def compliance_lines(policy: CompliancePolicy) -> tuple[str, ...]:
    """Say what a compliance policy wants."""
    least = tuple(f"the policy wants snapshots {item.describe}" for item in policy.items)
    on_demand = policy.on_demand
    kept = (f"snapshots on demand stay {on_demand.text} at least",) if on_demand else ()
    days = policy.restore_window_days
    window = (f"any second of the last {counted(days, 'day')} must be restorable",) if days else ()
    return (*least, *kept, *window, "no snapshot can be deleted before it expires")


def _time(text: str) -> tuple[int, int]:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise InvalidAtlasPolicyError(
            f"'{text}' is no time of the day; nothing was sent", hint="write it as 18:00"
        )
    return int(found[1]), int(found[2])


def _copies(texts: list[str], place: Located) -> tuple[CopySetting, ...]:
    if [t.strip().lower() for t in texts] == [_NONE]:
        return ()
    zones = place.cluster.zone_ids
    return tuple(setting for text in texts for setting in parse_copy(text, zones))
