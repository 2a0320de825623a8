"""Rate and time left, from counts and moments alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

SMOOTHING_S = 5.0
MIN_ELAPSED_S = 1.0
MIN_STEP_S = 1e-6  # below this a rate says nothing and may overflow


@dataclass(frozen=True, slots=True)
class RateMeter:
    """A smoothed rate: an exponential average over about five seconds.

    Units: ``at_s`` is any steadily growing second count; ``done`` counts bytes.
    """

    started_s: float
    at_s: float
    done: int = 0
    rate: float = 0.0

    def advanced(self, at_s: float, done: int) -> Self:
        """Return the meter after ``done`` bytes in all at ``at_s``."""
        elapsed = at_s - self.at_s
        if elapsed < MIN_STEP_S:
            return self
        current = max(0, done - self.done) / elapsed
        since_start = at_s - self.started_s
        weight = 1.0 if since_start <= MIN_ELAPSED_S else min(1.0, elapsed / SMOOTHING_S)
        rate = current if not self.rate else self.rate + weight * (current - self.rate)
        return type(self)(self.started_s, at_s, done, rate)

    def remaining(self, total: int) -> timedelta | None:
        """Estimate the time left; None before a second of work or without a rate."""
        if total <= 0 or self.rate <= 0 or self.at_s - self.started_s < MIN_ELAPSED_S:
            return None
        return timedelta(seconds=max(0, total - self.done) / self.rate)
