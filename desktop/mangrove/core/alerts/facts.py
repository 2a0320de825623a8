"""What the rules of alerts look at: jobs with their times, figures, and room in vaults."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.alerts.alert import Trouble
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId


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
class WatchedVault:
    """A vault with backups in it.

    Attributes:
        free_bytes: What is left in its storage; None where that is unknown.
        full_at: When it will be full at its pace; None where that cannot be told.
        largest_bytes: The largest of its latest backups: the next one may take as much.
    """

    name: str
    backups: int
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
        needs: What the figures of deployments and vaults say is wrong.
        has_agent: Whether a process fires jobs.
        outage: The last time that none did, if it made a job miss something.
    """

    now: datetime
    jobs: tuple[WatchedJob, ...] = ()
    needs: tuple[Trouble, ...] = ()
    vaults: tuple[WatchedVault, ...] = ()
    has_agent: bool = True
    outage: Outage | None = None
