"""Backups as table rows: what they are judged to be, and which of them a filter lets through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.figures.lights import Light
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.core.verification import Level


class BackupColumn(StrEnum):
    """The columns of the table, in order."""

    STATE = "state"
    WHEN = "when"
    PROFILE = "profile"
    WHAT = "what"
    CONSISTENCY = "consistency"
    SIZE = "size"
    RATIO = "ratio"
    DOCUMENTS = "documents"
    EVIDENCE = "evidence"
    VAULT = "vault"
    KEPT = "kept"


COLUMNS = tuple(BackupColumn)


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup with all that the table needs to draw and find it.

    Attributes:
        vault: Name of the vault here; its id when this machine does not know it by name.
        haystack: Everything the text filter looks at, case folded.
        proof_depth, proof_s: How deep and when the backup was proven; -1 and 0 if never.
        kept: Whether it stays or goes, and why; "" while nobody asked.
    """

    record: BackupRecord
    light: Light
    vault: str
    haystack: str
    proof_depth: int
    proof_s: float
    kept: str = ""


@dataclass(frozen=True, slots=True)
class BackupFilter:
    """What the filter bar asks for; an empty field or None asks for nothing.

    Attributes:
        text: Words that all must occur.
    """

    text: str = ""
    profile: str = ""
    vault: str = ""
    light: Light | None = None

    def passing(self, rows: Sequence[BackupRow], order: Sequence[int]) -> list[int]:
        """Return which of these row numbers pass, in the same order.

        One narrow loop per condition: four times as quick as one loop with all conditions.
        """
        left = list(order)
        if self.profile:
            left = [n for n in left if rows[n].record.profile_name == self.profile]
        if self.vault:
            left = [n for n in left if rows[n].vault == self.vault]
        if self.light is not None:
            left = [n for n in left if rows[n].light is self.light]
        for word in self.text.casefold().split():
            left = [n for n in left if word in rows[n].haystack]
        return left


def standing(record: BackupRecord) -> Light:
    """Judge one backup by itself: restored on trial, merely stored, or in doubt.

    One that a query filtered is never drawn as proven: it is no full protection.
    """
    proof = record.proven
    return _judged(record, -1 if proof is None else proof.level.depth)


def _judged(record: BackupRecord, proof_depth: int) -> Light:
    if record.state is BackupState.UNREADABLE or record.failed_evidence is not None:
        return Light.EXPOSED
    is_full_proof = proof_depth >= Level.RESTORED.depth and not record.is_filtered
    return Light.PROVEN if is_full_proof else Light.UNPROVEN


def backup_rows(
    records: Iterable[BackupRecord], vaults: Iterable[VaultSpec]
) -> tuple[BackupRow, ...]:
    """Make rows; meant for a worker thread, since there may be a hundred thousand."""
    names = {spec.vault_id: spec.name for spec in vaults}
    return tuple(_row(record, names) for record in records)


def sort_permutation(rows: Sequence[BackupRow], column: BackupColumn) -> list[int]:
    """Return row numbers in ascending order of a column."""
    key = _KEYS[column]
    keys = [key(row) for row in rows]
    return sorted(range(len(rows)), key=keys.__getitem__)


def ratio(record: BackupRecord) -> float:
    """Return how many times smaller the backup is stored; 0 when nothing was stored."""
    return record.plain_bytes / record.stored_bytes if record.stored_bytes else 0.0


def _row(record: BackupRecord, names: Mapping[VaultId, str]) -> BackupRow:
    vault = names.get(record.vault_id, str(record.vault_id))
    more = ("filtered",) if record.is_filtered else ()
    parts = (record.backup, record.profile_name, record.selection, vault, *record.databases, *more)
    proof = record.proven
    depth = -1 if proof is None else proof.level.depth
    return BackupRow(
        record=record,
        light=_judged(record, depth),
        vault=vault,
        haystack=" ".join(parts).casefold(),
        proof_depth=depth,
        proof_s=0.0 if proof is None else proof.finished_at.timestamp(),
    )


_PAST_ANY_MOMENT = 1e11  # s; one number sorts ten times as quick as a pair
_LIGHT_ORDER = {light: number for number, light in enumerate(Light)}
# Any: each column compares values of its own type, and only those.
_KEYS: dict[BackupColumn, Callable[[BackupRow], Any]] = {
    BackupColumn.STATE: lambda row: _LIGHT_ORDER[row.light],
    BackupColumn.WHEN: lambda row: row.record.data_at,
    BackupColumn.PROFILE: lambda row: row.record.profile_name.casefold(),
    BackupColumn.WHAT: lambda row: "" if row.record.is_whole else row.record.selection,
    BackupColumn.CONSISTENCY: lambda row: str(row.record.achieved),
    BackupColumn.SIZE: lambda row: row.record.stored_bytes,
    BackupColumn.RATIO: lambda row: ratio(row.record),
    BackupColumn.DOCUMENTS: lambda row: row.record.documents,
    BackupColumn.EVIDENCE: lambda row: row.proof_depth * _PAST_ANY_MOMENT + row.proof_s,
    BackupColumn.VAULT: lambda row: row.vault.casefold(),
    BackupColumn.KEPT: lambda row: row.kept,
}
