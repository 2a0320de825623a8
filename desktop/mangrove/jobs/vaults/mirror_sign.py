"""Asks a mirror for a sign of life, so that nobody waits for one that hangs."""

import contextvars
import threading

from typing_extensions import override

from mangrove.core.errors import StalledError
from mangrove.core.patience import FIRST_SIGN_S
from mangrove.core.ports.mirror import Mirror

_LOOK_S = 0.1
_LAST_WORDS_S = 3.0


def require_sign(
    mirror: Mirror, cancelled: threading.Event | None = None, patience_s: float = FIRST_SIGN_S
) -> None:
    """Return once a mirror gave a sign of life, or the run was cancelled.

    Later calls are bounded by its storage, which ends what moves nothing for two minutes.

    Raises:
        StalledError: If none came in time; the mirror is aborted and good for nothing more.
        VaultError: As its storage says.
    """
    asked = _Asked(mirror)
    asked.start()
    waited_s = 0.0
    while not asked.over.wait(_LOOK_S):
        waited_s += _LOOK_S
        if cancelled is not None and cancelled.is_set():
            return
        if waited_s >= patience_s:
            mirror.abort()
            asked.over.wait(_LAST_WORDS_S)
            raise StalledError(
                f"it gave no sign of life for {patience_s:g} seconds and is not waited for",
                hint="what it lacks is caught up with by the next backup or copy to the mirrors",
            )
    if asked.problem is not None:
        raise asked.problem


class _Asked(threading.Thread):
    """Asks on a thread that can be left to itself: a call that hangs cannot be ended."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__(name="mangrove-mirror-sign", daemon=True)
        self._mirror, self._context = mirror, contextvars.copy_context()
        self.over = threading.Event()
        self.problem: Exception | None = None

    @override
    def run(self) -> None:
        """Ask, and keep what went wrong for whoever waits."""
        try:
            self._context.run(self._mirror.greet)
        except Exception as error:  # noqa: BLE001 - raised by whoever waits
            self.problem = error
        finally:
            self.over.set()
