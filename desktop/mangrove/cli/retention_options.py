"""The options that say how many backups or snapshots are kept."""

from typing import Annotated

import typer

from mangrove.core.retention.policy import Period

Count = Annotated[int | None, typer.Option(metavar="N")]
ZONE = typer.Option(metavar="ZONE", help="Whose days are meant, as in Europe/Berlin.")


def counts_of(*given: int | None) -> dict[Period, int | None]:
    """Return how many are kept of each period, given from the shortest period on."""
    return dict(zip(Period, given, strict=True))
