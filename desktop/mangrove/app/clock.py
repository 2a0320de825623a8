"""The real clock; the only place that asks the machine for the time."""

import os
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SystemClock:
    """Fulfils the port ``Clock``."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone by its name, None for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not a zone, or a folder of zones
        return None


def local_zone() -> tzinfo:
    """Return the zone of the machine's clock, with its changes to summer time where known.

    Source: tzset(3) and localtime(5): TZ goes before the file that /etc/localtime leads to.
    """
    named = os.environ.get("TZ", "").lstrip(":") or _system_zone()
    fixed = datetime.now(UTC).astimezone().tzinfo  # noqa: TID251 - asks the machine
    return (zone_of(named) if named else None) or fixed or UTC


def _system_zone() -> str:
    """Return the name that /etc/localtime leads to; "" where it is no link into a database."""
    target = str(Path("/etc/localtime").resolve())
    _, found, name = target.partition("zoneinfo/")
    return name if found else ""
