"""``mangrove agent``: fire jobs on time, without a window; also when the user signs in."""

import threading
from collections.abc import Callable
from typing import Annotated

import typer

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import desk_of
from mangrove.cli.output import Facts, Table
from mangrove.cli.until_options import For, Until, until_of
from mangrove.core.jobs.vigil import AgentRank
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.run import RunStatus
from mangrove.core.wording import counted

WAIT_S = 1.0
SHOWN_NOTICES = 15
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
        holder = services.agent.holder()
        if holder is not None and (once or holder.rank >= AgentRank.BACKGROUND):
            desk.output.say(
                f"another process fires the jobs already (number {holder.pid}, "
                f"since {holder.since:%Y-%m-%d %H:%M} UTC); nothing was started"
            )
            raise typer.Exit(ExitCode.REFUSED)
        if holder is not None:
            who = "the window" if holder.rank is AgentRank.WINDOW else "who looked once"
            desk.output.say(f"{who} (process {holder.pid}) hands its jobs over")
        forget = services.activity.subscribe(lambda status: _say_ended(desk.output.say, status))
        try:
            if once:
                names = services.jobs.look_once()
                services.alerts.go_round()
                desk.output.give({"fired": names}, f"{counted(len(names), 'job')} fired")
                return
            services.agent.start(AgentRank.BACKGROUND)
            desk.output.say(f"{counted(len(services.jobs.names()), 'job')} watched; Ctrl-C ends it")
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
        services.agent.install()
        view = services.agent.autostart()
    desk.output.give(
        {"state": view.state, "place": view.place},
        f"the agent runs, and starts when you sign in ({view.place})",
    )


@app.command()
def remove(context: typer.Context) -> None:
    """Stop the agent that 'agent install' started; it starts no more by itself."""
    desk = desk_of(context)
    with desk.services() as services:
        services.agent.remove()
        view = services.agent.autostart()
    desk.output.give(
        {"state": view.state, "place": view.place}, "the agent starts no more by itself"
    )


@app.command()
def status(context: typer.Context) -> None:
    """Say whether an agent runs, whether it starts by itself, and what it noticed."""
    desk = desk_of(context)
    with desk.services() as services:
        holder, start = services.agent.holder(), services.agent.autostart()
        rest, outlook = services.agent.rest(), services.agent.outlook()
        notices = services.agent.notices(SHOWN_NOTICES)
        limits = services.agent.limits()
    facts = [("agent", _holder_words(holder)), ("jobs", outlook.sentence())]
    if rest:
        facts.append(("paused", f"until {rest.until:%Y-%m-%d %H:%M} UTC: {rest.why}"))
    facts += [(f"at most in {lane}", str(number)) for lane, number in sorted(limits.items())]
    facts += [("when you sign in", start.state or start.obstacle), ("", start.place)]
    rows = tuple((f"{n.at:%Y-%m-%d %H:%M}", n.sentence()) for n in notices)
    document = {
        "agent": holder,
        "outlook": outlook.standing,
        "rest": rest,
        "limits": limits,
        "state": start.state,
        "place": start.place,
        "definition": start.definition,
        "notices": [{"at": n.at, "kind": n.kind, "text": n.sentence()} for n in notices],
    }
    noticed = Table(("noticed (UTC)", ""), rows, "nothing was noticed yet")
    desk.output.give(document, Facts(tuple(facts)), noticed)


@app.command()
def pause(
    context: typer.Context,
    *,
    until: Until = "",
    span: For = "",
    why: Annotated[str, typer.Option(help="Whoever looks at the jobs reads this.")],
) -> None:
    """Let all jobs rest until a moment, or for so long."""
    desk = desk_of(context)
    with desk.services() as services:
        services.agent.rest_until(until_of(services, until, span), why)
        rest = services.agent.rest()
    words = f"all jobs rest until {rest.until:%Y-%m-%d %H:%M} UTC: {rest.why}" if rest else ""
    desk.output.give({"rest": rest}, words)


@app.command()
def resume(context: typer.Context) -> None:
    """End the rest of all jobs; those that are paused one by one stay so."""
    desk = desk_of(context)
    with desk.services() as services:
        services.agent.end_rest()
    desk.output.give({"rest": None}, "jobs run again at their times")


@app.command()
def limit(
    context: typer.Context,
    *,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="How many at once; without it, as usual.")
    ] = None,
    deployment: Annotated[
        str, typer.Option(metavar="PROFILE", help="Backups and copies that read this deployment.")
    ] = "",
    vault: Annotated[str, typer.Option(metavar="V", help="Runs that write into this vault.")] = "",
) -> None:
    """Set how many runs may use a deployment or a vault at once, in all of your processes."""
    if bool(deployment) is bool(vault):
        raise typer.BadParameter("name one: --deployment PROFILE or --vault V")
    desk = desk_of(context)
    with desk.services() as services:
        if deployment:
            services.agent.limit_deployment(services.profiles, deployment, runs)
        else:
            services.agent.limit_vault(services.vaults, vault, runs)
        limits = services.agent.limits()
    lines = [f"{lane}: at most {number}" for lane, number in sorted(limits.items())]
    desk.output.give({"limits": limits}, *(lines or ["every limit is as usual"]))


def _holder_words(holder: LeaseHolder | None) -> str:
    if holder is None:
        return "does not run"
    where = {
        AgentRank.ONCE: "for one look at the clock",
        AgentRank.WINDOW: "in the window",
        AgentRank.BACKGROUND: "in the background",
    }[holder.rank]
    return f"runs {where}, process {holder.pid}, since {holder.since:%Y-%m-%d %H:%M} UTC"
