"""History, catalog and scratch register in memory."""

import threading
from collections.abc import Iterable
from datetime import datetime

from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.errors import StateUnavailableError
from mangrove.core.ports import Catalog, RunHistory, ScratchRegister
from mangrove.core.profile import ProfileId
from mangrove.core.run import LogLine, RunId, RunStatus
from mangrove.core.vault import BackupRecord, VaultId


class MemoryRuns(RunHistory):
    """Keeps every status ever saved; can be told to fail.

    Attributes:
        is_broken: Whether every call fails as a full disk makes it fail.
        saved: Every saved status, in order.
    """

    def __init__(self) -> None:
        self.is_broken = False
        self.saved: list[RunStatus] = []
        self.lines: dict[RunId, list[LogLine]] = {}
        self._lock = threading.Lock()

    @override
    def save(self, status: RunStatus) -> None:
        self._check()
        with self._lock:
            self.saved.append(status)

    @override
    def append_log(self, run_id: RunId, line: LogLine) -> None:
        self._check()
        with self._lock:
            self.lines.setdefault(run_id, []).append(line)

    @override
    def recent(self, limit: int) -> tuple[RunStatus, ...]:
        with self._lock:
            newest = {status.run_id: status for status in self.saved}
        return tuple(reversed(newest.values()))[:limit]

    @override
    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        return tuple(self.lines.get(run_id, ()))

    @override
    def close_abandoned(self, ended_at: datetime) -> tuple[RunStatus, ...]:
        return ()

    def _check(self) -> None:
        if self.is_broken:
            raise StateUnavailableError("the disk with the history is full")


class MemoryCatalog(Catalog):
    """Backups in a dictionary; can be told to fail."""

    def __init__(self) -> None:
        self.is_broken = False
        self.records: dict[BackupId, BackupRecord] = {}

    @override
    def put(self, record: BackupRecord) -> None:
        if self.is_broken:
            raise StateUnavailableError("the catalog cannot be used now")
        self.records[record.backup] = record

    @override
    def replace_vault(self, vault_id: VaultId, records: Iterable[BackupRecord]) -> int:
        self.remove_vault(vault_id)
        fresh = {record.backup: record for record in records}
        self.records |= fresh
        return len(fresh)

    @override
    def find(self, backup: BackupId) -> BackupRecord | None:
        return self.records.get(backup)

    @override
    def all(self) -> tuple[BackupRecord, ...]:
        return tuple(sorted(self.records.values(), key=lambda r: r.started_at, reverse=True))

    @override
    def remove_vault(self, vault_id: VaultId) -> None:
        self.records = {b: r for b, r in self.records.items() if r.vault_id != vault_id}


class MemoryScratchRegister(ScratchRegister):
    """Scratch databases; those in ``left_behind`` belong to a process that is gone."""

    def __init__(self) -> None:
        self.open: set[tuple[ProfileId, str]] = set()
        self.left_behind: set[tuple[ProfileId, str]] = set()

    @override
    def add(self, profile_id: ProfileId, database: str) -> None:
        self.open.add((profile_id, database))

    @override
    def remove(self, profile_id: ProfileId, database: str) -> None:
        self.open.discard((profile_id, database))
        self.left_behind.discard((profile_id, database))

    @override
    def abandoned(self, profile_id: ProfileId) -> tuple[str, ...]:
        return tuple(sorted(name for owner, name in self.left_behind if owner == profile_id))
