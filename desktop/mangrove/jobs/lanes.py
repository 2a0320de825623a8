"""Lanes: who may run beside whom."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mangrove.core.errors import RunCancelled

POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """A place in a lane.

    Attributes:
        lane: Such as ``vault/archive`` or ``deployment/production``.
        limit: How many may be in that lane at once.
    """

    lane: str
    limit: int = 1


class Lanes:
    """Hands out all claims of a run at once, so that two runs never wait for each other."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, claims: tuple[Claim, ...], cancelled: threading.Event) -> Iterator[None]:
        """Wait until every claim is free, hold them while the block lasts.

        Raises:
            RunCancelled: If the run is cancelled while it waits.
        """
        with self._changed:
            while self.blocked_by(claims) is not None:
                self._changed.wait(POLL_S)
                if cancelled.is_set():
                    raise RunCancelled
            self._taken.update(c.lane for c in claims)
        try:
            yield
        finally:
            with self._changed:
                self._taken.subtract(c.lane for c in claims)
                self._changed.notify_all()

    def blocked_by(self, claims: tuple[Claim, ...]) -> str | None:
        """Return the first lane that is full, None when all are free."""
        return next((c.lane for c in claims if self._taken[c.lane] >= c.limit), None)
