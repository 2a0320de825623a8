"""``mangrove backups``: what there is."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.output import Table
from mangrove.cli.reports import proof_text
from mangrove.core.explain import size_text


def backups(
    context: typer.Context,
    *,
    vault: Annotated[str | None, typer.Option(help="Only of this vault.")] = None,
    profile: Annotated[str | None, typer.Option(help="Only of this profile.")] = None,
) -> None:
    """List the backups, newest first."""
    desk = desk_of(context)
    with desk.services() as services:
        records = services.backups.all(vault=vault, profile=profile)
        if profile and not records:
            services.profiles.find(profile)  # a mistyped name is not "no backup yet"
    rows = tuple(
        (
            r.backup,
            r.selection,
            f"{r.namespaces:,}",
            f"{r.documents:,}",
            size_text(r.stored_bytes),
            r.achieved.value,
            proof_text(r),
        )
        for r in records
    )
    columns = ("backup", "of", ">collections", ">documents", ">stored", "consistency", "proof")
    desk.output.give({"backups": records}, Table(columns, rows, "no backup yet"))
