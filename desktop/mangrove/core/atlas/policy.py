"""Backup schedules of Atlas: their items, where copies go, and how a person writes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.atlas.snapshot import Frequency
from mangrove.core.errors import InvalidAtlasPolicyError
from mangrove.core.wording import counted

LAST_DAY = 40
"""A monthly item's interval that means the last day of the month, as Atlas writes it."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SHAPE_HINT = (
    "write 'hourly 6 keep 7 days', 'daily keep 7 days', 'weekly saturday keep 4 weeks', "
    "'monthly last keep 12 months' or 'yearly december keep 1 years'"
)
_ITEM = re.compile(
    r"(hourly|daily|weekly|monthly|yearly)(?:\s+(\w+))?\s+keep\s+(\d{1,5})\s+(day|week|month|year)s?"
)
_SHORTEST_NAME = 3


class Unit(StrEnum):
    """What retention is counted in; the values are Atlas' ``retentionUnit``."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"

    @property
    def length(self) -> timedelta:
        """How long one is at least; months count 30 days, years 365."""
        return _LENGTHS[self]


_LENGTHS = {
    Unit.DAYS: timedelta(days=1),
    Unit.WEEKS: timedelta(weeks=1),
    Unit.MONTHS: timedelta(days=30),
    Unit.YEARS: timedelta(days=365),
}
PERIODS = {
    Frequency.DAILY: timedelta(days=1),
    Frequency.WEEKLY: timedelta(weeks=1),
    Frequency.MONTHLY: timedelta(days=30),
    Frequency.YEARLY: timedelta(days=365),
}
"""From one snapshot of an item to the next; an hourly item's own interval says it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long snapshots stay."""

    value: int
    unit: Unit

    @property
    def length(self) -> timedelta:
        """The shortest that this can mean."""
        return self.value * self.unit.length

    @property
    def text(self) -> str:
        """Such as ``7 days``."""
        return counted(self.value, self.unit.removesuffix("s"))


@dataclass(frozen=True, slots=True)
class PolicyItem:
    """One line of a schedule.

    Attributes:
        interval: Hours for an hourly item; the day of the week (1 is Monday), the day of the month
            (40 is the last) or the month for the others; 1 for a daily one.
        item_id: Atlas' own; "" for a new item.
    """

    frequency: Frequency
    interval: int
    keep: Retention
    item_id: str = ""

    @property
    def period(self) -> timedelta:
        """From one of its snapshots to the next."""
        return PERIODS.get(self.frequency, timedelta(hours=self.interval))

    @property
    def when(self) -> str:
        """Say when it takes snapshots."""
        match self.frequency:
            case Frequency.HOURLY:
                return "every hour" if self.interval == 1 else f"every {self.interval} hours"
            case Frequency.WEEKLY:
                return f"every {_named(DAYS, self.interval)}"
            case Frequency.MONTHLY if self.interval == LAST_DAY:
                return "on the last day of the month"
            case Frequency.MONTHLY:
                return f"on day {self.interval} of the month"
            case Frequency.YEARLY:
                return f"on 1 {_named(MONTHS, self.interval)}"
            case _:
                return "every day"

    @property
    def describe(self) -> str:
        """Say what it does."""
        return f"{self.when}, kept {self.keep.text}"

    @property
    def as_written(self) -> str:
        """Return the text that ``parse_item`` reads as this item."""
        place = {
            Frequency.HOURLY: str(self.interval),
            Frequency.WEEKLY: _named(DAYS, self.interval).lower(),
            Frequency.MONTHLY: "last" if self.interval == LAST_DAY else str(self.interval),
            Frequency.YEARLY: _named(MONTHS, self.interval).lower(),
        }.get(self.frequency, "")
        words = (self.frequency, place, "keep", str(self.keep.value), self.keep.unit)
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class CopySetting:
    """Where else snapshots are copied to.

    Attributes:
        frequencies: Which ones; on demand is one of them.
        copies_oplog: Whether the oplog goes with them, for any second there too.
        keep_last: Only so many of the newest; None for no such limit.
    """

    provider: str
    region: str
    zone_id: str
    frequencies: tuple[Frequency, ...] = ()
    copies_oplog: bool = False
    keep_last: int | None = None

    @property
    def as_written(self) -> str:
        """Return the text that ``parse_copy`` reads as this setting."""
        words = [*self.frequencies, *(("oplog",) if self.copies_oplog else ())]
        return f"{self.provider}/{self.region}={','.join(words)}"

    @property
    def describe(self) -> str:
        """Say what goes where."""
        what = ", ".join(self.frequencies) or "no snapshots"
        oplog = ", with the oplog" if self.copies_oplog else ""
        return f"{self.provider} {self.region}: {what}{oplog}"


@dataclass(frozen=True, slots=True)
class BackupSchedule:
    """When Atlas takes snapshots of a cluster, and how long it keeps them.

    Attributes:
        hour, minute: UTC time that daily and rarer snapshots begin at.
        restore_window_days: How far back any second can be restored; None without.
        policy_id: Atlas' own, sent back with changes.
    """

    items: tuple[PolicyItem, ...]
    hour: int
    minute: int
    restore_window_days: int | None = None
    copies: tuple[CopySetting, ...] = ()
    next_at: datetime | None = None
    policy_id: str = ""
    exports: bool = False

    @property
    def time_text(self) -> str:
        """The reference time, in UTC."""
        return f"{self.hour:02}:{self.minute:02} UTC"

    def item(self, frequency: Frequency) -> PolicyItem | None:
        """Return the first item of a kind."""
        return next((i for i in self.items if i.frequency is frequency), None)


def parse_item(text: str) -> PolicyItem:
    """Read one line of a schedule, as a person writes it.

    Raises:
        InvalidAtlasPolicyError: If it cannot be understood.
    """
    found = _ITEM.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise _unreadable(text)
    frequency, place, value, unit = found.groups()
    kind = Frequency(frequency)
    return PolicyItem(
        kind, _interval(kind, place or "", text), Retention(int(value), Unit(f"{unit}s"))
    )


def parse_copy(text: str, zone_ids: Sequence[str]) -> tuple[CopySetting, ...]:
    """Read ``AWS/EU_WEST_1=daily,weekly,oplog``: one setting for each zone of the cluster.

    Raises:
        InvalidAtlasPolicyError: If it is anything else.
    """
    where, equals, what = text.partition("=")
    provider, slash, region = where.strip().partition("/")
    words = [w.strip().lower() for w in what.split(",") if w.strip()]
    unknown = set(words) - {f.value for f in Frequency} - {"oplog"}
    if not (equals and slash and provider and region and words) or unknown:
        raise InvalidAtlasPolicyError(
            f"'{text}' says no copy; nothing was sent",
            hint="write AWS/EU_WEST_1=hourly,daily,weekly,monthly,yearly,ondemand,oplog",
        )
    kinds = tuple(f for f in Frequency if f.value in words)
    return tuple(
        CopySetting(provider.upper(), region.upper(), zone, kinds, "oplog" in words)
        for zone in zone_ids
    )


def parse_retention(text: str) -> Retention:
    """Read ``30 days``.

    Raises:
        InvalidAtlasPolicyError: If it is anything else.
    """
    found = re.fullmatch(r"(\d{1,5})\s*(day|week|month|year)s?", text.strip().lower())
    if found is None or int(found[1]) < 1:
        raise InvalidAtlasPolicyError(
            f"'{text}' says no time to keep a snapshot; nothing was sent", hint="write '30 days'"
        )
    return Retention(int(found[1]), Unit(f"{found[2]}s"))


def _interval(frequency: Frequency, place: str, text: str) -> int:
    match frequency:
        case Frequency.DAILY if not place:
            return 1
        case Frequency.HOURLY if place.isdecimal():
            return int(place)
        case Frequency.MONTHLY if place == "last":
            return LAST_DAY
        case Frequency.MONTHLY if place.isdecimal():
            return int(place)
        case Frequency.WEEKLY:
            return _numbered(DAYS, place, text)
        case Frequency.YEARLY:
            return _numbered(MONTHS, place, text)
        case _:
            raise _unreadable(text)


def _numbered(names: Sequence[str], place: str, text: str) -> int:
    if len(place) >= _SHORTEST_NAME:
        for number, name in enumerate(names, 1):
            if name.lower().startswith(place):
                return number
    raise _unreadable(text)


def _named(names: Sequence[str], number: int) -> str:
    return names[number - 1] if 1 <= number <= len(names) else f"? ({number})"


def _unreadable(text: str) -> InvalidAtlasPolicyError:
    return InvalidAtlasPolicyError(
        f"'{text}' is no line of a schedule; nothing was sent", hint=SHAPE_HINT
    )
