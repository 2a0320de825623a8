"""Waiting for a storage: never without end, and so that another thread can end it."""

import asyncio
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from mangrove.core.errors import StalledError, StorageUnavailableError
from mangrove.core.patience import STALL_S

log = logging.getLogger(__name__)
T = TypeVar("T")
HURRY_S = 1.5
LAST_ROUND_S = 1.0


class Waiting:
    """What the calls to one storage have in common: how long they wait, and who may end them.

    Args:
        stall_s: A call that brings nothing for so long fails.
    """

    def __init__(self, stall_s: float = STALL_S) -> None:
        self._stall_s = stall_s
        self._lines: weakref.WeakSet[Line] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_aborted = False

    @property
    def is_aborted(self) -> bool:
        """Whether somebody gave up, so that what is left to do is done in a hurry."""
        return self._is_aborted

    @property
    def limit_s(self) -> float:
        """Return how long one call may take now."""
        return min(HURRY_S, self._stall_s) if self._is_aborted else self._stall_s

    def line(self) -> "Line":
        """Return a line to wait on, for one piece of work at a time."""
        made = Line(self)
        with self._lock:
            self._lines.add(made)
        return made

    def abort(self) -> None:
        """End every call that waits; later ones wait a moment only."""
        with self._lock:
            self._is_aborted = True
            lines = list(self._lines)
        for line in lines:
            line.interrupt()


class Line:
    """Runs coroutines on the calling thread, one after the other; close it at the end.

    Ending one drops the request itself, for obstore gives up what is no longer awaited.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._lock = threading.Lock()
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what still runs on the line, and free what waiting took."""
        with self._lock:
            if not self._loop.is_closed():
                self._loop.run_until_complete(_end_of_tasks())
                self._loop.close()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self._loop.close()

    def wait(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Begin something and wait for its result.

        Raises:
            StalledError: If nothing came for the limit.
            StorageUnavailableError: If another thread ended it.
        """
        try:
            return self._loop.run_until_complete(self._bounded(begin))
        except TimeoutError as error:
            raise StalledError(
                f"the storage took and gave not a byte for {self._waiting.limit_s:g} seconds, "
                "so the work was ended",
                hint="check the storage and the network, then run it again",
            ) from error
        except asyncio.CancelledError as error:
            raise StorageUnavailableError("the storage is not waited for any more") from error

    def pause(self, seconds: float) -> None:
        """Wait before a new try; ends as every call does."""
        self.wait(lambda: asyncio.sleep(min(seconds, self._waiting.limit_s / 2)))

    def interrupt(self) -> None:
        """End what is waited for, from another thread."""
        with self._lock:
            if self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _bounded(self, begin: Callable[[], Awaitable[T]]) -> T:
        with self._lock:
            self._task = asyncio.current_task()
        try:
            # The limit is asked for only now: an abort finds the task, or shortens the limit.
            async with asyncio.timeout(self._waiting.limit_s):
                return await begin()
        finally:
            with self._lock:
                self._task = None


async def _end_of_tasks() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, stuck = await asyncio.wait(left, timeout=LAST_ROUND_S)
        log.debug("tasks left behind number=%d", len(stuck))
    await asyncio.get_running_loop().shutdown_default_executor()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep quiet about what nobody waits for any more: the call they belonged to has failed."""
    log.debug("after a call ended: %s", context.get("message", ""))
