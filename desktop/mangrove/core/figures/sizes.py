"""Bytes over time: what is kept, by profile and by tier, and when the room will be used up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mangrove.core.figures.facts import DayTotal

LOOK_BACK_DAYS = 30
LEAST_DAYS = 3
FARTHEST_DAYS = 3650


class Tier(StrEnum):
    """How long a backup is likely to stay, by what it is the newest of; the longest first."""

    YEARLY = "yearly"
    MONTHLY = "monthly"
    WEEKLY = "weekly"
    DAILY = "daily"
    HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class SizePoint:
    """What was kept at the end of one day, of the backups that are kept now.

    Attributes:
        by_profile: Pairs of a profile's slug and bytes, by name.
        by_tier: Pairs of a tier and bytes.
    """

    day: date
    total_bytes: int
    by_profile: tuple[tuple[str, int], ...]
    by_tier: tuple[tuple[Tier, int], ...]


@dataclass(frozen=True, slots=True)
class SizeSeries:
    """Bytes over time with the projection.

    Attributes:
        points: Oldest first, one for each day.
        per_day_bytes: What was added per day lately; None while that cannot be told.
        free_bytes: What is left, as far as it was seen; None for unknown.
        full_on: When that is used up at this pace; None for never, or unknown.
    """

    points: tuple[SizePoint, ...]
    per_day_bytes: float | None
    free_bytes: int | None = None
    full_on: date | None = None


def sizes_of(
    totals: Sequence[DayTotal], first: date, last: date, free_bytes: int | None = None
) -> SizeSeries:
    """Add up what is kept, day by day.

    Args:
        totals: Of every day there is, also those before ``first``.
        first: The first day to return.
        last: The last one.
        free_bytes: What is left in the storage.
    """
    added: dict[date, list[tuple[str, Tier, int]]] = {}
    for slug, tier, day, size in _tiers(totals):
        added.setdefault(max(day, first), []).append((slug, tier, size))
    profiles = dict.fromkeys(sorted({t.profile_slug for t in totals}), 0)
    tiers = dict.fromkeys(Tier, 0)
    points = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for slug, tier, size in added.get(day, ()):
            profiles[slug] += size
            tiers[tier] += size
        points.append(
            SizePoint(day, sum(tiers.values()), tuple(profiles.items()), tuple(tiers.items()))
        )
    pace = _pace(totals, last)
    return SizeSeries(tuple(points), pace, free_bytes, _full_on(pace, free_bytes, last))


def _tiers(totals: Sequence[DayTotal]) -> Iterable[tuple[str, Tier, date, int]]:
    """Split each day into its newest backup and the rest; the newest day of a week stands for it.

    A backup is in the longest-lived tier it belongs to, so each byte counts once.
    """
    last_of: dict[tuple[object, ...], date] = {}
    for total in totals:
        if total.complete:
            for key in _keys(total).values():
                last_of[key] = max(last_of.get(key, total.day), total.day)
    for total in totals:
        rest = total.stored_bytes - total.newest_bytes
        if rest:
            yield total.profile_slug, Tier.HOURLY, total.day, rest
        if total.newest_bytes:
            kept = (t for t, key in _keys(total).items() if last_of.get(key) == total.day)
            yield total.profile_slug, next(kept, Tier.DAILY), total.day, total.newest_bytes


def _keys(total: DayTotal) -> dict[Tier, tuple[object, ...]]:
    day, own = total.day, (total.profile_slug, total.vault_id)
    week = day.isocalendar()
    return {
        Tier.YEARLY: (*own, "y", day.year),
        Tier.MONTHLY: (*own, "m", day.year, day.month),
        Tier.WEEKLY: (*own, "w", week.year, week.week),
    }


def _pace(totals: Iterable[DayTotal], last: date) -> float | None:
    known = [t for t in totals if t.day <= last]
    if not known:
        return None
    begin = max(min(t.day for t in known), last - timedelta(days=LOOK_BACK_DAYS))
    days = (last - begin).days
    if days < LEAST_DAYS:
        return None
    return sum(t.stored_bytes for t in known if t.day > begin) / days


def _full_on(pace: float | None, free_bytes: int | None, last: date) -> date | None:
    if not pace or free_bytes is None:
        return None
    days = free_bytes / pace
    return last + timedelta(days=int(days)) if days < FARTHEST_DAYS else None
