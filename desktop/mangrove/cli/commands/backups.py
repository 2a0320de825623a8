"""``mangrove backups``: what there is."""

from dataclasses import fields
from typing import Annotated

import typer

from mangrove.cli.front import desk_of
from mangrove.cli.output import Table, clipped
from mangrove.cli.reports import proof_text
from mangrove.core.backup_record import BackupRecord
from mangrove.core.explain import size_text
from mangrove.services.retention import Fate
from mangrove.services.retention_glance import fates_of

COLUMNS = ("backup", "profile", ">documents", ">stored", "consistency", "proof", "of")
# What a backup is of may be long and comes last, so that it needs no cutting.
SHOWN_PROFILE, SHOWN_PROOF = 20, 17


def backups(
    context: typer.Context,
    *,
    vault: Annotated[str | None, typer.Option(help="Only of this vault.")] = None,
    profile: Annotated[str | None, typer.Option(help="Only of this profile.")] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="Whole names, and what keeps each; asks the vaults.")
    ] = False,
) -> None:
    """List the backups, newest first."""
    desk = desk_of(context)
    with desk.services() as services:
        records = services.backups.all(vault=vault, profile=profile)
        if profile and not records:
            services.profiles.find(profile)  # a mistyped name is not "no backup yet"
        fates = fates_of(services.retention, services.vaults, records) if wide else {}
    if wide:
        rows = tuple(_wide_row(record, fates.get(record.backup)) for record in records)
        table = Table((*COLUMNS, "retention"), rows, "no backup yet")
        desk.output.give({"backups": [_wide(r, fates.get(r.backup)) for r in records]}, table)
        return
    rows = tuple(
        _row(r, clipped(r.profile_name, SHOWN_PROFILE), clipped(proof_text(r), SHOWN_PROOF))
        for r in records
    )
    desk.output.give({"backups": records}, Table(COLUMNS, rows, "no backup yet"))


def _row(record: BackupRecord, profile: str, proof: str) -> tuple[str, ...]:
    return (
        record.backup,
        profile,
        f"{record.documents:,}",
        size_text(record.stored_bytes),
        record.achieved.value,
        proof,
        f"filtered: {record.selection}" if record.is_filtered else record.selection,
    )


def _wide_row(record: BackupRecord, fate: Fate | None) -> tuple[str, ...]:
    row = _row(record, record.profile_name, proof_text(record))
    return (*row, "not known" if fate is None else fate.sentence)


def _wide(record: BackupRecord, fate: Fate | None) -> dict[str, object]:
    """Return a backup as the list has it, with what becomes of it."""
    document: dict[str, object] = {f.name: getattr(record, f.name) for f in fields(record)}
    if fate is None:
        return {**document, "retention": None}
    reasons = [reason.text for reason in fate.verdict.reasons]
    fated = {"stays": fate.stays, "goes_at": fate.goes_at, "reasons": reasons}
    return {**document, "retention": {**fated, "because": fate.verdict.because}}
