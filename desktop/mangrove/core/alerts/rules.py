"""The rules of alerts: what is wrong now. Absence counts, and nothing needs to have happened."""

from datetime import datetime, timedelta
from itertools import takewhile

from mangrove.core.alerts.alert import Action, AlertKind, Severity, Trouble, key_of
from mangrove.core.alerts.facts import Outage, Watched, WatchedJob
from mangrove.core.alerts.vault_rules import room_trouble
from mangrove.core.explain import duration_text
from mangrove.core.jobs.job import Firing, FiringState, JobId
from mangrove.core.jobs.schedule import due
from mangrove.core.wording import counted, is_or_are

PATIENCE = timedelta(minutes=20)
"""How late a job may begin; the agent looks every few seconds, but a machine may just wake up."""

REPEATED = 3
"""From so many failures in a row on it is critical: waiting did not help."""

LONG_OUTAGE = timedelta(hours=24)
SPOKEN_OF = timedelta(hours=1)
KEYRING_CODES = frozenset({"keyring-locked", "keyring-unavailable", "keyring-lost-secret"})
_BAD = (FiringState.FAILED, FiringState.INTERRUPTED)


def troubles_in(watched: Watched) -> tuple[Trouble, ...]:
    """Return everything that is wrong, in no particular order."""
    found = [
        *(_ending(job) for job in watched.jobs),
        *(_missed(job, watched) for job in watched.jobs),
        _keyring(watched.jobs),
        _no_agent(watched),
        _outage(watched),
        *(room_trouble(vault, watched.now) for vault in watched.vaults),
        *watched.needs,
    ]
    return tuple(trouble for trouble in found if trouble is not None)


# --- one job -----------------------------------------------------------------------------


def _ending(watched: WatchedJob) -> Trouble | None:
    """Judge how a job's last time ended; what a person cancelled is what they wanted."""
    job, ended = watched.job, watched.ended
    last = ended[0] if ended else None
    if last is None or _is_keyring(last):
        return None
    if last.state is FiringState.SUCCEEDED_WITH_WARNINGS:
        return Trouble(
            key=key_of(AlertKind.LOSSES, job.job_id),
            kind=AlertKind.LOSSES,
            severity=Severity.WARNING,
            title=f"{job.name}: done with losses",
            sentence=f"the job {job.name} was done, but not everything could be brought over",
            hint="its run lists what is missing and why",
            action=Action.OPEN_JOB,
            subject=job.name,
            job_id=job.job_id,
            since=last.ended_at,
        )
    return _failed(watched, last) if last.state in _BAD else None


def _failed(watched: WatchedJob, last: Firing) -> Trouble:
    job = watched.job
    bad = tuple(takewhile(lambda firing: firing.state in _BAD, watched.ended))
    times = len(bad)
    often = f"{times} times in a row" if times > 1 else ""
    verb = "was interrupted" if last.state is FiringState.INTERRUPTED else "failed"
    what = f"the job {job.name} {verb} {often}".strip()
    return Trouble(
        key=key_of(AlertKind.FAILED, job.job_id),
        kind=AlertKind.FAILED,
        severity=Severity.CRITICAL if times >= REPEATED else Severity.WARNING,
        title=f"{job.name}: {verb}",
        sentence=f"{what}: {last.problem}" if last.problem else what,
        hint="it is tried again at its next time; its run says more",
        action=Action.OPEN_JOB,
        subject=job.name,
        job_id=job.job_id,
        since=bad[-1].ended_at,
    )


def _missed(watched: WatchedJob, every: Watched) -> Trouble | None:
    """Say that a time went by and nothing began: known from the schedule, not from an event."""
    job, now = watched.job, every.now
    if job.is_paused(now) or watched.is_running:
        return None
    found = due(job.schedule, watched.served_at, now)
    if found is None:
        return None
    first_at = job.schedule.next_after(watched.served_at)
    if now - first_at < PATIENCE:
        return None
    late = duration_text(now - first_at)
    since = f", and {counted(found.missed, 'time')} since" if found.missed else ""
    return Trouble(
        key=key_of(AlertKind.MISSED, job.job_id),
        kind=AlertKind.MISSED,
        severity=Severity.WARNING,
        title=f"{job.name}: did not run",
        sentence=f"the job {job.name} was due {late} ago{since}, and nothing began",
        hint="see whether an agent runs: mangrove agent status",
        action=Action.OPEN_JOB,
        subject=job.name,
        job_id=job.job_id,
    )


# --- all jobs together -------------------------------------------------------------------


def _is_keyring(firing: Firing) -> bool:
    """Whether it could not go on for lack of a secret; one that waits to try again counts."""
    stopped = (FiringState.FAILED, FiringState.RUNNING)
    return firing.state in stopped and firing.problem_code in KEYRING_CODES


def _stopped(watched: WatchedJob) -> Firing | None:
    """Return the newest time of a job if the keyring kept it from being done."""
    began = (f for f in watched.firings if f.state is not FiringState.SKIPPED)
    newest = next(began, None)
    last = watched.ended[0] if watched.ended else None
    return next((f for f in (newest, last) if f is not None and _is_keyring(f)), None)


def _keyring(jobs: tuple[WatchedJob, ...]) -> Trouble | None:
    """Say once for all jobs that the keyring kept them from running."""
    found = [(w.job, firing) for w in jobs if (firing := _stopped(w)) is not None]
    if not found:
        return None
    names = ", ".join(sorted(job.name for job, _ in found))
    why = found[0][1].problem
    return Trouble(
        key=key_of(AlertKind.KEYRING, "this workstation"),
        kind=AlertKind.KEYRING,
        severity=Severity.CRITICAL,
        title="the keyring cannot be used",
        sentence=(
            f"{counted(len(found), 'job')} could not run because no secret could be read from"
            f" the keyring ({names}): {why}"
        ),
        hint="sign in to the desktop and unlock the keyring, then run the jobs again",
        action=Action.OPEN_JOB,
        subject=found[0][0].name,
    )


def _no_agent(watched: Watched) -> Trouble | None:
    active = [w for w in watched.jobs if not w.job.is_paused(watched.now)]
    if watched.has_agent or not active:
        return None
    number = len(active)
    return Trouble(
        key=key_of(AlertKind.AGENT, "absent"),
        kind=AlertKind.AGENT,
        severity=Severity.CRITICAL,
        title="nothing runs by itself",
        sentence=(
            f"no agent runs and no window is open, so {counted(number, 'job')}"
            f" {is_or_are(number)} not done"
        ),
        hint="start one: mangrove agent install",
        action=Action.OPEN_JOB,
        subject=active[0].job.name,
    )


def _outage(watched: Watched) -> Trouble | None:
    """Say after a time without agent what it missed, until all of that was made up for."""
    outage = watched.outage
    if outage is None or not outage_lasts(outage, watched.jobs, watched.now):
        return None
    behind = behind_after(outage, watched.jobs)
    is_long = outage.length >= LONG_OUTAGE
    missed = counted(outage.slots, "time")
    jobs = counted(len(outage.jobs), "job")
    return Trouble(
        key=key_of(AlertKind.AGENT, f"outage {outage.ended_at:%Y-%m-%dT%H:%M}"),
        kind=AlertKind.AGENT,
        severity=Severity.CRITICAL if is_long else Severity.NOTE,
        title="no agent ran",
        sentence=(
            f"no agent ran for {duration_text(outage.length)}, from"
            f" {outage.began_at:%Y-%m-%d %H:%M} to {outage.ended_at:%Y-%m-%d %H:%M} UTC:"
            f" {missed} of {jobs} went by; each job is made up for once"
        ),
        hint="let the agent start when you sign in: mangrove agent install",
        action=Action.OPEN_JOB,
        subject=behind[0].job.name if behind else "",
        ends_silently=not is_long,
    )


def outage_lasts(outage: Outage, jobs: tuple[WatchedJob, ...], now: datetime) -> bool:
    """Whether it is still to be spoken of: a long one at least for an hour."""
    is_fresh = outage.length >= LONG_OUTAGE and now - outage.ended_at < SPOKEN_OF
    return is_fresh or bool(behind_after(outage, jobs))


def behind_after(outage: Outage, jobs: tuple[WatchedJob, ...]) -> tuple[WatchedJob, ...]:
    """Return the jobs that missed a time in an outage and were not done well since."""
    good = (FiringState.SUCCEEDED, FiringState.SUCCEEDED_WITH_WARNINGS)
    return tuple(
        watched
        for watched in jobs
        if watched.job.job_id in outage.jobs
        and not any(f.begun_at >= outage.ended_at and f.state in good for f in watched.ended)
    )


def outage_between(seen_at: datetime, now: datetime, jobs: tuple[WatchedJob, ...]) -> Outage | None:
    """Say what was missed between two looks; None when no time of a job went by.

    Jobs that rested then, or were made later, missed nothing.
    """
    missed: dict[JobId, int] = {}
    for watched in jobs:
        job = watched.job
        if job.is_paused(now):
            continue
        begin = max(seen_at, job.created_at, job.paused_until or seen_at)
        found = due(job.schedule, begin, now)
        if found is not None:
            missed[job.job_id] = found.missed + 1
    return Outage(seen_at, now, tuple(missed), sum(missed.values())) if missed else None
