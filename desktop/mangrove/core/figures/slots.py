"""The moments at which a schedule is due between two others, quickly and for whole months."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import cast
from zoneinfo import ZoneInfo

from cronsim import CronSim

from mangrove.core.jobs.schedule import Schedule

_DAY = timedelta(days=1)
_LOOKED_AHEAD = timedelta(days=70)
_FAR_AHEAD = timedelta(days=800)
_MOST_SLOTS = 800
_FEW = 15


def slots_between(schedule: Schedule, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the moments due later than ``after`` and not later than ``until``, in UTC.

    They are those of ``Schedule.after``. A day without a change of the clock is computed at once;
    on the others the schedule itself is asked.
    """
    if until <= after:
        return ()
    plan = _plan_of(schedule.cron)
    if plan is None:
        return tuple(takewhile(lambda slot: slot <= until, schedule.after(after)))
    zone = ZoneInfo(schedule.zone)
    day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    found: list[datetime] = []
    while day <= last:
        found += _slots_of_day(schedule, plan, day, zone)
        day += _DAY
    return tuple(found[bisect_right(found, after) : bisect_right(found, until)])


@lru_cache(maxsize=256)
def longest_gap(schedule: Schedule, since: date) -> timedelta | None:
    """Return the longest time between two moments in a row, looking some months ahead.

    Args:
        schedule: When it is due.
        since: From when on to look.
    """
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    found = slots_between(schedule, start, start + _LOOKED_AHEAD)[:_MOST_SLOTS]
    if len(found) < _FEW:
        found = slots_between(schedule, start, start + _FAR_AHEAD)
    if len(found) < 2:  # noqa: PLR2004 - a gap has two ends
        found = schedule.upcoming(start, 3)
    return max((later - earlier for earlier, later in pairwise(found)), default=None)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A cron expression, taken apart; days of the week count from Sunday = 0."""

    offsets: tuple[timedelta, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    needs_both: bool

    def is_due(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (by_date and by_weekday) if self.needs_both else (by_date or by_weekday)


@lru_cache(maxsize=256)
def _plan_of(cron: str) -> _Plan | None:
    """Take an expression apart; None for the rarer kinds, such as the last day of a month."""
    parsed = CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    weekdays = cast("set[object]", parsed.weekdays)
    is_plain = all(isinstance(d, int) and 0 <= d <= 7 for d in weekdays)  # noqa: PLR2004
    if not is_plain or min(parsed.days) < 1:
        return None
    minutes = sorted(60 * hour + minute for hour in parsed.hours for minute in parsed.minutes)
    return _Plan(
        offsets=tuple(timedelta(minutes=m) for m in minutes),
        days=frozenset(parsed.days),
        months=frozenset(parsed.months),
        weekdays=frozenset(cast("int", d) % 7 for d in weekdays),
        needs_both=parsed.day_and,
    )


def _slots_of_day(
    schedule: Schedule, plan: _Plan, day: date, zone: ZoneInfo
) -> Iterator[datetime] | list[datetime]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start, end = midnight.astimezone(UTC), (midnight + _DAY).astimezone(UTC)
    if end - start != _DAY:
        before = start - timedelta(microseconds=1)
        return takewhile(lambda slot: slot < end, schedule.after(before))
    if not plan.is_due(day):
        return []
    return [start + offset for offset in plan.offsets]
