"""``mangrove agent``: fire jobs on time, without a window; also when the user signs in."""

import threading
from collections.abc import Callable
from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.output import Facts
from mangrove.core.run import RunStatus
from mangrove.core.wording import counted

WAIT_S = 1.0
app = typer.Typer(help="Fire jobs on time, without a window.")


@app.callback(invoke_without_command=True)
def agent(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Fire what is due now, wait for its end, and leave.")
    ] = False,
) -> None:
    """Fire jobs on time until interrupted; exactly one agent of a user does."""
    if context.invoked_subcommand is not None:
        return
    desk = desk_of(context)
    with desk.services() as services:
        holder = services.jobs.agent_holder()
        if holder is not None:
            desk.output.say(
                f"another process fires the jobs already (number {holder.pid}, "
                f"since {holder.since:%Y-%m-%d %H:%M} UTC); nothing was started"
            )
            raise typer.Exit(ExitCode.REFUSED)
        forget = services.activity.subscribe(lambda status: _say_ended(desk.output.say, status))
        try:
            if once:
                names = services.jobs.look_once()
                services.alerts.go_round()
                desk.output.give({"fired": names}, f"{counted(len(names), 'job')} fired")
                return
            services.jobs.start_agent()
            desk.output.say(f"{counted(len(services.jobs.all()), 'job')} watched; Ctrl-C ends it")
            _wait_for_ever()
        finally:
            forget()


def _wait_for_ever() -> None:
    """Wait in short steps: a signal gets through between two of them."""
    never = threading.Event()
    while not never.wait(WAIT_S):
        pass


def _say_ended(say: Callable[[str], None], status: RunStatus) -> None:
    if status.state.is_over:
        end = status.result.summary if status.result else status.state.value
        problem = f": {status.problem.message}" if status.problem else ""
        say(f"{status.title}: {end}{problem}")


@app.command()
def install(context: typer.Context) -> None:
    """Start the agent now, and whenever you sign in."""
    desk = desk_of(context)
    with desk.services() as services:
        start = services.jobs.autostart()
        start.install()
        desk.output.give(
            {"state": start.state(), "place": start.place()},
            f"the agent runs, and starts when you sign in ({start.place()})",
        )


@app.command()
def remove(context: typer.Context) -> None:
    """Stop the agent that ``install`` started; it starts no more by itself."""
    desk = desk_of(context)
    with desk.services() as services:
        start = services.jobs.autostart()
        start.remove()
        desk.output.give(
            {"state": start.state(), "place": start.place()}, "the agent starts no more by itself"
        )


@app.command()
def status(context: typer.Context) -> None:
    """Say whether an agent runs, and whether it starts by itself."""
    desk = desk_of(context)
    with desk.services() as services:
        holder, start = services.jobs.agent_holder(), services.jobs.autostart()
        runs = f"runs, process {holder.pid}" if holder else "does not run"
        facts = Facts((("agent", runs), ("when you sign in", start.state()), ("", start.place())))
        document = {"agent": holder, "state": start.state(), "place": start.place()}
        desk.output.give({**document, "definition": start.definition()}, facts)
