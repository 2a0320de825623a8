"""What the rules of alerts look at: jobs with their times, profiles with their figures, vaults."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.pitr import Gap
from mangrove.core.vault_keys import KitState


@dataclass(frozen=True, slots=True)
class WatchedJob:
    """A job and what became of its times, newest first."""

    job: Job
    firings: tuple[Firing, ...]

    @property
    def ended(self) -> tuple[Firing, ...]:
        """Its times that were really done and are over, newest first."""
        idle = (FiringState.RUNNING, FiringState.SKIPPED)
        return tuple(firing for firing in self.firings if firing.state not in idle)

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return any(firing.state is FiringState.RUNNING for firing in self.firings)

    @property
    def served_at(self) -> datetime:
        """The newest of its moments that something was made of."""
        return max((self.job.created_at, *(firing.slot_at for firing in self.firings)))


@dataclass(frozen=True, slots=True)
class WatchedProfile:
    """A deployment that is meant to be protected.

    Attributes:
        lose_at_most: What would be lost now; None when nothing can be restored.
        objective: The most that may be lost.
        unprotected_for: How long it is known without any backup of the whole; None with one.
        proof_age: How old the newest passed trial restore is; without any, the oldest backup.
        is_proven: Whether there was a trial restore at all.
        evidence_limit: How old that may be.
        newest: The newest backup of the whole; None without one.
        failed: Backups whose newest verification failed; the first one is the newest backup if
            ``newest_failed``.
        gaps: Of its timeline, oldest first.
        captured_at: When the newest slice of its oplog was stored; None without any.
        headroom: How long capture could stay away from then on.
        capture: The job that captures it and does not rest; None when nothing is meant to.
    """

    name: str
    slug: str
    lose_at_most: timedelta | None
    objective: timedelta
    unprotected_for: timedelta | None = None
    proof_age: timedelta | None = None
    is_proven: bool = False
    evidence_limit: timedelta = timedelta(days=30)
    newest: BackupId | None = None
    failed: tuple[BackupId, ...] = ()
    newest_failed: bool = False
    gaps: tuple[Gap, ...] = ()
    captured_at: datetime | None = None
    headroom: timedelta | None = None
    capture: Job | None = None


@dataclass(frozen=True, slots=True)
class WatchedVault:
    """A vault with backups in it.

    Attributes:
        free_bytes: What is left in its storage; None where that is unknown.
        full_at: When it will be full at its pace; None where that cannot be told.
        largest_bytes: The largest of its latest backups: the next one may take as much.
    """

    name: str
    is_encrypted: bool
    backups: int
    kit: KitState
    free_bytes: int | None = None
    full_at: datetime | None = None
    largest_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no agent was there, so that jobs missed their times.

    Attributes:
        began_at: When the agent was there last.
        ended_at: When one was there again.
        jobs: Those that missed something.
        slots: How many of their times went by.
    """

    began_at: datetime
    ended_at: datetime
    jobs: tuple[JobId, ...]
    slots: int

    @property
    def length(self) -> timedelta:
        """How long it took."""
        return self.ended_at - self.began_at


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything that the rules look at, at one moment.

    Attributes:
        has_agent: Whether a process fires jobs.
        outage: The last time that none did, if it made a job miss something.
    """

    now: datetime
    jobs: tuple[WatchedJob, ...] = ()
    profiles: tuple[WatchedProfile, ...] = ()
    vaults: tuple[WatchedVault, ...] = ()
    has_agent: bool = True
    outage: Outage | None = None


def capture_of(jobs: tuple[Job, ...], profile_id: str, now: datetime) -> Job | None:
    """Return the job that captures the oplog of a profile and does not rest."""
    return next(
        (
            job
            for job in jobs
            if job.kind is JobKind.CAPTURE
            and job.profile_id == profile_id
            and not job.is_paused(now)
        ),
        None,
    )
