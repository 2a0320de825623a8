"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from typing_extensions import override

from mangrove.core.ports.clock import Clock

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class FakeClock(Clock):
    """Tells the time that the test says; wall clock and seconds move together."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic_s = 1000.0

    @override
    def now(self) -> datetime:
        return self._now

    @override
    def monotonic_s(self) -> float:
        return self._monotonic_s

    @override
    def zone_name(self) -> str:
        return "Europe/Berlin"

    def advance(self, step: timedelta) -> None:
        """Move both forward."""
        self._now += step
        self._monotonic_s += step.total_seconds()
