"""What a chart draws: traces of readings, a limit they are held to, and where nothing is known."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.charts.amounts import Measure
from mangrove.ui.widgets.timeline.scale import Scale

_FAR = 6.0  # times the highest reading: a limit beyond would press all readings flat


class Look(StrEnum):
    """How a trace is drawn."""

    AREA = "area"
    """Filled down to the foot; several of them are stacked, the first at the foot."""
    BARS = "bars"
    """An upright bar for each reading, which stands for the time around it."""
    LINE = "line"
    PROJECTION = "projection"
    """A dashed line: what is expected and not measured."""
    DOTS = "dots"
    """Single readings, each with the shape of its state."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One amount at one moment.

    Attributes:
        at_s: Unix seconds.
        words: What a pointer resting there is told besides the moment.
        tone: The state that a dot shows.
        key: What it stands for, told when it is clicked; "" when it leads nowhere.
    """

    at_s: float
    amount: float
    words: str = ""
    tone: Tone = Tone.NEUTRAL
    key: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """Readings that belong together, oldest first.

    Attributes:
        width_s: How much time a bar stands for, half of it before its reading.
    """

    name: str
    readings: tuple[Reading, ...]
    look: Look = Look.LINE
    width_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount drawn as a line across.

    Attributes:
        name: What is written at it.
        is_ceiling: Whether it is bad to be above; what is above is drawn as a breach.
    """

    amount: float
    name: str
    is_ceiling: bool = True


@dataclass(frozen=True, slots=True)
class Absence:
    """A stretch of time of which nothing is known, and why; drawn grey."""

    start_s: float
    end_s: float
    words: str


@dataclass(frozen=True)
class Plot:
    """Everything one chart draws.

    Attributes:
        title: What it is called by whoever listens instead of looking.
        summary: What it says in one sentence.
        start_s, end_s: The stretch of time it covers, in Unix seconds.
        now_s: The present; drawn as a line where the plot goes on into the future.
        is_daily: Whether a reading stands for its whole day and not for a second.
    """

    title: str
    summary: str
    measure: Measure
    start_s: float
    end_s: float
    traces: tuple[Trace, ...] = ()
    limits: tuple[Limit, ...] = ()
    absences: tuple[Absence, ...] = ()
    now_s: float | None = None
    is_daily: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no reading at all."""
        return not any(trace.readings for trace in self.traces)

    @property
    def areas(self) -> tuple[Trace, ...]:
        """The traces that are stacked, the lowest first."""
        return tuple(t for t in self.traces if t.look is Look.AREA)

    @cached_property
    def highest(self) -> float:
        """The highest amount that the axis must reach: of readings, and of limits not far off."""
        stacked = max((sum(levels) for _, levels in self.stack), default=0.0)
        others = (r.amount for t in self.traces if t.look is not Look.AREA for r in t.readings)
        found = max((stacked, *others))
        limits = (li.amount for li in self.limits if not found or li.amount <= found * _FAR)
        return max((found, *limits))

    @cached_property
    def stops(self) -> tuple[float, ...]:
        """The moments that have a reading, ascending: where a cursor can stand."""
        moments = {r.at_s for t in self.traces for r in t.readings}
        return tuple(sorted(moments))

    @cached_property
    def stack(self) -> tuple[tuple[float, tuple[float, ...]], ...]:
        """The amount of each area at each moment that any of them has a reading."""
        areas = self.areas
        moments = sorted({r.at_s for t in areas for r in t.readings})
        return tuple((at, tuple(level_at(t.readings, at) for t in areas)) for at in moments)

    def absence_at(self, moment_s: float) -> Absence | None:
        """Return the absence that holds a moment."""
        return next((a for a in self.absences if a.start_s <= moment_s <= a.end_s), None)

    def readings_at(self, moment_s: float) -> list[tuple[Trace, Reading]]:
        """Return the readings of one of the ``stops``, trace by trace."""
        return [
            (trace, reading)
            for trace in self.traces
            for reading in _same_moment(trace.readings, moment_s)
        ]


def _same_moment(readings: Sequence[Reading], moment_s: float) -> Sequence[Reading]:
    first = bisect_left(readings, moment_s, key=_at)
    return readings[first : bisect_right(readings, moment_s, lo=first, key=_at)]


def level_at(readings: Sequence[Reading], moment_s: float) -> float:
    """Return the amount at a moment: straight between two readings, 0 before the first."""
    number = bisect_left(readings, moment_s, key=_at)
    if number == len(readings):
        return readings[-1].amount if readings else 0.0
    after = readings[number]
    if number == 0:
        return after.amount if after.at_s == moment_s else 0.0
    before = readings[number - 1]
    share = (moment_s - before.at_s) / (after.at_s - before.at_s)
    return before.amount + (after.amount - before.amount) * share


def nearest_stop(stops: Sequence[float], moment_s: float) -> float | None:
    """Return the stop closest to a moment."""
    number = bisect_left(stops, moment_s)
    near = stops[max(0, number - 1) : number + 1]
    return min(near, key=lambda s: abs(s - moment_s), default=None)


def thinned(readings: Sequence[Reading], scale: Scale) -> Iterator[Reading]:
    """Yield what finds room: for each pixel the first, lowest, highest and last reading.

    So no peak disappears, however many readings there are.
    """
    number, count = 0, len(readings)
    while number < count:
        edge = int((readings[number].at_s - scale.start_s) * scale.second_width) + 1
        until = scale.start_s + edge / scale.second_width
        last = max(number + 1, bisect_left(readings, until, lo=number, key=_at))
        column = readings[number:last]
        kept = {
            0,
            len(column) - 1,
            min(range(len(column)), key=lambda n: column[n].amount),
            max(range(len(column)), key=lambda n: column[n].amount),
        }
        yield from (column[n] for n in sorted(kept))
        number = last


def _at(reading: Reading) -> float:
    return reading.at_s
