"""Feeds slices to one mirror on a thread of its own, so that capture never waits for it."""

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator

from mangrove.core.errors import MangroveError, StorageUnavailableError
from mangrove.core.patience import GRACE_S
from mangrove.core.ports.mirror import Mirror
from mangrove.jobs.context import closed_after


class MirrorFeed:
    """What one mirror still has to get, in its order.

    A copy that fails stays first in the row and is tried again with the next slice.

    Threads: one of its own while there is something to copy; a daemon, for what a storage does
        not give back must not keep the program from ending.

    Args:
        mirror: Opened for this feed alone.
        log: Told when it fails for another reason than before.
    """

    def __init__(self, mirror: Mirror, log: Callable[[str], None]) -> None:
        self._mirror, self._log = mirror, log
        self._waiting: list[str] = []
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._is_left = False
        self._why = ""
        self._bug: Exception | None = None

    def add(self, prefix: str) -> None:
        """Let what lies below a prefix be copied; returns at once."""
        with self._lock:
            if prefix not in self._waiting[1:]:  # the first may be under way, without the newest
                self._waiting.append(prefix)
            if self._is_left or not self._idle.is_set():
                return
            self._idle.clear()
        work = contextvars.copy_context()
        threading.Thread(
            target=work.run, args=(self._serve,), name="mangrove-mirror-feed", daemon=True
        ).start()

    def wait(self, patience_s: float) -> bool:
        """Wait until everything is there or one copy failed; returns whether that came in time."""
        return self._idle.wait(patience_s)

    def leave(self) -> str:
        """End what is under way; returns why something is missing there, "" if nothing is."""
        with self._lock:
            self._is_left = True
        if not self._idle.is_set():
            self._mirror.abort()
            self._idle.wait(GRACE_S)
        if self._bug is not None:
            raise self._bug
        with self._lock:
            return (self._why or "it takes longer than capture waits") if self._waiting else ""

    def _serve(self) -> None:
        try:
            while (prefix := self._next()) is not None:
                self._mirror.copy_below(prefix, self._passing)
                with self._lock:
                    self._waiting.pop(0)
                    self._why = ""
        except MangroveError as error:
            self._fail(error.message)
        except Exception as error:  # noqa: BLE001 - raised in ``leave``
            self._bug = error
            self._fail("a fault of ours")

    def _next(self) -> str | None:
        with self._lock:
            if self._waiting and not self._is_left:
                return self._waiting[0]
            self._idle.set()
            return None

    def _fail(self, why: str) -> None:
        with self._lock:
            is_news, self._why = why != self._why and not self._is_left, why
            self._idle.set()
        if is_news:
            self._log(f"{self._mirror.spec.name}: {why}; tried again with the next slice")

    def _passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Let chunks pass until the feed is left, so that nothing half is signed after that."""
        with closed_after(chunks):
            for chunk in chunks:
                if self._is_left:
                    raise StorageUnavailableError("capture ended before it was copied")
                yield chunk
