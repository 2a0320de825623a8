"""Waits for runs of jobs, and ends those in which nothing moves any more."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from mangrove.core.errors import MangroveError, RunHungError
from mangrove.core.explain import duration_text
from mangrove.core.jobs.vigil import Notice, NoticeKind
from mangrove.core.ports.agent import AgentDiary
from mangrove.core.ports.clock import Clock
from mangrove.core.run import RunId, RunState, RunStatus
from mangrove.jobs.runner import Runner

log = logging.getLogger(__name__)
LOOK_S = 10.0
LAST_CALLS_S = 120.0


@dataclass(frozen=True, slots=True)
class StallWatch:
    """Waits for the end of a run; there always is one.

    A run that moves nothing for too long is asked to end, and what it waits for is cut. If its
    thread does not come back even then, it is recorded as failed all the same.

    Attributes:
        diary: Where it is written down that a run was ended.
        look_s: How often a run is looked at.
        last_calls_s: How long a run may take to end after it was asked to.
    """

    runner: Runner
    clock: Clock
    diary: AgentDiary | None = None
    look_s: float = LOOK_S
    last_calls_s: float = LAST_CALLS_S

    def wait(self, run_id: RunId, hung_after: timedelta) -> RunStatus:
        """Return how a run ended.

        Raises:
            RunNotFoundError: If no such run goes on here.
        """
        status = self.runner.wait(run_id, self.look_s)
        mark, moved_s = _mark(status), self.clock.monotonic_s()
        while not status.state.is_over:
            status = self.runner.wait(run_id, self.look_s)
            now_s = self.clock.monotonic_s()
            if status.state is RunState.QUEUED or _mark(status) != mark:
                mark, moved_s = _mark(status), now_s
            elif now_s - moved_s >= hung_after.total_seconds():
                return self._end(run_id, hung_after)
        return status

    def _end(self, run_id: RunId, hung_after: timedelta) -> RunStatus:
        self._write_down(run_id, hung_after)
        words = f"nothing moved for {duration_text(hung_after)}, so the agent ended it"
        self.runner.end(run_id, RunHungError(words, hint="what it began is listed as debris"))
        status = self.runner.wait(run_id, self.last_calls_s)
        if not status.state.is_over:
            words += "; it did not even answer to that, so Mangrove should be started anew"
            self.runner.give_up(run_id, RunHungError(words))
            status = self.runner.wait(run_id)
        return status

    def _write_down(self, run_id: RunId, hung_after: timedelta) -> None:
        status = self.runner.status(run_id)
        if self.diary is None or status is None:
            return
        where = f" ({status.phase})" if status.phase else ""
        notice = Notice(self.clock.now(), NoticeKind.STUCK, hung_after, f"{status.title}{where}")
        try:
            self.diary.write(notice)
        except MangroveError as error:
            log.warning("agent notice lost reason=%s", error)


def _mark(status: RunStatus) -> tuple[object, ...]:
    """Return what changes whenever a run gets anywhere."""
    return (
        status.state,
        status.phase,
        status.note,
        status.done_bytes,
        status.documents,
        status.namespaces_done,
        status.namespaces,
    )
