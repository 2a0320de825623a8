"""The agent: looks at the clock, and fires the jobs whose time has come."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mangrove.core.errors import MangroveError
from mangrove.core.jobs.catch_up import next_look, trusted, wanted
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, Rest, rest_of
from mangrove.core.jobs.schedule import Due
from mangrove.core.jobs.vigil import AgentRank
from mangrove.core.ports.agent import Lease
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import JobStore
from mangrove.jobs.agent.firing import Firer, Waits, quietly
from mangrove.jobs.agent.noticing import Noticing
from mangrove.jobs.agent.surroundings import PlainWatch, Surroundings

log = logging.getLogger(__name__)
LOOK_S = 15.0
CLOSE_DEADLINE_S = 30.0
SHOWN_FIRINGS = 10
NETWORK_PATIENCE = timedelta(hours=1)
"""So long a job waits for a network before it runs all the same, and fails with its reason."""


@dataclass(slots=True)
class _Known:
    """What a look found out about a job, and until when it holds."""

    job: Job
    quiet_from: datetime
    quiet_until: datetime


def nothing() -> None:
    """Do nothing after a look."""


@dataclass(slots=True)
class Agent:
    """Fires jobs on time while it holds the lease; one look is quick and never waits for a run.

    After a time asleep a job runs once for all the moments that went by, and not before there is
    a network again. A time whose run was interrupted by a crash runs once more. A job that still
    runs, in whatever process, is not started again.

    Threads: one that looks, and one for each job that runs.

    Attributes:
        after_look: Called after each look of the agent that holds the lease; returns at once.
    """

    store: JobStore
    lease: Lease
    clock: Clock
    firer: Firer
    look_s: float = LOOK_S
    surroundings: Surroundings | None = None
    after_look: Callable[[], None] = nothing
    rank: AgentRank = AgentRank.WINDOW
    _threads: dict[JobId, threading.Thread] = field(default_factory=dict)
    _known: dict[JobId, _Known] = field(default_factory=dict)
    _waits: dict[JobId, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _look_lock: threading.Lock = field(default_factory=threading.Lock)
    _looker: threading.Thread | None = None
    _noticing: Noticing = field(init=False)

    def __post_init__(self) -> None:
        if self.surroundings is None:
            self.surroundings = Surroundings(PlainWatch(self.clock))
        self._noticing = Noticing(self.surroundings, self.lease)

    def start(self, rank: AgentRank = AgentRank.WINDOW) -> None:
        """Look at the clock from now on, on a thread of its own; a second call changes nothing.

        Args:
            rank: An agent in the background takes over from one in a window.
        """
        self.rank = rank
        try:
            self._noticing.look(rank)  # at once, so that whoever asks next sees it
        except MangroveError as error:
            log.warning("the agent could not take its place yet reason=%s", error)
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
        self._noticing.leave()

    @property
    def waiting(self) -> frozenset[JobId]:
        """The jobs that are due and wait for a network."""
        return frozenset(self._waits)

    def look(self) -> tuple[JobId, ...]:
        """Fire what is due, if we are the one to do so; returns the jobs that were started."""
        with self._look_lock:
            changed = self._noticing.look(self.rank)
            if changed is None:
                self._known.clear()
                self._waits.clear()
                return ()
            now = self.clock.now()
            if self.store.close_abandoned(now) or changed:
                self._known.clear()
            rest = self.store.rest()
            jobs = self.store.all()
            begun = tuple(job.job_id for job in jobs if self._looked_at(job, now, rest))
            self._forget_waits(jobs)
            self.after_look()
            return begun

    def fire_now(self, job: Job, waits: Waits = quietly) -> bool:
        """Run a job at once, whoever holds the lease; False if it runs already."""
        now = self.clock.now()
        running = FiringState.RUNNING
        return self._begin(job, Firing(job.job_id, now, now, running, by_hand=True), waits)

    # --- one job -------------------------------------------------------------------------

    def _looked_at(self, job: Job, now: datetime, rest: Rest | None) -> bool:
        """Look at one job; whatever is wrong with it keeps no other from being looked at."""
        try:
            return self._look_at(job, now, rest)
        except MangroveError as error:
            log.warning("job could not be looked at job=%s reason=%s", job.name, error)
        except Exception:
            log.exception("job met a bug job=%s", job.name)
        return False

    def _look_at(self, job: Job, now: datetime, rest: Rest | None) -> bool:
        known = self._known.get(job.job_id)
        if known and known.job == job and known.quiet_from <= now < known.quiet_until:
            return False
        job = self._dated(job, now)
        firings = self.store.firings(job.job_id, SHOWN_FIRINGS, trusted(now))
        found = wanted(job, firings, now, self.firer.is_worth_retrying)
        if found is None:
            until = next_look(job, firings, self.firer.is_worth_retrying)
            self._known[job.job_id] = _Known(job, now, until)
            return False
        self._known.pop(job.job_id, None)
        pause = rest_of(job, rest, now)
        if pause is not None:
            self._skip(job, found, now, pause)
            return False
        if self._waits_for_network(job):
            return False
        firing = Firing(job.job_id, found.slot_at, now, FiringState.RUNNING, missed=found.missed)
        return self._begin(job, firing)

    def _dated(self, job: Job, now: datetime) -> Job:
        """Return a job that was made in a future that never came as one that is made now."""
        if job.created_at <= trusted(now):
            return job
        dated = job.made_at(now)
        self.store.save(dated, now)
        return dated

    def _waits_for_network(self, job: Job) -> bool:
        around = self._noticing.around
        if around.network is None or around.network.leads_to(around.hosts_of(job)):
            self._waits.pop(job.job_id, None)
            return False
        awake_s = around.watch.reading().awake_s
        since_s = self._waits.setdefault(job.job_id, awake_s)
        if awake_s - since_s < NETWORK_PATIENCE.total_seconds():
            return True
        del self._waits[job.job_id]
        return False

    def _forget_waits(self, jobs: tuple[Job, ...]) -> None:
        """Keep in mind only jobs that are still there, and say when the network goes or comes."""
        names = {job.job_id: job.name for job in jobs if job.job_id in self._waits}
        for gone in self._waits.keys() - names.keys():
            del self._waits[gone]
        self._noticing.note_network(", ".join(names.values()))

    def _begin(self, job: Job, firing: Firing, waits: Waits = quietly) -> bool:
        with self._lock:
            thread = self._threads.get(job.job_id)
            if thread is not None and thread.is_alive():
                return False
            if not self.store.begin(firing):
                return False
            thread = threading.Thread(
                target=self._fire, args=(job, firing, waits), name=f"mangrove-job-{job.name[:20]}"
            )
            self._threads[job.job_id] = thread
            thread.start()
        return True

    def _skip(self, job: Job, found: Due, now: datetime, pause: Rest) -> None:
        words = f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why or 'nobody said why'}"
        skipped = Firing(
            job.job_id, found.slot_at, now, FiringState.SKIPPED, now, found.missed, problem=words
        )
        self.store.save_firing(skipped)

    def _fire(self, job: Job, firing: Firing, waits: Waits) -> None:
        try:
            self.firer.fire(job, firing, waits)
        except MangroveError as error:  # the store itself: the next look tries again
            log.warning("job could not be recorded job=%s reason=%s", job.name, error)

    def _go_on(self) -> None:
        while not self.firer.stop.is_set():
            try:
                self.look()
            except MangroveError as error:
                log.warning("the agent could not look reason=%s", error)
            except Exception:  # silence would be worse than anything else
                log.exception("the agent met a bug")
            self.firer.stop.wait(self.look_s)
