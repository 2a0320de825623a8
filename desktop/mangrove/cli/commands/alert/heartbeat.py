"""``mangrove alert heartbeat``: signs of life for a watch outside this machine."""

from datetime import timedelta
from typing import Annotated

import typer

from mangrove.cli.front import desk_of, require_keyring
from mangrove.cli.output import Table
from mangrove.core.alerts.policy import HEARTBEAT_EVERY
from mangrove.core.errors import InvalidChannelError
from mangrove.core.secret import Secret
from mangrove.services.channels import HeartbeatView

app = typer.Typer(
    help="Signs of life for a watch outside: a dead program cannot call for help.",
    no_args_is_help=True,
)
MOST_MIN = 7 * 24 * 60
Job = Annotated[
    str, typer.Option(metavar="NAME", help="A job, whose beginnings and ends are told.")
]


@app.command("set")
def set_heartbeat(
    context: typer.Context,
    *,
    job: Job = "",
    every: Annotated[
        int,
        typer.Option(
            metavar="MINUTES", min=1, max=MOST_MIN, help="How often the agent is heard of."
        ),
    ] = int(HEARTBEAT_EVERY.total_seconds() // 60),
    no_test: Annotated[bool, typer.Option("--no-test", help="Give no sign right now.")] = False,
) -> None:
    """Tell a watch outside (healthchecks.io and alike) that the agent lives, or how a job goes.

    Its address is asked for at a terminal, and read from standard input elsewhere. Success goes to
    the address itself, a start to /start and a failure to /fail below it.
    """
    desk = desk_of(context)
    url = desk.ask_secret("Address") if desk.can_ask() else Secret(desk.read_line().strip())
    if not url:
        raise InvalidChannelError("the address is missing; nothing was saved")
    with desk.services() as services:
        require_keyring(services, "the address", "no heartbeat was set")
        if not no_test:
            services.channels.try_heartbeat(url)
        heartbeat = services.channels.set_heartbeat(url, job, timedelta(minutes=every))
    whose = f"the job {job}" if job else f"the agent, every {every} min while it runs"
    desk.output.give({"heartbeat": heartbeat}, f"signs of life are given for {whose}")


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the heartbeats with the last sign that was given; never their addresses."""
    desk = desk_of(context)
    with desk.services() as services:
        views = services.channels.heartbeats()
    rows = tuple(map(_row, views))
    table = Table(("of", "every", "last sign (UTC)", "problem"), rows, "no heartbeat yet")
    desk.output.give({"heartbeats": views}, table)


@app.command()
def remove(context: typer.Context, *, job: Job = "") -> None:
    """Give no more signs of life."""
    desk = desk_of(context)
    with desk.services() as services:
        services.channels.remove_heartbeat(job)
    desk.output.give({"removed": job or "agent"}, "no more signs of life are given")


def _row(view: HeartbeatView) -> tuple[str, ...]:
    beat = view.beat
    every = f"{view.heartbeat.every.total_seconds() / 60:.0f} min" if not view.job else "its times"
    at = f"{beat.at:%Y-%m-%d %H:%M}" if beat else "none yet"
    return (view.job or "the agent", every, at, beat.problem if beat else "")
