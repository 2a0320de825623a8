"""The history of runs in state.sqlite, also for the processes that come after us."""

import logging
import os
import sqlite3
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded, sortable
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.command_line import command_line
from mangrove.core.errors import RunInterruptedError
from mangrove.core.ports.state import RunHistory
from mangrove.core.run import LogLine, Problem, RunId, RunKind, RunState, RunStatus

MAX_LOG_LINES = 2000
OPEN_STATES = tuple(state for state in RunState if not state.is_over)
log = logging.getLogger(__name__)


class SqliteRuns(RunHistory):
    """Keeps the status of every run and the last lines of its log.

    A run belongs to the process named in its status, else to the one that saves it.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def save(self, status: RunStatus) -> None:
        pid = status.owner_pid or os.getpid()
        row = (status.run_id, status.state, sortable(status.created_at), pid, birth_of(pid))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO runs"
                " (run_id, state, created_at, owner_pid, owner_birth, value)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*row, encoded(status)),
            )

    @override
    def append_log(self, run_id: RunId, line: LogLine) -> None:
        """Add one line; of more than 2,000 the oldest go."""
        text = line.text.encode(errors="backslashreplace").decode()
        with self._database.writing() as connection:
            query = "SELECT COALESCE(MAX(number), 0) + 1 FROM run_log WHERE run_id = ?"
            (number,) = connection.execute(query, (run_id,)).fetchone()
            connection.execute(
                "INSERT INTO run_log (run_id, number, at, text) VALUES (?, ?, ?, ?)",
                (run_id, number, sortable(line.at), text),
            )
            connection.execute(
                "DELETE FROM run_log WHERE run_id = ? AND number <= ?",
                (run_id, number - MAX_LOG_LINES),
            )

    @override
    def recent(self, limit: int) -> tuple[RunStatus, ...]:
        query = "SELECT run_id, value FROM runs ORDER BY created_at DESC, run_id LIMIT ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        found = (_status(run_id, text) for run_id, text in rows)
        return tuple(status for status in found if status is not None)

    @override
    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        query = "SELECT at, text FROM run_log WHERE run_id = ? ORDER BY number"
        with self._database.reading() as connection:
            rows = connection.execute(query, (run_id,)).fetchall()
        found = (_line(at, text) for at, text in rows)
        return tuple(line for line in found if line is not None)

    @override
    def unfinished(self) -> tuple[RunStatus, ...]:
        with self._database.reading() as connection:
            return tuple(_open_runs(connection, alive=True))

    @override
    def close_abandoned(self, ended_at: datetime) -> tuple[RunStatus, ...]:
        """Mark as interrupted the open runs whose process is gone.

        A run of another process that is alive is never touched.
        """
        with self._database.writing() as connection:
            abandoned = _open_runs(connection, alive=False)
            closed = tuple(_interrupted(status, ended_at) for status in abandoned)
            connection.executemany(
                "UPDATE runs SET state = ?, value = ? WHERE run_id = ?",
                [(status.state, encoded(status), status.run_id) for status in closed],
            )
        return closed


def _open_runs(connection: sqlite3.Connection, *, alive: bool) -> list[RunStatus]:
    marks = ", ".join("?" * len(OPEN_STATES))
    query = (
        "SELECT run_id, value, owner_pid, owner_birth FROM runs"  # noqa: S608  # only "?" go in
        f" WHERE state IN ({marks}) ORDER BY created_at"
    )
    rows = connection.execute(query, OPEN_STATES).fetchall()
    found = (
        _status(run_id, text) for run_id, text, pid, mark in rows if is_alive(pid, mark) is alive
    )
    return [status for status in found if status is not None]


def _hint(status: RunStatus) -> str:
    if status.kind in (RunKind.RESTORE, RunKind.COPY):
        where = command_line("profile", "clean", status.profile)
        return f"run it again; what it left behind is listed by: {where}"
    return "run it again; what it left behind is listed as debris of its vault"


def _interrupted(status: RunStatus, ended_at: datetime) -> RunStatus:
    problem = Problem(
        code=RunInterruptedError.code,
        message="the program that did this run ended before the run did",
        hint=_hint(status),
    )
    return replace(status, state=RunState.INTERRUPTED, ended_at=ended_at, problem=problem)


def _status(run_id: object, text: object) -> RunStatus | None:
    try:
        return decoded(RunStatus, str(text))
    except CodecError as error:
        log.warning("run record skipped run=%s reason=%s", run_id, error)
        return None


def _line(at: object, text: object) -> LogLine | None:
    try:
        return LogLine(datetime.fromisoformat(str(at)), str(text))
    except ValueError:
        return None
