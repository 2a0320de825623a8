"""Keeps a run's transfers below a bandwidth limit, and lets a cancel through while it waits."""

import threading
from collections.abc import Iterable, Iterator

from mangrove.core.ports.clock import Clock
from mangrove.core.rate import TokenBucket
from mangrove.jobs.context import RunContext, closed_after

PIECE_S = 0.1
SMALLEST_PIECE = 16 << 10


class Pace:
    """One limit for all threads of a run together; without a limit it only passes things on.

    Args:
        ctx: Asked for a cancel at each chunk, and whenever there is something to wait for.
        clock: Tells how much time went by.
        bytes_per_s: The limit; None for none.
    """

    def __init__(self, ctx: RunContext, clock: Clock, bytes_per_s: int | None) -> None:
        self._ctx = ctx
        self._clock = clock
        self._lock = threading.Lock()
        self._bucket = (
            TokenBucket(bytes_per_s, clock.monotonic_s()) if bytes_per_s is not None else None
        )

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks, each piece of them once there is room for it.

        Raises:
            RunCancelled: At the next piece, or in the middle of a wait.
        """
        with closed_after(chunks):
            for chunk in chunks:
                for piece in self._pieces(chunk):
                    self._take(len(piece))
                    yield piece

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Cut so that a slow line gets something ten times a second, not a lot now and then."""
        if self._bucket is None:
            yield chunk
            return
        size = max(SMALLEST_PIECE, int(self._bucket.bytes_per_s * PIECE_S))
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]

    def _take(self, count: int) -> None:
        self._ctx.check()
        if self._bucket is None:
            return
        with self._lock:
            self._bucket, wait_s = self._bucket.taking(count, self._clock.monotonic_s())
        if wait_s > 0:
            self._ctx.cancelled.wait(wait_s)
            self._ctx.check()
