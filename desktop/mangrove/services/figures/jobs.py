"""How the schedules of all jobs were kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from mangrove.core.figures.answer import JobFigures
from mangrove.core.figures.compliance import (
    Fired,
    ScheduleVersion,
    compliance_of,
    judged,
    slots_of,
)
from mangrove.core.jobs.job import Job, JobId
from mangrove.core.ports.figures import FiringFacts
from mangrove.core.profile import ProfileId
from mangrove.core.vaults.vault import VaultId

SHOWN = timedelta(days=7)
COUNTED = timedelta(days=30)
AHEAD = timedelta(days=1)


def job_figures(
    jobs: Iterable[Job],
    firings: FiringFacts,
    profiles: Mapping[ProfileId, str],
    vaults: Mapping[VaultId, str],
    now: datetime,
) -> tuple[JobFigures, ...]:
    """Return the figures of every job by name, the times of the last week and the next day."""
    fired = firings.fired(now - COUNTED)
    versions = firings.schedule_versions()
    return tuple(
        _figures(
            job,
            _versions_of(job, versions),
            fired.get(job.job_id, ()),
            (
                profiles.get(job.profile_id, "") if job.profile_id else "",
                vaults.get(job.vault_id, ""),
            ),
            now,
        )
        for job in jobs
    )


def _versions_of(
    job: Job, known: Mapping[JobId, Sequence[ScheduleVersion]]
) -> Sequence[ScheduleVersion]:
    first = ScheduleVersion(1, job.created_at, job.schedule, job.paused_until)
    return known.get(job.job_id) or (first,)


def _figures(
    job: Job,
    versions: Sequence[ScheduleVersion],
    fired: Sequence[Fired],
    names: tuple[str, str],
    now: datetime,
) -> JobFigures:
    found = judged(versions, fired, now - COUNTED, now + AHEAD, now)
    profile, vault = names
    return JobFigures(
        job_id=job.job_id,
        name=job.name,
        kind=job.kind,
        profile=profile,
        vault=vault,
        schedule=job.schedule.describe(),
        slots=slots_of(one for one in found if one.at > now - SHOWN),
        compliance=compliance_of(found),
        next_at=job.schedule.next_after(max(now, job.paused_until or now)),
        paused_until=job.paused_until if job.is_paused(now) else None,
        paused_why=job.paused_why if job.is_paused(now) else "",
    )
