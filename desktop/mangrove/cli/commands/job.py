"""``mangrove job``: what runs by itself, and what became of it."""

from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from mangrove.cli.commands.verify import Depth
from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.front import Desk, desk_of
from mangrove.cli.output import Facts, Table
from mangrove.cli.reports import ending_words
from mangrove.cli.until_options import For, Until, until_of
from mangrove.core.backup import Consistency, selection_of
from mangrove.core.explain import duration_text
from mangrove.core.jobs.job import DEFAULT_SHARE, Firing, FiringState, JobKind, parse_patience
from mangrove.core.jobs.schedule import SUMMER_TIME, Slot, parse_schedule
from mangrove.core.run import Problem, RunStatus
from mangrove.core.verification import EMBEDDED, Level
from mangrove.services.jobs import NO_AGENT, JobDraft, JobView

app = typer.Typer(help="What runs by itself, and what became of it.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The job's name.")]
Zone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Time zone; this machine's unless given.")
]
ENDING = "cancelling: what runs is ended, and nothing is tried again"
EXIT_CODES = {
    FiringState.SUCCEEDED: ExitCode.DONE,
    FiringState.SUCCEEDED_WITH_WARNINGS: ExitCode.LOSSES,
    FiringState.CANCELLED: ExitCode.CANCELLED,
}


@app.command()
def add(  # noqa: PLR0913 - every option of the command is an argument here
    context: typer.Context,
    name: Name,
    *,
    vault: Annotated[str, typer.Option(help="Where backups go or lie.")],
    schedule: Annotated[
        str, typer.Option(metavar="WHEN", help="'daily 02:00', 'every 15 minutes', or cron.")
    ],
    kind: Annotated[JobKind, typer.Option(help="What it does.")] = JobKind.BACKUP,
    profile: Annotated[str, typer.Option(help="What it is done to.")] = "",
    zone: Zone = None,
    db: Annotated[list[str] | None, typer.Option(metavar="D", help="Only this database.")] = None,
    collection: Annotated[
        list[str] | None, typer.Option(metavar="D.C", help="Only this collection.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Leave out what matches.")
    ] = None,
    consistency: Annotated[Consistency, typer.Option()] = Consistency.AUTO,
    level: Annotated[
        Depth | None,
        typer.Option(help="How deep it verifies; after a backup: how deep that is proven."),
    ] = None,
    on: Annotated[
        str, typer.Option(metavar="PROFILE|embedded", help="Where trial restores and drills go.")
    ] = EMBEDDED,
    share: Annotated[
        int,
        typer.Option(
            metavar="PERCENT",
            help="Of a verify job: so many of the other backups besides the newest unproven one, "
            "those looked at longest ago first.",
        ),
    ] = DEFAULT_SHARE,
    then_prune: Annotated[
        bool, typer.Option("--then-prune", help="Prune the vault after each backup.")
    ] = False,
    hung_after: Annotated[
        str, typer.Option(metavar="TIME", help="End a run that moves nothing for so long.")
    ] = "2h",
) -> None:
    """Define a job; it first runs at its next time."""
    desk = desk_of(context)
    with desk.services() as services:
        draft = JobDraft(
            name=name,
            kind=kind,
            vault=vault,
            schedule=schedule,
            zone=zone or services.clock.zone_name(),
            profile=profile,
            selection=selection_of(tuple(db or ()), tuple(collection or ()), tuple(exclude or ())),
            consistency=consistency,
            level=Level(level.value) if level else None,
            scratch=on,
            prunes=then_prune,
            share_percent=share,
            hung_after=parse_patience(hung_after),
        )
        job = services.jobs.add(draft)
        view = services.jobs.find(job.name)
        _warn_without_agent(desk, is_running=services.agent.holder() is not None)
    desk.output.give({"job": job_document(view)}, _facts(view))


@app.command()
def recommend(
    context: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="What to protect.")],
    *,
    vault: Annotated[str, typer.Option(help="Where to keep it.")],
    zone: Zone = None,
) -> None:
    """Define the recommended plan: daily backups, oplog, weekly restore tests, monthly drills."""
    desk = desk_of(context)
    with desk.services() as services:
        zone = zone or services.clock.zone_name()
        plan = services.jobs.add_recommended(profile, vault, zone)
        views = tuple(services.jobs.find(job.name) for job in plan.made)
        _warn_without_agent(desk, is_running=services.agent.holder() is not None)
    table = _table(views, "everything recommended is there already")
    skipped = [
        f"skipped {c.kind}: the job '{c.job}' is there already ({c.when})" for c in plan.covered
    ]
    document = {"jobs": [job_document(v) for v in views], "covered": plan.covered}
    desk.output.give(document, table, *skipped)


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the jobs with their next time and what became of the last one."""
    desk = desk_of(context)
    with desk.services() as services:
        views = services.jobs.all()
        holder, rest = services.agent.holder(), services.agent.rest()
    if views:
        _warn_without_agent(desk, is_running=holder is not None)
    document = {"jobs": [job_document(v) for v in views], "agent": holder, "rest": rest}
    words = [f"all jobs rest until {_moment(rest.until)} UTC: {rest.why}"] if rest else []
    desk.output.give(document, *words, _table(views, "no job yet: mangrove job recommend PROFILE"))


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one job, its next ten times, and what became of the last ones."""
    desk = desk_of(context)
    with desk.services() as services:
        view = services.jobs.find(name)
        rested = view.rest.until if view.rest else services.clock.now()
        times = view.job.schedule.preview(rested)
    history = Table(
        ("due (UTC)", "ended", "state", ">missed", "why"),
        tuple(_firing_row(f) for f in view.firings),
        "it did not run yet",
    )
    upcoming = [slot.at for slot in times]
    document = {"job": job_document(view), "upcoming": upcoming, "firings": view.firings}
    desk.output.give(document, _facts(view), _times_table(times), SUMMER_TIME, history)


@app.command()
def preview(
    context: typer.Context,
    schedule: Annotated[
        str, typer.Argument(metavar="WHEN", help="'daily 02:00', 'every 15 minutes', or cron.")
    ],
    *,
    zone: Zone = None,
) -> None:
    """Show the next ten times of a schedule, without making a job of it."""
    desk = desk_of(context)
    with desk.services() as services:
        parsed = parse_schedule(schedule, zone or services.clock.zone_name())
        times = parsed.preview(services.clock.now())
    document = {"schedule": parsed.describe(), "cron": parsed.cron, "upcoming": times}
    desk.output.give(document, parsed.describe(), _times_table(times), SUMMER_TIME)


@app.command()
def run(context: typer.Context, name: Name) -> None:
    """Do a job now and wait for its end."""
    desk = desk_of(context)
    try:
        firing, runs = _run_to_its_end(desk, name)
    except KeyboardInterrupt:
        # Said here, for typer ends an interrupted command without a word.
        desk.output.refuse(Problem("cancelled", "cancelled"))
        raise typer.Exit(ExitCode.CANCELLED) from None
    lines = tuple(f"{r.title}: {r.result.summary if r.result else ending_words(r)}" for r in runs)
    ending = firing.state.value.replace("_", " ") + (f": {firing.problem}" * bool(firing.problem))
    desk.output.give({"firing": firing}, *lines, ending)
    raise typer.Exit(EXIT_CODES.get(firing.state, ExitCode.FAILED))


@app.command()
def pause(
    context: typer.Context,
    name: Name,
    *,
    until: Until = "",
    span: For = "",
    why: Annotated[str, typer.Option(help="Who looks at the job reads this.")],
) -> None:
    """Let a job rest until a moment, or for so long."""
    desk = desk_of(context)
    with desk.services() as services:
        services.jobs.pause(name, until_of(services, until, span), why)
        view = services.jobs.find(name)
    desk.output.give({"job": job_document(view)}, _facts(view))


@app.command()
def resume(context: typer.Context, name: Name) -> None:
    """End a job's pause."""
    desk = desk_of(context)
    with desk.services() as services:
        services.jobs.resume(name)
        view = services.jobs.find(name)
    desk.output.give({"job": job_document(view)}, _facts(view))


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a job; what it made stays."""
    desk = desk_of(context)
    with desk.services() as services:
        services.jobs.remove(name)
    desk.output.give({"removed": name}, f"the job '{name}' is gone; its backups stay")


def job_document(view: JobView) -> dict[str, object]:
    """Return a job as ``--json`` prints it."""
    job = view.job
    return {
        "name": job.name,
        "kind": job.kind,
        "profile": view.profile,
        "vault": view.vault,
        "schedule": job.schedule.describe(),
        "cron": job.schedule.cron,
        "zone": job.schedule.zone,
        "selection": job.selection.describe(),
        "consistency": job.consistency,
        "level": job.level,
        "scratch": job.scratch,
        "prunes": job.prunes,
        "share_percent": job.share_percent,
        "next_at": view.next_at,
        "rest": view.rest,
        "paused_until": job.paused_until,
        "paused_why": job.paused_why,
        "last": view.last,
        "waits_for_network": view.waits_for_network,
        "hung_after_s": job.hung_after.total_seconds(),
    }


def _run_to_its_end(desk: Desk, name: str) -> tuple[Firing, tuple[RunStatus, ...]]:
    with desk.services() as services:
        try:
            firing = services.jobs.run(name, partial(_say_waits, desk))
        except KeyboardInterrupt:
            desk.output.say(ENDING)
            raise
        return firing, tuple(services.activity.status(run_id) for run_id in firing.steps)


def _say_waits(desk: Desk, firing: Firing, again_at: datetime) -> None:
    desk.output.say(f"error: {firing.problem}")
    desk.output.say(f"trying again at {again_at:%H:%M} UTC (Ctrl-C ends it)")


def _warn_without_agent(desk: Desk, *, is_running: bool) -> None:
    if not is_running:
        desk.output.say(f"warning: {NO_AGENT}; start one: mangrove agent")


def _facts(view: JobView) -> Facts:
    job = view.job
    what = f"{job.kind} of {view.profile}" if view.profile else str(job.kind)
    pairs = [
        ("name", job.name),
        ("what", what),
        ("vault", view.vault),
        ("when", job.schedule.describe()),
        ("next", _next(view)),
    ]
    if job.kind is JobKind.BACKUP:
        pairs.insert(2, ("selection", job.selection.describe()))
    if job.level:
        pairs.append(("verifies", f"{job.level} on {job.scratch}"))
    if job.prunes:
        pairs.append(("then", "the vault is pruned after each backup"))
    if job.kind is JobKind.VERIFY:
        share = f"the newest unproven backup, and {job.share_percent} % of the others"
        pairs.append(("each time", share))
    if job.kind is JobKind.DRILL:
        pairs.append(("drills on", job.scratch))
    if view.rest:
        pairs.append(("paused", f"until {_moment(view.rest.until)} UTC: {view.rest.why}"))
    if view.waits_for_network:
        pairs.append(("waits", "due, and waits for a network"))
    pairs.append(("hung after", duration_text(job.hung_after)))
    return Facts(tuple(pairs))


def _times_table(times: tuple[Slot, ...]) -> Table:
    zone = f"{times[0].local:%Z}" if times else ""
    rows = tuple((_moment(t.at), f"{t.local:%a %Y-%m-%d %H:%M %Z}", t.remark) for t in times)
    return Table(("next times (UTC)", f"there ({zone})" if zone else "there", ""), rows)


def _table(views: tuple[JobView, ...], empty: str) -> Table:
    columns = ("job", "what", "profile", "vault", "when", "next (UTC)", "last")
    return Table(columns, tuple(_row(v) for v in views), empty)


def _row(view: JobView) -> tuple[str, ...]:
    job = view.job
    last = view.last
    state = "never ran" if last is None else last.state.value.replace("_", " ")
    when = job.schedule.describe()
    return (job.name, job.kind, view.profile, view.vault, when, _next(view), state)


def _firing_row(firing: Firing) -> tuple[str, ...]:
    ended = _moment(firing.ended_at) if firing.ended_at else ""
    state = firing.state.value.replace("_", " ")
    return (_moment(firing.slot_at), ended, state, str(firing.missed), firing.problem)


def _next(view: JobView) -> str:
    return f"paused, then {_moment(view.next_at)}" if view.rest else _moment(view.next_at)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
