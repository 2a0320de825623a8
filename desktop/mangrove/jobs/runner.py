"""Runs bodies on threads of their own, and turns whatever happens into exactly one ending."""

import contextvars
import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError, RunCancelled, RunError, RunNotFoundError
from mangrove.core.jobs.lane import Occupied
from mangrove.core.patience import RETRY_WAITS_S
from mangrove.core.ports.agent import LaneBook
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.state import RunHistory
from mangrove.core.run import (
    LogLine,
    Phase,
    Problem,
    RunId,
    RunKind,
    RunResult,
    RunState,
    RunStatus,
)
from mangrove.jobs.context import RunContext, is_of_cancel
from mangrove.jobs.lanes import Claim, Entrant, Lanes

log = logging.getLogger(__name__)
run_id_of_thread: contextvars.ContextVar[str] = contextvars.ContextVar("run_id", default="")
Listener = Callable[[RunStatus], None]
Body = Callable[[RunContext], RunResult]
CLOSE_DEADLINE_S = 30.0
BUG = "bug"
CANCELLED = "cancelled"
Outcome = RunResult | Problem | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a run is called and what it needs, before it begins."""

    kind: RunKind
    title: str
    phases: tuple[Phase, ...]
    profile: str = ""
    vault: str = ""
    backup: BackupId | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(slots=True)
class _Live:
    context: RunContext
    over: threading.Event
    thread: threading.Thread | None = None
    given_up: bool = False


class Runner:
    """Starts, watches and cancels runs; the one place with a broad ``except``.

    Threads: one per run, named after it. Listeners are called on those threads.

    Args:
        history: Keeps what ran.
        clock: Tells when.
        retry_waits_s: How long runs wait before each new try after a lost connection.
        lane_book: Who is in which lane; None for the runs of this process alone.
    """

    def __init__(
        self,
        history: RunHistory,
        clock: Clock,
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
        lane_book: LaneBook | None = None,
    ) -> None:
        self._retry_waits_s = retry_waits_s
        self._history = history
        self._clock = clock
        self._lanes = Lanes(lane_book)
        self._lock = threading.Lock()
        self._live: dict[RunId, _Live] = {}
        self._listeners: dict[int, Listener] = {}
        self._next_listener = 0
        self._is_closed = False
        self._before_closing: list[Callable[[], None]] = []

    def start(self, ticket: Ticket, body: Body) -> RunId:
        """Queue a run and return at once.

        Raises:
            StateUnavailableError: If the history takes no new run; nothing was started.
        """
        run_id = RunId(secrets.token_hex(8))
        context = RunContext(
            self._first_status(run_id, ticket),
            self._clock,
            self._publish,
            lambda line: self._write_log(run_id, line),
            self._retry_waits_s,
        )
        live = _Live(context, threading.Event())
        work = contextvars.copy_context()
        live.thread = threading.Thread(
            target=work.run,
            args=(self._run, run_id, live, ticket, body),
            name=f"mangrove-run-{ticket.kind}-{run_id[:6]}",
        )
        self._history.save(context.status())
        with self._lock:
            if self._is_closed:
                raise RunError("the program is closing; nothing was started")
            self._live[run_id] = live
            live.thread.start()
        return run_id

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with every change; returns what ends that."""
        with self._lock:
            self._next_listener += 1
            key = self._next_listener
            self._listeners[key] = listener
        return lambda: self._forget_listener(key)

    def live(self) -> tuple[RunStatus, ...]:
        """Return what is queued or running here."""
        with self._lock:
            contexts = [held.context for held in self._live.values()]
        return tuple(s for s in (c.status() for c in contexts) if not s.state.is_over)

    def status(self, run_id: RunId) -> RunStatus | None:
        """Return a run of this process; None for others."""
        with self._lock:
            live = self._live.get(run_id)
        return live.context.status() if live else None

    def cancel(self, run_id: RunId) -> None:
        """Ask a run to stop.

        Raises:
            RunNotFoundError: If no such run goes on here.
        """
        self._find(run_id).context.cancel()

    def end(self, run_id: RunId, error: MangroveError) -> None:
        """Let a run fail for a reason that lies outside of it, and cut what it waits for.

        Raises:
            RunNotFoundError: If no such run goes on here.
        """
        context = self._find(run_id).context
        context.end_because(lambda: error)
        context.cancel()

    def give_up(self, run_id: RunId, error: MangroveError) -> None:
        """Record a run as failed whose thread comes back from nowhere, and free its lanes.

        The thread goes on to exist; whatever it may still come to is not recorded.

        Raises:
            RunNotFoundError: If no such run goes on here.
        """
        live = self._find(run_id)
        with self._lock:
            if live.over.is_set() or live.given_up:
                return
            live.given_up = True
        live.context.log(f"given up: {error.message}")
        self._record(live, Problem(error.code, error.message, error.hint))
        self._lanes.let_go(run_id)
        live.over.set()

    def wait(self, run_id: RunId, timeout_s: float | None = None) -> RunStatus:
        """Return a run's status once it is over, or after the timeout."""
        live = self._find(run_id)
        live.over.wait(timeout_s)
        return live.context.status()

    def before_closing(self, act: Callable[[], None]) -> None:
        """Do this when the program ends, before what still runs is cancelled."""
        self._before_closing.append(act)

    def close(self, deadline_s: float = CLOSE_DEADLINE_S) -> None:
        """Cancel everything and wait for the threads to end."""
        for act in self._before_closing:
            act()
        with self._lock:
            self._is_closed = True
            held = tuple(self._live.values())
        for live in held:
            live.context.cancel()
        end_s = self._clock.monotonic_s() + deadline_s
        for live in held:
            if live.thread is not None:
                live.thread.join(max(0.0, end_s - self._clock.monotonic_s()))

    # --- inside --------------------------------------------------------------------------

    def _run(self, run_id: RunId, live: _Live, ticket: Ticket, body: Body) -> None:
        run_id_of_thread.set(run_id)
        context = live.context
        try:
            context.change(lambda status: status)
            outcome = self._guarded(context, ticket, body)
            with self._lock:
                is_late, live.given_up = live.given_up, True
            if not is_late:
                self._record(live, outcome)
        except Exception:
            log.exception("run could not be recorded id=%s", run_id)
        finally:
            live.over.set()

    def _record(self, live: _Live, outcome: Outcome) -> None:
        """Keep the ending, then tell of it: no success is told that is not kept."""
        context = live.context
        ended = self._ended(outcome)
        try:
            self._history.save(ended(context.status()))
        except MangroveError as error:
            log.warning("run could not be recorded reason=%s", error)
            if isinstance(outcome, RunResult):
                ended = self._ended(_unrecorded(error, outcome.summary))
        context.change(ended)

    def _guarded(self, context: RunContext, ticket: Ticket, body: Body) -> Outcome:
        """Return the result, the problem, or None when cancelled."""
        try:
            entrant = Entrant(context.status().run_id, ticket.title, self._waiting(context))
            with self._lanes.hold(ticket.claims, context.cancelled, entrant):
                context.check()
                context.change(self._running)
                self._history.save(context.status())
                return body(context)
        except RunCancelled as cancel:
            return self._cut_short(context, cancel)
        except MangroveError as error:
            if context.cancelled.is_set() and is_of_cancel(error):
                context.log(f"meanwhile: {error.message}")
                return self._cut_short(context, RunCancelled())
            return self._failed(context, error)
        except Exception as error:
            log.exception("run met a bug kind=%s", ticket.kind)
            context.log(f"failed by a fault of ours: {type(error).__name__}")
            return Problem(
                BUG,
                f"something in Mangrove itself went wrong ({type(error).__name__})",
                "please send us the report of this run",
                is_bug=True,
            )

    def _cut_short(self, context: RunContext, cancel: RunCancelled) -> Problem | None:
        """Tell a run that a person cancelled from one that something else put an end to."""
        if isinstance(reason := context.end_reason, MangroveError):
            return self._failed(context, reason)
        context.log(str(cancel) or CANCELLED)
        context.note(str(cancel) or CANCELLED)
        return None

    def _failed(self, context: RunContext, error: MangroveError) -> Problem:
        context.log(f"failed: {error.message}")
        log.info("run failed code=%s", error.code, exc_info=error)
        return Problem(error.code, error.message, error.hint)

    def _waiting(self, context: RunContext) -> Callable[[Occupied], None]:
        def say(found: Occupied) -> None:
            where = f" (in process {found.pid})" if found.pid else ""
            words = f"'{found.title}'{where} is at work in {found.lane}"
            if context.status().waiting_for != words:
                context.change(lambda s: replace(s, waiting_for=words))

        return say

    def _running(self, status: RunStatus) -> RunStatus:
        state = RunState.RUNNING if status.state is RunState.QUEUED else status.state
        return replace(status, state=state, started_at=self._clock.now(), waiting_for="")

    def _ended(self, outcome: Outcome) -> Callable[[RunStatus], RunStatus]:
        ended_at: datetime = self._clock.now()
        match outcome:
            case None:
                return lambda s: replace(
                    s, state=RunState.CANCELLED, ended_at=ended_at, note=_cancel_note(s.note)
                )
            case Problem():
                return lambda s: replace(
                    s, state=RunState.FAILED, ended_at=ended_at, problem=outcome, note=""
                )
            case RunResult():
                state = RunState.SUCCEEDED_WITH_WARNINGS if outcome.losses else RunState.SUCCEEDED
                return lambda s: replace(
                    s,
                    state=state,
                    ended_at=ended_at,
                    result=outcome,
                    backup=outcome.backup or s.backup,
                    note="",
                )

    def _first_status(self, run_id: RunId, ticket: Ticket) -> RunStatus:
        return RunStatus(
            run_id=run_id,
            kind=ticket.kind,
            title=ticket.title,
            profile=ticket.profile,
            vault=ticket.vault,
            backup=ticket.backup,
            state=RunState.QUEUED,
            created_at=self._clock.now(),
            phases=ticket.phases,
            owner_pid=os.getpid(),
        )

    def _find(self, run_id: RunId) -> _Live:
        with self._lock:
            live = self._live.get(run_id)
        if live is None:
            raise RunNotFoundError("no such run goes on in this process")
        return live

    def _publish(self, status: RunStatus) -> None:
        with self._lock:
            listeners = tuple(self._listeners.values())
        for listener in listeners:
            try:
                listener(status)
            except Exception:
                log.exception("listener failed run=%s", status.run_id)

    def _write_log(self, run_id: RunId, line: LogLine) -> None:
        try:
            self._history.append_log(run_id, line)
        except MangroveError as error:  # a line of the log is not worth a backup
            log.warning("run log line lost run=%s reason=%s", run_id, error)

    def _forget_listener(self, key: int) -> None:
        with self._lock:
            self._listeners.pop(key, None)


def _unrecorded(error: MangroveError, done: str) -> Problem:
    return Problem(
        error.code,
        f"the run ended ({done}), and that could not be recorded: {error.message}",
        error.hint,
    )


def _cancel_note(note: str) -> str:
    """Keep what a cancel left behind, if it said so."""
    return note if note.startswith(CANCELLED) else CANCELLED
