"""Which stretch of time a strip shows, and where each moment lies on it; no Qt, only arithmetic.

Moments are Unix seconds as ``float``: exact to well under a millisecond for any date that matters.
"""

from dataclasses import dataclass, replace
from typing import Self

SHORTEST_S = 4.0  # closer than this there is nothing more to see: the oplog counts in seconds
BEYOND = 8.0  # px
MARGIN = 0.04  # of the whole, left and right of it, so that nothing sticks to the edge
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_GRAINS_S = (1, 5, 10, 30, _MINUTE_S, 5 * _MINUTE_S, 15 * _MINUTE_S, _HOUR_S)


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of time drawn over a width.

    Attributes:
        start_s, length_s: The stretch that is shown.
        low_s, high_s: The whole that can be shown; panning and zooming stay within it.
        width: In pixels, at least 1.
        is_mirrored: Whether time runs from right to left.
    """

    start_s: float
    length_s: float
    low_s: float
    high_s: float
    width: float = 1.0
    is_mirrored: bool = False

    @classmethod
    def over(cls, first_s: float, last_s: float) -> Self:
        """Return a scale that shows everything from one moment to another, with a margin."""
        length = max(last_s - first_s, SHORTEST_S)
        room = length * MARGIN
        return cls(first_s - room, length + 2 * room, first_s - room, first_s + length + room)

    @property
    def end_s(self) -> float:
        """Where the shown stretch ends."""
        return self.start_s + self.length_s

    @property
    def second_width(self) -> float:
        """How many pixels one second takes."""
        return self.width / self.length_s

    @property
    def is_whole(self) -> bool:
        """Whether everything is shown."""
        return self.length_s >= self.high_s - self.low_s

    def x_of(self, moment_s: float) -> float:
        """Return where a moment lies, in pixels from the left."""
        x = (moment_s - self.start_s) * self.second_width
        return self.width - x if self.is_mirrored else x

    def moment_at(self, x: float) -> float:
        """Return the moment that lies at a pixel."""
        along = self.width - x if self.is_mirrored else x
        return self.start_s + along / self.second_width

    def span(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Return left and right edge of an interval in pixels, cut a little outside of the strip.

        Outside, so that what goes on beyond an edge does not look as if it ended there.
        """
        room_s = BEYOND / self.second_width
        shown = max(start_s, self.start_s - room_s), min(end_s, self.end_s + room_s)
        left, right = sorted(map(self.x_of, shown))
        return left, right

    def shows(self, moment_s: float) -> bool:
        """Whether a moment lies on what is shown."""
        return self.start_s <= moment_s <= self.end_s

    def sized(self, width: float, *, is_mirrored: bool) -> Self:
        """Return the same stretch over another width."""
        return replace(self, width=max(1.0, width), is_mirrored=is_mirrored)

    def zoomed(self, around_s: float, factor: float) -> Self:
        """Return ``factor`` times as much time, with one moment kept where it is."""
        whole = self.high_s - self.low_s
        length = min(max(self.length_s * factor, SHORTEST_S), max(whole, SHORTEST_S))
        share = (around_s - self.start_s) / self.length_s
        return self._held(around_s - share * length, length)

    def panned(self, by_s: float) -> Self:
        """Return the same length of time, later by so many seconds."""
        return self._held(self.start_s + by_s, self.length_s)

    def showing(self, moment_s: float) -> Self:
        """Return a scale that surely shows a moment: the same one if it does, else centred."""
        if self.shows(moment_s):
            return self
        return self._held(moment_s - self.length_s / 2, self.length_s)

    def fitted(self, start_s: float, end_s: float) -> Self:
        """Return a scale that shows an interval with a margin."""
        length = max(end_s - start_s, SHORTEST_S / 2)
        room = length / 8
        whole = max(self.high_s - self.low_s, SHORTEST_S)
        shown = min(max(length + 2 * room, SHORTEST_S), whole)
        return self._held((start_s + end_s - shown) / 2, shown)

    def ending(self, end_s: float, length_s: float) -> Self:
        """Return a scale that shows so much time up to a moment, and a little more."""
        shown = min(max(length_s, SHORTEST_S), max(self.high_s - self.low_s, SHORTEST_S))
        return self._held(end_s - shown * (1 - MARGIN), shown)

    def within(self, low_s: float, high_s: float) -> Self:
        """Return the same stretch with other limits, moved into them."""
        moved = replace(self, low_s=low_s, high_s=high_s)
        return moved.zoomed(moved.start_s, 1.0)

    def _held(self, start_s: float, length_s: float) -> Self:
        latest = max(self.low_s, self.high_s - length_s)
        start = min(max(start_s, self.low_s), latest)
        return replace(self, start_s=start, length_s=length_s)


def grain_s(scale: Scale) -> int:
    """Return the step, in seconds, to which a pointer's moment is rounded at this zoom.

    A pixel of a year is eleven hours: a moment picked there is a whole hour, not a random second.
    """
    pixel_s = 1 / scale.second_width
    return next((g for g in reversed(_GRAINS_S) if g <= max(1.0, pixel_s)), 1)


def snapped(scale: Scale, x: float, targets: tuple[float, ...], reach: float) -> float:
    """Return the moment meant by a pixel: a target within ``reach`` pixels, else a round one."""
    near = min(targets, key=lambda t: abs(scale.x_of(t) - x), default=None)
    if near is not None and abs(scale.x_of(near) - x) <= reach:
        return near
    grain = grain_s(scale)
    return round(scale.moment_at(x) / grain) * float(grain)
