"""A thread of its own for an event loop: started with the block, joined at its end."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

Result = TypeVar("Result")
# What is closing closes by itself: a connection accepted in the last moment takes a few rounds.
GRACE_S = 0.5
LAST_ROUNDS = 5


class LoopThread:
    """Runs coroutines for callers that are no coroutines themselves.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end and return its result; it brings its own time limits."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # of no effect unless it was the waiting that ended
            raise

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            _, stuck = await asyncio.wait(left, timeout=GRACE_S)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
        for _ in range(LAST_ROUNDS):
            await asyncio.sleep(0)
        await self._loop.shutdown_default_executor()
