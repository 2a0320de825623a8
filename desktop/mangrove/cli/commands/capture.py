"""``mangrove capture``: keep the oplog, so that any second can be restored."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.capture import CaptureMode, CaptureRequest, OnGap, parse_slice_length


def capture(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose oplog to keep.")],
    *,
    vault: Annotated[str, typer.Option(help="Where to keep it, beside the backups.")],
    once: Annotated[
        bool, typer.Option("--once", help="Store what is there now, then end.")
    ] = False,
    follow_on: Annotated[
        bool, typer.Option("--follow", help="Go on until stopped; the usual way.")
    ] = False,
    slice_length: Annotated[
        str, typer.Option("--slice", metavar="LENGTH", help="Store so often; 1m to 60m.")
    ] = "15m",
    take_base: Annotated[
        bool,
        typer.Option("--take-base", help="Take a backup by itself whenever a new base is needed."),
    ] = False,
) -> None:
    """Capture the oplog into signed slices; see mangrove windows for what they make restorable."""
    if once and follow_on:
        raise typer.BadParameter("--once and --follow exclude each other")
    desk = desk_of(context)
    request = CaptureRequest(
        profile,
        vault,
        CaptureMode.ONCE if once else CaptureMode.FOLLOW,
        parse_slice_length(slice_length),
        on_gap=OnGap.TAKE_BASE if take_base else OnGap.ASK,
    )
    with desk.services() as services:
        status = follow(services, services.captures.start(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))
