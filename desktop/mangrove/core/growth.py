"""How much room backups take, how fast that grows, and when a storage will be full."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.backup_record import BackupRecord

LOOK_BACK = timedelta(days=30)
LEAST_SPAN = timedelta(days=2)
FARTHEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Growth:
    """What the backups of one profile, or of all, take.

    Attributes:
        profile: Its name; "" for all together.
        per_day_bytes: What was added per day lately; None while that cannot be told.
        full_at: When the free space is used up at that pace, if nothing is deleted; None when
            that cannot be told, or is ten years away.
    """

    profile: str
    backups: int
    stored_bytes: int
    per_day_bytes: float | None
    full_at: datetime | None = None


def growth_of(
    records: Iterable[BackupRecord], now: datetime, free_bytes: int | None = None
) -> tuple[Growth, ...]:
    """Return the growth of all together, then of each profile, the largest first.

    Args:
        records: The backups of one vault.
        now: The moment.
        free_bytes: What is left in its storage, if that is known.
    """
    profiles: dict[str, list[BackupRecord]] = {}
    for record in records:
        profiles.setdefault(record.profile_name, []).append(record)
    everything = [record for held in profiles.values() for record in held]
    own = [_growth(name, held, now) for name, held in profiles.items()]
    own.sort(key=lambda growth: growth.stored_bytes, reverse=True)
    return (_growth("", everything, now, free_bytes), *own)


def _growth(
    profile: str, records: list[BackupRecord], now: datetime, free_bytes: int | None = None
) -> Growth:
    pace = _pace(records, now)
    return Growth(
        profile=profile,
        backups=len(records),
        stored_bytes=sum(record.stored_bytes for record in records),
        per_day_bytes=pace,
        full_at=_full_at(pace, free_bytes, now),
    )


def _pace(records: list[BackupRecord], now: datetime) -> float | None:
    """Return bytes a day over the last month, or since the first backup if that is younger."""
    past = [record for record in records if record.finished_at <= now]
    if not past:
        return None
    first_at = min(record.finished_at for record in past)
    begin = max(now - LOOK_BACK, first_at)
    span = now - begin
    if span < LEAST_SPAN:
        return None
    added = sum(r.stored_bytes for r in past if r.finished_at > begin)
    return added / (span / timedelta(days=1))


def _full_at(pace: float | None, free_bytes: int | None, now: datetime) -> datetime | None:
    if not pace or free_bytes is None:
        return None
    days = free_bytes / pace
    return now + timedelta(days=days) if days < FARTHEST / timedelta(days=1) else None
