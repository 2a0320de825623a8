"""What the overview's charts draw: exposure of each day, measured restores, sizes to come."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby

from PySide6.QtCore import QCoreApplication

from mangrove.core.figures.answer import ProfileFigures
from mangrove.core.figures.protection import RpoPoint
from mangrove.core.figures.restore_estimate import MeasuredRestore
from mangrove.core.figures.sizes import SizePoint, SizeSeries
from mangrove.core.verification import EMBEDDED
from mangrove.ui import text
from mangrove.ui.pages.overview.words import tier_word
from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.charts.amounts import Measure
from mangrove.ui.widgets.charts.plots import Absence, Limit, Look, Plot, Reading, Trace
from mangrove.ui.wording import counted

DAYS = 30
"""How far back the chart of exposure looks."""
RESTORE_DAYS = 90
_DAY = timedelta(days=1)
_DAY_S = _DAY.total_seconds()
_MOST_LAYERS = 6
_BEFORE_DAYS, _LEAST_DAYS = 3, 30  # of sizes
_AHEAD = 0.35  # of the time behind: how far a projection is drawn at least
_FARTHEST = 2.0  # of the time behind: a day that is full later than this is told, not drawn


def rpo_plot(figures: ProfileFigures, now: datetime, zone: tzinfo | None) -> Plot:
    """Draw the worst exposure of each day against the objective."""
    today = now.astimezone(zone).date()
    first = today - (DAYS - 1) * _DAY
    points = [p for p in figures.rpo_days if p.day >= first]
    readings = tuple(_exposure(p, figures.objective, zone) for p in points if p.worst is not None)
    name = _tr("objective {length}").format(length=text.brief_duration(figures.objective))
    return Plot(
        title=_tr("Exposure of each day of {profile}").format(profile=figures.profile_name),
        summary=rpo_summary(figures),
        measure=Measure.SECONDS,
        start_s=_midnight(first, zone),
        end_s=_midnight(today + _DAY, zone),
        traces=(Trace("", readings, Look.BARS, _DAY_S),),
        limits=(Limit(figures.objective.total_seconds(), name),),
        absences=tuple(_unprotected(points, first, today, zone)),
        is_daily=True,
    )


def rpo_summary(figures: ProfileFigures) -> str:
    """Say how the last days went."""
    observed = figures.observed
    if observed.availability is None or figures.exposure.is_unprotected:
        return _tr("Nothing protects all of it.")
    days = max(1, round((observed.period.end - observed.period.start) / _DAY))
    share = min(observed.availability, 1.0)
    percent = "100 %" if share == 1.0 else f"{int(share * 1000) / 10:.1f} %"
    words = _tr("Worst {gap} in {days}; within the objective {share} of the time.")
    gap = text.brief_duration(observed.worst_gap)
    return words.format(gap=gap, days=counted(days, _tr("day"), _tr("days")), share=percent)


def restores_plot(figures: ProfileFigures, now: datetime) -> Plot:
    """Draw how long each measured restore took, against the objective."""
    goal = figures.objectives.rto
    shown = [r for r in figures.restores if r.ended_at > now - timedelta(days=RESTORE_DAYS)]
    older = [r for r in figures.restores if r.ended_at <= now - timedelta(days=RESTORE_DAYS)]
    limits = []
    if goal is not None:
        name = _tr("objective {length}").format(length=text.brief_duration(goal))
        limits.append(Limit(goal.total_seconds(), name))
    if figures.restore.expected is not None:
        name = _tr("expected now {length}").format(
            length=text.brief_duration(figures.restore.expected)
        )
        limits.append(Limit(figures.restore.expected.total_seconds(), name, is_ceiling=False))
    start, end = (now - timedelta(days=RESTORE_DAYS)).timestamp(), now.timestamp()
    nothing = _tr("no restore was measured lately") if older else _tr("no restore was measured")
    return Plot(
        title=_tr("Measured restores of {profile}").format(profile=figures.profile_name),
        summary=restores_summary(figures, now),
        measure=Measure.SECONDS,
        start_s=start,
        end_s=end,
        traces=(Trace("", tuple(_restore(r, goal) for r in shown), Look.DOTS),),
        limits=tuple(limits),
        absences=() if shown else (Absence(start, end, nothing),),
    )


def restores_summary(figures: ProfileFigures, now: datetime) -> str:
    """Say how long it takes until all is back, and how that is known."""
    estimate = figures.restore
    if estimate.p50 is None or estimate.p90 is None or estimate.newest is None:
        return _tr("Unknown: {why}.").format(why=estimate.why_unknown)
    words = _tr(
        "Half take up to {p50}, nine of ten up to {p90}; {number}, the newest {ago} from {size}."
    )
    return words.format(
        p50=text.brief_duration(estimate.p50),
        p90=text.brief_duration(estimate.p90),
        number=_measured(estimate.restores),
        ago=text.ago(estimate.newest.ended_at, now),
        size=text.size(estimate.newest.plain_bytes),
    )


def sizes_plot(
    series: SizeSeries, layers: Sequence[tuple[str, Sequence[int]]], title: str, now: datetime
) -> Plot:
    """Draw what is kept over time, and from today on what is to be expected.

    Args:
        series: Its points are days of UTC.
        layers: What is stacked: names with an amount for each point.
        title: What is drawn.
        now: The clock's moment.
    """
    first = _first_shown(series.points)
    points = series.points[first:]
    at = [min(_midnight(p.day + _DAY, UTC), now.timestamp()) for p in points]
    if not at:
        return Plot(title, "", Measure.BYTES, 0.0, 1.0)
    traces = [
        Trace(name, tuple(map(Reading, at, map(float, amounts[first:]))), Look.AREA)
        for name, amounts in layers
    ]
    now_s, now_bytes = at[-1], float(series.points[-1].total_bytes)
    end_s = _end_of_projection(series, at)
    if series.per_day_bytes is not None:
        later = now_bytes + series.per_day_bytes * (end_s - now_s) / _DAY_S
        ends = (Reading(now_s, now_bytes), Reading(end_s, later, _tr("expected at this pace")))
        traces.append(Trace(_tr("expected"), ends, Look.PROJECTION))
    limits: tuple[Limit, ...] = ()
    if series.free_bytes is not None:
        room = now_bytes + series.free_bytes
        name = _tr("full at {size}").format(size=text.size(room))
        limits = (Limit(room, name, is_ceiling=False),)
    return Plot(
        title,
        sizes_summary(series),
        Measure.BYTES,
        at[0],
        end_s,
        tuple(traces),
        limits,
        now_s=now_s,
    )


def by_profile(
    points: Sequence[SizePoint], names: Mapping[str, str]
) -> list[tuple[str, list[int]]]:
    """Return a layer for each profile, the largest at the foot; the smallest ones as one."""
    slugs = [slug for slug, _ in points[-1].by_profile] if points else []
    amounts = {slug: [dict(p.by_profile).get(slug, 0) for p in points] for slug in slugs}
    ordered = sorted(slugs, key=lambda s: -amounts[s][-1])
    shown = ordered if len(ordered) <= _MOST_LAYERS else ordered[: _MOST_LAYERS - 1]
    layers = [(names.get(slug, slug), amounts[slug]) for slug in shown]
    if rest := ordered[len(shown) :]:
        others = [sum(column) for column in zip(*(amounts[s] for s in rest), strict=True)]
        layers.append((_tr("{count} others").format(count=len(rest)), others))
    return layers


def by_tier(points: Sequence[SizePoint]) -> list[tuple[str, list[int]]]:
    """Return a layer for each tier that holds anything, the longest-lived at the foot."""
    tiers = [tier for tier, _ in points[-1].by_tier] if points else []
    layers = [(tier_word(t), [dict(p.by_tier).get(t, 0) for p in points]) for t in tiers]
    return [layer for layer in layers if any(layer[1])]


def sizes_summary(series: SizeSeries) -> str:
    """Say how fast it grows, and when the room will be used up."""
    if series.per_day_bytes is None:
        return _tr("Too young to tell how fast it grows.")
    grows = _tr("Grows by {size} a day").format(size=text.size(series.per_day_bytes))
    if series.free_bytes is None:
        return _tr("{grows}; the storage does not tell how much room is left.").format(grows=grows)
    free = text.size(series.free_bytes)
    if series.full_on is None:
        return _tr("{grows}; {free} are free, enough for years.").format(grows=grows, free=free)
    words = _tr("{grows}; {free} are free, full about {day}.")
    return words.format(grows=grows, free=free, day=f"{series.full_on:%Y-%m-%d}")


# --- readings ----------------------------------------------------------------------------


def _exposure(point: RpoPoint, objective: timedelta, zone: tzinfo | None) -> Reading:
    worst = point.worst or timedelta(0)
    lost = text.duration(worst)
    words = _tr("up to {length} would have been lost").format(length=lost)
    if worst > objective:
        words = _tr("{words}: over the objective").format(words=words)
    tone = Tone.EXPOSED if worst > objective else Tone.PROVEN
    noon = _midnight(point.day, zone) + _DAY_S / 2
    return Reading(noon, worst.total_seconds(), words, tone)


def _unprotected(
    points: Sequence[RpoPoint], first: date, today: date, zone: tzinfo | None
) -> Iterator[Absence]:
    """Yield the stretches of days on which nothing protected it, and those before it was known."""
    known_from = min((p.day for p in points), default=today + _DAY)
    if known_from > first:
        start, end = _midnight(first, zone), _midnight(known_from, zone)
        yield Absence(start, end, _tr("not known yet"))
    for is_absent, days in groupby(points, key=lambda p: p.worst is None):
        if is_absent:
            held = list(days)
            start, end = _midnight(held[0].day, zone), _midnight(held[-1].day + _DAY, zone)
            yield Absence(start, end, _tr("nothing protected it"))


def _restore(measured: MeasuredRestore, goal: timedelta | None) -> Reading:
    where = _tr("a throw-away server") if measured.target == EMBEDDED else measured.target
    words = _tr("{kind} of {size} onto {where}: {length}").format(
        kind=text.capital(_tr(measured.kind)),
        size=text.size(measured.plain_bytes),
        where=where,
        length=text.duration(measured.took),
    )
    is_slow = goal is not None and measured.took > goal
    tone = Tone.EXPOSED if is_slow else Tone.PROVEN
    return Reading(measured.ended_at.timestamp(), measured.took.total_seconds(), words, tone)


def _measured(number: int) -> str:
    one = _tr("one measured restore")
    return one if number == 1 else _tr("{count} measured restores").format(count=number)


def _first_shown(points: Sequence[SizePoint]) -> int:
    """Return where to begin: a little before anything was kept, and not much later than today."""
    kept = next((n for n, point in enumerate(points) if point.total_bytes), len(points))
    return max(0, min(kept - _BEFORE_DAYS, len(points) - _LEAST_DAYS))


def _end_of_projection(series: SizeSeries, at: Sequence[float]) -> float:
    behind = max(at[-1] - at[0], _DAY_S)
    least = at[-1] + behind * _AHEAD
    if series.full_on is None:
        return least
    full = _midnight(series.full_on + _DAY, UTC)
    return max(least, full) if full <= at[-1] + behind * _FARTHEST else least


def _midnight(day: date, zone: tzinfo | None) -> float:
    naive = datetime.combine(day, time())
    aware = naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
    return aware.timestamp()


def _tr(words: str) -> str:
    return QCoreApplication.translate("Overview", words)
