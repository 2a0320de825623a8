"""Oplog positions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from typing_extensions import override

from mangrove.core.errors import InvalidSelectionError


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
