"""Moments as a person writes them: a wall-clock time somewhere, or ``TS:INC``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from enum import StrEnum

from mangrove.core.errors import InvalidScheduleError, InvalidSelectionError
from mangrove.core.oplog import OplogTimestamp

Zones = Callable[[str], tzinfo | None]
"""Finds a time zone by its name, such as Europe/Berlin; None for an unknown one."""

_TIMESTAMP = re.compile(r"\d+:\d+", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_SECONDS_FROM = 100_000
"""``14:30`` is a time of the day, ``1764081840:3`` an oplog timestamp: it has more digits."""
MAX_NUMBER = (1 << 32) - 1
HINT = (
    "write a time such as '2026-11-25 14:29:59 Europe/Berlin', '14:29:59' for today, "
    "an ISO 8601 time, or TS:INC"
)


class Edge(StrEnum):
    """Whether what happened at the moment itself belongs to it."""

    BEFORE = "before"
    INCLUDING = "including"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment to go back to.

    Attributes:
        limit: Everything before it is replayed, itself not.
        text: As the person wrote it.
    """

    limit: OplogTimestamp
    text: str

    def describe(self, zone: tzinfo) -> str:
        """Say it in words, in a person's own time and in UTC."""
        local = self.limit.at.astimezone(zone)
        return f"before {local:%Y-%m-%d %H:%M:%S %Z} ({self.limit})"


def parse_moment(
    text: str, now: datetime, local: tzinfo, zones: Zones, edge: Edge = Edge.BEFORE
) -> Moment:
    """Read a moment.

    A wall-clock time means the beginning of that second: nothing of it is replayed, and with
    ``INCLUDING`` all of it. ``TS:INC`` means one entry.

    Args:
        text: What the person wrote.
        now: For a time without a date.
        local: The zone of times that name none.
        zones: Finds the others.
        edge: Whether the moment itself belongs to what is replayed.

    Raises:
        InvalidSelectionError: If it cannot be understood, does not exist in that zone, or
            happened twice there.
    """
    written = text.strip()
    if _TIMESTAMP.fullmatch(written) and int(written.partition(":")[0]) >= _SECONDS_FROM:
        entry = _entry(written)
        return Moment(entry.following if edge is Edge.INCLUDING else entry, written)
    second = int(_wall_clock(written, now, local, zones).timestamp())
    if not 0 < second < MAX_NUMBER:
        raise InvalidSelectionError(f"'{written}' is out of reach: no oplog holds it", hint=HINT)
    return Moment(OplogTimestamp(second + (edge is Edge.INCLUDING), 0), written)


def parse_entry(text: str, edge: Edge = Edge.BEFORE) -> Moment:
    """Read ``TS:INC`` and nothing else.

    Raises:
        InvalidSelectionError: If it is anything else.
    """
    entry = _entry(text.strip())
    return Moment(entry.following if edge is Edge.INCLUDING else entry, text.strip())


def check_ahead(until: datetime, now: datetime, untouched: str) -> None:
    """Refuse a rest that is over before it begins.

    Raises:
        InvalidScheduleError: Saying so, and what was not touched.
    """
    if until <= now:
        raise InvalidScheduleError(
            f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC is over already; {untouched}",
            hint="name a later moment, with its date, or say for how long",
        )


def _entry(text: str) -> OplogTimestamp:
    entry = OplogTimestamp.parse(text)
    if max(entry.seconds, entry.increment) > MAX_NUMBER:
        raise InvalidSelectionError(f"'{text}' is not an oplog timestamp", hint="write TS:INC")
    return entry


def _wall_clock(text: str, now: datetime, local: tzinfo, zones: Zones) -> datetime:
    stem, zone = _zone_of(text, local, zones)
    match = _CLOCK.fullmatch(stem)
    if match:
        hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            clock = time(hour, minute, second)
        except ValueError:
            raise _not_a_moment(text) from None
        return _certain(datetime.combine(now.astimezone(zone).date(), clock), zone, text)
    try:
        moment = datetime.fromisoformat(stem)
    except ValueError:
        raise _not_a_moment(text) from None
    return moment if moment.tzinfo else _certain(moment, zone, text)


def _zone_of(text: str, local: tzinfo, zones: Zones) -> tuple[str, tzinfo]:
    stem, space, name = text.rpartition(" ")
    if not space or not name[:1].isalpha():
        return text, local
    zone = UTC if name.upper() in ("UTC", "Z", "GMT") else zones(name)
    if zone is None:
        raise InvalidSelectionError(f"'{name}' is not the name of a time zone", hint=HINT)
    return stem.strip(), zone


def _certain(wall: datetime, zone: tzinfo, text: str) -> datetime:
    """Refuse what the change to or from summer time left out or let happen twice."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise InvalidSelectionError(f"'{text}' was left out by the change to summer time")
    both = " or ".join(f"'{m.isoformat()}'" for m in (first, second))
    raise InvalidSelectionError(
        f"'{text}' happened twice at the end of summer time", hint=f"write which: {both}"
    )


def _not_a_moment(text: str) -> InvalidSelectionError:
    return InvalidSelectionError(f"'{text}' is not a moment", hint=HINT)
