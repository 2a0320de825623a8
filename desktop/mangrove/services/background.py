"""Short work that must not block whoever asks: one call, one result, on another thread."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from mangrove.core.errors import MangroveError

T = TypeVar("T")


class Background(Protocol):
    """Runs short blocking calls (a keyring, a probe, a listing) away from the caller.

    Threads: ``done`` and ``failed`` are called on the worker thread; a window hands them on
    through its bridge. What is not a ``MangroveError`` arrives as one that says it is our bug.
    """

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        """Run ``work`` soon, then exactly one of the two callbacks."""
        ...
