"""Which time of a job needs a run now: the newest that came, or one whose way was closed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mangrove.core.jobs.job import Firing, FiringState, Job
from mangrove.core.jobs.schedule import Due, due

MAX_INTERRUPTIONS = 2
CLOCK_TRUST = timedelta(days=2)
"""What was served further ahead than that was served under a clock that was wrong."""
GOOD = (FiringState.SUCCEEDED, FiringState.SUCCEEDED_WITH_WARNINGS)
TRY_LATER = timedelta(hours=1)
MAX_DOUBLINGS = 4


def wanted(
    job: Job, firings: Sequence[Firing], now: datetime, is_worth_retrying: Callable[[str], bool]
) -> Due | None:
    """Return the time that a job has to run for now; None if there is none.

    Args:
        job: Whose schedule counts.
        firings: What became of its last times, newest first; none from after ``trusted(now)``.
        now: The clock.
        is_worth_retrying: Whether a problem may be over by itself later, by its code.
    """
    found = due(job.schedule, served_at(job, firings), now)
    if found is not None:
        return found
    again_at = retry_at(job, firings, is_worth_retrying)
    if again_at is None or again_at > now:
        return None
    last = _newest_timed(firings)
    return None if last is None else Due(last.slot_at, last.missed)


def next_look(
    job: Job, firings: Sequence[Firing], is_worth_retrying: Callable[[str], bool]
) -> datetime:
    """Return when a job may want something next, if nothing else happens until then."""
    slot = job.schedule.next_after(served_at(job, firings))
    again_at = retry_at(job, firings, is_worth_retrying)
    return slot if again_at is None else min(slot, again_at)


def served_at(job: Job, firings: Sequence[Firing]) -> datetime:
    """Return the newest moment that needs no run any more; a crashed one needs one more."""
    lost = [f.slot_at for f in firings if f.state is FiringState.INTERRUPTED]
    served = (
        f.slot_at
        for f in firings
        if f.state is not FiringState.INTERRUPTED or lost.count(f.slot_at) >= MAX_INTERRUPTIONS
    )
    return max((job.created_at, *served))


def retry_at(
    job: Job, firings: Sequence[Firing], is_worth_retrying: Callable[[str], bool]
) -> datetime | None:
    """Return when to try a failed time again: after 1, 2, 4, 8, then every 16 hours.

    Only what found its way closed is tried, and never beyond the job's next own time.
    """
    last = _newest_timed(firings)
    if last is None or last.ended_at is None or last.state is not FiringState.FAILED:
        return None
    if firings[0].state in GOOD or not is_worth_retrying(last.problem_code):
        return None
    tries = sum(f.slot_at == last.slot_at and f.state is FiringState.FAILED for f in firings)
    moment = last.ended_at + TRY_LATER * 2 ** min(tries - 1, MAX_DOUBLINGS)
    return moment if moment < job.schedule.next_after(last.slot_at) else None


def trusted(now: datetime) -> datetime:
    """Return the moment from which on what is recorded comes from a clock that was wrong."""
    return now + CLOCK_TRUST


def _newest_timed(firings: Sequence[Firing]) -> Firing | None:
    return next((f for f in firings if not f.by_hand), None)
