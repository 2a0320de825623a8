"""A lease in state.sqlite: one process of this user does a thing, and shows that it lives."""

import os
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.ports import Lease, LeaseHolder

SILENT_TOO_LONG = timedelta(minutes=5)


class SqliteLease(Lease):
    """Fulfils ``Lease``: its holder is a living process that gave a sign within five minutes.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase, name: str) -> None:
        self._database = database
        self._name = name

    @override
    def take(self, now: datetime) -> bool:
        pid = os.getpid()
        with self._database.writing() as connection:
            row = connection.execute(_FIND, (self._name,)).fetchone()
            held = _holder(row, now)
            if held is not None and held.pid != pid:
                return False
            since = held.since if held is not None else now
            connection.execute(
                "INSERT OR REPLACE INTO leases (name, owner_pid, owner_birth, since, beat_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (self._name, pid, birth_of(pid), since.isoformat(), now.isoformat()),
            )
        return True

    @override
    def give_back(self) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM leases WHERE name = ? AND owner_pid = ?", (self._name, os.getpid())
            )

    @override
    def holder(self, now: datetime) -> LeaseHolder | None:
        with self._database.reading() as connection:
            return _holder(connection.execute(_FIND, (self._name,)).fetchone(), now)


_FIND = "SELECT owner_pid, owner_birth, since, beat_at FROM leases WHERE name = ?"


def _holder(row: tuple[int, str, str, str] | None, now: datetime) -> LeaseHolder | None:
    if row is None:
        return None
    pid, birth, since, beat = row
    beat_at = datetime.fromisoformat(beat).astimezone(UTC)
    is_silent = now - beat_at > SILENT_TOO_LONG and pid != os.getpid()
    if is_silent or not is_alive(pid, birth):
        return None
    return LeaseHolder(pid, datetime.fromisoformat(since).astimezone(UTC), beat_at)
