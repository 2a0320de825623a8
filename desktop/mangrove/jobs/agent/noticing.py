"""How an agent keeps its lease, and writes down what it notices on the way."""

import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.errors import MangroveError
from mangrove.core.jobs.vigil import (
    SILENT_TOO_LONG,
    AgentRank,
    ClockReading,
    Notice,
    NoticeKind,
    noticed,
)
from mangrove.core.ports.agent import Lease
from mangrove.jobs.agent.surroundings import Surroundings

log = logging.getLogger(__name__)
WHERE = {
    AgentRank.ONCE: "for one look at the clock",
    AgentRank.WINDOW: "the window",
    AgentRank.BACKGROUND: "the agent in the background",
}


@dataclass(slots=True)
class Noticing:
    """Looks around before the agent looks at its jobs.

    Attributes:
        around: The clocks, the network, and where notices go.
        lease: Whether we are the one who fires.
    """

    around: Surroundings
    lease: Lease
    _before: ClockReading | None = None
    _is_holder: bool = False
    _is_offline: bool = False

    def look(self, rank: AgentRank) -> bool | None:
        """Keep the lease; returns None if another process has it, else whether clocks changed."""
        reading = self.around.watch.reading()
        last_beat = None if self._is_holder else self.lease.last_beat()
        if not self.lease.take(reading.now, rank):
            self._is_holder, self._before = False, None
            return None
        if not self._is_holder:
            self._begin(reading, last_beat, rank)
        notices = noticed(self._before, reading) if self._before else ()
        self._before = reading
        for notice in notices:
            self._write(notice)
        for run in self.around.close_runs(reading.now):
            self._write(Notice(reading.now, NoticeKind.CRASHED, detail=run.title))
        return bool(notices)

    def leave(self) -> None:
        """Let another process take over."""
        if self._is_holder:
            now = self.around.watch.reading().now
            self._write(Notice(now, NoticeKind.STOPPED, detail=f"process {os.getpid()}"))
            self._is_holder = False
        self.lease.give_back()

    def note_network(self, waiting: str) -> None:
        """Write down when the network goes, with the jobs that wait, and when it is back."""
        if bool(waiting) is self._is_offline:
            return
        self._is_offline = bool(waiting)
        kind = NoticeKind.NO_NETWORK if waiting else NoticeKind.NETWORK_BACK
        self._write(Notice(self.around.watch.reading().now, kind, detail=waiting))

    def _begin(self, reading: ClockReading, last_beat: datetime | None, rank: AgentRank) -> None:
        self._is_holder = True
        gap = reading.now - last_beat if last_beat else timedelta(0)
        if last_beat is not None and gap > SILENT_TOO_LONG:
            since = f"since {last_beat:%Y-%m-%d %H:%M} UTC no window and no agent was running"
            self._write(Notice(reading.now, NoticeKind.ABSENT, gap, since))
        where = f"{WHERE[rank]}, process {os.getpid()}"
        self._write(Notice(reading.now, NoticeKind.STARTED, detail=where))

    def _write(self, notice: Notice) -> None:
        log.info("agent noticed kind=%s text=%s", notice.kind, notice.sentence())
        try:
            self.around.diary.write(notice)
        except MangroveError as error:
            log.warning("agent notice lost reason=%s", error)
