"""Shows a run while it goes on, and turns Ctrl-C into a cancel."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mangrove.cli.exit_codes import ExitCode
from mangrove.cli.output import Output, printable
from mangrove.core.explain import duration_text, size_text
from mangrove.core.run import NamespaceState, Phase, RunId, RunStatus
from mangrove.services.bundle import Services

POLL_S = 0.2
BAR_WIDTH = 40
SHOWN_NAMESPACES = 6
CANCELLING = "cancelling: what was begun is being removed; press Ctrl-C again to leave at once"
LEAVING = "left at once: unfinished work may be left behind; the next start says what to do"
Show = Callable[[RunStatus], None]


def follow(services: Services, run_id: RunId, output: Output) -> RunStatus:
    """Show a run until it is over; Ctrl-C cancels it, a second Ctrl-C ends the process."""
    activity = services.activity
    with _Interrupts(output) as interrupts, _display(output) as show:
        end_watching = activity.subscribe(lambda s: show(s) if s.run_id == run_id else None)
        try:
            asked = False
            while not (status := activity.wait(run_id, POLL_S)).state.is_over:
                if interrupts.count and not asked:
                    asked = True
                    output.say(CANCELLING)
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

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
        with Live(console=output.error_console(), auto_refresh=False, transient=True) as live:
            yield lambda status: live.update(drawn(status), refresh=True)
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
    place = ""
    if status.phase in status.phases:
        place = f" ({status.phases.index(status.phase) + 1} of {len(status.phases)})"
    return f"{status.phase}{place}{f', {status.note}' if status.note else ''}"


def drawn(status: RunStatus) -> Group:
    """Return the picture of a running run: title, bar, figures, active namespaces."""
    head = Text(printable(f"{status.title}: {phase_text(status)}"), style="bold")
    bar = ProgressBar(
        total=status.total_bytes or None, completed=status.done_bytes, width=BAR_WIDTH
    )
    line = Table.grid(padding=(0, 2))
    line.add_row(bar, Text(figures_text(status)))
    active = [n for n in status.namespaces if n.state is NamespaceState.ACTIVE]
    below = [
        Text(printable(f"  {n.namespace}  {n.documents:,} documents, {size_text(n.done_bytes)}"))
        for n in active[:SHOWN_NAMESPACES]
    ]
    return Group(head, line, *below)


def figures_text(status: RunStatus) -> str:
    """Return share, amount, rate and time left, as far as they are known."""
    parts = []
    if status.fraction is not None:
        parts.append(f"{status.fraction:.0%}")
    if status.done_bytes:
        parts.append(size_text(status.done_bytes))
    if status.namespaces_total:
        parts.append(f"{status.namespaces_done} of {status.namespaces_total} collections")
    if status.rate_bytes_per_s:
        parts.append(f"{size_text(status.rate_bytes_per_s)}/s")
    if status.remaining is not None:
        parts.append(f"about {duration_text(status.remaining)} left")
    return ", ".join(parts)
