"""Exposure: how much would be lost if the server died now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of moments, each of which can be restored by a replay."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """E(d): at most so much would be lost.

    Attributes:
        age: Of the newest data that can be brought back; without any, of the database as it is
            known here.
        data_at: The moment of those data; None when the database is *unprotected*.
        is_captured: Whether captured oplog reaches that moment, and no backup does.
    """

    age: timedelta
    data_at: datetime | None
    is_captured: bool = False

    @property
    def is_unprotected(self) -> bool:
        """Whether nothing at all could be brought back."""
        return self.data_at is None

    def meets(self, target: timedelta) -> bool:
        """Whether E(d) <= R(d); what is new and in no backup yet has as long as that."""
        return self.age <= target


def exposure_of(
    moments: Iterable[datetime],
    spans: Iterable[Span],
    first_seen: datetime,
    now: datetime,
    lag: timedelta,
) -> Exposure:
    """Return E(d) = now - max(newest data of its backups, end of its newest window).

    Backups dated in the future are ignored. A window counts while it goes on to ``now - lag``:
    one that has ended is no stream that can be relied on, only the backups under it are.

    Args:
        moments: The data times of the complete backups that hold all of it, unfiltered.
        spans: The windows of moments that captured oplog leads to.
        first_seen: When it was first seen, for what has no backup.
        now: The moment.
        lag: How far behind a running capture may be.
    """
    backed_up = max((m for m in moments if m <= now), default=None)
    newest = max(spans, key=lambda span: span.end, default=None)
    if newest is not None and newest.start <= now and newest.end >= now - lag:
        reached = min(newest.end, now)
        if backed_up is None or reached > backed_up:
            return Exposure(now - reached, reached, is_captured=True)
    if backed_up is None:
        return Exposure(max(now - first_seen, timedelta(0)), None)
    return Exposure(now - backed_up, backed_up)
