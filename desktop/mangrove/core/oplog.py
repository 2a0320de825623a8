"""Oplog positions: the places that slices, windows and rewinds are measured by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

from typing_extensions import override

from mangrove.core.errors import InvalidSelectionError

ChainId = NewType("ChainId", str)
_BITS = 32
_MASK = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True, order=True)
class OplogTimestamp:
    """A place in the oplog: Unix seconds, then a counter within that second."""

    seconds: int
    increment: int

    @override
    def __str__(self) -> str:
        return f"{self.seconds}:{self.increment}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``TS:INC``.

        Raises:
            InvalidSelectionError: If the text is anything else.
        """
        seconds, colon, increment = text.partition(":")
        if not (colon and seconds.isdecimal() and increment.isdecimal()):
            raise InvalidSelectionError(f"'{text}' is not an oplog timestamp", hint="write TS:INC")
        return cls(int(seconds), int(increment))

    @property
    def at(self) -> datetime:
        """The wall-clock second, in UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def number(self) -> int:
        """The timestamp as the 64-bit number that MongoDB orders it by.

        Source: BSON specification 1.1, type 17: increment in the low 32 bits, seconds above.
        """
        return self.seconds << _BITS | self.increment

    @classmethod
    def of_number(cls, number: int) -> Self:
        """Make a timestamp of its 64-bit number."""
        return cls(number >> _BITS, number & _MASK)

    @property
    def following(self) -> Self:
        """The timestamp right after this one: a limit before it includes this one."""
        return type(self).of_number(self.number + 1)


@dataclass(frozen=True, slots=True, order=True)
class OplogPosition:
    """One oplog entry, named so that no other history can have it: timestamp and term.

    Source: MongoDB server, "replication/README.md", "OpTime": the pair is unique in a replica
    set; after a rollback the same timestamp may come back with another term.
    """

    ts: OplogTimestamp
    term: int

    @override
    def __str__(self) -> str:
        return f"{self.ts} term {self.term}"


@dataclass(frozen=True, slots=True)
class OplogExtent:
    """What a deployment's oplog held at one moment: its oldest and its newest entry.

    Attributes:
        used: The share of its allowed size that is used; None when nobody may ask.
        is_complete: Whether the oldest entry is the first there ever was.
    """

    oldest: OplogPosition
    newest: OplogPosition
    used: float | None = None
    is_complete: bool = False

    def headroom(self, captured: OplogPosition) -> timedelta | None:
        """How long nothing may be captured before entries after ``captured`` are lost.

        An estimate: it takes as long to write over what lies below as it took to write it, and
        before that what is free is filled at the pace so far. No more than a year is said.

        Returns:
            None for an oplog that nothing was ever lost from, and nobody knows how full it is.
        """
        below_s = max(0, captured.ts.seconds - self.oldest.ts.seconds)
        if self.used is None or self.used <= 0:
            return None if self.is_complete else timedelta(seconds=below_s)
        written_s = max(1, self.newest.ts.seconds - self.oldest.ts.seconds)
        free_s = written_s * max(0.0, 1 - self.used) / self.used
        return min(timedelta(days=365), timedelta(seconds=below_s + int(free_s)))


def chain_id(started_at: datetime, tail: str) -> ChainId:
    """Name a chain: ``<UTC yyyymmddThhmmssZ>-<4 hex>``; a younger chain sorts after an older.

    Args:
        started_at: Aware, in UTC.
        tail: Four random lower-case hex digits.
    """
    return ChainId(f"{started_at:%Y%m%dT%H%M%SZ}-{tail}")


class Continuity(StrEnum):
    """Whether what a deployment's oplog holds now joins what was captured from it."""

    CONTINUES = "continues"
    BEHIND = "behind"
    ROLLED_OVER = "rolled-over"
    DIVERGED = "diverged"


def continuity(
    boundary: OplogPosition, found: OplogPosition | None, extent: OplogExtent
) -> Continuity:
    """Judge by the boundary entry, the last one that was captured.

    Args:
        boundary: Was captured once it was majority-committed.
        found: The first majority-committed entry now that is not older; None without any.
        extent: Taken after ``found``.

    Returns:
        ``BEHIND`` when this node has yet to reach the boundary: nothing is known then.
    """
    if found == boundary:
        return Continuity.CONTINUES
    if found is None:
        has_moved_on = extent.newest.term > boundary.term
        return Continuity.DIVERGED if has_moved_on else Continuity.BEHIND
    if extent.oldest.ts > boundary.ts:
        return Continuity.ROLLED_OVER
    return Continuity.DIVERGED
