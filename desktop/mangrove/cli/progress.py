"""Shows a run while it goes on, and turns Ctrl-C into a cancel."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.output import Output, printable
from mangrove.cli.picture import Picture
from mangrove.core.explain import duration_text, size_text
from mangrove.core.run import NamespaceState, Phase, RunId, RunStatus
from mangrove.core.wording import counted
from mangrove.services.bundle import Services

POLL_S = 0.2
SHOWN_NAMESPACES = 6
CANCELLING = "cancelling: what was begun is being removed; press Ctrl-C again to leave at once"
STORING = "stopping: what was captured so far stays, and the next capture goes on from there"
LEAVING = "left at once: unfinished work may be left behind; the next start says what to do"
Show = Callable[[RunStatus], None]


def follow(
    services: Services, run_id: RunId, output: Output, cancelling: str = CANCELLING
) -> RunStatus:
    """Show a run until it is over; Ctrl-C cancels it, a second Ctrl-C ends the process.

    Args:
        services: Where it runs.
        run_id: Which one.
        output: Where to show it.
        cancelling: What is said once a cancel was asked for.
    """
    activity = services.activity
    with _Interrupts(output) as interrupts, _display(output) as show:
        end_watching = activity.subscribe(lambda s: show(s) if s.run_id == run_id else None)
        try:
            asked = False
            while not (status := activity.wait(run_id, POLL_S)).state.is_over:
                if interrupts.count and not asked:
                    asked = True
                    output.say(cancelling)
                    activity.cancel(run_id)
            return status
        finally:
            end_watching()


class _Interrupts:
    """Counts Ctrl-C and SIGTERM while the block lasts; the second one ends the process."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._before: dict[int, object] = {}
        self.count = 0

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal() gave it

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            # Threads of the run may be stuck in a call that never returns: do not wait for them.
            self._output.say(LEAVING)
            os._exit(ExitCode.CANCELLED)


@contextmanager
def _display(output: Output) -> Iterator[Show]:
    if output.as_json:
        yield lambda _status: None
    elif output.is_live:
        # Only now: loading rich would be a sixth of the time a piped command takes.
        from mangrove.cli.drawing import live_picture  # noqa: PLC0415

        with live_picture(output.err) as show:
            yield lambda status: show(picture(status))
    else:
        yield _PhaseLines(output)


class _PhaseLines:
    """Writes one line for each phase."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._phase: Phase | None = None
        self._waiting_for = ""

    def __call__(self, status: RunStatus) -> None:
        with self._lock:
            if status.waiting_for and status.waiting_for != self._waiting_for:
                self._waiting_for = status.waiting_for
                self._output.say(f"{status.title}: waiting for {status.waiting_for}")
            if status.phase is None or status.phase is self._phase or status.state.is_over:
                return
            self._phase = status.phase
            self._output.say(f"{status.title}: {phase_text(status)}")


def phase_text(status: RunStatus) -> str:
    """Return the phase, its place among the others, and what is being done."""
    if status.phase is None:
        return f"waiting for {status.waiting_for}" if status.waiting_for else str(status.state)
    place = f" ({status.place[0]} of {status.place[1]})" if status.place else ""
    return f"{status.phase}{place}{f', {status.note}' if status.note else ''}"


def picture(status: RunStatus) -> Picture:
    """Return what a terminal shows of a running run."""
    active = [n for n in status.namespaces if n.state is NamespaceState.ACTIVE]
    return Picture(
        head=printable(f"{status.title}: {phase_text(status)}"),
        fraction=status.fraction,
        figures=figures_text(status),
        below=tuple(
            printable(
                f"  {n.namespace}  {counted(n.documents, 'document')}, {size_text(n.done_bytes)}"
            )
            for n in active[:SHOWN_NAMESPACES]
        ),
    )


def figures_text(status: RunStatus) -> str:
    """Return share, amount, rate and time left, as far as they are known."""
    parts = []
    if status.fraction is not None:
        parts.append(f"{status.fraction:.0%}")
    if status.done_bytes:
        parts.append(size_text(status.done_bytes))
    if status.namespaces_total:
        every = counted(status.namespaces_total, "collection")
        parts.append(f"{status.namespaces_done} of {every}")
    if status.rate_bytes_per_s:
        parts.append(f"{size_text(status.rate_bytes_per_s)}/s")
    if status.remaining is not None:
        parts.append(f"about {duration_text(status.remaining)} left")
    return ", ".join(parts)
