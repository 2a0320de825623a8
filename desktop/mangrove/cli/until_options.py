"""``--until`` and ``--for``: until when something rests, written as everywhere else."""

from datetime import datetime
from typing import Annotated

import typer

from mangrove.services.bundle import Services

Until = Annotated[
    str,
    typer.Option(
        "--until",
        metavar="TIME",
        help="Such as '2026-12-24 08:00 Europe/Berlin', or 18:00 for today.",
    ),
]
For = Annotated[
    str, typer.Option("--for", metavar="SPAN", help="Or for so long: 30m, 8h, '1 d 12 h'.")
]


def until_of(services: Services, until: str, span: str) -> datetime:
    """Return the moment that the two options name together.

    Raises:
        InvalidSelectionError, InvalidObjectiveError: If what was written is no moment, or no
            length of time.
        InvalidScheduleError: If neither was given.
    """
    if until and span:
        raise typer.BadParameter("say --until or --for, not both")
    return services.points.until(until, span)
