"""What is kept on this workstation: profiles, vaults, jobs, runs, and scratch databases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mangrove.core.jobs.job import Firing, Job, JobId, Rest
from mangrove.core.namespace import Namespace
from mangrove.core.profile import Profile, ProfileId, UnreadableProfile
from mangrove.core.restores.unfinished import Unfinished
from mangrove.core.run import LogLine, RunId, RunStatus
from mangrove.core.vaults.vault import VaultId, VaultSpec


class ProfileStore(Protocol):
    """Keeps profiles, without secrets."""

    def all(self) -> tuple[Profile | UnreadableProfile, ...]:
        """Return every profile by name; damaged ones as such."""
        ...

    def save(self, profile: Profile) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove(self, profile_id: ProfileId) -> None:
        """Remove a profile; its slug is never given out again."""
        ...

    def remove_unreadable(self, name: str) -> None:
        """Remove a profile whose record is damaged."""
        ...

    def used_slugs(self) -> frozenset[str]:
        """Return every slug ever given out."""
        ...


class VaultStore(Protocol):
    """Keeps what this workstation knows and trusts of its vaults."""

    def all(self) -> tuple[VaultSpec, ...]:
        """Return every vault by name."""
        ...

    def save(self, spec: VaultSpec) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove(self, vault_id: VaultId) -> None:
        """Forget a vault; its storage is not touched."""
        ...


class RunHistory(Protocol):
    """Keeps what ran, also for the processes that come after us."""

    def save(self, status: RunStatus) -> None:
        """Insert or replace by id."""
        ...

    def append_log(self, run_id: RunId, line: LogLine) -> None:
        """Add one line to a run's log."""
        ...

    def recent(self, limit: int) -> tuple[RunStatus, ...]:
        """Return the newest runs first."""
        ...

    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        """Return a run's log, oldest first."""
        ...

    def unfinished(self) -> tuple[RunStatus, ...]:
        """Return the runs that are not over and whose process is alive, here or elsewhere."""
        ...

    def close_abandoned(self, ended_at: datetime) -> tuple[RunStatus, ...]:
        """Mark as interrupted the open runs whose process is gone, and return them."""
        ...


class JobStore(Protocol):
    """Keeps jobs, and what became of their times."""

    def all(self) -> tuple[Job, ...]:
        """Return every job by name; records that cannot be read are left out."""
        ...

    def save(self, job: Job, at: datetime | None = None) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name.

        Args:
            job: What to keep.
            at: From when on a changed schedule holds; what was expected before stays expected.
        """
        ...

    def remove(self, job_id: JobId) -> None:
        """Remove a job; its firings stay in the history."""
        ...

    def save_firing(self, firing: Firing) -> None:
        """Insert or replace by job and beginning; this process is its owner."""
        ...

    def begin(self, firing: Firing) -> bool:
        """Save the beginning of a firing; False, and nothing is saved, if another has begun.

        Another is one of the same job that runs in any living process; and, for a firing by the
        clock, one for the same time that ended with more than a failure.
        """
        ...

    def firings(
        self, job_id: JobId, limit: int, until: datetime | None = None
    ) -> tuple[Firing, ...]:
        """Return what became of a job's times that began until then, newest first."""
        ...

    def rest(self) -> Rest | None:
        """Return the pause of all jobs; None if there is none."""
        ...

    def set_rest(self, rest: Rest | None) -> None:
        """Let all jobs rest, or end that."""
        ...

    def close_abandoned(self, ended_at: datetime) -> tuple[Firing, ...]:
        """Mark as interrupted what runs in a process that is gone, and return it."""
        ...


class ScratchRegister(Protocol):
    """Remembers which scratch databases we created, so that a crash leaves none behind."""

    def add(self, profile_id: ProfileId, database: str) -> None:
        """Note a database before it is created."""
        ...

    def remove(self, profile_id: ProfileId, database: str) -> None:
        """Strike it off once it is dropped."""
        ...

    def noted(self, profile_id: ProfileId) -> tuple[str, ...]:
        """Return all that are noted, also by proofs at work."""
        ...

    def abandoned(self, profile_id: ProfileId) -> tuple[str, ...]:
        """Return those noted by processes that are gone."""
        ...


class MakingRegister(Protocol):
    """Remembers what restores make under its final name, so that a crash hides none of it."""

    def begin(self, load: str, profile_id: ProfileId, made: Sequence[Unfinished]) -> None:
        """Note collections before they are created, all at once.

        What was noted of the same names before is forgotten: nothing of that name was there.
        """
        ...

    def identify(self, load: str, profile_id: ProfileId, found: Mapping[Namespace, str]) -> None:
        """Note what tells those that were created from later ones of their names."""
        ...

    def end(self, load: str, left: Collection[Namespace] = ()) -> None:
        """Strike a load off, but for what it could not take back: that counts as abandoned."""
        ...

    def forget(self, profile_id: ProfileId, namespaces: Collection[Namespace]) -> None:
        """Strike off what was removed, or what somebody made their own."""
        ...

    def abandoned(self, profile_id: ProfileId) -> tuple[Unfinished, ...]:
        """Return what loads that are gone were making."""
        ...
