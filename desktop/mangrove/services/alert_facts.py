"""Gathers what the rules of alerts look at: from the state and the catalog, never from events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.alert_facts import Watched, WatchedJob
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
        jobs = tuple(
            WatchedJob(job, self.jobs.firings(job.job_id, SHOWN_FIRINGS)) for job in self.jobs.all()
        )
        return Watched(now, jobs, has_agent=self.agent() is not None)
