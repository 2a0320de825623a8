"""Moments as they are typed into options."""

from datetime import datetime

from mangrove.core.errors import InvalidScheduleError


def moment_of(text: str) -> datetime:
    """Read a moment with its time zone.

    Raises:
        InvalidScheduleError: If it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidScheduleError(
            f"'{text}' is no moment with its time zone", hint="such as 2026-12-24T08:00+01:00"
        )
    return moment
