"""What this workstation noted of backups that failed and times that were missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.figures.compliance import GRACE, ScheduleVersion, SlotState, judged
from mangrove.core.jobs.job import Job
from mangrove.core.ports.figures import FiringFacts, RunFacts
from mangrove.core.ports.state import JobStore
from mangrove.core.profile import ProfileId
from mangrove.core.reports.shortfalls import FailedBackup, MissedTime, Shortfalls


@dataclass(frozen=True, slots=True)
class NotedShortfalls:
    """Reads the histories of runs and jobs; what came after a time changes nothing about it."""

    runs: RunFacts
    jobs: JobStore
    firings: FiringFacts

    def of(
        self, name: str, profile_id: ProfileId | None, start: datetime, end: datetime
    ) -> Shortfalls:
        """Return what went wrong between two moments.

        Args:
            name: The profile's name, as runs keep it.
            profile_id: Its id, as jobs keep it; None for a profile that is gone, and has no jobs.
            start: What ended earlier is left out.
            end: What ended later is left out.
        """
        failed = (
            FailedBackup(run.ended_at, run.vault, run.problem.message if run.problem else run.state)
            for run in self.runs.failed_within(start, end)
            if run.profile == name and run.ended_at is not None
        )
        missed = self._missed(profile_id, start, end) if profile_id is not None else ()
        return Shortfalls(tuple(failed), tuple(missed))

    def _missed(
        self, profile_id: ProfileId, start: datetime, end: datetime
    ) -> Iterator[MissedTime]:
        """Yield the times whose grace was over within the time, so that each has one month."""
        fired, versions = self.firings.fired(start - GRACE), self.firings.schedule_versions()
        for job in self.jobs.all():
            if job.profile_id != profile_id:
                continue
            begun = [one for one in fired.get(job.job_id, ()) if one.begun_at <= end]
            held = versions.get(job.job_id) or (_only(job),)
            for found in judged(held, begun, start - GRACE, end - GRACE, end):
                if found.state is SlotState.MISSED:
                    yield MissedTime(found.at, job.name)


def _only(job: Job) -> ScheduleVersion:
    return ScheduleVersion(1, job.created_at, job.schedule, job.paused_until)
