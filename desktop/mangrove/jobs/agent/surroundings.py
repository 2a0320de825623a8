"""What an agent sees around it: clocks, network, and the runs of processes that are gone."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from typing_extensions import override

from mangrove.core.jobs.job import Job
from mangrove.core.jobs.vigil import ClockReading, Notice
from mangrove.core.ports.agent import AgentDiary, Network, Watch
from mangrove.core.ports.clock import Clock
from mangrove.core.run import RunStatus


class PlainWatch(Watch):
    """Reads a clock that is never asleep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @override
    def reading(self) -> ClockReading:
        seconds = self._clock.monotonic_s()
        return ClockReading(self._clock.now(), seconds, seconds, self._clock.zone_name())


class MemoryDiary(AgentDiary):
    """Keeps what was noticed as long as the process lives.

    Threads: safe for several.
    """

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._lock = threading.Lock()

    @override
    def write(self, notice: Notice) -> None:
        with self._lock:
            self._notices.append(notice)

    @override
    def recent(self, limit: int) -> tuple[Notice, ...]:
        with self._lock:
            return tuple(reversed(self._notices[-limit:]))


def _no_hosts(_: Job) -> Sequence[str]:
    return ()


def _no_runs(_: datetime) -> tuple[RunStatus, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world that an agent works in.

    Attributes:
        watch: Tells nights asleep and moved clocks from time that passed.
        network: None where nothing ever waits for a network.
        hosts_of: The machines that a job talks to.
        close_runs: Records as interrupted the runs whose process is gone, and returns them.
        diary: Keeps what is noticed.
    """

    watch: Watch
    network: Network | None = None
    hosts_of: Callable[[Job], Sequence[str]] = _no_hosts
    close_runs: Callable[[datetime], tuple[RunStatus, ...]] = _no_runs
    diary: AgentDiary = field(default_factory=MemoryDiary)
