"""Jobs and their firings in state.sqlite."""

import logging
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.core.errors import NameTakenError
from mangrove.core.job import Firing, FiringState, Job, JobId
from mangrove.core.ports import JobStore

log = logging.getLogger(__name__)
Value = TypeVar("Value")
INTERRUPTED = "the program that did this ended before it was done"


class SqliteJobs(JobStore):
    """Keeps jobs, and what became of their times.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> tuple[Job, ...]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM jobs ORDER BY name_key").fetchall()
        return tuple(job for (text,) in rows if (job := _read(Job, text)) is not None)

    @override
    def save(self, job: Job) -> None:
        key = job.name.casefold()
        with self._database.writing() as connection:
            query = "SELECT 1 FROM jobs WHERE name_key = ? AND job_id <> ?"
            if connection.execute(query, (key, job.job_id)).fetchone():
                raise NameTakenError(
                    f"a job named '{job.name}' exists; nothing was saved",
                    hint="choose another name",
                )
            connection.execute(
                "INSERT OR REPLACE INTO jobs (job_id, name_key, value) VALUES (?, ?, ?)",
                (job.job_id, key, encoded(job)),
            )

    @override
    def remove(self, job_id: JobId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM jobs WHERE job_id = ?", (job_id,))

    @override
    def save_firing(self, firing: Firing) -> None:
        pid = os.getpid()
        key = (firing.job_id, _text(firing.begun_at))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO firings"
                " (job_id, begun_at, state, owner_pid, owner_birth, value)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*key, firing.state, pid, birth_of(pid), encoded(firing)),
            )

    @override
    def firings(self, job_id: JobId, limit: int) -> tuple[Firing, ...]:
        query = "SELECT value FROM firings WHERE job_id = ? ORDER BY begun_at DESC LIMIT ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (job_id, limit)).fetchall()
        return tuple(firing for (text,) in rows if (firing := _read(Firing, text)) is not None)

    @override
    def close_abandoned(self, ended_at: datetime) -> tuple[Firing, ...]:
        query = "SELECT value, owner_pid, owner_birth FROM firings WHERE state = ?"
        with self._database.writing() as connection:
            rows = connection.execute(query, (FiringState.RUNNING,)).fetchall()
            found = (_read(Firing, text) for text, pid, birth in rows if not is_alive(pid, birth))
            closed = tuple(_interrupted(firing, ended_at) for firing in found if firing)
            connection.executemany(
                "UPDATE firings SET state = ?, value = ? WHERE job_id = ? AND begun_at = ?",
                [(f.state, encoded(f), f.job_id, _text(f.begun_at)) for f in closed],
            )
        return closed


def _interrupted(firing: Firing, ended_at: datetime) -> Firing:
    return replace(firing, state=FiringState.INTERRUPTED, ended_at=ended_at, problem=INTERRUPTED)


def _read(kind: type[Value], text: object) -> Value | None:
    try:
        return decoded(kind, str(text))
    except CodecError as error:
        log.warning("job record skipped reason=%s", error)
        return None


def _text(moment: datetime) -> str:
    """Write a moment so that its text sorts as its time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
