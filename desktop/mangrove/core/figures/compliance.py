"""Schedule compliance: which of the expected times of a job were kept, as the schedule was then."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from mangrove.core.figures.slots import slots_between
from mangrove.core.jobs.job import FiringState
from mangrove.core.jobs.schedule import Schedule

GRACE = timedelta(minutes=15)
_GOOD = frozenset({FiringState.SUCCEEDED, FiringState.SUCCEEDED_WITH_WARNINGS})


@dataclass(frozen=True, slots=True)
class ScheduleVersion:
    """What a job's schedule was from some moment on; a change makes a new version.

    Attributes:
        number: Counts from 1.
        since: From when on it held.
        paused_until: Until when no time of it counted; None for not paused.
    """

    number: int
    since: datetime
    schedule: Schedule
    paused_until: datetime | None = None


class Fired(NamedTuple):
    """One firing of a job, as far as compliance asks; there may be tens of thousands.

    Attributes:
        version: The number of the schedule that expected it, as it was kept with it; 0 for not.
    """

    slot_at: datetime
    begun_at: datetime
    ended_at: datetime | None
    state: FiringState
    problem: str = ""
    version: int = 0


class SlotState(StrEnum):
    """What became of an expected time."""

    ON_TIME = "on-time"
    LATE = "late"
    FAILED = "failed"
    MISSED = "missed"
    PAUSED = "paused"
    RUNNING = "running"
    COMING = "coming"


_RANKS = {state: rank for rank, state in enumerate(SlotState)}
"""Of several runs for one time the best one counts."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One expected time.

    Attributes:
        version: The number of the schedule that expected it.
        begun_at, ended_at: Of the run that served it; None where there was none.
        problem: Why it failed or was left out; "" else.
    """

    at: datetime
    state: SlotState
    version: int
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Compliance:
    """How well a schedule was kept; paused, running and coming times are not expected yet."""

    expected: int
    on_time: int
    late: int
    failed: int
    missed: int

    @property
    def ratio(self) -> float | None:
        """Completed on time / expected; None when nothing was expected."""
        return self.on_time / self.expected if self.expected else None


class Judged(NamedTuple):
    """An expected time, what became of it, and the run that served it, if one did."""

    at: datetime
    state: SlotState
    version: ScheduleVersion
    by: Fired | None


def judged(
    versions: Sequence[ScheduleVersion],
    firings: Iterable[Fired],
    start: datetime,
    end: datetime,
    now: datetime,
) -> list[Judged]:
    """Return what became of each expected time of a job between two moments, oldest first.

    Each time is expected by the version that held then, so a new schedule changes the future only.

    Args:
        versions: Oldest first.
        firings: In any order; those started by hand serve no slot.
        start: Times later than this one.
        end: Times up to this one.
        now: Later times are still coming.
    """
    served: dict[datetime, list[Fired]] = {}
    for firing in firings:
        served.setdefault(firing.slot_at, []).append(firing)
    expected = list(_expected(versions, start, end))
    if not expected:
        return []
    following = [at for at, _ in expected[1:]]
    following.append(versions[-1].schedule.next_after(expected[-1][0]))
    return [
        _judge(at, version, served.get(at, ()), next_at, now)
        for (at, version), next_at in zip(expected, following, strict=True)
    ]


def slots_of(found: Iterable[Judged]) -> tuple[Slot, ...]:
    """Return expected times as they are shown."""
    return tuple(
        Slot(at, state, version.number)
        if by is None
        else Slot(at, state, by.version or version.number, by.begun_at, by.ended_at, by.problem)
        for at, state, version, by in found
    )


def compliance_of(found: Iterable[Judged]) -> Compliance:
    """Count what became of the expected times."""
    count = Counter(one.state for one in found)
    on_time, late = count[SlotState.ON_TIME], count[SlotState.LATE]
    failed, missed = count[SlotState.FAILED], count[SlotState.MISSED]
    return Compliance(on_time + late + failed + missed, on_time, late, failed, missed)


def _expected(
    versions: Sequence[ScheduleVersion], start: datetime, end: datetime
) -> Iterator[tuple[datetime, ScheduleVersion]]:
    """Yield each slot with the version it belongs to; the moment of a change starts the new one."""
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        until = min(end, following.since) if following else end
        for at in slots_between(version.schedule, max(start, version.since), until):
            yield at, version


def _judge(
    at: datetime,
    version: ScheduleVersion,
    served: Sequence[Fired],
    next_at: datetime,
    now: datetime,
) -> Judged:
    gap = next_at - at
    begun_by = at + (GRACE if gap >= 2 * GRACE else gap / 2)
    if len(served) == 1:
        return Judged(at, _state_of(served[0], begun_by, next_at), version, served[0])
    if served:
        states = [_state_of(firing, begun_by, next_at) for firing in served]
        best = min(range(len(states)), key=lambda n: _RANKS[states[n]])
        return Judged(at, states[best], version, served[best])
    if version.paused_until is not None and at < version.paused_until:
        return Judged(at, SlotState.PAUSED, version, None)
    return Judged(at, SlotState.COMING if now <= begun_by else SlotState.MISSED, version, None)


def _state_of(firing: Fired, begun_by: datetime, ended_by: datetime) -> SlotState:
    if firing.state is FiringState.RUNNING:
        return SlotState.RUNNING
    if firing.state is FiringState.SKIPPED:
        return SlotState.PAUSED
    if firing.state not in _GOOD:
        return SlotState.FAILED
    ended_at = firing.ended_at or firing.begun_at
    is_on_time = firing.begun_at <= begun_by and ended_at <= ended_by
    return SlotState.ON_TIME if is_on_time else SlotState.LATE
