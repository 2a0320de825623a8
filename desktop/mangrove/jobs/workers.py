"""Threads inside one run: tasks side by side, and work moved ahead of whoever consumes it."""

import contextvars
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Generic, TypeVar

from mangrove.core.errors import RunCancelled

T = TypeVar("T")
PUT_POLL_S = 0.1
_END = object()


def each(work: Callable[[T], None], items: Iterable[T]) -> Iterator[Callable[[], None]]:
    """Make one task of each item, lazily."""
    return (partial(work, item) for item in items)


def side_by_side(tasks: Iterable[Callable[[], None]], width: int, name: str) -> None:
    """Run tasks on up to ``width`` threads and return when all are done.

    Errors: the first exception (a cancel counts as one) keeps further tasks from starting,
        and is raised here once the running ones have ended.
    """
    group = _Group(iter(tasks))
    threads = [
        threading.Thread(
            target=contextvars.copy_context().run, args=(group.work,), name=f"{name}-{number}"
        )
        for number in range(width)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if group.failure is not None:
        raise group.failure


class _Group:
    """Shared state of the threads of one ``side_by_side``."""

    def __init__(self, tasks: Iterator[Callable[[], None]]) -> None:
        self._tasks = tasks
        self._lock = threading.Lock()
        self.failure: BaseException | None = None

    def work(self) -> None:
        # Fetching a task may fail too: what makes the tasks may read from a storage.
        try:
            while (task := self._next()) is not None:
                task()
        except (Exception, RunCancelled) as error:  # noqa: BLE001 - raised by whoever waits
            self._keep(error)

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            return None if self.failure is not None else next(self._tasks, None)

    def _keep(self, error: BaseException) -> None:
        with self._lock:
            if self.failure is None:
                self.failure = error


class Prefetch(Generic[T]):
    """Pulls from an iterator on a thread of its own, a bounded number of items ahead.

    Use it as a context manager: leaving the block ends the thread and closes the iterator.
    Errors: what the iterator raises is raised at the place where its item would have come.
    """

    def __init__(self, items: Iterable[T], depth: int, name: str) -> None:
        self._items = items
        self._queue: queue.Queue[object] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._pull,), name=name
        )

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._drain()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _pull(self) -> None:
        try:
            self._pull_all(iter(self._items))
        except (Exception, RunCancelled) as error:  # noqa: BLE001 - raised in ``_drain``
            self._failure = error
        finally:
            self._offer(_END)

    def _pull_all(self, iterator: Iterator[T]) -> None:
        try:
            for item in iterator:
                if not self._offer(item):
                    return
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def _offer(self, item: object) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=PUT_POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def _drain(self) -> Iterator[T]:
        while (item := self._queue.get()) is not _END:
            yield item  # type: ignore[misc]  # the queue holds T or the end mark
        if self._failure is not None:
            raise self._failure
