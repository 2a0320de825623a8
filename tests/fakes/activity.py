"""Stand-ins for background calls and for activity, driven by the test."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from fakes import sample_data
from mangrove.core.errors import MangroveError, RunNotFoundError
from mangrove.core.run import LogLine, RunId, RunKind, RunState, RunStatus

T = TypeVar("T")


class FakeBackground:
    """Runs calls at once; with ``hold`` set, only when ``release`` is called.

    Attributes:
        hold: Keep calls waiting, so that a test can look at a page that waits.
    """

    def __init__(self) -> None:
        self.hold = False
        self._held: list[Callable[[], None]] = []

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[MangroveError], None],
    ) -> None:
        def run() -> None:
            try:
                result = work()
            except MangroveError as error:
                failed(error)
            else:
                done(result)

        if self.hold:
            self._held.append(run)
        else:
            run()

    def release(self) -> None:
        """Run what was held, on another thread as the real one does."""
        held, self._held = self._held, []
        worker = threading.Thread(target=lambda: [run() for run in held], name="fake-background")
        worker.start()
        worker.join()


class FakeActivity:
    """Holds runs; ``publish`` changes one and tells listeners on the calling thread."""

    def __init__(self, runs: Sequence[RunStatus], lines: Sequence[LogLine]) -> None:
        self.runs = {run.run_id: run for run in runs}
        self.lines = tuple(lines)
        self.cancelled: list[RunId] = []
        self._listeners: list[Callable[[RunStatus], None]] = []

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def subscribe(self, listener: Callable[[RunStatus], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, status: RunStatus) -> None:
        """Take a run's new state."""
        self.runs = {status.run_id: status, **self.runs} | {status.run_id: status}
        for listener in tuple(self._listeners):
            listener(status)

    def end_all(self) -> None:
        """Let nothing run any more, so that a window closes without a question."""
        for run in self.running():
            self.runs[run.run_id] = replace(run, state=RunState.CANCELLED)

    def running(self) -> tuple[RunStatus, ...]:
        return tuple(r for r in self.runs.values() if not r.state.is_over)

    def recent(self, limit: int = 200) -> tuple[RunStatus, ...]:
        newest_first = sorted(self.runs.values(), key=lambda r: r.created_at, reverse=True)
        return tuple(newest_first[:limit])

    def status(self, run_id: RunId) -> RunStatus:
        if run_id not in self.runs:
            raise RunNotFoundError("there is no such run")
        return self.runs[run_id]

    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        return self.lines if run_id in self.runs else ()

    def cancel(self, run_id: RunId) -> None:
        self.cancelled.append(run_id)
        self.publish(replace(self.runs[run_id], state=RunState.CANCELLING))

    def wait(self, run_id: RunId, timeout_s: float | None = None) -> RunStatus:
        del timeout_s
        return self.runs[run_id]

    def interrupted_at_start(self) -> tuple[RunStatus, ...]:
        return tuple(r for r in self.runs.values() if r.state is RunState.INTERRUPTED)

    def begin(self, kind: RunKind, title: str, profile: str, vault: str) -> RunId:
        """Start a run that stays queued."""
        run_id = RunId(f"r-new-{len(self.runs)}")
        now = sample_data.NOW
        self.publish(
            RunStatus(run_id, kind, title, profile, vault, None, RunState.QUEUED, created_at=now)
        )
        return run_id
