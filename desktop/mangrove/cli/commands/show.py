"""``mangrove show``: one backup, explained."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of, found_backup
from mangrove.cli.json_value import manifest_document
from mangrove.cli.output import WIDE_HELP, Table
from mangrove.core.explain import size_text
from mangrove.core.wording import figure_of

COLUMNS = ("namespace", "kind", ">documents", ">BSON", ">indexes")
BackupName = Annotated[
    str, typer.Argument(metavar="BACKUP", help="An id, the beginning of one, or latest.")
]


def show(
    context: typer.Context,
    backup: BackupName,
    *,
    wide: Annotated[bool, typer.Option("--wide", help=WIDE_HELP)] = False,
) -> None:
    """Say what a backup is, what is in it and what is not, and how that is known."""
    desk = desk_of(context)
    with desk.services() as services:
        found = services.backups.explain(found_backup(desk, services, backup).backup)
    rows = tuple(
        (
            str(n.namespace),
            n.kind,
            figure_of(n.kind, n.documents),
            size_text(n.plain_bytes),
            f"{len(n.indexes)}",
        )
        for n in found.manifest.namespaces
    )
    desk.output.give(
        {
            "backup": found.record,
            "explanation": found.text,
            "manifest": manifest_document(found.manifest),
            "evidence": found.evidence,
        },
        found.text,
        Table(COLUMNS, rows, "no collections", names=("namespace",), whole=wide),
    )
