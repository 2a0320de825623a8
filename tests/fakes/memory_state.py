"""History, jobs, lease, catalog and scratch register in memory."""

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import StateUnavailableError
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, Rest
from mangrove.core.jobs.vigil import AgentRank
from mangrove.core.namespace import Namespace
from mangrove.core.ports.agent import Lease, LeaseHolder
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.state import JobStore, MakingRegister, RunHistory, ScratchRegister
from mangrove.core.profile import ProfileId
from mangrove.core.restores.unfinished import Unfinished
from mangrove.core.run import LogLine, RunId, RunStatus
from mangrove.core.vaults.vault import VaultId


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
    def unfinished(self) -> tuple[RunStatus, ...]:
        return tuple(status for status in self.recent(1000) if not status.state.is_over)

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
    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        return self.all()[:limit]

    @override
    def of_profile(self, slug: str, since: datetime | None = None) -> tuple[BackupRecord, ...]:
        own = (r for r in self.all() if r.profile_slug == slug)
        return tuple(r for r in own if since is None or r.started_at >= since)

    @override
    def physical(self, slug: str) -> tuple[BackupRecord, ...]:
        return tuple(r for r in self.of_profile(slug) if r.is_physical)

    @override
    def of_vault(self, vault_id: VaultId) -> tuple[BackupRecord, ...]:
        return tuple(r for r in self.all() if r.vault_id == vault_id)

    @override
    def beginning(self, text: str) -> tuple[BackupRecord, ...]:
        return tuple(r for r in self.all() if r.backup.startswith(text))

    @override
    def remove(self, vault_id: VaultId, backup: BackupId) -> None:
        found = self.records.get(backup)
        if found is not None and found.vault_id == vault_id:
            del self.records[backup]

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
    def noted(self, profile_id: ProfileId) -> tuple[str, ...]:
        both = self.open | self.left_behind
        return tuple(sorted(name for owner, name in both if owner == profile_id))

    @override
    def abandoned(self, profile_id: ProfileId) -> tuple[str, ...]:
        return tuple(sorted(name for owner, name in self.left_behind if owner == profile_id))


class MemoryMakingRegister(MakingRegister):
    """What restores are making, by load; ``left`` is what belongs to none that lives."""

    def __init__(self) -> None:
        self.open: dict[str, dict[Namespace, Unfinished]] = {}
        self.left: dict[Namespace, Unfinished] = {}

    @override
    def begin(self, load: str, profile_id: ProfileId, made: Sequence[Unfinished]) -> None:
        self.open[load] = {entry.namespace: entry for entry in made}
        self.forget(profile_id, [entry.namespace for entry in made])

    @override
    def identify(self, load: str, profile_id: ProfileId, found: Mapping[Namespace, str]) -> None:
        noted = self.open[load]
        noted.update({n: replace(noted[n], identity=said) for n, said in found.items()})

    @override
    def end(self, load: str, left: Collection[Namespace] = ()) -> None:
        noted = self.open.pop(load)
        self.left.update({n: noted[n] for n in left if n in noted})

    @override
    def forget(self, profile_id: ProfileId, namespaces: Collection[Namespace]) -> None:
        for namespace in namespaces:
            self.left.pop(namespace, None)

    @override
    def abandoned(self, profile_id: ProfileId) -> tuple[Unfinished, ...]:
        return tuple(self.left.values())


class MemoryJobs(JobStore):
    """Jobs and firings in dictionaries.

    Attributes:
        is_owner_gone: Whether what runs belongs to a process that is gone.
    """

    def __init__(self) -> None:
        self.is_owner_gone = False
        self.resting: Rest | None = None
        self._jobs: dict[JobId, Job] = {}
        self._firings: dict[tuple[JobId, datetime], Firing] = {}
        self._lock = threading.Lock()

    @override
    def all(self) -> tuple[Job, ...]:
        return tuple(sorted(self._jobs.values(), key=lambda job: job.name.casefold()))

    @override
    def save(self, job: Job, at: datetime | None = None) -> None:
        del at
        self._jobs[job.job_id] = job

    @override
    def remove(self, job_id: JobId) -> None:
        self._jobs.pop(job_id, None)

    @override
    def save_firing(self, firing: Firing) -> None:
        with self._lock:
            self._firings[firing.job_id, firing.begun_at] = firing

    @override
    def begin(self, firing: Firing) -> bool:
        if any(f.state is FiringState.RUNNING for f in self.firings(firing.job_id, 10)):
            return False
        self.save_firing(firing)
        return True

    @override
    def rest(self) -> Rest | None:
        return self.resting

    @override
    def set_rest(self, rest: Rest | None) -> None:
        self.resting = rest

    @override
    def firings(
        self, job_id: JobId, limit: int, until: datetime | None = None
    ) -> tuple[Firing, ...]:
        with self._lock:
            own = [
                f
                for f in self._firings.values()
                if f.job_id == job_id and (until is None or f.begun_at <= until)
            ]
        return tuple(sorted(own, key=lambda f: f.begun_at, reverse=True)[:limit])

    @override
    def close_abandoned(self, ended_at: datetime) -> tuple[Firing, ...]:
        if not self.is_owner_gone:
            return ()
        running = [f for f in self._firings.values() if f.state is FiringState.RUNNING]
        closed = [replace(f, state=FiringState.INTERRUPTED, ended_at=ended_at) for f in running]
        for firing in closed:
            self.save_firing(firing)
        self.is_owner_gone = False
        return tuple(closed)


class MemoryLease(Lease):
    """A lease that a test can give to somebody else.

    Attributes:
        is_free: Whether nobody else has it.
        on_take: Called whenever it is asked for.
    """

    def __init__(self) -> None:
        self.is_free = True
        self.is_held = False
        self.beat_at: datetime | None = None
        self.on_take: Callable[[], None] = lambda: None

    @override
    def take(self, now: datetime, rank: AgentRank = AgentRank.WINDOW) -> bool:
        self.on_take()
        self.is_held = self.is_free
        if self.is_held:
            self.beat_at = now
        return self.is_held

    @override
    def last_beat(self) -> datetime | None:
        return self.beat_at

    @override
    def give_back(self) -> None:
        self.is_held = False

    @override
    def holder(self, now: datetime) -> LeaseHolder | None:
        return LeaseHolder(os.getpid(), now, now) if self.is_held else None
