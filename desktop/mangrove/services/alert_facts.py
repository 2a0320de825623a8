"""Gathers what the rules of alerts look at: from the state and the catalog, never from events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.alert_facts import Watched, WatchedJob
from mangrove.core.job import Job, Rest
from mangrove.core.ports import JobStore, LeaseHolder

SHOWN_FIRINGS = 30


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """Looks at everything anew each time.

    Attributes:
        agent: Tells which process fires jobs.
    """

    jobs: JobStore
    agent: Callable[[], LeaseHolder | None]

    def __call__(self, now: datetime) -> Watched:
        """Return what there is at this moment."""
        rest = self.jobs.rest()
        jobs = tuple(
            WatchedJob(resting(job, rest), self.jobs.firings(job.job_id, SHOWN_FIRINGS))
            for job in self.jobs.all()
        )
        return Watched(now, jobs, has_agent=self.agent() is not None)


def resting(job: Job, rest: Rest | None) -> Job:
    """Return a job as it is while all jobs rest."""
    if rest is None or (job.paused_until is not None and job.paused_until >= rest.until):
        return job
    return replace(job, paused_until=rest.until, paused_why=rest.why)
