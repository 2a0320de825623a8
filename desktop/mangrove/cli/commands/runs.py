"""``mangrove runs``: what ran here, and how it ended."""

from typing import Annotated

import typer

from mangrove.cli.front import Desk, desk_of
from mangrove.cli.json_value import run_document
from mangrove.cli.output import Block, Facts, Table
from mangrove.cli.reports import ending_words, result_blocks
from mangrove.core.errors import RunNotFoundError
from mangrove.core.explain import duration_text
from mangrove.core.run import LogLine, RunStatus
from mangrove.services.bundle import Services

app = typer.Typer(help="What ran here, and how it ended.")


@app.callback(invoke_without_command=True)
def runs(context: typer.Context) -> None:
    """List the runs, newest first; or show one."""
    if context.invoked_subcommand is None:
        _list(desk_of(context))


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the runs, newest first."""
    _list(desk_of(context))


@app.command()
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its id, or the beginning of it.")],
) -> None:
    """Show one run with its log."""
    desk = desk_of(context)
    with desk.services() as services:
        found = _found(services, run)
        log = services.activity.log(found.run_id)
    desk.output.give({"run": run_document(found), "log": log}, *_blocks(found, log))


def _list(desk: Desk) -> None:
    with desk.services() as services:
        found = services.activity.recent()
    rows = tuple(
        (r.run_id, f"{r.created_at:%Y-%m-%d %H:%M:%S}", r.title, ending_words(r), _took(r))
        for r in found
    )
    table = Table(("run", "begun (UTC)", "what", "end", ">took"), rows, "nothing ran yet")
    desk.output.give({"runs": [run_document(r) for r in found]}, table)


def _found(services: Services, text: str) -> RunStatus:
    fitting = [s for s in services.activity.recent() if text and s.run_id.startswith(text)]
    if len(fitting) != 1:
        what = "there is no run" if not fitting else f"{len(fitting)} runs begin with"
        raise RunNotFoundError(f"{what} '{text}'", hint="list them with: mangrove runs")
    return fitting[0]


def _took(status: RunStatus) -> str:
    if status.started_at is None or status.ended_at is None:
        return ""
    return duration_text(status.ended_at - status.started_at)


def _blocks(status: RunStatus, log: tuple[LogLine, ...]) -> list[Block]:
    facts = Facts((("run", status.run_id), ("what", status.title), ("end", ending_words(status))))
    blocks: list[Block] = [facts]
    if status.result is not None:
        blocks += result_blocks(status.result)
    if status.problem is not None:
        blocks.append(f"error: {status.problem.message}")
    return [*blocks, *(f"{line.at:%H:%M:%S} {line.text}" for line in log)]
