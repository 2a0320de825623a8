"""What a strip draws, and how it is thinned out to what finds room; no Qt.

However many bands, gaps and ticks there are, drawing looks at no more than there are pixels:
neighbours that fall on the same place are found by bisection and drawn as one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from mangrove.ui.theme.tokens import Tone
from mangrove.ui.widgets.timeline.scale import Scale

_WORST_FIRST = (Tone.EXPOSED, Tone.UNPROVEN, Tone.NEUTRAL, Tone.RUNNING, Tone.PROVEN)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A band or a gap: an interval with the sentence that explains it.

    Units: Unix seconds.
    """

    start_s: float
    end_s: float
    words: str = ""
    tone: Tone = Tone.PROVEN


@dataclass(frozen=True, slots=True)
class Tick:
    """One moment with a state."""

    at_s: float
    tone: Tone
    words: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Ticks that fall on one place.

    Attributes:
        first, last: Which ticks, both included.
        x: Where the first one lies, or the middle of them.
        tone: The worst of their states: no good one hides a bad one.
    """

    first: int
    last: int
    x: float
    tone: Tone

    @property
    def number(self) -> int:
        """How many ticks stand here."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stretch, or several that are too close to tell apart, in pixels."""

    first: int
    last: int
    left: float
    right: float


@dataclass(frozen=True)
class Stretches:
    """Intervals in order, none overlapping another."""

    rows: Sequence[Stretch] = ()
    _starts: list[float] = field(init=False)
    _ends: list[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", [row.start_s for row in self.rows])
        object.__setattr__(self, "_ends", [row.end_s for row in self.rows])

    @cached_property
    def by_tone(self) -> dict[Tone, "Stretches"]:
        """The same, apart by their tone: one shall not be drawn together with another."""
        tones = dict.fromkeys(row.tone for row in self.rows)
        return {tone: Stretches([r for r in self.rows if r.tone is tone]) for tone in tones}

    def drawn(self, scale: Scale, least: float = 1.0) -> Iterator[Drawn]:
        """Yield what is visible, nothing narrower than ``least`` pixels, oldest first.

        Those that touch once they are drawn come as one.
        """
        number = bisect_left(self._ends, scale.start_s)
        end = bisect_right(self._starts, scale.end_s)
        pixel_s = 1 / scale.second_width
        while number < end:
            last, fills_until = number, self._starts[number] + least * pixel_s
            while True:
                last = max(last, bisect_right(self._starts, fills_until) - 1)
                reached = max(self._ends[last], fills_until)
                if last + 1 >= end or self._starts[last + 1] - reached >= pixel_s:
                    break
                fills_until = self._starts[last + 1] + least * pixel_s
            left, right = scale.span(self._starts[number], reached)
            yield Drawn(number, last, left, right)
            number = last + 1

    def at(self, moment_s: float, reach_s: float = 0.0) -> int | None:
        """Return which one holds a moment, or lies within reach of it."""
        number = bisect_left(self._ends, moment_s - reach_s)
        if number < len(self.rows) and self._starts[number] - reach_s <= moment_s:
            return number
        return None


@dataclass(frozen=True)
class Ticks:
    """Moments in order."""

    rows: Sequence[Tick] = ()
    _at: list[float] = field(init=False)
    _sums: dict[Tone, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_at", [row.at_s for row in self.rows])
        sums = {tone: [0, *accumulate(row.tone is tone for row in self.rows)] for tone in Tone}
        object.__setattr__(self, "_sums", sums)

    def clusters(self, scale: Scale, apart: float) -> Iterator[Cluster]:
        """Yield what is visible, ticks closer than ``apart`` pixels together, oldest first."""
        reach_s = apart / scale.second_width
        number = bisect_left(self._at, scale.start_s)
        end = bisect_right(self._at, scale.end_s)
        while number < end:
            last = min(end, bisect_left(self._at, self._at[number] + reach_s)) - 1
            last = max(number, last)
            middle = (self._at[number] + self._at[last]) / 2
            yield Cluster(number, last, scale.x_of(middle), self._worst(number, last))
            number = last + 1

    def count(self, cluster: Cluster, tone: Tone) -> int:
        """Return how many ticks of a cluster have a state."""
        sums = self._sums[tone]
        return sums[cluster.last + 1] - sums[cluster.first]

    def next_to(self, moment_s: float, direction: int) -> int | None:
        """Return which tick comes after (1) or before (-1) a moment; None when there is none."""
        if direction > 0:
            number = bisect_right(self._at, moment_s)
            return number if number < len(self._at) else None
        number = bisect_left(self._at, moment_s) - 1
        return number if number >= 0 else None

    def _worst(self, first: int, last: int) -> Tone:
        for tone in _WORST_FIRST:
            if self._sums[tone][last + 1] > self._sums[tone][first]:
                return tone
        return Tone.NEUTRAL


@dataclass(frozen=True)
class StripMarks:
    """Everything a strip shows.

    Attributes:
        bands: Where any second is to be had.
        gaps: Where none is, and it is known why.
        ticks: Single moments with a state.
        now_s: The present.
    """

    bands: Stretches = field(default_factory=Stretches)
    gaps: Stretches = field(default_factory=Stretches)
    ticks: Ticks = field(default_factory=Ticks)
    now_s: float = 0.0

    @property
    def first_s(self) -> float:
        """The oldest moment of anything shown."""
        starts = [rows[0].start_s for rows in (self.bands.rows, self.gaps.rows) if rows]
        ticks = [self.ticks.rows[0].at_s] if self.ticks.rows else []
        return min((*starts, *ticks), default=self.now_s)

    def edges(self, scale: Scale) -> tuple[float, ...]:
        """Return the moments that a pointer snaps to: the ends of visible bands."""
        rows = self.bands.rows
        ends = [
            end
            for drawn in self.bands.drawn(scale)
            for end in (rows[drawn.first].start_s, rows[drawn.last].end_s)
        ]
        return tuple(ends)
