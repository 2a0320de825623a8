"""Bytes over time: what is kept, by profile and by tier, and when the room will be used up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from mangrove.core.figures.facts import DayTotal

LOOK_BACK_DAYS = 30
LEAST_DAYS = 3
FARTHEST_DAYS = 3650


class Tier(StrEnum):
    """How long a backup is likely to stay, by what it is the newest of; the longest first.

    ``OLDER`` is what was there before the first day that is shown.
    """

    OLDER = "older"
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
    days: Sequence[DayTotal],
    totals: Sequence[DayTotal],
    first: date,
    last: date,
    free_bytes: int | None = None,
) -> SizeSeries:
    """Add up what is kept, day by day.

    Args:
        days: From the first day on.
        totals: Of all days together, also those before the first.
        first: The first day to return.
        last: The last one.
        free_bytes: What is left in the storage.
    """
    profiles = dict.fromkeys(sorted({t.profile_slug for t in totals}), 0)
    for total in totals:
        profiles[total.profile_slug] += total.stored_bytes
    for one in days:
        profiles[one.profile_slug] -= one.stored_bytes
    tiers = dict.fromkeys(Tier, 0)
    tiers[Tier.OLDER] = sum(profiles.values())
    added: dict[date, list[tuple[str, Tier, int]]] = {}
    for slug, tier, day, size in _tiers(days):
        added.setdefault(day, []).append((slug, tier, size))
    points = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for slug, tier, size in added.get(day, ()):
            profiles[slug] += size
            tiers[tier] += size
        points.append(
            SizePoint(day, sum(tiers.values()), tuple(profiles.items()), tuple(tiers.items()))
        )
    pace = _pace(days, totals, last)
    return SizeSeries(tuple(points), pace, free_bytes, _full_on(pace, free_bytes, last))


def together(series: Sequence[SizeSeries]) -> SizeSeries:
    """Add up the series of several vaults, all of the same days; at least one."""
    points = []
    for parts in zip(*(one.points for one in series), strict=True):
        profiles: dict[str, int] = {}
        tiers = dict.fromkeys(Tier, 0)
        for part in parts:
            for slug, size in part.by_profile:
                profiles[slug] = profiles.get(slug, 0) + size
            for tier, size in part.by_tier:
                tiers[tier] += size
        total = sum(part.total_bytes for part in parts)
        by_profile = tuple(sorted(profiles.items()))
        points.append(SizePoint(parts[0].day, total, by_profile, tuple(tiers.items())))
    paces = [one.per_day_bytes for one in series if one.per_day_bytes is not None]
    return SizeSeries(tuple(points), sum(paces) if paces else None)


def _tiers(totals: Sequence[DayTotal]) -> Iterable[tuple[str, Tier, date, int]]:
    """Split each day into its newest backup and the rest; the newest day of a week stands for it.

    A backup is in the longest-lived tier it belongs to, so each byte counts once.
    """
    last_of: dict[tuple[str, str, tuple[Tier, int]], date] = {}
    for total in totals:
        if total.complete:
            for bucket in _buckets(total.day):
                key = (total.profile_slug, total.vault_id, bucket)
                if key not in last_of or last_of[key] < total.day:
                    last_of[key] = total.day
    for total in totals:
        rest = total.stored_bytes - total.newest_bytes
        if rest:
            yield total.profile_slug, Tier.HOURLY, total.day, rest
        if total.newest_bytes:
            tier = Tier.DAILY
            for bucket in _buckets(total.day):
                if last_of.get((total.profile_slug, total.vault_id, bucket)) == total.day:
                    tier = bucket[0]
                    break
            yield total.profile_slug, tier, total.day, total.newest_bytes


@lru_cache(maxsize=4096)
def _buckets(day: date) -> tuple[tuple[Tier, int], ...]:
    """Return the year, month and week that a day is in, as numbers."""
    week = day.isocalendar()
    return (
        (Tier.YEARLY, day.year),
        (Tier.MONTHLY, 12 * day.year + day.month),
        (Tier.WEEKLY, 100 * week.year + week.week),
    )


def _pace(days: Iterable[DayTotal], totals: Iterable[DayTotal], last: date) -> float | None:
    oldest = min((t.day for t in totals), default=last)
    begin = max(oldest, last - timedelta(days=LOOK_BACK_DAYS))
    length = (last - begin).days
    if length < LEAST_DAYS:
        return None
    return sum(t.stored_bytes for t in days if begin < t.day <= last) / length


def _full_on(pace: float | None, free_bytes: int | None, last: date) -> date | None:
    if not pace or free_bytes is None:
        return None
    days = free_bytes / pace
    return last + timedelta(days=int(days)) if days < FARTHEST_DAYS else None
