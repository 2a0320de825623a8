"""The real clock; the only place that asks the machine for the time."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone_name, reload_localzone

from mangrove.core.jobs.vigil import ClockReading
from mangrove.core.ports.clock import Clock


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


class SystemWatch:
    """Fulfils the port ``Watch``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._awake_s, self._elapsed_s = _counters()

    def reading(self) -> ClockReading:
        """Return what the clocks say now; the time zone is read anew."""
        reload_localzone()
        now, zone = self._clock.now(), self._clock.zone_name()
        return ClockReading(now, self._awake_s(), self._elapsed_s(), zone)


def _counters() -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what counts seconds awake, and what counts on through a sleep.

    Source: clock_gettime(2) of Linux: ``CLOCK_MONOTONIC`` stands still while the system is
    suspended, ``CLOCK_BOOTTIME`` does not; clock_gettime(3) of macOS: ``CLOCK_UPTIME_RAW`` stands
    still, ``CLOCK_MONOTONIC`` does not; Microsoft, "QueryUnbiasedInterruptTime".
    """
    if sys.platform == "darwin":
        awake = time.CLOCK_UPTIME_RAW
        return lambda: time.clock_gettime(awake), lambda: time.clock_gettime(time.CLOCK_MONOTONIC)
    if sys.platform == "win32":
        return _unbiased_s, time.monotonic
    through_sleep = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.monotonic, lambda: time.clock_gettime(through_sleep)


if sys.platform == "win32":
    import ctypes

    def _unbiased_s() -> float:
        ticks = ctypes.c_ulonglong()  # of 100 ns
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 10_000_000


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone by its name, None for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not a zone, or a folder of zones
        return None


def local_zone() -> tzinfo:
    """Return the zone of the machine's clock, with its changes to summer time."""
    return zone_of(get_localzone_name() or "UTC") or UTC
