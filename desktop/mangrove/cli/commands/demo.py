"""``mangrove demo``: a whole story on a throw-away server."""

from pathlib import Path
from typing import Annotated

import typer

from mangrove.cli.front import desk_of


def demo(
    context: typer.Context,
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell the story and end; open no window.")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder instead of a temporary one.")
    ] = None,
) -> None:
    """Load a sample shop, back it up, break it, bring it back; nothing of yours is touched."""
    desk = desk_of(context)
    code = desk.doors.run_demo(headless=headless, home=home, output=desk.output)
    raise typer.Exit(code)
