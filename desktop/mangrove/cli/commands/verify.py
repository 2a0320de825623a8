"""``mangrove verify``: find out whether a backup is good."""

from enum import StrEnum
from typing import Annotated

import typer

from mangrove.cli.commands.show import BackupName
from mangrove.cli.front import desk_of, found_backup
from mangrove.cli.progress import follow
from mangrove.cli.reports import report_run
from mangrove.core.verification import EMBEDDED, Level, VerifyRequest


class Depth(StrEnum):
    """The levels that can be asked for."""

    STORED = Level.STORED.value
    DECODED = Level.DECODED.value
    RESTORED = Level.RESTORED.value


def verify(
    context: typer.Context,
    backup: BackupName,
    *,
    level: Annotated[
        Depth, typer.Option(help="stored objects, decoded documents, or a trial restore")
    ] = Depth.RESTORED,
    on: Annotated[
        str,
        typer.Option(
            metavar="PROFILE|embedded", help="Where to restore on trial; always into new databases."
        ),
    ] = EMBEDDED,
) -> None:
    """Verify a backup and keep the evidence with it; ends with 6 if it is not what it should be."""
    desk = desk_of(context)
    with desk.services() as services:
        found = found_backup(desk, services, backup).backup
        request = VerifyRequest(found, Level(level.value), on)
        status = follow(services, services.verifications.start(request), desk.output)
        raise typer.Exit(report_run(desk.output, status))
