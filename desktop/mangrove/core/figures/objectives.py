"""Objectives: what a profile or a database is held to, and what holds where nobody said."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mangrove.core.errors import InvalidObjectiveError

FRESH_EVIDENCE = timedelta(days=30)
UNSCHEDULED = timedelta(hours=26)
LEAST_SCHEDULED = timedelta(hours=6)
CAPTURE_SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Objectives:
    """What a person set; None leaves the default.

    Attributes:
        rpo: How old the newest data that can be restored may be.
        rto: How long it may take until they are back.
        evidence_age: How long ago the last passed trial restore may be.
    """

    rpo: timedelta | None = None
    rto: timedelta | None = None
    evidence_age: timedelta | None = None

    def or_else(self, general: "Objectives") -> "Objectives":
        """Return these, with what they leave open taken from more general ones."""
        return Objectives(
            self.rpo if self.rpo is not None else general.rpo,
            self.rto if self.rto is not None else general.rto,
            self.evidence_age if self.evidence_age is not None else general.evidence_age,
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set."""
        return self == Objectives()


class TargetSource(StrEnum):
    """Where an RPO target comes from."""

    SET = "set"
    CAPTURE = "capture"
    SCHEDULE = "schedule"
    NOTHING_SCHEDULED = "nothing-scheduled"

    @property
    def words(self) -> str:
        """Say it in a phrase."""
        return {
            TargetSource.SET: "set by you",
            TargetSource.CAPTURE: "from the pace of the capture",
            TargetSource.SCHEDULE: "twice the longest gap of the schedule, and an hour",
            TargetSource.NOTHING_SCHEDULED: "nothing is scheduled",
        }[self]


@dataclass(frozen=True, slots=True)
class RpoTarget:
    """R(d), and where it comes from."""

    age: timedelta
    source: TargetSource


@dataclass(frozen=True, slots=True)
class CapturePace:
    """How a capture stream goes.

    Attributes:
        interval: From one slice to the next.
        upload_p95: From a slice's last entry to its signature, at the 95th percentile.
    """

    interval: timedelta
    upload_p95: timedelta


def rpo_target(
    configured: timedelta | None,
    longest_gap: timedelta | None = None,
    pace: CapturePace | None = None,
) -> RpoTarget:
    """Return R(d): what was set, else what the capture or the schedule can keep.

    Args:
        configured: What a person set.
        longest_gap: The longest time between two scheduled backups; None without a schedule.
        pace: Of the capture stream; None without one.
    """
    if configured is not None:
        return RpoTarget(configured, TargetSource.SET)
    if pace is not None:
        kept = pace.interval + pace.upload_p95 + CAPTURE_SLACK
        return RpoTarget(kept, TargetSource.CAPTURE)
    if longest_gap is not None:
        scheduled = max(LEAST_SCHEDULED, 2 * longest_gap + timedelta(hours=1))
        return RpoTarget(scheduled, TargetSource.SCHEDULE)
    return RpoTarget(UNSCHEDULED, TargetSource.NOTHING_SCHEDULED)


_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(min|[smhdw])[a-z]*\.?(?:\s|,|$|(?=\d))")
MOST = timedelta(days=3650)


def parse_age(text: str) -> timedelta:
    """Read a length of time as a person writes it: ``26h``, ``15 min``, ``1 d 12 h``, ``2 weeks``.

    Raises:
        InvalidObjectiveError: If it is none, is nothing, or is longer than ten years.
    """
    words = text.strip().casefold()
    total, at = timedelta(0), 0
    while at < len(words):
        match = _PART.match(words, at)
        if match is None:
            raise InvalidObjectiveError(f"'{text}' is not a length of time", hint=_HINT)
        number, unit = float(match[1]), _UNITS[match[2]]
        if number > (MOST - total) / unit:  # compared as numbers: the length itself may overflow
            raise InvalidObjectiveError(f"'{text}' is longer than ten years", hint=_HINT)
        total += number * unit
        at = match.end()
    if total <= timedelta(0):
        raise InvalidObjectiveError(f"'{text}' is no time at all", hint=_HINT)
    return total


_HINT = "such as: 15 min, 26h, 1 d 12 h, 30 days"
