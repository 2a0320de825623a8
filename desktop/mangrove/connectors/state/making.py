"""What restores are making under its final name, so that a crash hides none of it."""

import os
from collections.abc import Collection, Mapping, Sequence

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.namespace import Namespace
from mangrove.core.ports.state import MakingRegister
from mangrove.core.profile import ProfileId
from mangrove.core.restores.unfinished import Unfinished

_NOBODY = 0
"""The owner of what a load that ended could not take back."""


class SqliteMakingRegister(MakingRegister):
    """Keeps each collection from before it is created until its restore has ended.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def begin(self, load: str, profile_id: ProfileId, made: Sequence[Unfinished]) -> None:
        pid = os.getpid()
        birth = birth_of(pid)
        rows = [(profile_id, load, *_columns(entry), pid, birth) for entry in made]
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO making (profile_id, load, database, collection, identity,"
                " documents, is_estimate, in_new_database, owner_pid, owner_birth)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    @override
    def identify(self, load: str, profile_id: ProfileId, found: Mapping[Namespace, str]) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE making SET identity = ?"
                " WHERE profile_id = ? AND database = ? AND collection = ? AND load = ?",
                [(said, profile_id, n.database, n.collection, load) for n, said in found.items()],
            )

    @override
    def end(self, load: str, left: Collection[Namespace] = ()) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE making SET load = '', owner_pid = ?, owner_birth = ''"
                " WHERE load = ? AND database = ? AND collection = ?",
                [(_NOBODY, load, n.database, n.collection) for n in left],
            )
            connection.execute("DELETE FROM making WHERE load = ?", (load,))

    @override
    def forget(self, profile_id: ProfileId, namespaces: Collection[Namespace]) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM making WHERE profile_id = ? AND database = ? AND collection = ?",
                [(profile_id, n.database, n.collection) for n in namespaces],
            )

    @override
    def abandoned(self, profile_id: ProfileId) -> tuple[Unfinished, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT owner_pid, owner_birth, database, collection, identity, documents,"
                " is_estimate, in_new_database FROM making WHERE profile_id = ?"
                " ORDER BY database, collection",
                (profile_id,),
            ).fetchall()
        owners = {(pid, birth) for pid, birth, *_ in rows}
        alive = {owner: is_alive(*owner) for owner in owners}
        return tuple(
            Unfinished(Namespace(database, name), identity, number, bool(rough), bool(new))
            for pid, birth, database, name, identity, number, rough, new in rows
            if not alive[pid, birth]
        )


def _columns(entry: Unfinished) -> tuple[object, ...]:
    where, sizes = entry.namespace, (entry.documents, entry.is_estimate)
    return where.database, where.collection, entry.identity, *sizes, entry.in_new_database
