"""A lease in state.sqlite: one process of this user does a thing, and shows that it lives."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.jobs.vigil import SILENT_TOO_LONG, AgentRank
from mangrove.core.ports.agent import Lease, LeaseHolder

_FIND = "SELECT owner_pid, owner_birth, since, beat_at, beat_s, rank FROM leases WHERE name = ?"
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class _Row:
    pid: int
    birth: str
    since: datetime
    beat_at: datetime
    beat_s: float
    rank: int


class SqliteLease(Lease):
    """Fulfils ``Lease``: its holder is a living process that gave a sign within five minutes.

    The minutes are counted in seconds that stand still while the machine sleeps and that nobody
    can move: neither a night nor a wrong clock takes the lease from its holder.

    Threads: safe for several.

    Args:
        monotonic_s: Seconds that all processes of this machine share.
    """

    def __init__(
        self,
        database: StateDatabase,
        name: str,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._name = name
        self._monotonic_s = monotonic_s

    @override
    def take(self, now: datetime, rank: AgentRank = AgentRank.WINDOW) -> bool:
        pid = os.getpid()
        with self._database.writing() as connection:
            held = _row(connection.execute(_FIND, (self._name,)).fetchone())
            is_live = held is not None and self._is_live(held)
            if held is not None and is_live and held.pid != pid and held.rank >= rank:
                return False
            is_kept = held is not None and is_live and held.pid == pid
            since = held.since if held is not None and is_kept else now
            connection.execute(
                "INSERT OR REPLACE INTO leases"
                " (name, owner_pid, owner_birth, since, beat_at, beat_s, rank)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._name,
                    pid,
                    birth_of(pid),
                    since.isoformat(),
                    now.isoformat(),
                    self._monotonic_s(),
                    rank,
                ),
            )
        return True

    @override
    def give_back(self) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE leases SET owner_pid = ? WHERE name = ? AND owner_pid = ?",
                (_NOBODY, self._name, os.getpid()),
            )

    @override
    def holder(self, now: datetime) -> LeaseHolder | None:
        with self._database.reading() as connection:
            row = _row(connection.execute(_FIND, (self._name,)).fetchone())
        if row is None or not self._is_live(row):
            return None
        return LeaseHolder(row.pid, row.since, row.beat_at, AgentRank(row.rank))

    @override
    def last_beat(self) -> datetime | None:
        with self._database.reading() as connection:
            row = _row(connection.execute(_FIND, (self._name,)).fetchone())
        return row.beat_at if row else None

    def _is_live(self, row: _Row) -> bool:
        if row.pid == _NOBODY or not is_alive(row.pid, row.birth):
            return False
        silent_s = self._monotonic_s() - row.beat_s
        # Seconds from before a restart of the machine are ahead of ours.
        is_silent = not 0 <= silent_s <= SILENT_TOO_LONG.total_seconds()
        return row.pid == os.getpid() or not is_silent


def _row(found: tuple[int, str, str, str, float, int] | None) -> _Row | None:
    if found is None:
        return None
    pid, birth, since, beat, beat_s, rank = found
    return _Row(pid, birth, _moment(since), _moment(beat), beat_s, rank)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
