"""Assertions in state.sqlite."""

from typing_extensions import override

from mangrove.connectors.state.codec import encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import read_all
from mangrove.core.assertion import Assertion, AssertionId
from mangrove.core.errors import NameTakenError
from mangrove.core.ports.assertion import AssertionStore
from mangrove.core.profile import ProfileId


class SqliteAssertions(AssertionStore):
    """Keeps what the owners of data expect of them.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def of(self, profile_id: ProfileId) -> tuple[Assertion, ...]:
        query = "SELECT value FROM assertions WHERE profile_id = ? ORDER BY name_key"
        with self._database.reading() as connection:
            rows = connection.execute(query, (profile_id,)).fetchall()
        return read_all(Assertion, rows, "assertion record")

    @override
    def save(self, assertion: Assertion) -> None:
        key = assertion.name.casefold()
        with self._database.writing() as connection:
            query = (
                "SELECT 1 FROM assertions"
                " WHERE profile_id = ? AND name_key = ? AND assertion_id <> ?"
            )
            values = (assertion.profile_id, key, assertion.assertion_id)
            if connection.execute(query, values).fetchone():
                raise NameTakenError(
                    f"an assertion named '{assertion.name}' exists; nothing was saved",
                    hint="choose another name, or remove that one first",
                )
            connection.execute(
                "INSERT OR REPLACE INTO assertions (assertion_id, profile_id, name_key, value)"
                " VALUES (?, ?, ?, ?)",
                (assertion.assertion_id, assertion.profile_id, key, encoded(assertion)),
            )

    @override
    def remove(self, assertion_id: AssertionId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM assertions WHERE assertion_id = ?", (assertion_id,))
