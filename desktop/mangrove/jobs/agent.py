"""The agent: looks at the clock, and fires the jobs whose time has come."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime

from mangrove.core.errors import MangroveError
from mangrove.core.job import Firing, FiringState, Job, JobId
from mangrove.core.ports import Clock, JobStore, Lease
from mangrove.core.schedule import Due, due
from mangrove.jobs.firing import Firer

log = logging.getLogger(__name__)
LOOK_S = 15.0
CLOSE_DEADLINE_S = 30.0
MAX_INTERRUPTIONS = 2
SHOWN_FIRINGS = 5


@dataclass(slots=True)
class Agent:
    """Fires jobs on time while it holds the lease; one look is quick and never waits for a run.

    After a time asleep a job runs once for all the moments that went by. A time whose run was
    interrupted by a crash runs once more. A job that still runs is not started again.

    Threads: one that looks, and one for each job that runs.
    """

    store: JobStore
    lease: Lease
    clock: Clock
    firer: Firer
    look_s: float = LOOK_S
    _threads: dict[JobId, threading.Thread] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looker: threading.Thread | None = None

    def start(self) -> None:
        """Look at the clock from now on, on a thread of its own; a second call changes nothing."""
        self.lease.take(self.clock.now())  # at once, so that whoever asks next sees it
        with self._lock:
            if self._looker is None:
                self._looker = threading.Thread(target=self._go_on, name="mangrove-agent")
                self._looker.start()

    def stop(self) -> None:
        """Fire nothing more; what runs goes on."""
        self.firer.stop.set()

    def wait(self, deadline_s: float | None = None) -> None:
        """Return once no job runs any more."""
        with self._lock:
            threads = tuple(self._threads.values())
        for thread in threads:
            thread.join(deadline_s)

    def close(self) -> None:
        """Stop looking, wait for what ends, and let another process take over."""
        self.stop()
        if self._looker is not None:
            self._looker.join(CLOSE_DEADLINE_S)
        self.wait(CLOSE_DEADLINE_S)
        self.lease.give_back()

    def look(self) -> tuple[JobId, ...]:
        """Fire what is due, if we are the one to do so; returns the jobs that were started."""
        now = self.clock.now()
        if not self.lease.take(now):
            return ()
        self.store.close_abandoned(now)
        return tuple(job.job_id for job in self.store.all() if self._look_at(job, now))

    def fire_now(self, job: Job) -> bool:
        """Run a job at once, whoever holds the lease; False if it runs already."""
        now = self.clock.now()
        return self._begin(job, Firing(job.job_id, now, now, FiringState.RUNNING))

    def _look_at(self, job: Job, now: datetime) -> bool:
        found = due(job.schedule, self._served_at(job), now)
        if found is None:
            return False
        if job.is_paused(now):
            self._skip(job, found, now)
            return False
        return self._begin(
            job,
            Firing(job.job_id, found.slot_at, now, FiringState.RUNNING, missed=found.missed),
        )

    def _begin(self, job: Job, firing: Firing) -> bool:
        with self._lock:
            thread = self._threads.get(job.job_id)
            if thread is not None and thread.is_alive():
                return False
            thread = threading.Thread(
                target=self._fire, args=(job, firing), name=f"mangrove-job-{job.name[:20]}"
            )
            self._threads[job.job_id] = thread
            thread.start()
        return True

    def _served_at(self, job: Job) -> datetime:
        """Return the newest moment that needs no run any more."""
        firings = self.store.firings(job.job_id, SHOWN_FIRINGS)
        lost = [f.slot_at for f in firings if f.state is FiringState.INTERRUPTED]
        served = (
            f.slot_at
            for f in firings
            if f.state is not FiringState.INTERRUPTED or lost.count(f.slot_at) >= MAX_INTERRUPTIONS
        )
        return max((job.created_at, *served))

    def _skip(self, job: Job, found: Due, now: datetime) -> None:
        why = f"paused until {job.paused_until:%Y-%m-%d %H:%M} UTC"
        why += f": {job.paused_why}" if job.paused_why else ""
        skipped = Firing(
            job.job_id, found.slot_at, now, FiringState.SKIPPED, now, found.missed, problem=why
        )
        self.store.save_firing(skipped)

    def _fire(self, job: Job, firing: Firing) -> None:
        try:
            self.firer.fire(job, firing)
        except MangroveError as error:  # the store itself: the next look tries again
            log.warning("job could not be recorded job=%s reason=%s", job.name, error)

    def _go_on(self) -> None:
        while not self.firer.stop.is_set():
            try:
                self.look()
            except MangroveError as error:
                log.warning("the agent could not look reason=%s", error)
            self.firer.stop.wait(self.look_s)
