"""Blocking calls done aside, on threads that can be left to themselves when nothing comes back.

The system's calls on a network mount whose server is gone cannot be ended. What waits for them can:
it is told that the storage does not answer, and the thread ends whenever the system lets it.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

from mangrove.core.errors import StalledError, StorageUnavailableError
from mangrove.core.patience import STALL_S

T = TypeVar("T")
HURRY_S = 1.5
IDLE_S = 0.1
THREAD_NAME = "mangrove-folder"


class Aside:
    """Does calls on other threads, and waits for them no longer than is sensible.

    Args:
        stall_s: A call that brings nothing for so long is not waited for.
    """

    def __init__(self, stall_s: float = STALL_S) -> None:
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self._pipes: set[Pipe[Any]] = set()
        self._crew = Crew()
        self.is_aborted = False

    @property
    def limit_s(self) -> float:
        """Return how long one call may take now."""
        return min(HURRY_S, self._stall_s) if self.is_aborted else self._stall_s

    def abort(self) -> None:
        """Leave every call that is waited for; later ones are given a moment each."""
        with self._lock:
            self.is_aborted = True
            pipes = tuple(self._pipes)
        for pipe in pipes:
            pipe.leave()

    def call(self, work: Callable[[], T], *, is_long: bool = False) -> T:
        """Do one call and return its result, or raise what it raised.

        Args:
            work: The call.
            is_long: Whether only an abort limits it: flushing much to a slow disk takes its time.

        Raises:
            StalledError: If it did not come back within the limit.
            StorageUnavailableError: If it was left after an abort.
        """
        pipe: Pipe[T] = Pipe()
        with self.opened(partial(_answer, pipe, work), pipe):
            (result,) = self.items(pipe, is_long=is_long)
        return result

    def stream(self, begin: Callable[[], Iterator[T]]) -> Iterator[T]:
        """Yield what an iterator yields, a little ahead of its reader; raises as ``call``."""
        pipe: Pipe[T] = Pipe()

        with self.opened(partial(_fill, pipe, begin), pipe):
            yield from self.items(pipe)

    def items(self, pipe: "Pipe[T]", *, is_long: bool = False) -> Iterator[T]:
        """Yield what comes out of a pipe, to its end."""
        while True:
            found = pipe.take(None if is_long and not self.is_aborted else self.limit_s)
            if found is None:
                raise self.given_up()
            if not found:
                if pipe.error is not None:
                    raise pipe.error
                return
            yield found[0]

    @contextmanager
    def opened(self, work: Callable[[], None], *pipes: "Pipe[Any]") -> Iterator[None]:
        """Let work run aside for as long as a block lasts; then its pipes are left, and it ends."""
        with self._lock:
            self._pipes.update(pipes)
        try:
            self._crew.do(work)
            yield
        finally:
            for pipe in pipes:
                pipe.leave()
            with self._lock:
                self._pipes.difference_update(pipes)

    def given_up(self) -> StalledError | StorageUnavailableError:
        """Return what to say of a call that is not waited for any more."""
        if self.is_aborted:
            return StorageUnavailableError("the storage is not waited for any more")
        return StalledError(
            f"the disk or the server behind it did not answer for {self._stall_s:g} seconds, "
            "so the work was ended",
            hint="check that the disk or the network share answers, then run it again",
        )


class Crew:
    """Threads that do one piece of work after the other, and end when there is none for a moment.

    Small blobs come by the thousand, and a thread for each costs as much as its bytes. One that
    the system does not give back is only missed: whoever comes next gets another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[Callable[[], None]]] = []

    def do(self, work: Callable[[], None]) -> None:
        """Begin a piece of work at once, on a thread that is free or a new one."""
        with self._lock:
            free = self._idle.pop() if self._idle else None
        if free is not None:
            free.put(work)
            return
        # A daemon: what the system does not give back must not keep the program from ending.
        threading.Thread(target=self._serve, args=(work,), name=THREAD_NAME, daemon=True).start()

    def _serve(self, work: Callable[[], None]) -> None:
        orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        while True:
            work()
            del work  # what it holds must not wait for the next
            with self._lock:
                self._idle.append(orders)
            try:
                work = orders.get(timeout=IDLE_S)
            except queue.Empty:
                with self._lock:
                    if orders in self._idle:
                        self._idle.remove(orders)
                        return
                work = orders.get()  # given out in the same moment


class Pipe(Generic[T]):
    """A few items on their way from one thread to another; either side may leave.

    Attributes:
        is_left: Whether nobody waits any more.
        error: Why nothing more comes.
    """

    def __init__(self, room: int = 2) -> None:
        self._room = room
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_over = self.is_left = False
        self.error: BaseException | None = None

    def put(self, item: T, limit_s: float | None = None) -> bool:
        """Hand over an item; returns whether somebody still takes them, within the limit."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._room or self.is_left, limit_s)
            if self.is_left or len(self._items) >= self._room:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, limit_s: float | None) -> tuple[T, ...] | None:
        """Return the next item, nothing at the end, and None if none came or it was left."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._is_over or self.is_left, limit_s)
            if self._items and not self.is_left:
                item = self._items.popleft()
                self._changed.notify_all()
                return (item,)
            return () if self._is_over and not self.is_left else None

    def end(self, error: BaseException | None, *last: T) -> None:
        """Say that nothing more comes, and why; perhaps with a last item."""
        with self._changed:
            self._items.extend(last)
            self.error, self._is_over = error, True
            self._changed.notify_all()

    def leave(self) -> None:
        """Wake both sides: nobody waits any more."""
        with self._changed:
            self.is_left = True
            self._changed.notify_all()


def _answer(pipe: Pipe[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        pipe.end(error)
    else:
        pipe.end(None, result)


def _fill(pipe: Pipe[T], begin: Callable[[], Iterator[T]]) -> None:
    try:
        for item in begin():
            if not pipe.put(item):
                return
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        pipe.end(error)
    else:
        pipe.end(None)
