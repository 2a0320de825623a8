"""The job that tests of jobs and alerts begin with."""

from datetime import datetime

from mangrove.core.jobs.job import Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.vaults.vault import VaultId


def nightly(created_at: datetime) -> Job:
    """Return a backup each night at two, in UTC."""
    return Job(
        job_id=JobId("nightly"),
        name="nightly",
        kind=JobKind.BACKUP,
        schedule=parse_schedule("daily 02:00", "UTC"),
        vault_id=VaultId("v1"),
        created_at=created_at,
    )
