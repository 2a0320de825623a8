"""What is known of one moment: how to get there and how long that takes, or why there is no way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mangrove.core.errors import PointNotReachableError
from mangrove.core.pitr.moments import Moment
from mangrove.core.pitr.planning import Base, RewindPlan, Timeline, plan_rewind
from mangrove.core.restores.forecast import TimeForecast
from mangrove.core.verification import EvidenceSummary, Level

SAME_CLASS = 2
"""A trial restore of up to twice or half the size tells how long another one takes."""


@dataclass(frozen=True, slots=True)
class RewindAnswer:
    """The answer to "can I go back to this moment".

    Attributes:
        plan: How to get there; None when there is no way.
        problem: Why there is none, and the nearest moments that can be had.
        measured: The trial restore that tells how long restoring the base takes; None when none
            of that size was ever made.
        base_takes: That time, for a base of this size. Replaying the slices comes on top.
        forecast: Where no trial tells: what other restores to that deployment tell of the base.
    """

    moment: Moment
    plan: RewindPlan | None = None
    problem: PointNotReachableError | None = None
    measured: EvidenceSummary | None = None
    base_takes: timedelta | None = None
    forecast: TimeForecast | None = None


def rewind_answer(timeline: Timeline, moment: Moment) -> RewindAnswer:
    """Say how to get to a moment, or why there is no way."""
    try:
        plan = plan_rewind(timeline, moment.limit)
    except PointNotReachableError as problem:
        return RewindAnswer(moment, problem=problem)
    measured = _measured(timeline.bases, plan.base)
    if measured is None:
        return RewindAnswer(moment, plan)
    proof, size_bytes = measured
    share = plan.base.record.plain_bytes / size_bytes if size_bytes else 1.0
    return RewindAnswer(moment, plan, measured=proof, base_takes=proof.duration * share)


def _measured(bases: Sequence[Base], base: Base) -> tuple[EvidenceSummary, int] | None:
    """Return the trial restore that tells most of a base: its own, else the newest of its size."""
    found = [
        (other.backup == base.backup, proof.finished_at, proof, other.record.plain_bytes)
        for other in bases
        for proof in other.record.evidence
        if proof.passed
        and proof.level.depth >= Level.RESTORED.depth
        and _is_same_class(other.record.plain_bytes, base.record.plain_bytes)
    ]
    if not found:
        return None
    best = max(found, key=lambda f: f[:2])
    return best[2], best[3]


def _is_same_class(one_bytes: int, other_bytes: int) -> bool:
    small, large = sorted((one_bytes, other_bytes))
    return large <= SAME_CLASS * small
