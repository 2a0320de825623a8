"""The recommended plan of a profile beside the jobs that are there already."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from mangrove.core.jobs.job import Job, JobKind, RecommendedJob
from mangrove.core.jobs.schedule import Schedule
from mangrove.core.profile import ProfileId
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Level

SHIFT = timedelta(hours=1)
"""A day with a change of the clocks is longer by so much."""
_LOOKED_AT = 60
_OF_A_VAULT = (JobKind.CHECK, JobKind.PRUNE)


@dataclass(frozen=True, slots=True)
class Covered:
    """One line of the plan that needs no new job.

    Attributes:
        kind: What the line is for.
        job: The name of the job that does it, or has the name already.
        when: How often that job does it.
    """

    kind: JobKind
    job: str
    when: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of the recommended plan."""

    made: tuple[Job, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of the plan, for a profile and a vault."""

    line: RecommendedJob
    name: str
    schedule: Schedule
    profile: ProfileId
    vault: VaultId

    def covered_by(self, jobs: Iterable[Job], now: datetime) -> Covered | None:
        """Return the job that makes this line superfluous; None if there is none."""
        found = next((job for job in jobs if self._is_done_by(job, now)), None)
        if found is None:
            return None
        return Covered(self.line.kind, found.name, found.schedule.describe())

    def _is_done_by(self, job: Job, now: datetime) -> bool:
        if job.name.casefold() == self.name.casefold():
            return True
        if (job.kind, job.vault_id) != (self.line.kind, self.vault) or not self._concerns(job):
            return False
        longest = _longest_wait(self.schedule, now)
        longest += min(SHIFT, longest / 24)
        return _is_deep_enough(job, self.line) and _longest_wait(job.schedule, now) <= longest

    def _concerns(self, job: Job) -> bool:
        """Whether it is about the whole profile; a check is about all that lies in a vault."""
        if job.kind in _OF_A_VAULT:
            return True
        is_of_all = job.kind is JobKind.VERIFY and job.profile_id is None
        return (is_of_all or job.profile_id == self.profile) and job.selection.is_whole


def _is_deep_enough(job: Job, line: RecommendedJob) -> bool:
    if job.kind is not JobKind.VERIFY or line.level is None:
        return True
    return (job.level or Level.RESTORED).depth >= line.level.depth


def _longest_wait(schedule: Schedule, now: datetime) -> timedelta:
    moments = schedule.upcoming(now, _LOOKED_AT)
    return max((after - before for before, after in pairwise(moments)), default=timedelta.max / 2)
