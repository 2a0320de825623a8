"""Looks at linked clusters every quarter of an hour, for the process that fires jobs."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mangrove.core.atlas.kept import LOOK_EVERY
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.ports.clock import Clock

log = logging.getLogger(__name__)
CLOSE_DEADLINE_S = 5.0


@dataclass(slots=True)
class AtlasLook:
    """Looks when it is woken and the last look is old; one at a time.

    Threads: one for each look. ``wake`` returns at once, from whatever thread.

    Attributes:
        look: Asks Atlas and keeps what is seen.
        has_links: Whether there is anything to look at; asks nobody.
    """

    look: Callable[[], object]
    has_links: Callable[[], bool]
    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked_at: datetime | None = None
    _thread: threading.Thread | None = None
    _is_closed: bool = False

    def wake(self) -> None:
        """Look soon, if it is time."""
        now = self.clock.now()
        with self._lock:
            is_busy = self._thread is not None and self._thread.is_alive()
            is_early = self._looked_at is not None and now - self._looked_at < LOOK_EVERY
            if self._is_closed or is_busy or is_early or not self.has_links():
                return
            self._looked_at = now
            # A daemon: an Atlas that does not answer must not hold up the end of the program.
            self._thread = threading.Thread(
                target=self._look, name="mangrove-atlas-look", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_DEADLINE_S)

    def _look(self) -> None:
        try:
            self.look()
        except (MangroveError, RunCancelled) as error:
            log.info("atlas was not seen reason=%s", error)
        except Exception:
            log.exception("a look at atlas met a bug")
