"""What agents noticed, in state.sqlite."""

from typing_extensions import override

from mangrove.connectors.state.codec import encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import read_all
from mangrove.core.jobs.vigil import Notice
from mangrove.core.ports.agent import AgentDiary

KEPT = 500


class SqliteDiary(AgentDiary):
    """Keeps the last notices.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def write(self, notice: Notice) -> None:
        with self._database.writing() as connection:
            connection.execute("INSERT INTO agent_diary (value) VALUES (?)", (encoded(notice),))
            connection.execute(
                "DELETE FROM agent_diary WHERE number <= (SELECT MAX(number) FROM agent_diary) - ?",
                (KEPT,),
            )

    @override
    def recent(self, limit: int) -> tuple[Notice, ...]:
        query = "SELECT value FROM agent_diary ORDER BY number DESC LIMIT ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return read_all(Notice, rows, "agent notice")
