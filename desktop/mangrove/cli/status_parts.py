"""The parts of ``mangrove status``: each answers one question about all deployments."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from mangrove.cli.output import Block, Table
from mangrove.core.command_line import command_line
from mangrove.core.explain import duration_text, size_text
from mangrove.core.figures.answer import DatabaseFigures, JobFigures, Overview, ProfileFigures
from mangrove.core.figures.compliance import SlotState
from mangrove.core.figures.days import DayState
from mangrove.core.figures.exposure import Span
from mangrove.core.figures.objectives import RpoTarget
from mangrove.core.run import RunStatus
from mangrove.core.wording import counted

SHOWN_DATABASES = 12
SHOWN_SLOTS = 48
SHOWN_WINDOWS = 3
MONTH = 30
_MARKS = {
    SlotState.ON_TIME: ".",
    SlotState.LATE: "l",
    SlotState.FAILED: "x",
    SlotState.MISSED: "-",
    SlotState.PAUSED: "p",
    SlotState.RUNNING: ">",
}
LEGEND = ". on time  l late  x failed  - missed  p paused  > running"


def would_lose(overview: Overview) -> list[Block]:
    """Answer what would be lost now, the worst first; and what no backup holds."""
    rows = [
        _lose_row(profile, database)
        for profile in overview.profiles
        for database in profile.databases or (None,)
    ]
    more = len(rows) - SHOWN_DATABASES
    table = Table(
        ("profile", "database", "would lose", "objective", "collections", "recoverability"),
        tuple(rows[:SHOWN_DATABASES]),
    )
    return _part("What would be lost now", rows, table, *(_more(more)))


def back_in(overview: Overview) -> list[Block]:
    """Answer how long the way back takes, and how that is known."""
    rows = tuple(_back_row(profile, overview.at) for profile in overview.profiles)
    table = Table(("profile", "back in", "half", "nine of ten", "measured"), rows)
    return _part("How long until it is back", rows, table)


def moments(overview: Overview) -> list[Block]:
    """Answer which moments one can return to."""
    lines = [_moments_line(profile) for profile in overview.profiles if profile.backups]
    hint = "which backup for a moment: mangrove restore --at TIME --to PROFILE --dry-run"
    return _part("To which moments you can return", lines, *lines, hint)


def proven(overview: Overview) -> list[Block]:
    """Answer whether backups are proven, and how well it was protected lately."""
    rows = tuple(_proof_row(p, overview.at) for p in overview.profiles if p.backups)
    table = Table(
        (
            "profile",
            "restored on trial",
            ">bytes verified",
            "last 30 days",
            ">worst gap",
            ">objective met",
        ),
        rows,
    )
    return _part("Is it proven", rows, table)


def kept(overview: Overview) -> list[Block]:
    """Answer how much is kept, and whether the room will do."""
    rows = tuple(
        (
            vault.name,
            f"{vault.backups:,}",
            size_text(vault.stored_bytes),
            "-" if vault.sizes.per_day_bytes is None else size_text(vault.sizes.per_day_bytes),
            f"{vault.sizes.full_on:%Y-%m-%d}" if vault.sizes.full_on else "not foreseeable",
            command_line("prune", vault.name),
        )
        for vault in overview.vaults
    )
    columns = ("vault", ">backups", ">stored", ">a day", "full on", "what goes next, and why")
    return _part("How long it is kept", rows, Table(columns, rows))


def running(runs: Sequence[RunStatus]) -> list[Block]:
    """Answer whether anything is running or stuck."""
    lines = [f"{run.title}: {run.phase or run.state}{_share(run)}" for run in runs]
    return _part("Running now", lines, *lines)


def schedules(overview: Overview) -> list[Block]:
    """Answer what ran late or was skipped."""
    rows = tuple(map(_job_row, overview.jobs))
    table = Table(("job", "last 7 days, oldest first", "30 days on time", "next (UTC)"), rows)
    return _part("What ran late or not at all", rows, table, LEGEND)


def readers(overview: Overview) -> list[Block]:
    """Answer who could read the backups."""
    found = dict.fromkeys(r for p in overview.profiles for r in p.readers)
    rows = tuple(
        (
            reader.vault,
            ", ".join(name or f"{key[:12]}..." for key, name in reader.readers)
            if reader.is_encrypted
            else "EVERYBODY who reads the storage: not encrypted",
            str(reader.kit),
        )
        for reader in found
    )
    return _part("Who could read it", rows, Table(("vault", "keys of", "recovery kit"), rows))


def changed(overview: Overview) -> list[Block]:
    """Answer what changed since last week."""
    lines = [
        f"{p.profile_name}: {' '.join(filter(None, (str(c.kind), c.subject, c.words)))}"
        for p in overview.profiles
        for c in p.changes
    ]
    return _part("What changed since last week", lines, *lines)


def needed(overview: Overview) -> list[Block]:
    """Answer what needs somebody, with the command that mends it."""
    lines = [
        f"- {need.sentence}" + (f"\n    {need.command}" if need.command else "")
        for need in overview.needs
    ]
    return _part("What needs you", lines, *lines)


def _part(title: str, content: Sequence[object], *blocks: Block) -> list[Block]:
    """Put a title above a part; a part without content is not mentioned."""
    return ["", f"{title}:", *blocks] if content else []


def _more(number: int) -> tuple[str, ...]:
    return (f"and {number} more: mangrove status --json",) if number > 0 else ()


def _lose_row(profile: ProfileFigures, database: DatabaseFigures | None) -> tuple[str, ...]:
    exposure = database.exposure if database else profile.exposure
    target = database.target if database else profile.target
    return (
        profile.profile_name,
        database.name if database else "-",
        "everything" if exposure.is_unprotected else duration_text(exposure.age),
        target_text(target),
        _covered(database),
        str(database.light if database else profile.light),
    )


def target_text(target: RpoTarget) -> str:
    """Say how old the newest data may be, and who says so."""
    return f"{duration_text(target.age)} ({target.source.words})"


def _covered(database: DatabaseFigures | None) -> str:
    if database is None:
        return "-"
    if database.covered is None:
        return "all"
    if not database.covered and not database.exposure.is_unprotected:
        return "none in time"
    return f"{database.covered} of {'?' if database.total is None else database.total}"


def _back_row(profile: ProfileFigures, now: datetime) -> tuple[str, ...]:
    estimate = profile.restore
    age = estimate.evidence_age(now)
    if estimate.newest is None or age is None:
        return (profile.profile_name, "unknown", "-", "-", estimate.why_unknown)
    known = counted(estimate.restores, "restore")
    where = f"{known} to {estimate.target}, the last {duration_text(age)} ago"
    where += f" of {size_text(estimate.newest.plain_bytes)}"
    times = (estimate.expected, estimate.p50, estimate.p90)
    return (profile.profile_name, *(duration_text(t or timedelta(0)) for t in times), where)


def _moments_line(profile: ProfileFigures) -> str:
    name = profile.profile_name
    backups = counted(profile.backups, "backup")
    if profile.kept_elsewhere:
        backups += f" ({profile.kept_elsewhere:,} of them kept elsewhere)"
    if not profile.windows:
        return f"{name}: those of its {backups}; no oplog was captured"
    spans = ", ".join(map(_span, profile.windows[-SHOWN_WINDOWS:]))
    gaps = f", with {counted(len(profile.gaps), 'gap')}" if profile.gaps else ""
    more = command_line("windows", name)
    return f"{name}: any second of {spans} UTC{gaps}; {backups} besides ({more})"


def _span(window: Span) -> str:
    is_same_day = window.start.date() == window.end.date()
    end = f"{window.end:%H:%M}" if is_same_day else f"{window.end:%Y-%m-%d %H:%M}"
    return f"{window.start:%Y-%m-%d %H:%M} to {end}"


def _proof_row(profile: ProfileFigures, now: datetime) -> tuple[str, ...]:
    proof = profile.freshness.proof
    without = f", never {', '.join(profile.untried)}" if profile.untried else ""
    days = Counter(day.state for day in profile.days[-MONTH:])
    words = (f"{days[state]} {state}" for state in DayState if days[state])
    availability = profile.observed.availability
    return (
        profile.profile_name,
        (f"{duration_text(now - proof.finished_at)} ago{without}" if proof else "never")
        + ", but the last proof failed" * profile.is_disproven,
        "-" if profile.verified is None else f"{profile.verified:.0%}",
        ", ".join(words),
        duration_text(profile.observed.worst_gap),
        "-" if availability is None else f"{availability:.0%}",
    )


def _job_row(job: JobFigures) -> tuple[str, ...]:
    marks = [_MARKS[slot.state] for slot in job.slots if slot.state is not SlotState.COMING]
    ratio = job.compliance.ratio
    strip = "".join(marks[-SHOWN_SLOTS:])
    when = "paused" if job.paused_until else f"{job.next_at:%Y-%m-%d %H:%M}"
    return (job.name, strip or "-", "-" if ratio is None else f"{ratio:.0%}", when)


def _share(run: RunStatus) -> str:
    return "" if run.fraction is None else f", {run.fraction:.0%}"
