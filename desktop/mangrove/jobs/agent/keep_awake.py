"""Keeps the machine awake while a run works."""

import logging
import threading
from dataclasses import dataclass, field

from mangrove.core.ports.agent import Wakefulness
from mangrove.core.run import RunId, RunKind, RunState, RunStatus

log = logging.getLogger(__name__)
ENDLESS = (RunKind.CAPTURE,)
"""What may follow for days is no reason to stay awake: it goes on where it was."""
CLOSE_DEADLINE_S = 10.0


@dataclass(slots=True)
class KeepAwake:
    """Watches runs; a thread of its own holds the machine awake from the first to the last.

    Give its ``watch`` to the runner as a listener.
    """

    wakefulness: Wakefulness
    _working: set[RunId] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _holder: threading.Thread | None = None

    def watch(self, status: RunStatus) -> None:
        """Take note of a run's state; returns at once."""
        is_working = status.state in (RunState.RUNNING, RunState.CANCELLING)
        with self._changed:
            if is_working and status.kind not in ENDLESS:
                self._working.add(status.run_id)
            else:
                self._working.discard(status.run_id)
            if self._working and self._holder is None:
                self._holder = threading.Thread(
                    target=self._hold, args=(status.title,), name="mangrove-awake"
                )
                self._holder.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Let the machine sleep."""
        with self._changed:
            self._working.clear()
            self._changed.notify_all()
            holder = self._holder
        if holder is not None:
            holder.join(CLOSE_DEADLINE_S)

    def _hold(self, why: str) -> None:
        try:
            with self.wakefulness.hold(why) as agreed:
                log.info("machine kept awake agreed=%s for=%s", agreed, why)
                with self._changed:
                    self._changed.wait_for(lambda: not self._working)
                    self._holder = None  # still under the lock: the next run starts a new one
        except Exception:
            log.exception("machine could not be kept awake")
            with self._changed:
                self._holder = None
