"""Schedules: when a job is due, in words and as cron, in a time zone, summer time included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from mangrove.core.errors import InvalidScheduleError
from mangrove.core.explain import duration_text
from mangrove.core.jobs.cron_times import times_after

FIELDS = 5
SUMMER_TIME = (
    "A time of day that summer time skips runs right after the gap; one that comes twice runs once."
)
_NEVER_AFTER = timedelta(days=366 * 5)
_MACROS = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
}
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_AT = r"(?:\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
_EVERY = re.compile(r"every\s+(?:(?P<count>\d+)\s+)?(?P<unit>minute|hour)s?")
_DAILY = re.compile(rf"(?:daily|every\s+day){_AT}")
_WEEKLY = re.compile(rf"(?:weekly\s+(?:on\s+)?|every\s+)?(?P<day>{'|'.join(_DAYS)})s?{_AT}")
_MONTHLY = re.compile(
    rf"(?:monthly|every\s+month)(?:\s+on(?:\s+the)?\s+(?P<date>\d{{1,2}})\.?)?{_AT}"
)
_HINT = "such as: daily 02:00; every 15 minutes; Sundays 03:00; monthly on 1 at 04:00; 0 2 * * 1-5"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due.

    Attributes:
        cron: Five fields: minute, hour, day of month, month, day of week.
        zone: IANA name of the time zone that the fields are meant in.

    Summer time: a time of day that is skipped runs right after the gap, one that comes twice
        runs once; what runs at every hour or minute follows the real time.
        Source: the manual of Debian's cron(8), which the library follows.
    """

    cron: str
    zone: str

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the moments at which it is due, in UTC, all later than the given one."""
        return times_after(self.cron, ZoneInfo(self.zone), moment)

    def next_after(self, moment: datetime) -> datetime:
        """Return the first moment at which it is due, in UTC."""
        return next(self.after(moment))

    def upcoming(self, moment: datetime, count: int = 10) -> tuple[datetime, ...]:
        """Return the next moments, in UTC."""
        return tuple(islice(self.after(moment), count))

    def preview(self, moment: datetime, count: int = 10) -> "tuple[Slot, ...]":
        """Return the next moments as they read on a clock of the zone, and what shifts them."""
        zone = ZoneInfo(self.zone)
        slots, before = [], moment.astimezone(zone)
        for slot in self.upcoming(moment, count):
            local = slot.astimezone(zone)
            slots.append(Slot(slot, local, _shift(before, local)))
            before = local
        return tuple(slots)

    def describe(self) -> str:
        """Say in words when, with the zone: "At 02:00 every day, Europe/Berlin"."""
        return f"{CronSim(self.cron, datetime(2000, 1, 1, tzinfo=UTC)).explain()}, {self.zone}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment at which something is due.

    Attributes:
        at: In UTC.
        local: The same on a clock of the schedule's zone.
        remark: Which change of that clock lies between the moment before and this one; or "".
    """

    at: datetime
    local: datetime
    remark: str = ""


def _shift(before: datetime, after: datetime) -> str:
    """Say how the clock changes between two moments of one zone."""
    step = (after.utcoffset() or timedelta(0)) - (before.utcoffset() or timedelta(0))
    if not step:
        return ""
    way = "forward" if step > timedelta(0) else "back"
    return f"before it the clock goes {way} by {duration_text(abs(step))}"


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at the clock found.

    Attributes:
        slot_at: The newest moment that has come and was not served.
        missed: How many older ones went by unserved; they are not made up for.
    """

    slot_at: datetime
    missed: int


def due(schedule: Schedule, served_at: datetime, now: datetime, limit: int = 1000) -> Due | None:
    """Return what is due: after a night asleep, one run for all the moments that went by.

    Args:
        schedule: When it should run.
        served_at: The newest moment that was served, or when the job was made.
        now: The clock; a clock that was put back makes nothing due twice.
        limit: Count no more missed moments than that.
    """
    came: list[datetime] = []
    for slot in islice(schedule.after(served_at), limit):
        if slot > now:
            break
        came.append(slot)
    if not came:
        return None
    if len(came) == limit:
        return Due(_newest(schedule, came[-1], now), limit)
    return Due(came[-1], len(came) - 1)


def parse_schedule(text: str, zone: str) -> Schedule:
    """Read what a person typed: words, or five cron fields.

    Raises:
        InvalidScheduleError: If it is neither, never comes, or the zone is unknown.
    """
    cron = _cron_of(" ".join(text.casefold().split()))
    schedule = Schedule(cron, known_zone(zone))
    start = datetime(2001, 1, 1, tzinfo=UTC)
    try:
        first = next(schedule.after(start), None)
    except CronSimError as error:
        raise InvalidScheduleError(f"'{text}' is no schedule: {error}", hint=_HINT) from None
    if first is None or first - start > _NEVER_AFTER:
        raise InvalidScheduleError(f"'{text}' never comes", hint=_HINT)
    return schedule


def _newest(schedule: Schedule, counted: datetime, now: datetime) -> datetime:
    """Return the newest moment before now without walking through all of them."""
    step = schedule.next_after(counted) - counted
    near = max(counted, now - 2 * max(step, timedelta(minutes=1)))
    return max((s for s in islice(schedule.after(near), 100) if s <= now), default=counted)


def _cron_of(words: str) -> str:
    if len(words.split()) == FIELDS and not words[0].isalpha():
        return words
    if words.removeprefix("@") in _MACROS:
        return _MACROS[words.removeprefix("@")]
    if match := _EVERY.fullmatch(words):
        return _every(int(match["count"] or 1), match["unit"])
    if match := _DAILY.fullmatch(words):
        return f"{_clock(match)} * * *"
    if match := _WEEKLY.fullmatch(words):
        return f"{_clock(match)} * * {_DAYS.index(match['day'])}"
    if match := _MONTHLY.fullmatch(words):
        return f"{_clock(match)} {int(match['date'] or 1)} * *"
    raise InvalidScheduleError(f"'{words}' is no schedule", hint=_HINT)


def _every(count: int, unit: str) -> str:
    """Only what divides an hour or a day comes at even distances."""
    whole = 60 if unit == "minute" else 24
    if count < 1 or count >= whole or whole % count:
        fitting = ", ".join(str(n) for n in range(1, whole) if whole % n == 0)
        raise InvalidScheduleError(
            f"every {count} {unit}s does not come at even distances", hint=f"choose {fitting}"
        )
    step = "*" if count == 1 else f"*/{count}"
    return f"{step} * * * *" if unit == "minute" else f"0 {step} * * *"


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"] or 0), int(match["minute"] or 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - a clock's own numbers
        raise InvalidScheduleError(f"there is no {hour}:{minute:02d}", hint=_HINT)
    return f"{minute} {hour}"


def known_zone(zone: str) -> str:
    """Return a time zone's name if there is one of that name.

    Raises:
        InvalidScheduleError: If there is none.
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise InvalidScheduleError(
            f"'{zone}' is no time zone", hint="such as Europe/Berlin or UTC"
        ) from None
    return zone
