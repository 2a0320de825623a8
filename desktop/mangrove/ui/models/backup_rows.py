"""Backups as table rows: what they are judged to be, and which of them a filter lets through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mangrove.core.metrics import Light
from mangrove.core.vault import BackupRecord, BackupState, VaultId, VaultSpec
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


COLUMNS = tuple(BackupColumn)


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup with all that the table needs to draw and find it.

    Attributes:
        vault: Name of the vault here; its id when this machine does not know it by name.
        haystack: Everything the text filter looks at, case folded.
    """

    record: BackupRecord
    light: Light
    vault: str
    haystack: str


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

    @property
    def is_empty(self) -> bool:
        """Whether every row passes."""
        return self == BackupFilter()

    def accepts(self, row: BackupRow) -> bool:
        """Whether a row passes."""
        if self.profile and row.record.profile_name != self.profile:
            return False
        if self.vault and row.vault != self.vault:
            return False
        if self.light is not None and row.light is not self.light:
            return False
        return all(word in row.haystack for word in self.text.casefold().split())


def standing(record: BackupRecord) -> Light:
    """Judge one backup by itself: restored on trial, merely stored, or in doubt."""
    if record.state is BackupState.UNREADABLE or record.failed_evidence is not None:
        return Light.EXPOSED
    proof = record.proven
    restored = proof is not None and proof.level.depth >= Level.RESTORED.depth
    return Light.PROVEN if restored else Light.UNPROVEN


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
    parts = (record.backup, record.profile_name, record.selection, vault, *record.databases)
    return BackupRow(record, standing(record), vault, " ".join(parts).casefold())


def _evidence_key(row: BackupRow) -> tuple[int, float]:
    proof = row.record.proven
    return (-1, 0.0) if proof is None else (proof.level.depth, proof.finished_at.timestamp())


_LIGHT_ORDER = {light: number for number, light in enumerate(Light)}
# Any: each column compares values of its own type, and only those.
_KEYS: dict[BackupColumn, Callable[[BackupRow], Any]] = {
    BackupColumn.STATE: lambda row: _LIGHT_ORDER[row.light],
    BackupColumn.WHEN: lambda row: row.record.data_at,
    BackupColumn.PROFILE: lambda row: row.record.profile_name.casefold(),
    BackupColumn.WHAT: lambda row: (not row.record.is_whole, row.record.selection),
    BackupColumn.CONSISTENCY: lambda row: str(row.record.achieved),
    BackupColumn.SIZE: lambda row: row.record.stored_bytes,
    BackupColumn.RATIO: lambda row: ratio(row.record),
    BackupColumn.DOCUMENTS: lambda row: row.record.documents,
    BackupColumn.EVIDENCE: _evidence_key,
    BackupColumn.VAULT: lambda row: row.vault.casefold(),
}
