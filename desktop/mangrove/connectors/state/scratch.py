"""The scratch databases that trial restores created, so that a crash leaves none behind."""

import os

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.ports.state import ScratchRegister
from mangrove.core.profile import ProfileId


class SqliteScratchRegister(ScratchRegister):
    """Keeps each name from before the database is created until after it is dropped.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def add(self, profile_id: ProfileId, database: str) -> None:
        pid = os.getpid()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO scratch_databases (profile_id, name, owner_pid, owner_birth)"
                " VALUES (?, ?, ?, ?)",
                (profile_id, database, pid, birth_of(pid)),
            )

    @override
    def remove(self, profile_id: ProfileId, database: str) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM scratch_databases WHERE profile_id = ? AND name = ?",
                (profile_id, database),
            )

    @override
    def noted(self, profile_id: ProfileId) -> tuple[str, ...]:
        query = "SELECT name FROM scratch_databases WHERE profile_id = ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (profile_id,)).fetchall()
        return tuple(str(name) for (name,) in rows)

    @override
    def abandoned(self, profile_id: ProfileId) -> tuple[str, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, owner_pid, owner_birth FROM scratch_databases WHERE profile_id = ?",
                (profile_id,),
            ).fetchall()
        return tuple(name for name, pid, birth in rows if not is_alive(pid, birth))
