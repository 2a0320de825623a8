"""Protection over time: the worst gap of a period, and how much of it was protected well."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from operator import attrgetter
from typing import NamedTuple

from mangrove.core.figures.exposure import Span


class Moment(NamedTuple):
    """One backup on the time line; there may be tens of thousands.

    Attributes:
        data_at: Its data time.
        available_at: When it was complete; only from then on did it protect anything.
    """

    data_at: datetime
    available_at: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """What a period was like.

    Attributes:
        period: What was looked at; it begins when the database was first seen, if that was later.
        worst_gap: The longest time between two moments that could be restored, edges included.
        availability: The share of the period, 0 to 1, in which the objective was met; None for
            an empty period.
    """

    period: Span
    worst_gap: timedelta
    availability: float | None


@dataclass(frozen=True, slots=True)
class RpoPoint:
    """The worst exposure of one day, against the objective; None while nothing protected it."""

    day: date
    worst: timedelta | None


_Step = tuple[datetime, datetime | None, bool]
"""From this moment on, until the next step, the newest restorable data are those of the second;
the third says whether they move on with the time, as under a capture."""


class History:
    """What could be restored at each moment of a period.

    Args:
        moments: All backups that hold all of it, from the last ones before the period on.
        spans: The windows; inside them every moment can be restored.
        period: What to look at.
    """

    def __init__(self, moments: Sequence[Moment], spans: Sequence[Span], period: Span) -> None:
        self._moments = moments
        self._spans = spans
        self._period = period
        self._steps = _captured_steps(moments, spans) if spans else _backup_steps(moments)

    def observed(self, target: timedelta) -> Observed:
        """Return the observed RPO, and the availability of protection under an objective."""
        gap = worst_gap(self._moments, self._spans, self._period)
        return Observed(self._period, gap, self.availability(target))

    def availability(self, target: timedelta) -> float | None:
        """Return the share of the period in which the exposure was within the objective."""
        length = self._period.end - self._period.start
        if length <= timedelta(0):
            return None
        good = timedelta(0)
        for start, end, data_at, is_flowing in self._stretches():
            if data_at is None:
                continue
            until = end if is_flowing or data_at + target > end else data_at + target
            if until > start:
                good += until - start
        return good / length

    def by_day(self, zone: tzinfo) -> tuple[RpoPoint, ...]:
        """Return the worst exposure of each day of the period, in a time zone."""
        worst: dict[date, timedelta | None] = {}
        day, midnight = _day_of(self._period.start, zone)
        for start, end, data_at, is_flowing in self._stretches():
            while start >= midnight:
                day, midnight = _day_of(midnight, zone)
            stop = min(end, midnight)
            while True:
                held = worst.get(day, timedelta(0))
                if data_at is None or held is None:
                    worst[day] = None
                elif not is_flowing:
                    worst[day] = max(held, stop - data_at)
                else:
                    worst[day] = held
                if stop >= end:
                    break
                day, midnight = _day_of(midnight, zone)
                stop = min(end, midnight)
        return tuple(RpoPoint(day, worst[day]) for day in sorted(worst))

    def _stretches(self) -> Iterator[tuple[datetime, datetime, datetime | None, bool]]:
        """Yield from when until when, inside the period, what could be restored."""
        first, last = self._period.start, self._period.end
        at, data_at, is_flowing = first, None, False
        for since, newest, flows in self._steps:
            if since >= last:
                break
            if since > at:
                yield at, since, data_at, is_flowing
                at = since
            data_at, is_flowing = newest, flows
        if at < last:
            yield at, last, data_at, is_flowing


def worst_gap(moments: Sequence[Moment], spans: Sequence[Span], period: Span) -> timedelta:
    """Return the longest gap between neighbouring restorable moments, with those at the edges.

    The gap at the beginning reaches back to the last moment before the period if there is one,
    else to the period's beginning; the gap at the end reaches to the period's end.
    """
    covered = joined(
        [(m.data_at, m.data_at) for m in moments if m.data_at <= period.end]
        + [(s.start, min(s.end, period.end)) for s in spans if s.start <= period.end]
    )
    reached = period.start
    longest = timedelta(0)
    for start, end in covered:
        if end < period.start:
            reached = end
            continue
        longest = max(longest, start - reached)
        reached = end
    return max(longest, period.end - reached)


def joined(pairs: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Join intervals that touch or overlap, oldest first."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(pairs):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _backup_steps(moments: Iterable[Moment]) -> list[_Step]:
    """Follow the time: each backup counts from when it was complete, if it is newer."""
    steps: list[_Step] = []
    newest: datetime | None = None
    for moment in sorted(moments, key=attrgetter("available_at")):
        if newest is None or moment.data_at > newest:
            newest = moment.data_at
            steps.append((moment.available_at, newest, False))
    return steps


def _captured_steps(moments: Iterable[Moment], spans: Iterable[Span]) -> list[_Step]:
    """Follow the time where there are windows too: inside one, the newest data are those of now."""
    steps: list[_Step] = []
    windows = joined((s.start, s.end) for s in spans)
    backups = _backup_steps(moments)
    at = 0
    newest: datetime | None = None
    for start, end in windows:
        while at < len(backups) and backups[at][0] < start:
            newest = _later(newest, backups[at][1])
            steps.append((backups[at][0], newest, False))
            at += 1
        steps.append((start, start, True))
        while at < len(backups) and backups[at][0] < end:
            at += 1
        newest = end
        steps.append((end, end, False))
    for since, data_at, _ in backups[at:]:
        newest = _later(newest, data_at)
        steps.append((since, newest, False))
    return steps


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def _day_of(moment: datetime, zone: tzinfo) -> tuple[date, datetime]:
    """Return the day of a moment, and the midnight that ends it."""
    day = moment.astimezone(zone).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    return day, midnight.astimezone(UTC)
