"""Lanes: who may run beside whom, in this process and in the others of this user."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from typing_extensions import override

from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.jobs.lane import Claim, Occupied
from mangrove.core.ports.agent import LaneBook
from mangrove.core.run import RunId

__all__ = ["Claim", "Entrant", "Lanes", "MemoryLaneBook"]
POLL_S = 0.5
_numbers = count()
log = logging.getLogger(__name__)


class Entrant:
    """A run on its way into its lanes, as the others see it.

    Args:
        run_id: Which run.
        title: What the others read while they wait for it.
        on_wait: Told what is in the way, whenever that was looked at in vain.
    """

    def __init__(
        self,
        run_id: RunId,
        title: str,
        on_wait: Callable[[Occupied], None] = lambda _: None,
    ) -> None:
        self.run_id, self.title, self.on_wait = run_id, title, on_wait


class Lanes:
    """Hands out all claims of a run at once, so that two runs never wait for each other."""

    def __init__(self, book: LaneBook | None = None) -> None:
        self._book = book or MemoryLaneBook()
        self._changed = threading.Condition()

    @contextmanager
    def hold(
        self,
        claims: tuple[Claim, ...],
        cancelled: threading.Event,
        entrant: Entrant | None = None,
    ) -> Iterator[None]:
        """Wait until every claim is free, hold them while the block lasts.

        Raises:
            RunCancelled: If the run is cancelled while it waits.
        """
        who = entrant or Entrant(RunId(f"unnamed {next(_numbers)}"), "a run")
        with self._changed:
            while (found := self._book.enter(who.run_id, who.title, claims)) is not None:
                who.on_wait(found)
                self._changed.wait(POLL_S)
                if cancelled.is_set():
                    raise RunCancelled
        try:
            yield
        finally:
            self.let_go(who.run_id)

    def let_go(self, run_id: RunId) -> None:
        """Free what a run holds; nothing happens if it holds nothing."""
        try:
            self._book.leave(run_id)
        except MangroveError as error:  # the book knows that it left; its file learns of it later
            log.warning("lanes could not be freed run=%s reason=%s", run_id, error)
        with self._changed:
            self._changed.notify_all()

    def blocked_by(self, claims: tuple[Claim, ...]) -> str | None:
        """Return the first lane that is full, None when all are free."""
        probe = RunId("probe")
        found = self._book.enter(probe, "", claims)
        if found is None:
            self._book.leave(probe)
        return found.lane if found else None


class MemoryLaneBook(LaneBook):
    """The lanes of this process alone.

    Threads: safe for several.
    """

    def __init__(self) -> None:
        self._held: dict[RunId, tuple[str, tuple[str, ...]]] = {}
        self._limits: dict[str, int] = {}
        self._lock = threading.Lock()

    @override
    def enter(self, run_id: RunId, title: str, claims: Sequence[Claim]) -> Occupied | None:
        with self._lock:
            for claim in claims:
                inside = [name for name, lanes in self._held.values() if claim.lane in lanes]
                if len(inside) >= self._limits.get(claim.lane, claim.limit):
                    return Occupied(claim.lane, inside[0], 0)
            self._held[run_id] = (title, tuple(c.lane for c in claims))
        return None

    @override
    def leave(self, run_id: RunId) -> None:
        with self._lock:
            self._held.pop(run_id, None)

    @override
    def limits(self) -> dict[str, int]:
        return dict(self._limits)

    @override
    def set_limit(self, lane: str, limit: int | None) -> None:
        self._limits.pop(lane, None)
        if limit is not None:
            self._limits[lane] = limit
