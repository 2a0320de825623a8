"""How many snapshots a schedule comes to, once it has run as long as it keeps them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mangrove.core.atlas.policy import LAST_DAY, BackupSchedule, PolicyItem
from mangrove.core.atlas.snapshot import Frequency

_HOURS_A_DAY = 24
LOOKED_BACK = timedelta(days=40 * 366)
"""Older snapshots are not counted: nobody has kept one for forty years yet."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many snapshots will be there.

    Attributes:
        total: Of all items; a snapshot that two items take counts once.
        by_item: For each item, those that stay because of it.
    """

    total: int
    by_item: tuple[int, ...]


def estimate(schedule: BackupSchedule, today: date) -> Estimate:
    """Count what a schedule keeps, as if it had run for ever.

    A snapshot that several items take is one, and stays as long as the one that keeps it longest.
    Source: Atlas documentation, "Manage Backup Policies".

    Args:
        schedule: Valid or not; what makes no sense counts as nothing.
        today: Months differ in length, so it depends a little on the day.
    """
    kept: Counter[int] = Counter()
    longest = max((i.keep.length for i in schedule.items), default=timedelta(0))
    for back in range(min(longest, LOOKED_BACK).days + 1):
        age = timedelta(days=back)
        for place, count in _of_day(schedule.items, today - age, age):
            kept[place] += count
    by_item = tuple(kept[place] for place in range(len(schedule.items)))
    return Estimate(sum(by_item), by_item)


def _of_day(items: tuple[PolicyItem, ...], day: date, age: timedelta) -> Iterator[tuple[int, int]]:
    """Yield which item keeps how many of the snapshots taken on a day."""
    at_reference = [p for p, i in enumerate(items) if _falls_on(i, day) and age < i.keep.length]
    hourly = [
        p for p, i in enumerate(items) if i.frequency is Frequency.HOURLY and age < i.keep.length
    ]
    for place in hourly:
        often = max(_HOURS_A_DAY // max(items[place].interval, 1), 1)
        yield place, often - 1
    candidates = at_reference + hourly
    if candidates:
        yield max(candidates, key=lambda p: items[p].keep.length), 1


def _falls_on(item: PolicyItem, day: date) -> bool:
    match item.frequency:
        case Frequency.DAILY:
            return True
        case Frequency.WEEKLY:
            return day.isoweekday() == item.interval
        case Frequency.MONTHLY if item.interval == LAST_DAY:
            return (day + timedelta(days=1)).day == 1
        case Frequency.MONTHLY:
            return day.day == item.interval
        case Frequency.YEARLY:
            return (day.day, day.month) == (1, item.interval)
        case _:
            return False
