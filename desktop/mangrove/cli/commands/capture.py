"""``mangrove capture``: keep the oplog, so that any second can be restored."""

from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.json_value import run_document
from mangrove.cli.output import Output
from mangrove.cli.progress import CANCELLING, STORING, follow
from mangrove.cli.reports import report_run
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest, OnGap, parse_slice_length
from mangrove.core.run import RunState, RunStatus


def capture(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose oplog to keep.")],
    *,
    vault: Annotated[str, typer.Option(help="Where to keep it, beside the backups.")],
    once: Annotated[
        bool, typer.Option("--once", help="Store what is there now, then end; the usual way.")
    ] = False,
    follow_on: Annotated[
        bool, typer.Option("--follow", help="Go on until stopped with Ctrl-C.")
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
        CaptureMode.FOLLOW if follow_on else CaptureMode.ONCE,
        parse_slice_length(slice_length),
        on_gap=OnGap.TAKE_BASE if take_base else OnGap.ASK,
    )
    with desk.services() as services:
        leaving = STORING if follow_on else CANCELLING
        status = follow(services, services.captures.start(request), desk.output, leaving)
        if follow_on and status.state is RunState.CANCELLED and " unfinished" not in status.note:
            raise typer.Exit(_stopped(desk.output, status))
        raise typer.Exit(report_run(desk.output, status))


def _stopped(output: Output, status: RunStatus) -> int:
    """Report a capture that somebody ended: what it stored stays, and it goes on from there."""
    said = status.note.removeprefix("cancelled; ")
    if output.as_json:
        output.give({"run": run_document(status)})
    else:
        output.say(f"stopped; {said}")
    return ExitCode.CANCELLED
