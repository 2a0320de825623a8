"""Schedule compliance: which of the expected times of a job were kept, as the schedule was then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.figures.slots import slots_between
from mangrove.core.job import FiringState
from mangrove.core.schedule import Schedule

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


@dataclass(frozen=True, slots=True)
class Fired:
    """One firing of a job, as far as compliance asks."""

    slot_at: datetime
    begun_at: datetime
    ended_at: datetime | None
    state: FiringState
    problem: str = ""


class SlotState(StrEnum):
    """What became of an expected time."""

    ON_TIME = "on-time"
    LATE = "late"
    FAILED = "failed"
    MISSED = "missed"
    PAUSED = "paused"
    RUNNING = "running"
    COMING = "coming"


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


def slots_of(
    versions: Sequence[ScheduleVersion],
    firings: Iterable[Fired],
    start: datetime,
    end: datetime,
    now: datetime,
) -> tuple[Slot, ...]:
    """Return every expected time of a job between two moments, oldest first.

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
    ends = [at for at, _ in expected[1:]]
    following = [*ends, _after(versions, expected[-1][0])] if expected else []
    return tuple(
        _slot(at, version, served.get(at, []), next_at, now)
        for (at, version), next_at in zip(expected, following, strict=True)
    )


def compliance_of(slots: Iterable[Slot]) -> Compliance:
    """Count what became of the expected times."""
    states = [slot.state for slot in slots]
    on_time, late = states.count(SlotState.ON_TIME), states.count(SlotState.LATE)
    failed, missed = states.count(SlotState.FAILED), states.count(SlotState.MISSED)
    return Compliance(on_time + late + failed + missed, on_time, late, failed, missed)


def _expected(
    versions: Sequence[ScheduleVersion], start: datetime, end: datetime
) -> Iterator[tuple[datetime, ScheduleVersion]]:
    """Yield each slot with the version it belongs to; the moment of a change starts the new one."""
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        until = min(end, following.since) if following else end
        for at in slots_between(version.schedule, max(start, version.since), until):
            yield at, version


def _after(versions: Sequence[ScheduleVersion], at: datetime) -> datetime:
    return versions[-1].schedule.next_after(at)


def _slot(
    at: datetime,
    version: ScheduleVersion,
    served: Sequence[Fired],
    next_at: datetime,
    now: datetime,
) -> Slot:
    grace = min(GRACE, (next_at - at) / 2)
    best = min(served, key=lambda f: _rank(f, at + grace, next_at), default=None)
    if best is not None:
        state = _state_of(best, at + grace, next_at)
        return Slot(at, state, version.number, best.begun_at, best.ended_at, best.problem)
    if version.paused_until is not None and at < version.paused_until:
        return Slot(at, SlotState.PAUSED, version.number)
    is_open = now <= at + grace
    return Slot(at, SlotState.COMING if is_open else SlotState.MISSED, version.number)


def _rank(firing: Fired, begun_by: datetime, ended_by: datetime) -> int:
    return list(SlotState).index(_state_of(firing, begun_by, ended_by))


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
