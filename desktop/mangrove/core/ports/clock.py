"""The time, as nearly everything needs it from outside."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests move it by hand."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def zone_name(self) -> str:
        """Return the IANA name of the time zone that the person lives in."""
        ...
