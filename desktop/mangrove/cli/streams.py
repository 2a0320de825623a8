"""Archives that come from one program and go to another: ``-`` as mongodump's users know it."""

import sys

import typer

from mangrove.core.dump import STANDARD_INPUT, STANDARD_OUTPUT

STREAM = "-"


def read_from(path: str) -> str:
    """Return where a dump is read; ``-`` is standard input.

    Raises:
        typer.BadParameter: If nothing can come in there.
    """
    if path != STREAM:
        return path
    if sys.stdin.isatty():
        raise typer.BadParameter("- reads an archive from standard input, which is a terminal")
    return STANDARD_INPUT


def written_to(path: str, *, as_json: bool) -> str:
    """Return where an archive is written; ``-`` is standard output.

    Raises:
        typer.BadParameter: If something else goes there.
    """
    if path != STREAM:
        return path
    if as_json:
        raise typer.BadParameter("--archive - and --json would both write to standard output")
    if sys.stdout.isatty():
        raise typer.BadParameter("--archive - writes to standard output, which is a terminal")
    return STANDARD_OUTPUT
