"""The real clock; the only place that asks the machine for the time."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Fulfils the port ``Clock``."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()
