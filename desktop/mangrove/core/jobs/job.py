"""Jobs: saved and scheduled definitions of runs, and what became of each of their times."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

from mangrove.core.backup import Consistency, Selection
from mangrove.core.errors import InvalidScheduleError
from mangrove.core.jobs.schedule import Schedule
from mangrove.core.profile import ProfileId
from mangrove.core.run import RunId, RunState
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import EMBEDDED, Level

JobId = NewType("JobId", str)
HUNG_AFTER = timedelta(hours=2)
"""Long enough for the index of a large collection, which moves no counter while it is built."""
DEFAULT_SHARE = 10
SHORTEST_PATIENCE, LONGEST_PATIENCE = timedelta(minutes=10), timedelta(days=7)
_PATIENCE = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>[mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


class JobKind(StrEnum):
    """What a job does when its time comes."""

    BACKUP = "backup"
    CAPTURE = "capture"
    VERIFY = "verify"
    PRUNE = "prune"
    CHECK = "check"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Job:
    """A saved definition.

    Attributes:
        profile_id: What is backed up, captured or verified; None where the kind needs none.
        selection, consistency: Of a backup.
        level: How deep a ``verify`` job looks; for a backup how deep it is proven right after it
            was taken, None for not at all.
        scratch: Where trial restores go: a profile's name, or the embedded server.
        prunes: Whether a backup is followed by pruning its vault.
        share_percent: Of a ``verify`` job: how many of all other backups are proven again each
            time, besides the newest one that is not proven; those seen longest ago first.
        paused_until: No run before that moment; None for not paused.
        paused_why: Who looks at the job reads this.
        hung_after: A run of it that moves nothing for so long is ended.
    """

    job_id: JobId
    name: str
    kind: JobKind
    schedule: Schedule
    vault_id: VaultId
    created_at: datetime
    profile_id: ProfileId | None = None
    selection: Selection = field(default_factory=Selection)
    consistency: Consistency = Consistency.AUTO
    level: Level | None = None
    scratch: str = EMBEDDED
    prunes: bool = False
    paused_until: datetime | None = None
    paused_why: str = ""
    hung_after: timedelta = HUNG_AFTER
    share_percent: int = DEFAULT_SHARE

    def made_at(self, moment: datetime) -> Self:
        """Return it as if it had been made at that moment."""
        return replace(self, created_at=moment)

    def is_paused(self, now: datetime) -> bool:
        """Whether it rests."""
        return self.paused_until is not None and now < self.paused_until


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause of all jobs: until when, and why."""

    until: datetime
    why: str


def rest_of(job: Job, of_all: Rest | None, now: datetime) -> Rest | None:
    """Return the pause that holds for a job now, the longer one of its own and that of all."""
    own = Rest(job.paused_until, job.paused_why) if job.paused_until else None
    holding = [rest for rest in (own, of_all) if rest and now < rest.until]
    return max(holding, key=lambda rest: rest.until, default=None)


class FiringState(StrEnum):
    """How one time of a job ended; ``RUNNING`` is the only one that is no ending."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a job came due, or was started by hand.

    Attributes:
        slot_at: The moment it was due.
        missed: Older moments that went by while nobody was there; this run stands for them.
        steps: The runs it consisted of, in order.
        problem: Why it failed or was skipped; "" else.
        problem_code: The code of the error that ended it; "" else.
        by_hand: Whether a person started it, and not the clock.
    """

    job_id: JobId
    slot_at: datetime
    begun_at: datetime
    state: FiringState
    ended_at: datetime | None = None
    missed: int = 0
    steps: tuple[RunId, ...] = ()
    problem: str = ""
    problem_code: str = ""
    by_hand: bool = False


def parse_patience(text: str) -> timedelta:
    """Read how long a run may stand still: ``45m``, ``2h``, ``1d``.

    Raises:
        InvalidScheduleError: If it is no length, or shorter than ten minutes.
    """
    match = _PATIENCE.fullmatch(text.strip())
    length = timedelta(minutes=int(match["count"]) * _MINUTES[match["unit"]]) if match else None
    if length is None or not SHORTEST_PATIENCE <= length <= LONGEST_PATIENCE:
        raise InvalidScheduleError(
            f"'{text}' is no length of time to wait for a run that stands still",
            hint="write 10m to 7d, such as 2h",
        )
    return length


def ending_of(states: tuple[RunState, ...]) -> FiringState:
    """Return how a firing ended whose steps ended so: the worst of them counts."""
    order = (
        (RunState.INTERRUPTED, FiringState.INTERRUPTED),
        (RunState.FAILED, FiringState.FAILED),
        (RunState.CANCELLED, FiringState.CANCELLED),
        (RunState.SUCCEEDED_WITH_WARNINGS, FiringState.SUCCEEDED_WITH_WARNINGS),
    )
    return next((ending for state, ending in order if state in states), FiringState.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class RecommendedJob:
    """One line of the plan that protects a profile well without further thought."""

    kind: JobKind
    schedule: str
    level: Level | None = None
    prunes: bool = False


RECOMMENDED = (
    RecommendedJob(JobKind.BACKUP, "daily 02:00", Level.DECODED, prunes=True),
    RecommendedJob(JobKind.CAPTURE, "every 15 minutes"),
    RecommendedJob(JobKind.VERIFY, "sundays 05:00", Level.RESTORED),
    RecommendedJob(JobKind.DRILL, "monthly on 1 at 05:30"),
    RecommendedJob(JobKind.CHECK, "monthly on 15 at 06:00"),
)


RETRY_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""After a run that found no network or no server: how long to wait before each new try."""
