"""One time of a job: its runs one after the other, tried again where only the way was closed."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError
from mangrove.core.jobs.job import RETRY_WAITS, Firing, FiringState, Job, JobKind, ending_of
from mangrove.core.jobs.proving import PROOF_FAILED, what_is_wrong
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import JobStore
from mangrove.core.run import RunId, RunState, RunStatus

log = logging.getLogger(__name__)
Step = Callable[[BackupId | None], RunId | None]
"""Starts a run, given the backup taken before; None when there is nothing to do."""
Await = Callable[[RunId, timedelta], RunStatus]
"""Waits for a run, and ends it once nothing moved for so long."""
Waits = Callable[[Firing, datetime], None]
"""Told what failed, and when it is tried again."""
CUT_OFF = "the program that did this was ended"
GOOD = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)


def nobody(_job: Job, _firing: Firing) -> None:
    """Tell nobody."""


def quietly(_firing: Firing, _again_at: datetime) -> None:
    """Wait without a word."""


@dataclass(frozen=True, slots=True)
class Firer:
    """Carries out jobs; each time ends in exactly one kept ending.

    Attributes:
        steps_of: Turns a job into the steps that it consists of.
        await_run: Waits until a run is over; a hung one is ended.
        is_worth_retrying: Whether a failed run only found the way closed, by its problem's code.
        stop: Set when the program ends: nothing is waited for any longer.
        told: Told when a job begins and when it has ended; never raises.
    """

    store: JobStore
    clock: Clock
    steps_of: Callable[[Job], Sequence[Step]]
    await_run: Await
    is_worth_retrying: Callable[[str], bool]
    stop: threading.Event = field(default_factory=threading.Event)
    retry_waits: Sequence[timedelta] = RETRY_WAITS
    told: Callable[[Job, Firing], None] = nobody

    def fire(self, job: Job, firing: Firing, waits: Waits = quietly) -> Firing:
        """Do all steps of a firing that has begun, and keep what became of them.

        Args:
            job: What is done.
            firing: Which time of it.
            waits: Told before each wait for a new try; never raises.
        """
        self.told(job, firing)
        for wait in (*self.retry_waits, None):
            firing = self._attempt(job, firing)
            is_failed = firing.state is FiringState.FAILED
            is_closed = is_failed and self.is_worth_retrying(firing.problem_code)
            if wait is None or not is_closed:
                break
            waiting = replace(firing, state=FiringState.RUNNING)
            self.store.save_firing(waiting)  # so that what it waits for can be seen meanwhile
            waits(waiting, self.clock.now() + wait)
            if self.stop.wait(wait.total_seconds()):
                break
            firing = waiting
            log.info("job tries again job=%s reason=%s", job.name, firing.problem)
        firing = replace(firing, ended_at=self.clock.now())
        self.store.save_firing(firing)
        self.told(job, firing)
        return firing

    def _attempt(self, job: Job, firing: Firing) -> Firing:
        """Do the steps once; returns the firing with its ending."""
        states: list[RunState] = []
        backup: BackupId | None = None
        wrong = ""
        try:
            for step in self.steps_of(job):
                run_id = step(backup)
                if run_id is None:
                    continue
                firing = replace(firing, steps=(*firing.steps, run_id))
                self.store.save_firing(firing)
                status = self.await_run(run_id, job.hung_after)
                states.append(status.state)
                backup = status.backup or backup
                if status.state not in GOOD:
                    return self._ended(firing, states, status)
                wrong = wrong or what_is_wrong(status)
                if wrong and job.kind is not JobKind.VERIFY:  # which looks at the others, too
                    break
        except MangroveError as error:
            return replace(
                firing, state=FiringState.FAILED, problem=error.message, problem_code=error.code
            )
        if wrong:
            return replace(
                firing, state=FiringState.FAILED, problem=wrong, problem_code=PROOF_FAILED
            )
        return replace(firing, state=ending_of(tuple(states)), problem="", problem_code="")

    def _ended(self, firing: Firing, states: Sequence[RunState], status: RunStatus) -> Firing:
        """Return a firing that did not end well; what the program's own end cut off comes again."""
        problem = status.problem
        if status.state is RunState.CANCELLED and self.stop.is_set():
            words = f"{status.title}: {CUT_OFF}"
            return replace(firing, state=FiringState.INTERRUPTED, problem=words)
        text = f"{status.title}: {problem.message if problem else status.state.value}"
        code = problem.code if problem else ""
        return replace(firing, state=ending_of(tuple(states)), problem=text, problem_code=code)
