"""``mangrove status``: what would be lost now, and what of it is proven."""

import typer

from mangrove.cli import status_parts
from mangrove.cli.front import desk_of
from mangrove.cli.output import Table
from mangrove.core.alerts.alert import Glance
from mangrove.core.explain import duration_text, size_text
from mangrove.core.figures.answer import Overview, ProfileFigures
from mangrove.core.wording import counted


def status(context: typer.Context) -> None:
    """Say what would be lost now, how long the way back takes, and what needs you."""
    desk = desk_of(context)
    with desk.services() as services:
        overview = services.figures.overview()
        alerts = services.alerts.glance()
        runs = tuple(run for run in services.activity.recent() if not run.state.is_over)
    table = Table(
        ("profile", "state", "would lose", "back in", ">backups", "why"),
        tuple(_row(e) for e in overview.profiles),
        "no profile yet",
    )
    stored = stored_line(overview)
    told = (alerts_line(alerts),) if alerts.count else ()
    document = {"status": overview, "alerts": alerts, "running": runs}
    parts = status_parts
    desk.output.give(
        document,
        overview.headline,
        table,
        stored,
        *told,
        *parts.needed(overview),
        *parts.would_lose(overview),
        *parts.back_in(overview),
        *parts.moments(overview),
        *parts.proven(overview),
        *parts.schedules(overview),
        *parts.running(runs),
        *parts.kept(overview),
        *parts.readers(overview),
        *parts.changed(overview),
    )


def stored_line(overview: Overview) -> str:
    """Say how many backups vaults keep, and how many more are kept outside of them."""
    inside = counted(overview.backups, "backup")
    outside = sum(profile.kept_elsewhere for profile in overview.profiles)
    size = f"{size_text(overview.stored_bytes)} stored{_growth(overview)}"
    if not outside:
        return f"{inside}, {size}."
    return f"{inside} in vaults, {size}; {outside:,} more kept elsewhere."


def _growth(overview: Overview) -> str:
    """Say how much more that is each day, once it is known."""
    daily = overview.sizes.per_day_bytes
    if not daily:
        return ""
    word = "growing" if daily > 0 else "shrinking"
    return f", {word} by {size_text(abs(daily))} a day"


def alerts_line(glance: Glance) -> str:
    """Say how many alerts are open."""
    worst = f", the worst {glance.worst}" if glance.worst else ""
    number = counted(glance.count, "alert is", "alerts are")
    return f"{number} open{worst}: mangrove alert list"


def lost(item: ProfileFigures) -> str:
    """Name what no backup holds; "everything" where nothing is held whole."""
    gone = [d.name for d in item.databases if d.exposure.is_unprotected]
    is_all = item.unlisted or len(gone) in (0, len(item.databases))
    return "everything" if is_all else f"all of {', '.join(gone)}"


def _row(item: ProfileFigures) -> tuple[str, ...]:
    lose = lost(item) if item.lose_at_most is None else duration_text(item.lose_at_most)
    back = "unknown" if item.restore_takes is None else duration_text(item.restore_takes)
    reasons = "; ".join(item.reasons)
    parts = ((item.filtered, "filtered"), (item.kept_elsewhere, "elsewhere"))
    told = ", ".join(f"{number} {words}" for number, words in parts if number)
    backups = f"{item.backups}" + (f" ({told})" if told else "")
    return (item.profile_name, item.light.value, lose, back, backups, reasons)
