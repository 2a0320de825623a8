"""Goes on after a lost connection: waits, finds the server again, does the same work anew."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from mangrove.core.errors import ConnectError, ConnectionLostError
from mangrove.jobs.context import RunContext

T = TypeVar("T")


def steadily(ctx: RunContext, work: Callable[[int], T], reconnect: Callable[[], str | None]) -> T:
    """Do work; after a lost connection do it again, as often as the run has patience.

    Args:
        ctx: Says how long to wait before each try; waits end at once when it is cancelled.
        work: Told how often it was tried before; must be right to do again.
        reconnect: Finds the server again, or raises ConnectError; may have a sentence to say.

    Raises:
        RunCancelled: While waiting.
        ConnectionLostError: The last one, once the tries are used up.
    """
    waits = iter(ctx.retry_waits_s)
    tries = 0
    while True:
        try:
            return work(tries)
        except ConnectionLostError as lost:
            ctx.check()
            ctx.log(f"{lost.message}; looking for it again")
            _wait_for_it(ctx, waits, reconnect, lost)
        tries += 1


def _wait_for_it(
    ctx: RunContext,
    waits: Iterator[float],
    reconnect: Callable[[], str | None],
    lost: ConnectionLostError,
) -> None:
    """Return once the server answers; each try uses up a wait, and they grow."""
    for wait_s in waits:
        ctx.cancelled.wait(wait_s)
        ctx.check()
        try:
            told = reconnect()
        except ConnectError:
            continue
        if told:
            ctx.log(told)
        return
    raise lost
