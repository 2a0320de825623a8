"""What is running and what ran: look, subscribe, cancel, wait."""

from collections.abc import Callable

from mangrove.core.errors import RunNotFoundError
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import RunHistory
from mangrove.core.run import LogLine, RunId, RunStatus
from mangrove.jobs.runner import Runner

HISTORY_LIMIT = 200


class Activity:
    """Runs of this process live, and those of all processes from history."""

    def __init__(self, runner: Runner, history: RunHistory, clock: Clock) -> None:
        self._runner = runner
        self._history = history
        self._interrupted = history.close_abandoned(clock.now())

    def subscribe(self, listener: Callable[[RunStatus], None]) -> Callable[[], None]:
        """Call a listener with every change of a run here; returns what ends that.

        Threads: the listener is called on worker threads, at most five times a second for
        each run, and at once when state or phase change.
        """
        return self._runner.subscribe(listener)

    def running(self) -> tuple[RunStatus, ...]:
        """Return what is queued or running in this process."""
        return self._runner.live()

    def recent(self, limit: int = HISTORY_LIMIT) -> tuple[RunStatus, ...]:
        """Return runs of all processes, newest first; those of this process are live."""
        return tuple(self._runner.status(s.run_id) or s for s in self._history.recent(limit))

    def status(self, run_id: RunId) -> RunStatus:
        """Return one run.

        Raises:
            RunNotFoundError: If nobody ever started it.
        """
        found = self._runner.status(run_id) or next(
            (s for s in self._history.recent(HISTORY_LIMIT) if s.run_id == run_id), None
        )
        if found is None:
            raise RunNotFoundError("there is no such run")
        return found

    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        """Return a run's log, oldest line first."""
        return self._history.log(run_id)

    def cancel(self, run_id: RunId) -> None:
        """Ask a run of this process to stop.

        Raises:
            RunNotFoundError: If no such run goes on here.
        """
        self._runner.cancel(run_id)

    def wait(self, run_id: RunId, timeout_s: float | None = None) -> RunStatus:
        """Return a run's status once it is over, or after the timeout."""
        return self._runner.wait(run_id, timeout_s)

    def interrupted_at_start(self) -> tuple[RunStatus, ...]:
        """Return the runs whose process was found dead when this one started."""
        return self._interrupted
