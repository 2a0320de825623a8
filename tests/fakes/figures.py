"""What the figures need from outside, in memory; and real figures over other fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast

from typing_extensions import override

from fakes.record_facts import RecordFacts
from mangrove.core.backup_record import BackupRecord
from mangrove.core.figures.compliance import Fired, ScheduleVersion
from mangrove.core.figures.facts import BackupFacts
from mangrove.core.figures.listing import SeenDatabase
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.restore_estimate import MeasuredRestore
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.jobs.job import Job, JobId
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.figures import FiringFacts, ObjectiveStore, RunFacts, Sightings
from mangrove.core.ports.state import JobStore
from mangrove.core.profile import ProfileId
from mangrove.core.restores.forecast import Measured
from mangrove.core.run import RunKind, RunState, RunStatus
from mangrove.core.vaults.vault import VaultId
from mangrove.services.figures.service import Figures
from mangrove.services.figures.sources import FigureSources
from mangrove.services.jobs import JobView
from mangrove.services.points import Points
from mangrove.services.profiles import Profiles
from mangrove.services.vaults import Vaults


@dataclass
class MemoryRunFacts(RunFacts):
    """Facts of runs in a list."""

    rows: Callable[[], Sequence[RunStatus]] = tuple
    measured: list[MeasuredRestore] = field(default_factory=list)

    @override
    def restores(self) -> Sequence[MeasuredRestore]:
        return tuple(self.measured)

    @override
    def failed_backups(self, since: date) -> Mapping[str, Mapping[date, int]]:
        found: dict[str, dict[date, int]] = {}
        for run in self.rows():
            day = run.created_at.astimezone(UTC).date()
            is_bad = run.state in (RunState.FAILED, RunState.INTERRUPTED)
            if run.kind is RunKind.BACKUP and is_bad and day >= since:
                days = found.setdefault(run.profile, {})
                days[day] = days.get(day, 0) + 1
        return found

    @override
    def failed_within(self, start: datetime, end: datetime) -> Sequence[RunStatus]:
        bad = (RunState.FAILED, RunState.INTERRUPTED)
        runs = (r for r in self.rows() if r.kind is RunKind.BACKUP and r.state in bad)
        return tuple(run for run in runs if run.ended_at and start <= run.ended_at <= end)

    @override
    def newest(self, kind: RunKind) -> Sequence[RunStatus]:
        over = [run for run in self.rows() if run.kind is kind and run.state.is_over]
        ordered = sorted(over, key=lambda run: run.created_at)
        newest = {(run.profile, run.vault): run for run in ordered}
        return tuple(newest[name] for name in sorted(newest))


@dataclass
class MemoryFiringFacts(FiringFacts):
    """Facts of firings, and versions that a test sets; ``history`` tells more of some jobs."""

    views: Callable[[], Sequence[JobView]] = tuple
    versions: dict[JobId, list[ScheduleVersion]] = field(default_factory=dict)
    history: dict[JobId, tuple[Fired, ...]] = field(default_factory=dict)

    @override
    def fired(self, since: datetime) -> Mapping[JobId, Sequence[Fired]]:
        known = {
            view.job.job_id: tuple(
                Fired(f.slot_at, f.begun_at, f.ended_at, f.state, f.problem)
                for f in view.firings
                if f.begun_at >= since
            )
            for view in self.views()
        }
        return known | self.history

    @override
    def schedule_versions(self) -> Mapping[JobId, Sequence[ScheduleVersion]]:
        return self.versions


class MemoryObjectives(ObjectiveStore):
    """Objectives in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[ProfileId, dict[str, Objectives]] = {}

    @override
    def all(self) -> Mapping[ProfileId, Mapping[str, Objectives]]:
        return {key: dict(own) for key, own in self.rows.items()}

    @override
    def save(self, profile_id: ProfileId, database: str, objectives: Objectives) -> None:
        own = self.rows.setdefault(profile_id, {})
        own.pop(database, None)
        if not objectives.is_empty:
            own[database] = objectives


class MemorySightings(Sightings):
    """Lists of databases in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[ProfileId, dict[str, SeenDatabase]] = {}
        self.storages: dict[VaultId, VaultSighting] = {}

    @override
    def vaults(self) -> Mapping[VaultId, VaultSighting]:
        return dict(self.storages)

    @override
    def note_vault(self, vault_id: VaultId, seen: VaultSighting) -> None:
        self.storages[vault_id] = seen

    @override
    def databases(self) -> Mapping[ProfileId, Sequence[SeenDatabase]]:
        return {key: tuple(own.values()) for key, own in self.rows.items()}

    @override
    def note_databases(self, profile_id: ProfileId, found: Mapping[str, int], at: datetime) -> None:
        own = self.rows.setdefault(profile_id, {})
        for name, count in found.items():
            first = own[name].first_seen if name in own else at
            own[name] = SeenDatabase(name, first, at, count)


@dataclass
class FigureFakes:
    """The memory behind fake figures; a test changes it and asks again."""

    runs: MemoryRunFacts
    firings: MemoryFiringFacts
    clock: Clock
    objectives: MemoryObjectives = field(default_factory=MemoryObjectives)
    sightings: MemorySightings = field(default_factory=MemorySightings)
    holder: LeaseHolder | None = None


def measured_by(rows: Sequence[Measured], target: str) -> list[MeasuredRestore]:
    """Turn the measurements of a dry run's forecast into those of the figures."""
    return [
        MeasuredRestore(target, m.kind, m.ended_at, m.took, m.plain_bytes // 4, m.plain_bytes)
        for m in rows
    ]


def fake_figures(
    profiles: object,
    vaults: object,
    points: Points,
    records: Callable[[], Sequence[BackupRecord]],
    jobs: Callable[[], Sequence[JobView]],
    memory: FigureFakes,
) -> Figures:
    """Return real figures over fake services."""

    def backups() -> BackupFacts:
        return RecordFacts(records())

    def defined() -> tuple[Job, ...]:
        return tuple(view.job for view in jobs())

    return Figures(
        FigureSources(
            profiles=cast("Profiles", profiles),
            vaults=cast("Vaults", vaults),
            points=points,
            backups=backups,
            runs=memory.runs,
            jobs=cast("JobStore", SimpleNamespace(all=defined)),
            firings=memory.firings,
            objectives=memory.objectives,
            sightings=memory.sightings,
            clock=memory.clock,
            fires=lambda: memory.holder,
            zone=lambda: UTC,
        )
    )
