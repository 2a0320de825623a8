"""Backups that others keep, such as Atlas: what timeline, figures and alerts know of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mangrove.core.profile import Profile


@dataclass(frozen=True, slots=True)
class KeptPoint:
    """A backup of everything, as of one moment.

    Attributes:
        name: How its keeper calls it.
        data_at: The moment that its data stand at.
        available_at: When it could be restored for the first time.
        words: What it is, such as "hourly snapshot by Atlas".
        problem: Why it protects nothing, such as a verification that failed; "" when it does.
    """

    name: str
    data_at: datetime
    available_at: datetime
    words: str
    expires_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """Any moment from ``start`` to ``end`` can be restored.

    Attributes:
        is_proven: Whether all that it is rebuilt from was restored on trial; None where only the
            keeper's last restore tells.
    """

    start: datetime
    end: datetime
    is_proven: bool | None = None


@dataclass(frozen=True, slots=True)
class KeptGap:
    """No moment between the two can be restored; an open gap ends with None."""

    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class KeptProof:
    """A restore of one of the points, well or not."""

    name: str
    passed: bool
    finished_at: datetime
    took: timedelta
    target: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Everything that somebody else keeps of one profile, as it was last seen.

    Attributes:
        keeper: Who, such as "Atlas".
        place: What it is called there.
        points: Oldest first.
        longest_gap: How far its scheduled backups are apart; None for no schedule.
        seen_at: When all of this was true.
        trusted_for: So long what was seen is taken for what is.
        problem: Why the last look failed, or what is wrong there; "" for nothing.
        restore_command: What restores one of its moments.
    """

    keeper: str
    place: str
    points: tuple[KeptPoint, ...]
    seen_at: datetime
    spans: tuple[KeptSpan, ...] = ()
    gaps: tuple[KeptGap, ...] = ()
    proofs: tuple[KeptProof, ...] = ()
    longest_gap: timedelta | None = None
    trusted_for: timedelta = timedelta(0)
    problem: str = ""
    restore_command: str = ""

    @property
    def sound(self) -> tuple[KeptPoint, ...]:
        """The points that protect anything."""
        return tuple(point for point in self.points if not point.problem)

    def covers(self, at: datetime) -> bool:
        """Whether it can bring back a moment."""
        return any(span.start <= at <= span.end for span in self.spans)


class ElsewhereSource(Protocol):
    """Tells what others keep; from what was last seen, without asking anybody."""

    def kept(self, profile: Profile) -> tuple[Elsewhere, ...]:
        """Return what is kept of a profile, by keeper."""
        ...


def without(
    spans: tuple[tuple[float, float], ...], taken: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    """Return what is left of intervals where others lie over them; all in order and closed."""
    found = []
    for start, end in spans:
        at = start
        for low, high in sorted(taken):
            if high <= at or low >= end:
                continue
            if at < low:
                found.append((at, low))
            at = max(at, high)
        if at < end:
            found.append((at, end))
    return tuple(found)
