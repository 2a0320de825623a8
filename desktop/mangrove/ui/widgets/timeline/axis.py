"""Where the marks of a time axis stand, from years down to seconds; no Qt, the zone is a parameter.

Marks stand on round local times. In a night when clocks change, an hour appears twice or not at
all, as it does on the clock; such a mark carries ``is_shifted``, so that its label names the zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from itertools import pairwise

_MOST = 400  # marks; never reached by a step that fits, only by a strip of no width
_QUARTER_S = 900  # every zone in use lies a multiple of this from UTC
_DAY_S = 86_400
_MONTHS = 12


class Unit(IntEnum):
    """What the marks of an axis count."""

    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAY = 4
    MONTH = 5
    YEAR = 6


@dataclass(frozen=True, slots=True)
class Step:
    """A distance between marks: so many of a unit."""

    unit: Unit
    number: int
    length_s: int


@dataclass(frozen=True, slots=True)
class AxisMark:
    """One mark.

    Attributes:
        at_s: Unix seconds.
        local: The same moment on the person's clock.
        opens: Whether a new day (of marks below a day), month (of days) or year (of months) begins
            with it.
        is_shifted: Whether the clocks were changed since the mark before.
    """

    at_s: float
    local: datetime
    unit: Unit
    opens: bool
    is_shifted: bool


_STEPS = (
    *(Step(Unit.SECOND, n, n) for n in (1, 2, 5, 10, 15, 30)),
    *(Step(Unit.MINUTE, n, n * 60) for n in (1, 2, 5, 10, 15, 30)),
    *(Step(Unit.HOUR, n, n * 3600) for n in (1, 2, 3, 6, 12)),
    *(Step(Unit.DAY, n, n * _DAY_S) for n in (1, 2, 7)),
    *(Step(Unit.MONTH, n, n * 30 * _DAY_S) for n in (1, 3, 6)),
    *(Step(Unit.YEAR, n, n * 365 * _DAY_S) for n in (1, 2, 5, 10, 50)),
)


def step_for(length_s: float, most: int) -> Step:
    """Return the finest step that puts at most so many marks on a stretch of time."""
    least_s = length_s / max(1, most)
    return next((s for s in _STEPS if s.length_s >= least_s), _STEPS[-1])


def axis_marks(start_s: float, end_s: float, most: int, zone: tzinfo | None) -> list[AxisMark]:
    """Return the marks of a stretch, oldest first.

    Args:
        start_s: Where it begins, in Unix seconds.
        end_s: Where it ends.
        most: How many labels find room.
        zone: The person's time zone; None is the machine's own.
    """
    step = step_for(end_s - start_s, most)
    # One mark more at the left, for what the first visible one opens and whether clocks changed.
    found = list(_moments(step, start_s - step.length_s * 1.1, end_s, zone))
    return [
        AxisMark(
            at_s=now.timestamp(),
            local=now,
            unit=step.unit,
            opens=_opens(step.unit, before, now),
            is_shifted=step.unit <= Unit.HOUR and before.utcoffset() != now.utcoffset(),
        )
        for before, now in pairwise(found[:_MOST])
        if now.timestamp() >= start_s
    ]


def local_at(moment_s: float, zone: tzinfo | None) -> datetime:
    """Return what the person's clock shows at a moment."""
    return datetime.fromtimestamp(moment_s, UTC).astimezone(zone)


def _moments(step: Step, start_s: float, end_s: float, zone: tzinfo | None) -> Iterator[datetime]:
    if step.unit >= Unit.DAY:
        return _dates(step, start_s, end_s, zone)
    return _clocks(step, start_s, end_s, zone)


def _clocks(step: Step, start_s: float, end_s: float, zone: tzinfo | None) -> Iterator[datetime]:
    """Walk in small even steps and take every moment whose clock is round."""
    stride = min(step.length_s, _QUARTER_S)
    moment = int(start_s // stride) * stride
    while moment <= end_s:
        local = local_at(moment, zone)
        if (local.hour * 3600 + local.minute * 60 + local.second) % step.length_s == 0:
            yield local
        moment += stride


def _dates(step: Step, start_s: float, end_s: float, zone: tzinfo | None) -> Iterator[datetime]:
    day = _floor(local_at(start_s, zone).date(), step)
    while True:
        midnight = _midnight(day, zone)
        if midnight.timestamp() > end_s:
            return
        yield midnight
        following = _next(day, step)
        if following is None:
            return
        day = following


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    naive = datetime.combine(day, time())
    return naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()


def _floor(day: date, step: Step) -> date:
    match step.unit:
        case Unit.MONTH:
            month = (day.month - 1) // step.number * step.number + 1
            return day.replace(month=month, day=1)
        case Unit.YEAR:
            return date(max(1, day.year // step.number * step.number), 1, 1)
        case _:
            return day - timedelta(days=day.toordinal() % step.number)


def _next(day: date, step: Step) -> date | None:
    try:
        match step.unit:
            case Unit.MONTH:
                years, month = divmod(day.month - 1 + step.number, _MONTHS)
                return date(day.year + years, month + 1, 1)
            case Unit.YEAR:
                return date(day.year + step.number, 1, 1)
            case _:
                return day + timedelta(days=step.number)
    except (ValueError, OverflowError):  # past the year 9999
        return None


def _opens(unit: Unit, before: datetime, now: datetime) -> bool:
    match unit:
        case Unit.YEAR:
            return False
        case Unit.MONTH:
            return before.year != now.year
        case Unit.DAY:
            return (before.year, before.month) != (now.year, now.month)
        case _:
            return before.date() != now.date()
