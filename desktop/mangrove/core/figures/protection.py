"""Protection over time: the worst gap of a period, and how much of it was protected well."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from mangrove.core.figures.exposure import Span


@dataclass(frozen=True, slots=True)
class Moment:
    """One backup on the time line.

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


@dataclass(frozen=True, slots=True)
class _Reach:
    """From ``since`` on, until the next one, the newest restorable data are those of ``data_at``.

    Attributes:
        is_flowing: Whether they move on with the time, as under a capture.
    """

    since: datetime
    data_at: datetime | None
    is_flowing: bool = False


def observed(
    moments: Sequence[Moment], spans: Sequence[Span], period: Span, target: timedelta
) -> Observed:
    """Return the observed RPO of a period, and the availability of protection in it.

    Args:
        moments: Of all backups that hold all of it, from the last one before the period on.
        spans: The windows; inside them every moment can be restored.
        period: What to look at.
        target: The objective of that time.
    """
    return Observed(
        period, worst_gap(moments, spans, period), availability(moments, spans, period, target)
    )


def worst_gap(moments: Sequence[Moment], spans: Sequence[Span], period: Span) -> timedelta:
    """Return the longest gap between neighbouring restorable moments, with those at the edges.

    The gap at the beginning reaches back to the last moment before the period if there is one,
    else to the period's beginning; the gap at the end reaches to the period's end.
    """
    covered = _joined(
        [(m.data_at, m.data_at) for m in moments if m.data_at <= period.end]
        + [(s.start, min(s.end, period.end)) for s in spans if s.start <= period.end]
    )
    before = [pair for pair in covered if pair[1] < period.start]
    within = [pair for pair in covered if pair[1] >= period.start]
    begin = before[-1][1] if before else period.start
    edges = [(begin, begin), *within, (period.end, period.end)]
    gaps = (later[0] - earlier[1] for earlier, later in pairwise(edges))
    return max((gap for gap in gaps), default=timedelta(0))


def availability(
    moments: Sequence[Moment], spans: Sequence[Span], period: Span, target: timedelta
) -> float | None:
    """Return the share of the period in which the exposure was within the objective."""
    length = period.end - period.start
    if length <= timedelta(0):
        return None
    good = timedelta(0)
    for reach, start, end in _stretches(moments, spans, period):
        if reach.data_at is None:
            continue
        until = end if reach.is_flowing else min(end, reach.data_at + target)
        good += max(until - start, timedelta(0))
    return good / length


def rpo_by_day(
    moments: Sequence[Moment], spans: Sequence[Span], period: Span, zone: tzinfo
) -> tuple[RpoPoint, ...]:
    """Return the worst exposure of each day of the period, in a time zone."""
    worst: dict[date, timedelta | None] = {}
    for reach, start, end in _stretches(moments, spans, period):
        for day, stop in _days_of(start, end, zone):
            if reach.data_at is None:
                worst[day] = None
                continue
            age = timedelta(0) if reach.is_flowing else stop - reach.data_at
            held = worst.get(day, timedelta(0))
            worst[day] = None if held is None else max(held, age)
    return tuple(RpoPoint(day, worst[day]) for day in sorted(worst))


def _stretches(
    moments: Sequence[Moment], spans: Sequence[Span], period: Span
) -> Iterator[tuple[_Reach, datetime, datetime]]:
    """Yield what could be restored, and from when until when inside the period."""
    steps = _reaches(moments, spans, period)
    for index, reach in enumerate(steps):
        start = max(reach.since, period.start)
        end = steps[index + 1].since if index + 1 < len(steps) else period.end
        if min(end, period.end) > start:
            yield reach, start, min(end, period.end)


def _reaches(moments: Sequence[Moment], spans: Sequence[Span], period: Span) -> list[_Reach]:
    """Follow the time: each backup counts from when it was complete, a window while it lasts."""
    joined = _joined((s.start, s.end) for s in spans)
    marks = sorted({m.available_at for m in moments} | {edge for pair in joined for edge in pair})
    ready = sorted(moments, key=lambda m: m.available_at)
    steps = [_Reach(min([period.start, *marks[:1]]), None)]
    newest: datetime | None = None
    at = 0
    for mark in marks:
        while at < len(ready) and ready[at].available_at <= mark:
            data_at = ready[at].data_at
            newest = data_at if newest is None else max(newest, data_at)
            at += 1
        inside = any(start <= mark < end for start, end in joined)
        ended = max((end for _, end in joined if end <= mark), default=None)
        known = [moment for moment in (newest, ended) if moment is not None]
        steps.append(_Reach(mark, mark if inside else max(known, default=None), inside))
    return steps


def _joined(pairs: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(pairs):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _days_of(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[date, datetime]]:
    """Yield each day that an interval touches, with its last moment inside the interval."""
    day = start.astimezone(zone).date()
    while True:
        following = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
        if following >= end:
            yield day, end
            return
        yield day, following
        day = following.date()
