"""The real clock; the only place that asks the machine for the time."""

import time
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone_name


class SystemClock:
    """Fulfils the port ``Clock``."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def zone_name(self) -> str:
        """Return the IANA name of the machine's time zone."""
        return get_localzone_name() or "UTC"


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone by its name, None for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not a zone, or a folder of zones
        return None


def local_zone() -> tzinfo:
    """Return the zone of the machine's clock, with its changes to summer time."""
    return zone_of(get_localzone_name() or "UTC") or UTC
