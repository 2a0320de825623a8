"""What a running body sees: its phases, its counters, and whether it was cancelled."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from mangrove.core.errors import (
    ConnectError,
    RunCancelled,
    SnapshotError,
    StalledError,
    StorageUnavailableError,
)
from mangrove.core.eta import RateMeter
from mangrove.core.namespace import Namespace
from mangrove.core.patience import GRACE_S, RETRY_WAITS_S
from mangrove.core.ports.clock import Clock
from mangrove.core.run import (
    LogLine,
    NamespaceProgress,
    NamespaceState,
    Phase,
    RunState,
    RunStatus,
)

ANNOUNCE_EVERY_S = 0.2
SHOWN_NAMESPACES = 50


def is_of_cancel(error: BaseException) -> bool:
    """Whether an error only says that a cancelled run's server or storage was cut off.

    One that tells of what is half done is more than that.
    """
    ended_by_us = (ConnectError, SnapshotError, StalledError, StorageUnavailableError)
    if isinstance(error, ended_by_us):
        return "unfinished" not in error.details
    return isinstance(error, RunCancelled)


@contextmanager
def closed_after(chunks: Iterable[bytes]) -> Iterator[None]:
    """Close a stream at the end, so that a failure does not keep what it reads from open.

    An exception holds the frames it came through, and they hold the half-read stream.
    """
    try:
        yield
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


class RunContext:
    """Counts for whoever watches, and carries a cancel to whoever works.

    Threads: every method may be called from any thread. Listeners are called one status at a
    time, in the order of the changes and never under the lock, on a thread that made one of
    them; after the ending they are told nothing more.

    Args:
        status: How the run begins.
        clock: Measures rates.
        announce: Told of every change.
        write_log: Keeps a line of the run's log.
        retry_waits_s: How long to wait before each new try after a lost connection.
    """

    def __init__(
        self,
        status: RunStatus,
        clock: Clock,
        announce: Callable[[RunStatus], None],
        write_log: Callable[[LogLine], None],
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
    ) -> None:
        self.retry_waits_s = tuple(retry_waits_s)
        self._status = status
        self._clock = clock
        self._announce = announce
        self._write_log = write_log
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._end_reason: Callable[[], BaseException] | None = None
        self._closers: dict[int, Callable[[], None]] = {}
        self._namespaces: dict[str, NamespaceProgress] = {}
        self._meter = RateMeter(0.0, 0.0)
        self._announced_s = 0.0
        self._done_bytes = self._documents = self._namespaces_done = 0
        self._outer: Phase | None = None
        self._entered: set[Phase] = set()
        self._untold: deque[RunStatus] = deque()
        self._is_telling = self._is_told_over = False

    @property
    def cancelled(self) -> threading.Event:
        """Set once the run shall stop; wait on it instead of sleeping."""
        return self._cancelled

    def status(self) -> RunStatus:
        """Return a copy of where the run stands."""
        with self._lock:
            return self._copy()

    # --- what a body says ----------------------------------------------------------------

    def enter(self, phase: Phase, total_bytes: int = 0, note: str = "") -> None:
        """Begin a phase; counters start at nothing. A cancel is noticed here."""
        self.check()
        self._begin(phase, total_bytes, note)
        self.check()

    def enter_last(self, phase: Phase) -> None:
        """Begin a phase that a cancel comes too late for: what counts is done already."""
        self._begin(phase, 0, "")

    @contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """Show phases entered while the block lasts as notes of this one."""
        with self._lock:
            self._outer = phase
        try:
            yield
        finally:
            with self._lock:
                self._outer = None

    def note(self, text: str) -> None:
        """Say what is being done right now."""
        with self._lock:
            self._status = replace(self._status, note=text)
            self._queue()
        self._tell()

    def log(self, text: str) -> None:
        """Add a line to the run's log."""
        self._write_log(LogLine(self._clock.now(), text))

    def change(self, change: Callable[[RunStatus], RunStatus]) -> RunStatus:
        """Change state, title or result, and announce it."""
        with self._lock:
            self._status = _without_the_rest(change(self._status), self._entered)
            status = self._copy()
            self._queue()
        self._tell()
        return status

    def expect_namespaces(self, total: int) -> None:
        """Say how many namespaces there are in all."""
        with self._lock:
            self._namespaces.clear()
            self._namespaces_done = self._documents = 0
            self._status = replace(self._status, namespaces_total=total)

    def begin(self, namespace: Namespace, total_bytes: int = 0) -> None:
        """Begin one namespace."""
        progress = NamespaceProgress(str(namespace), NamespaceState.ACTIVE, 0, total_bytes)
        with self._lock:
            self._namespaces[str(namespace)] = progress
        self._tick()

    def finish(self, namespace: Namespace, note: str = "") -> None:
        """End one namespace well."""
        self._end(namespace, NamespaceState.DONE, note)

    def fail(self, namespace: Namespace, note: str) -> None:
        """End one namespace badly; the run goes on."""
        self._end(namespace, NamespaceState.FAILED, note)
        self.log(f"{namespace}: {note}")

    def advance(
        self, done_bytes: int, documents: int = 0, namespace: Namespace | None = None
    ) -> None:
        """Count work done; raises RunCancelled once the run was cancelled."""
        self.check()
        with self._lock:
            self._done_bytes += done_bytes
            self._documents += documents
            held = self._namespaces.get(str(namespace)) if namespace else None
            if held is not None:
                self._namespaces[held.namespace] = replace(
                    held,
                    done_bytes=held.done_bytes + done_bytes,
                    documents=held.documents + documents,
                )
        self._tick()

    def start_over(self, namespace: Namespace) -> None:
        """Take back what was counted for a namespace: it is done again from its beginning."""
        with self._lock:
            held = self._namespaces.get(str(namespace))
            if held is not None:
                self._done_bytes -= held.done_bytes
                self._documents -= held.documents
                self._namespaces[str(namespace)] = replace(held, done_bytes=0, documents=0)
        self._tick()

    def metered(
        self, chunks: Iterable[bytes], namespace: Namespace | None = None
    ) -> Iterator[bytes]:
        """Pass chunks on, counting their bytes and noticing a cancel at each."""
        with closed_after(chunks):
            for chunk in chunks:
                self.advance(len(chunk), namespace=namespace)
                yield chunk

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass chunks on uncounted, noticing a cancel at each."""
        with closed_after(chunks):
            for chunk in chunks:
                self.check()
                yield chunk

    def check(self) -> None:
        """Raise RunCancelled if the run was cancelled, or why it may not go on."""
        if self._end_reason is not None:
            raise self._end_reason()
        if self._cancelled.is_set():
            raise RunCancelled

    @property
    def end_reason(self) -> BaseException | None:
        """Why the run may not go on, beyond a person's cancel."""
        return None if self._end_reason is None else self._end_reason()

    def end_because(self, reason: Callable[[], BaseException]) -> None:
        """Let the run fail with this error at its next chunk: what it relied on is gone."""
        self._end_reason = reason

    @contextmanager
    def closing_on_cancel(self, close: Callable[[], None]) -> Iterator[None]:
        """Call ``close`` on a cancel while the block lasts; at once if it came already."""
        key = id(close)
        with self._lock:
            self._closers[key] = close
            is_late = self._cancelled.is_set()
        if is_late:
            close()
        try:
            yield
        finally:
            with self._lock:
                self._closers.pop(key, None)

    @contextmanager
    def aborting_on_cancel(
        self, abort: Callable[[], None], grace_s: float = GRACE_S
    ) -> Iterator[None]:
        """Call ``abort`` a moment after a cancel, unless the block ended by itself before.

        Calls that go well end within that moment, and leave no half-done work on a server.
        """
        timer = threading.Timer(grace_s, abort)
        timer.name = "mangrove-abort"
        try:
            with self.closing_on_cancel(timer.start):
                yield
        finally:
            timer.cancel()
            if timer.is_alive():
                timer.join()

    # --- what others say -----------------------------------------------------------------

    def cancel(self) -> None:
        """Ask the run to stop; it will, at its next chunk."""
        with self._lock:
            if self._status.state.is_over or self._cancelled.is_set():
                return
            self._status = replace(self._status, state=RunState.CANCELLING)
            self._cancelled.set()
            closers = tuple(self._closers.values())
            self._queue()
        for close in closers:
            close()
        self._tell()

    # --- inside --------------------------------------------------------------------------

    def _copy(self) -> RunStatus:
        return replace(
            self._status,
            done_bytes=self._done_bytes,
            documents=self._documents,
            rate_bytes_per_s=self._meter.rate,
            remaining=self._meter.remaining(self._status.total_bytes),
            namespaces=self._shown_namespaces(),
            namespaces_done=self._namespaces_done,
        )

    def _begin(self, phase: Phase, total_bytes: int, note: str) -> None:
        with self._lock:
            now_s = self._clock.monotonic_s()
            self._meter = RateMeter(now_s, now_s)
            self._done_bytes = 0
            if self._outer is not None:
                phase, note = self._outer, phase.value
            self._status = replace(
                _passed_to(_with_phase(self._status, phase), phase, self._entered),
                phase=phase,
                total_bytes=total_bytes,
                note=note,
            )
            self._entered.add(phase)
            self._queue()
        self.log(f"{phase.value}{f': {note}' if note else ''}")
        self._tell()

    def _queue(self) -> None:
        """Keep a copy for the listeners; the lock is held."""
        if not self._is_told_over:
            status = self._copy()
            self._is_told_over = status.state.is_over
            self._untold.append(status)

    def _tell(self) -> None:
        """Hand out what is queued, unless another thread is at it: it will take ours too."""
        with self._lock:
            if self._is_telling:
                return
            self._is_telling = True
        while (status := self._next_untold()) is not None:
            self._announce(status)

    def _next_untold(self) -> RunStatus | None:
        with self._lock:
            self._is_telling = bool(self._untold)
            return self._untold.popleft() if self._untold else None

    def _end(self, namespace: Namespace, state: NamespaceState, note: str) -> None:
        with self._lock:
            name = str(namespace)
            held = self._namespaces.pop(name, None) or NamespaceProgress(name, state)
            self._namespaces[name] = replace(held, state=state, note=note)
            self._namespaces_done += 1
            self._forget_oldest_done()
        self._tick()

    def _forget_oldest_done(self) -> None:
        done = [n for n, p in self._namespaces.items() if p.state is NamespaceState.DONE]
        for name in done[: max(0, len(done) - SHOWN_NAMESPACES)]:
            del self._namespaces[name]

    def _shown_namespaces(self) -> tuple[NamespaceProgress, ...]:
        order = (NamespaceState.FAILED, NamespaceState.ACTIVE, NamespaceState.DONE)
        newest_first = reversed(self._namespaces.values())
        shown = sorted(newest_first, key=lambda p: order.index(p.state))
        return tuple(shown[:SHOWN_NAMESPACES])

    def _tick(self) -> None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            if now_s - self._announced_s < ANNOUNCE_EVERY_S:
                return
            self._announced_s = now_s
            self._meter = self._meter.advanced(now_s, self._done_bytes)
            self._queue()
        self._tell()


def _with_phase(status: RunStatus, phase: Phase) -> RunStatus:
    """Put in a phase that nobody could announce: whether it comes depends on what is found."""
    if phase in status.phases or status.phase not in status.phases:
        return status
    at = status.phases.index(status.phase) + 1
    phases = (*status.phases[:at], phase, *status.phases[at:])
    return replace(status, phases=phases, added=(*status.added, phase))


def _passed_to(status: RunStatus, phase: Phase, entered: Collection[Phase]) -> RunStatus:
    """Note the phases before this one that were passed by, so that none of them is ticked."""
    if phase not in status.phases:
        return status
    before = status.phases[: status.phases.index(phase)]
    return replace(status, passed_by=tuple(p for p in before if p not in entered))


def _without_the_rest(status: RunStatus, entered: Collection[Phase]) -> RunStatus:
    """Leave out, once a run went well, the phases that it came to an end without."""
    went_well = status.state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)
    if not went_well or not entered:
        return status
    return replace(status, phases=tuple(p for p in status.phases if p in entered))
