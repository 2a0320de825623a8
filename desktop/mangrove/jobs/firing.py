"""One time of a job: its runs one after the other, tried again where only the way was closed."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.job import RETRY_WAITS, Firing, FiringState, Job, ending_of
from mangrove.core.ports import Clock, JobStore
from mangrove.core.run import RunId, RunState, RunStatus

log = logging.getLogger(__name__)
Step = Callable[[BackupId | None], RunId | None]
"""Starts a run, given the backup taken before; None when there is nothing to do."""
Await = Callable[[RunId], RunStatus]
GOOD = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


@dataclass(frozen=True, slots=True)
class Firer:
    """Carries out jobs; each time ends in exactly one kept ending.

    Attributes:
        steps_of: Turns a job into the steps that it consists of.
        await_run: Waits until a run is over.
        is_worth_retrying: Whether a failed run only found the way closed, by its problem's code.
        stop: Set when the program ends: nothing is waited for any longer.
    """

    store: JobStore
    clock: Clock
    steps_of: Callable[[Job], Sequence[Step]]
    await_run: Await
    is_worth_retrying: Callable[[str], bool]
    stop: threading.Event = field(default_factory=threading.Event)
    retry_waits: Sequence[timedelta] = RETRY_WAITS

    def fire(self, job: Job, firing: Firing) -> Firing:
        """Do all steps, and keep what became of them; never raises what a person can be told."""
        self.store.save_firing(firing)
        for wait in (*self.retry_waits, None):
            firing, code = self._attempt(job, firing)
            is_closed = firing.state is FiringState.FAILED and self.is_worth_retrying(code)
            if wait is None or not is_closed or self.stop.wait(wait.total_seconds()):
                break
            log.info("job tries again job=%s reason=%s", job.name, firing.problem)
        firing = replace(firing, ended_at=self.clock.now())
        self.store.save_firing(firing)
        return firing

    def _attempt(self, job: Job, firing: Firing) -> tuple[Firing, str]:
        """Do the steps once; returns the firing with its ending, and the problem's code."""
        states: list[RunState] = []
        backup: BackupId | None = None
        try:
            for step in self.steps_of(job):
                run_id = step(backup)
                if run_id is None:
                    continue
                firing = replace(firing, steps=(*firing.steps, run_id))
                self.store.save_firing(firing)
                status = self.await_run(run_id)
                states.append(status.state)
                backup = status.backup or backup
                if status.state not in GOOD:
                    return _ended(firing, states, status)
        except MangroveError as error:
            failed = replace(firing, state=FiringState.FAILED, problem=error.message)
            return replace(failed, problem_code=error.code), error.code
        done = replace(firing, state=ending_of(tuple(states)), problem="", problem_code="")
        return done, ""


def _ended(firing: Firing, states: Sequence[RunState], status: RunStatus) -> tuple[Firing, str]:
    problem = status.problem
    text = f"{status.title}: {problem.message if problem else status.state.value}"
    code = problem.code if problem else ""
    ended = replace(firing, state=ending_of(tuple(states)), problem=text, problem_code=code)
    return ended, code
