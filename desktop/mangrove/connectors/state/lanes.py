"""Who is in which lane, in state.sqlite: the processes of a user share it."""

import os
import sqlite3
from collections.abc import Sequence
from threading import Lock

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.jobs.lane import Claim, Occupied
from mangrove.core.ports.agent import LaneBook
from mangrove.core.run import RunId


class SqliteLaneBook(LaneBook):
    """Keeps places for as long as their run and its process live.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        self._inside: set[RunId] = set()  # what the file says of us beyond that is stale
        self._lock = Lock()

    @override
    def enter(self, run_id: RunId, title: str, claims: Sequence[Claim]) -> Occupied | None:
        if not claims:
            return None
        with self._lock, self._database.writing() as connection:
            limits = _limits(connection)
            for claim in claims:
                inside = self._living(connection, claim.lane)
                if len(inside) >= limits.get(claim.lane, claim.limit):
                    return inside[0]
            pid = os.getpid()
            connection.executemany(
                "INSERT OR REPLACE INTO lane_places (lane, run_id, title, owner_pid, owner_birth)"
                " VALUES (?, ?, ?, ?, ?)",
                [(claim.lane, run_id, title, pid, birth_of(pid)) for claim in claims],
            )
            self._inside.add(run_id)
        return None

    @override
    def leave(self, run_id: RunId) -> None:
        with self._lock:
            if run_id not in self._inside:
                return
            self._inside.discard(run_id)
            with self._database.writing() as connection:
                connection.execute("DELETE FROM lane_places WHERE run_id = ?", (run_id,))

    @override
    def limits(self) -> dict[str, int]:
        with self._database.reading() as connection:
            return _limits(connection)

    @override
    def set_limit(self, lane: str, limit: int | None) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM lane_limits WHERE lane = ?", (lane,))
            if limit is not None:
                row = (lane, limit)
                connection.execute("INSERT INTO lane_limits (lane, places) VALUES (?, ?)", row)

    def _living(self, connection: sqlite3.Connection, lane: str) -> list[Occupied]:
        """Return who is in a lane, and forget those who are gone."""
        query = "SELECT run_id, title, owner_pid, owner_birth FROM lane_places WHERE lane = ?"
        found = []
        for run_id, title, pid, birth in connection.execute(query, (lane,)).fetchall():
            is_ours = pid == os.getpid()
            if is_alive(pid, birth) and (not is_ours or run_id in self._inside):
                found.append(Occupied(lane, title, 0 if is_ours else pid))
            else:
                connection.execute("DELETE FROM lane_places WHERE run_id = ?", (run_id,))
        return found


def _limits(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT lane, places FROM lane_limits").fetchall()
    return {str(lane): int(places) for lane, places in rows}
