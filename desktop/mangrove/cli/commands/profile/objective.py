"""``mangrove profile objective``: what a profile and its databases are held to."""

from datetime import timedelta
from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.output import Table
from mangrove.cli.status_parts import target_text
from mangrove.core.explain import duration_text
from mangrove.core.figures.answer import DatabaseFigures, ProfileFigures
from mangrove.core.figures.objectives import Objectives, parse_age
from mangrove.core.figures.profile_facts import WHOLE

UNSET = "-"


def objective(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile's name.")],
    *,
    database: Annotated[
        str, typer.Option(metavar="D", help="Only this database; without it, all of them.")
    ] = WHOLE,
    rpo: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How old the newest data may be, such as 26h; - unsets."),
    ] = None,
    rto: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long a restore may take, such as 4h; - unsets."),
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="How old the last test restore may be, such as 30d; - unsets."
        ),
    ] = None,
) -> None:
    """Set what a profile is held to; without options, show it beside how it stands."""
    desk = desk_of(context)
    with desk.services() as services:
        held = services.objectives.of(name).get(database, Objectives())
        wanted = Objectives(
            rpo=held.rpo if rpo is None else _age(rpo),
            rto=held.rto if rto is None else _age(rto),
            evidence_age=held.evidence_age if evidence is None else _age(evidence),
        )
        if wanted != held:
            services.objectives.set(name, wanted, database)
        figures = services.figures.profile(name)
        held_now = services.objectives.of(name)
    rows = tuple(_row(d) for d in figures.databases)
    table = Table(
        ("database", "would lose", "at most", "back in", "within", "restored", "within"),
        rows or (_whole(figures),),
    )
    kept = [{"database": d, "objectives": o} for d, o in sorted(held_now.items())]
    warnings = _warnings(database, figures, is_held=database in held_now)
    desk.output.give(
        {"objectives": kept, "databases": figures.databases, "warnings": warnings},
        table,
        *(f"warning: {words}" for words in warnings),
    )


def _warnings(database: str, figures: ProfileFigures, *, is_held: bool) -> tuple[str, ...]:
    """Say that nobody ever saw a database that is held to something now."""
    seen = {item.name for item in figures.databases}
    if not is_held or database in (WHOLE, *seen):
        return ()
    known = f"known are: {', '.join(sorted(seen))}" if seen else "none is known yet"
    unseen = f"no database '{database}' of {figures.profile_name} was ever seen ({known})"
    return (f"{unseen}; what was set is kept, and counts once there is one",)


def _age(text: str) -> timedelta | None:
    return None if text.strip() == UNSET else parse_age(text)


def _row(item: DatabaseFigures) -> tuple[str, ...]:
    objectives, exposure = item.objectives, item.exposure
    return (
        item.name,
        "everything" if exposure.is_unprotected else duration_text(exposure.age),
        target_text(item.target),
        _known(item.restore.expected, "unknown"),
        _known(objectives.rto, "-"),
        f"{duration_text(item.freshness.age)} ago" if item.freshness.age else "never",
        duration_text(item.freshness.allowed),
    )


def _whole(item: ProfileFigures) -> tuple[str, ...]:
    target, allowed = target_text(item.target), duration_text(item.freshness.allowed)
    return ("(none known yet)", "everything", target, "unknown", "-", "never", allowed)


def _known(duration: timedelta | None, otherwise: str) -> str:
    return otherwise if duration is None else duration_text(duration)
