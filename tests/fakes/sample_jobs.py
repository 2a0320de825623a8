"""The jobs of a workstation that has been used for a month."""

from dataclasses import replace
from datetime import timedelta

from fakes.sample_data import NOW, PROFILES, VAULTS
from mangrove.core.figures.slots import slots_between
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.ports.agent import LeaseHolder
from mangrove.core.profile import Profile
from mangrove.core.run import RunId
from mangrove.core.verification import Level
from mangrove.services.jobs import JobView

HOLDER = LeaseHolder(4711, NOW - timedelta(days=2), NOW)
PRODUCTION = next(p for p in PROFILES if isinstance(p, Profile))


def _job(name: str, kind: JobKind, when: str, level: Level | None = None) -> Job:
    return Job(
        job_id=JobId(name),
        name=name,
        kind=kind,
        schedule=parse_schedule(when, "Europe/Berlin"),
        vault_id=VAULTS[0].vault_id,
        created_at=NOW - timedelta(days=40),
        profile_id=PRODUCTION.profile_id,
        level=level,
        prunes=kind is JobKind.BACKUP,
    )


def _view(job: Job, states: str, step: timedelta) -> JobView:
    """Show a job whose last times ended so, newest first: ``.`` good, ``x`` failed, ``s`` skip."""
    meaning = {
        ".": (FiringState.SUCCEEDED, ""),
        "w": (FiringState.SUCCEEDED_WITH_WARNINGS, ""),
        "x": (FiringState.FAILED, "Back up: cannot reach db1.example.net:27017"),
        "s": (FiringState.SKIPPED, "paused until 2026-03-01 08:00 UTC: moving"),
    }
    slots = slots_between(job.schedule, NOW - step * (len(states) + 1), NOW)[::-1]
    firings = tuple(
        Firing(
            job.job_id,
            slots[number],
            slots[number],
            meaning[mark][0],
            slots[number] + timedelta(minutes=3),
            missed=2 if number == 3 else 0,
            steps=(RunId("r-0"),),
            problem=meaning[mark][1],
        )
        for number, mark in enumerate(states)
    )
    start = max(NOW, job.paused_until or NOW)
    return JobView(job, PRODUCTION.name, VAULTS[0].name, job.schedule.next_after(start), firings)


JOBS = (
    _view(
        _job("nightly", JobKind.BACKUP, "daily 02:00", Level.DECODED),
        "x....w........s........",
        timedelta(days=1),
    ),
    _view(_job("oplog", JobKind.CAPTURE, "every 15 minutes"), "." * 30, timedelta(minutes=15)),
    _view(
        _job("sunday proof", JobKind.VERIFY, "sundays 05:00", Level.RESTORED),
        "...x",
        timedelta(days=7),
    ),
    _view(
        replace(
            _job("vault check", JobKind.CHECK, "monthly on 1 at 06:00"),
            paused_until=NOW + timedelta(days=3),
            paused_why="the NAS is being moved",
        ),
        "",
        timedelta(days=30),
    ),
)
