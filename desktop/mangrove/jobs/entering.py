"""Opens the way to a deployment so that a cancel need not wait until somebody answers."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Generic, TypeVar

from mangrove.core.errors import MangroveError
from mangrove.jobs.context import RunContext

T = TypeVar("T")


@contextmanager
def entering(ctx: RunContext, way: AbstractContextManager[T]) -> Iterator[T]:
    """Enter a way on a thread of its own, and leave it at the end as ever.

    Looking for a server, names and sign-in included, takes up to ten seconds, and the driver
    cannot be interrupted in it. A run that is cancelled meanwhile ends at once; the thread closes
    what it may still open, and writes nothing.

    Raises:
        RunCancelled: If the run is cancelled before the way is open.

    Errors: what opening raises.
    """
    opening = _Opening(way)
    with ctx.closing_on_cancel(opening.give_up):
        opening.begin()
        opening.over.wait()
    if opening.is_given_up:
        ctx.check()
    with ExitStack() as stack:
        value = opening.value()
        stack.push(way)
        yield value


class _Opening(Generic[T]):
    """One attempt to open a way.

    Attributes:
        over: Set once it is open, has failed, or nobody waits any more.
    """

    def __init__(self, way: AbstractContextManager[T]) -> None:
        self._way = way
        self._lock = threading.Lock()
        self._found: list[T] = []
        self._error: BaseException | None = None
        self.is_given_up = False
        self.over = threading.Event()

    def begin(self) -> None:
        """Open it, unless nobody wants it any more."""
        if not self.is_given_up:
            threading.Thread(target=self._open, name="mangrove-enter", daemon=True).start()

    def give_up(self) -> None:
        """Wait no longer; what is open already stays, for whoever waited has it."""
        with self._lock:
            self.is_given_up = not self.over.is_set()
            self.over.set()

    def value(self) -> T:
        """Return what is open, or raise why it is not."""
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _open(self) -> None:
        try:
            found = self._way.__enter__()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
            self.over.set()
            return
        with self._lock:
            is_late = self.is_given_up
            self._found.append(found)
            self.over.set()
        if is_late:
            self._close()

    def _close(self) -> None:
        try:
            self._way.__exit__(None, None, None)
        except MangroveError:
            return  # nobody is left to be told, and nothing was done there
