"""Jobs and their firings in state.sqlite."""

import os
import sqlite3
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from mangrove.connectors.state.codec import encoded, sortable
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.process import birth_of, is_alive
from mangrove.connectors.state.records import read, read_all
from mangrove.core.errors import NameTakenError
from mangrove.core.figures.compliance import ScheduleVersion
from mangrove.core.jobs.catch_up import trusted
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, Rest
from mangrove.core.ports.state import JobStore

LOOKED_AT = 10
_RECORD = "job record"
_INSERT = "INSERT OR REPLACE INTO firings (job_id, begun_at, state, owner_pid, owner_birth, value)"
_SERVED = (
    FiringState.SUCCEEDED,
    FiringState.SUCCEEDED_WITH_WARNINGS,
    FiringState.CANCELLED,
    FiringState.SKIPPED,
)
INTERRUPTED = "the program that did this ended before it was done"


class SqliteJobs(JobStore):
    """Keeps jobs, and what became of their times.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        self._known: dict[str, Job | None] = {}  # an agent reads the same jobs again and again

    @override
    def all(self) -> tuple[Job, ...]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT value FROM jobs ORDER BY name_key").fetchall()
        before = self._known
        known = {t: before[t] if t in before else read(Job, t, _RECORD) for (t,) in rows}
        self._known = known
        return tuple(job for (text,) in rows if (job := known[text]) is not None)

    @override
    def save(self, job: Job, at: datetime | None = None) -> None:
        key = job.name.casefold()
        with self._database.writing() as connection:
            query = "SELECT 1 FROM jobs WHERE name_key = ? AND job_id <> ?"
            if connection.execute(query, (key, job.job_id)).fetchone():
                raise NameTakenError(
                    f"a job named '{job.name}' exists; nothing was saved",
                    hint="choose another name",
                )
            before = _job(connection, job.job_id)
            connection.execute(
                "INSERT OR REPLACE INTO jobs (job_id, name_key, value) VALUES (?, ?, ?)",
                (job.job_id, key, encoded(job)),
            )
            _note_schedule(connection, job, before, at or job.created_at)

    @override
    def remove(self, job_id: JobId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM jobs WHERE job_id = ?", (job_id,))

    @override
    def save_firing(self, firing: Firing) -> None:
        pid = os.getpid()
        key = (firing.job_id, sortable(firing.begun_at))
        with self._database.writing() as connection:
            connection.execute(
                f"{_INSERT} VALUES (?, ?, ?, ?, ?, ?)",
                (*key, firing.state, pid, birth_of(pid), encoded(firing)),
            )

    @override
    def begin(self, firing: Firing) -> bool:
        pid = os.getpid()
        row = (firing.job_id, sortable(firing.begun_at), firing.state, pid, birth_of(pid))
        with self._database.writing() as connection:
            if _has_begun(connection, firing):
                return False
            connection.execute(f"{_INSERT} VALUES (?, ?, ?, ?, ?, ?)", (*row, encoded(firing)))
        return True

    @override
    def firings(
        self, job_id: JobId, limit: int, until: datetime | None = None
    ) -> tuple[Firing, ...]:
        query = (
            "SELECT value FROM firings WHERE job_id = ? AND begun_at <= ?"
            " ORDER BY begun_at DESC LIMIT ?"
        )
        latest = sortable(until) if until else "9999"
        with self._database.reading() as connection:
            rows = connection.execute(query, (job_id, latest, limit)).fetchall()
        return read_all(Firing, rows, _RECORD)

    @override
    def rest(self) -> Rest | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM agent_rest").fetchone()
        return read(Rest, row[0], _RECORD) if row else None

    @override
    def set_rest(self, rest: Rest | None) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM agent_rest")
            if rest is not None:
                query = "INSERT INTO agent_rest (one, value) VALUES (1, ?)"
                connection.execute(query, (encoded(rest),))

    @override
    def close_abandoned(self, ended_at: datetime) -> tuple[Firing, ...]:
        query = "SELECT value, owner_pid, owner_birth FROM firings WHERE state = ?"
        with self._database.writing() as connection:
            rows = connection.execute(query, (FiringState.RUNNING,)).fetchall()
            found = (
                read(Firing, text, _RECORD) for text, pid, birth in rows if not is_alive(pid, birth)
            )
            closed = tuple(_interrupted(firing, ended_at) for firing in found if firing)
            connection.executemany(
                "UPDATE firings SET state = ?, value = ? WHERE job_id = ? AND begun_at = ?",
                [(f.state, encoded(f), f.job_id, sortable(f.begun_at)) for f in closed],
            )
        return closed


def _has_begun(connection: sqlite3.Connection, firing: Firing) -> bool:
    """Whether the job runs in a living process, or its time was served meanwhile."""
    query = (
        "SELECT state, owner_pid, owner_birth, value FROM firings"
        " WHERE job_id = ? AND (begun_at <= ? OR state = ?) ORDER BY begun_at DESC LIMIT ?"
    )
    latest = sortable(trusted(firing.begun_at))
    values = (firing.job_id, latest, FiringState.RUNNING, LOOKED_AT)
    for state, pid, birth, text in connection.execute(query, values):
        if state == FiringState.RUNNING and is_alive(pid, birth):
            return True
        other = read(Firing, text, _RECORD) if state in _SERVED and not firing.by_hand else None
        if other is not None and other.slot_at == firing.slot_at:
            return True
    return False


def _job(connection: sqlite3.Connection, job_id: JobId) -> Job | None:
    row = connection.execute("SELECT value FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    return read(Job, row[0], _RECORD) if row else None


def _note_schedule(
    connection: sqlite3.Connection, job: Job, before: Job | None, at: datetime
) -> None:
    """Keep what the schedule is from now on, if it changed; what it was before stays written."""
    if before is not None and _when(before) == _when(job):
        return
    query = "SELECT max(number) FROM schedule_versions WHERE job_id = ?"
    (number,) = connection.execute(query, (job.job_id,)).fetchone()
    if number is None and before is not None:  # saved before there were versions
        first = ScheduleVersion(1, before.created_at, before.schedule, before.paused_until)
        number = _keep_version(connection, job.job_id, first)
    made = ScheduleVersion((number or 0) + 1, at, job.schedule, job.paused_until)
    _keep_version(connection, job.job_id, made)


def _when(job: Job) -> tuple[object, ...]:
    return job.schedule, job.paused_until


def _keep_version(connection: sqlite3.Connection, job_id: JobId, version: ScheduleVersion) -> int:
    connection.execute(
        "INSERT INTO schedule_versions VALUES (?, ?, ?)",
        (job_id, version.number, encoded(version)),
    )
    return version.number


def _interrupted(firing: Firing, ended_at: datetime) -> Firing:
    return replace(firing, state=FiringState.INTERRUPTED, ended_at=ended_at, problem=INTERRUPTED)
