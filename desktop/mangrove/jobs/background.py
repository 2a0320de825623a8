"""Short blocking calls on a few threads, for front ends that must not wait."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mangrove.core.errors import MangroveError

log = logging.getLogger(__name__)
T = TypeVar("T")
THREADS = 4


class OurFaultError(MangroveError):
    """Raised in place of an exception that nobody foresaw: a bug of ours."""

    code = "bug"


class ThreadBackground:
    """Fulfils ``services.background.Background`` with a small pool of threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mangrove-background")

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        """Run ``work`` soon, then exactly one of the two callbacks, on the worker thread."""
        self._pool.submit(self._call, work, done, failed)

    def close(self) -> None:
        """Let running calls end, drop the waiting ones."""
        self._pool.shutdown(cancel_futures=True)

    @staticmethod
    def _call(
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        try:
            result = work()
        except MangroveError as error:
            failed(error)
        except Exception as error:
            log.exception("background call met a bug")
            failed(OurFaultError(f"something in Mangrove itself went wrong: {error!r:.80}"))
        else:
            done(result)
