"""The next time of a cron expression, found fast where no clock is changed nearby."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from cronsim import CronSim

_NEAR = timedelta(hours=26)
_DAY = timedelta(days=1)
_DAYS_AHEAD = 400
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class _Fields:
    """An expression taken apart once.

    Attributes:
        simulator: Knows which days fit; its own clock is never used.
    """

    simulator: CronSim
    hours: tuple[int, ...]
    minutes: tuple[int, ...]


def times_after(cron: str, zone: tzinfo, moment: datetime) -> Iterator[datetime]:
    """Yield the times of an expression in UTC, all later than the moment.

    Where the zone's clock changes within a day of the start or of what is found, the library
    decides (see ``Schedule`` for its rules); elsewhere a search through the days is the same and
    ten times as fast.
    """
    while True:
        found = _quick(cron, zone, moment)
        if found is None:
            found = _slow(cron, zone, moment)
        if found is None:
            return
        yield found
        moment = found


def _slow(cron: str, zone: tzinfo, moment: datetime) -> datetime | None:
    minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return _simulated(cron, zone, minute)


@lru_cache(_KEPT)
def _simulated(cron: str, zone: tzinfo, minute: datetime) -> datetime | None:
    """Ask the library; times are whole minutes, so that all of a minute has one answer."""
    slot = next(CronSim(cron, minute.astimezone(zone)), None)
    return None if slot is None else slot.astimezone(UTC)


def _quick(cron: str, zone: tzinfo, moment: datetime) -> datetime | None:
    """Return the next time; None where it lies far away or a clock changes nearby."""
    if not _is_even(zone, moment.astimezone(UTC).date()):
        return None
    local = moment.astimezone(zone).replace(tzinfo=None)
    found = _search(_fields(cron), local)
    if found is None:
        return None
    slot = found.replace(tzinfo=zone).astimezone(UTC)
    return slot if _is_even(zone, slot.date()) else None


@lru_cache(_KEPT)
def _is_even(zone: tzinfo, day: date) -> bool:
    """Whether the zone's distance to UTC stays the same from the day before to the day after."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    before = (start - _NEAR).astimezone(zone).utcoffset()
    return before == (start + _DAY + _NEAR).astimezone(zone).utcoffset()


def _search(fields: _Fields, local: datetime) -> datetime | None:
    clock = _clock_after(fields, local.hour, local.minute)
    day = local.date()
    if clock is not None and _fits(fields, day):
        return datetime(day.year, day.month, day.day, *clock)  # noqa: DTZ001 - the caller knows
    for _ in range(_DAYS_AHEAD):
        day += timedelta(days=1)
        if _fits(fields, day):
            first = (fields.hours[0], fields.minutes[0])
            return datetime(day.year, day.month, day.day, *first)  # noqa: DTZ001 - as above
    return None


def _fits(fields: _Fields, day: date) -> bool:
    return day.month in fields.simulator.months and fields.simulator.match_day(day)


def _clock_after(fields: _Fields, hour: int, minute: int) -> tuple[int, int] | None:
    """Return the first hour and minute of the same day that are later."""
    if hour in fields.hours:
        later = next((m for m in fields.minutes if m > minute), None)
        if later is not None:
            return hour, later
    next_hour = next((h for h in fields.hours if h > hour), None)
    return None if next_hour is None else (next_hour, fields.minutes[0])


@lru_cache(_KEPT)
def _fields(cron: str) -> _Fields:
    simulator = CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    return _Fields(simulator, tuple(sorted(simulator.hours)), tuple(sorted(simulator.minutes)))
