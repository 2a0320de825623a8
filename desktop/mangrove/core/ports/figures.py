"""What the figures need from outside besides the facts about backups, as small protocols."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from mangrove.core.figures.compliance import Fired, ScheduleVersion
from mangrove.core.figures.listing import SeenDatabase
from mangrove.core.figures.objectives import Objectives
from mangrove.core.figures.restore_estimate import MeasuredRestore
from mangrove.core.figures.sightings import VaultSighting
from mangrove.core.jobs.job import JobId
from mangrove.core.profile import ProfileId
from mangrove.core.run import RunKind, RunStatus
from mangrove.core.vaults.vault import VaultId


class RunFacts(Protocol):
    """Answers about the history of runs, however long it is."""

    def restores(self) -> Sequence[MeasuredRestore]:
        """Return every restore and copy that went through without a loss."""
        ...

    def failed_backups(self, since: date) -> Mapping[str, Mapping[date, int]]:
        """Return how many backup runs failed or were interrupted, by profile and day in UTC."""
        ...

    def failed_within(self, start: datetime, end: datetime) -> Sequence[RunStatus]:
        """Return the backup runs that failed or were interrupted between two moments."""
        ...

    def newest(self, kind: RunKind) -> Sequence[RunStatus]:
        """Return the newest run of a kind that is over, for each profile and vault."""
        ...


class FiringFacts(Protocol):
    """Answers about what became of the times of all jobs."""

    def fired(self, since: datetime) -> Mapping[JobId, Sequence[Fired]]:
        """Return the firings begun since, by job; moments in whole seconds."""
        ...

    def schedule_versions(self) -> Mapping[JobId, Sequence[ScheduleVersion]]:
        """Return what each job's schedule was, oldest first; nothing for jobs never changed."""
        ...


class ObjectiveStore(Protocol):
    """Keeps the objectives that a person set."""

    def all(self) -> Mapping[ProfileId, Mapping[str, Objectives]]:
        """Return them by profile and database; those of "" are the profile's own."""
        ...

    def save(self, profile_id: ProfileId, database: str, objectives: Objectives) -> None:
        """Set them; empty ones are removed."""
        ...


class Sightings(Protocol):
    """Keeps what was seen of deployments, so that what is missing in backups shows."""

    def databases(self) -> Mapping[ProfileId, Sequence[SeenDatabase]]:
        """Return the databases ever listed, by profile."""
        ...

    def note_databases(self, profile_id: ProfileId, found: Mapping[str, int], at: datetime) -> None:
        """Note a whole list: the names, and how many collections each has."""
        ...

    def vaults(self) -> Mapping[VaultId, VaultSighting]:
        """Return what was last seen of each vault's storage."""
        ...

    def note_vault(self, vault_id: VaultId, seen: VaultSighting) -> None:
        """Note what was seen of a vault's storage, in place of what was known."""
        ...
