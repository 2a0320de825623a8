"""Goes on after a lost connection: waits, finds the server again, does the same work anew."""

from collections.abc import Callable
from typing import TypeVar

from mangrove.core.errors import ConnectError, ConnectionLostError, EmbeddedServerError
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
    patience = Patience(ctx, reconnect)
    tries = 0
    while True:
        try:
            return work(tries)
        except ConnectionLostError as lost:
            patience.outlast(lost)
        tries += 1


class Patience:
    """Waits for a lost server, as often as the run has patience.

    Args:
        ctx: Says how long to wait before each try.
        reconnect: Finds the server again, as for ``steadily``.
    """

    def __init__(self, ctx: RunContext, reconnect: Callable[[], str | None]) -> None:
        self._ctx = ctx
        self._reconnect = reconnect
        self._waits = iter(ctx.retry_waits_s)

    def outlast(self, lost: ConnectionLostError) -> None:
        """Return once the server answers; each try uses up a wait, and they grow.

        Raises:
            RunCancelled: While waiting.
            ConnectionLostError: The one given, once the waits are used up.
            EmbeddedServerError: At once, if a server of our own died.
        """
        self._ctx.check()
        self._ctx.log(f"{lost.message}; looking for it again")
        for wait_s in self._waits:
            self._ctx.cancelled.wait(wait_s)
            self._ctx.check()
            try:
                told = self._reconnect()
            except EmbeddedServerError:  # it died, and nobody starts it again
                raise
            except ConnectError:
                continue
            if told:
                self._ctx.log(told)
            return
        raise lost
