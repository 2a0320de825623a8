"""How the jobs of a workstation stand, in one word and one sentence: what an icon shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mangrove.core.jobs.job import Firing, FiringState, Job, Rest
from mangrove.core.wording import counted, is_or_are


class Standing(StrEnum):
    """From worst to best; ``NOTHING`` is for those who have no job."""

    FAILED = "failed"
    UNATTENDED = "unattended"
    WARNED = "warned"
    WORKING = "working"
    RESTING = "resting"
    GOOD = "good"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class JobStanding:
    """A job and what became of its newest time."""

    job: Job
    last: Firing | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The worst of all, and whom it concerns.

    Attributes:
        names: The jobs concerned; of ``GOOD`` the one that is next.
        moment: When the next one is due, or until when they rest.
        why: The reason of a rest.
    """

    standing: Standing
    names: tuple[str, ...] = ()
    moment: datetime | None = None
    why: str = ""

    def sentence(self) -> str:
        """Say it for a terminal; begins small and ends without a full stop."""
        who = f"'{self.names[0]}'" if len(self.names) == 1 else counted(len(self.names), "job")
        at = f"{self.moment:%Y-%m-%d %H:%M} UTC" if self.moment else ""
        return {
            Standing.NOTHING: "nothing runs by itself yet",
            Standing.FAILED: f"{who} failed the last time",
            Standing.UNATTENDED: "nobody fires the jobs now",
            Standing.WARNED: f"{who} ended with losses the last time",
            Standing.WORKING: f"{who} {is_or_are(len(self.names))} running",
            Standing.RESTING: f"all jobs rest until {at}: {self.why}",
            Standing.GOOD: f"all well; next is {who} at {at}",
        }[self.standing]


def outlook(
    jobs: Sequence[JobStanding], rest: Rest | None, now: datetime, *, is_attended: bool
) -> Outlook:
    """Return how the jobs stand.

    Args:
        jobs: All of them.
        rest: The pause of all jobs.
        now: The clock.
        is_attended: Whether any process fires them.
    """
    if not jobs:
        return Outlook(Standing.NOTHING)
    if failed := _named(jobs, FiringState.FAILED, FiringState.INTERRUPTED):
        return Outlook(Standing.FAILED, failed)
    if not is_attended:
        return Outlook(Standing.UNATTENDED)
    if warned := _named(jobs, FiringState.SUCCEEDED_WITH_WARNINGS):
        return Outlook(Standing.WARNED, warned)
    if running := _named(jobs, FiringState.RUNNING):
        return Outlook(Standing.WORKING, running)
    return _calm(jobs, rest, now)


def _calm(jobs: Sequence[JobStanding], rest: Rest | None, now: datetime) -> Outlook:
    if rest is not None and now < rest.until:
        return Outlook(Standing.RESTING, moment=rest.until, why=rest.why)
    paused = [one.job for one in jobs if one.job.is_paused(now)]
    if len(paused) == len(jobs):
        first = min(paused, key=lambda job: job.paused_until or now)
        return Outlook(Standing.RESTING, moment=first.paused_until, why=first.paused_why)
    awake = [one.job for one in jobs if not one.job.is_paused(now)]
    moment, name = min((job.schedule.next_after(now), job.name) for job in awake)
    return Outlook(Standing.GOOD, (name,), moment)


def _named(jobs: Sequence[JobStanding], *states: FiringState) -> tuple[str, ...]:
    return tuple(one.job.name for one in jobs if one.last is not None and one.last.state in states)
