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
from mangrove.core.errors import (
    MangroveError,
    RunCancelled,
    RunError,
    RunNotFoundError,
)
from mangrove.core.patience import RETRY_WAITS_S
from mangrove.core.ports import Clock, RunHistory
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
from mangrove.jobs.lanes import Claim, Lanes

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


class Runner:
    """Starts, watches and cancels runs; the one place with a broad ``except``.

    Threads: one per run, named after it. Listeners are called on those threads.

    Args:
        history: Keeps what ran.
        clock: Tells when.
        retry_waits_s: How long runs wait before each new try after a lost connection.
    """

    def __init__(
        self,
        history: RunHistory,
        clock: Clock,
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
    ) -> None:
        self._retry_waits_s = retry_waits_s
        self._history = history
        self._clock = clock
        self._lanes = Lanes()
        self._lock = threading.Lock()
        self._live: dict[RunId, _Live] = {}
        self._listeners: dict[int, Listener] = {}
        self._next_listener = 0
        self._is_closed = False

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

    def wait(self, run_id: RunId, timeout_s: float | None = None) -> RunStatus:
        """Return a run's status once it is over, or after the timeout."""
        live = self._find(run_id)
        live.over.wait(timeout_s)
        return live.context.status()

    def close(self, deadline_s: float = CLOSE_DEADLINE_S) -> None:
        """Cancel everything and wait for the threads to end."""
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
            context.change(self._ended(outcome))
            self._history.save(context.status())
        except Exception:
            log.exception("run could not be recorded id=%s", run_id)
        finally:
            live.over.set()

    def _guarded(self, context: RunContext, ticket: Ticket, body: Body) -> Outcome:
        """Return the result, the problem, or None when cancelled."""
        try:
            self._say_why_waiting(context, ticket)
            with self._lanes.hold(ticket.claims, context.cancelled):
                context.check()
                context.change(self._running)
                self._history.save(context.status())
                return body(context)
        except RunCancelled as cancel:
            context.log(str(cancel) or CANCELLED)
            context.note(str(cancel) or CANCELLED)
            return None
        except MangroveError as error:
            if context.cancelled.is_set() and is_of_cancel(error):
                context.log(f"cancelled; meanwhile: {error.message}")
                return None
            context.log(f"failed: {error.message}")
            log.info("run failed code=%s", error.code, exc_info=True)
            return Problem(error.code, error.message, error.hint)
        except Exception as error:
            log.exception("run met a bug kind=%s", ticket.kind)
            context.log(f"failed by a fault of ours: {type(error).__name__}")
            return Problem(
                BUG,
                f"something in Mangrove itself went wrong ({type(error).__name__})",
                "please send us the report of this run",
                is_bug=True,
            )

    def _say_why_waiting(self, context: RunContext, ticket: Ticket) -> None:
        lane = self._lanes.blocked_by(ticket.claims)
        if lane is not None:
            context.change(lambda s: replace(s, waiting_for=f"another run that uses {lane}"))

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


def _cancel_note(note: str) -> str:
    """Keep what a cancel left behind, if it said so."""
    return note if note.startswith(CANCELLED) else CANCELLED
