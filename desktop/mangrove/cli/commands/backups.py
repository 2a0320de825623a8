"""``mangrove backups``: what there is."""

from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.output import Table, clipped
from mangrove.cli.reports import proof_text
from mangrove.core.explain import size_text

COLUMNS = ("backup", "profile", ">documents", ">stored", "consistency", "proof", "of")
# What a backup is of may be long and comes last, so that it needs no cutting.
SHOWN_PROFILE, SHOWN_PROOF = 20, 17


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
            clipped(r.profile_name, SHOWN_PROFILE),
            f"{r.documents:,}",
            size_text(r.stored_bytes),
            r.achieved.value,
            clipped(proof_text(r), SHOWN_PROOF),
            f"filtered: {r.selection}" if r.is_filtered else r.selection,
        )
        for r in records
    )
    desk.output.give({"backups": records}, Table(COLUMNS, rows, "no backup yet"))
