"""Facts about runs and firings, read without taking whole records apart."""

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, sortable
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.figures.compliance import Fired, ScheduleVersion
from mangrove.core.figures.restore_estimate import MeasuredRestore, Steps
from mangrove.core.jobs.job import FiringState, JobId
from mangrove.core.ports.figures import FiringFacts, RunFacts
from mangrove.core.run import RunKind, RunState, RunStatus

log = logging.getLogger(__name__)
_moment = datetime.fromtimestamp
_STATES = {state.value: state for state in FiringState}
MOST_RESTORES = 500
MOST_WITHOUT_PROFILE = 50
_LOADING = (RunKind.RESTORE, RunKind.COPY)
_GOOD = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS)
_BAD = (RunState.FAILED, RunState.INTERRUPTED)
_RESTORES = """
SELECT value FROM runs WHERE kind IN (?, ?) AND state IN (?, ?) ORDER BY created_at DESC LIMIT ?
"""
_FAILED = """
SELECT profile, substr(created_at, 1, 10), count(*) FROM runs INDEXED BY runs_by_ending
WHERE kind = ? AND state IN (?, ?) AND created_at >= ? GROUP BY 1, 2
"""
_FAILED_RUNS = """
SELECT value FROM runs INDEXED BY runs_by_ending
WHERE kind = ? AND state IN (?, ?) AND created_at BETWEEN ? AND ? ORDER BY created_at
"""
_LONGEST_RUN = timedelta(days=31)
_PROFILES = """
WITH RECURSIVE known (profile) AS (
  SELECT min(profile) FROM runs WHERE kind = :kind
  UNION ALL
  SELECT (SELECT min(profile) FROM runs WHERE kind = :kind AND profile > known.profile)
  FROM known WHERE known.profile IS NOT NULL
)
SELECT profile FROM known WHERE profile IS NOT NULL
"""
_NEWEST = """
SELECT value FROM runs
WHERE kind = ? AND profile = ? AND state NOT IN ('queued', 'running', 'cancelling')
ORDER BY created_at DESC LIMIT ?
"""
_FIRED = """
SELECT slot_s, begun_s, ended_s, state, problem, version FROM firings
WHERE job_id = ? AND begun_s >= ? ORDER BY begun_s
"""
_VERSIONS = "SELECT job_id, value FROM schedule_versions ORDER BY job_id, number"


class SqliteRunFacts(RunFacts):
    """Asks the history of runs by kind; each question has an index of its own.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def restores(self) -> Sequence[MeasuredRestore]:
        """Return restores and copies without a loss, the newest five hundred."""
        with self._database.reading() as connection:
            runs = _statuses(connection, _RESTORES, (*_LOADING, *_GOOD, MOST_RESTORES))
            return tuple(measured for run in runs for measured in measured_by(run))

    @override
    def failed_backups(self, since: date) -> Mapping[str, Mapping[date, int]]:
        found: dict[str, dict[date, int]] = defaultdict(dict)
        values = (RunKind.BACKUP, *_BAD, since.isoformat())
        with self._database.reading() as connection:
            for profile, day, count in connection.execute(_FAILED, values):
                found[str(profile)][date.fromisoformat(day)] = count
        return found

    @override
    def failed_within(self, start: datetime, end: datetime) -> Sequence[RunStatus]:
        begun = (sortable(start - _LONGEST_RUN), sortable(end))
        with self._database.reading() as connection:
            runs = _statuses(connection, _FAILED_RUNS, (RunKind.BACKUP, *_BAD, *begun))
            return tuple(run for run in runs if run.ended_at and start <= run.ended_at <= end)

    @override
    def newest(self, kind: RunKind) -> Sequence[RunStatus]:
        """Return the newest run of a kind that is over, for each profile."""
        with self._database.reading() as connection:
            profiles = connection.execute(_PROFILES, {"kind": kind.value}).fetchall()
            found: dict[tuple[str, str], RunStatus] = {}
            for (profile,) in profiles:
                # What is not about a profile is about a vault; of those there are few.
                looked_at = 1 if profile else MOST_WITHOUT_PROFILE
                for run in _statuses(connection, _NEWEST, (kind, profile, looked_at)):
                    found.setdefault((run.profile, run.vault), run)
            return tuple(found.values())


class SqliteFiringFacts(FiringFacts):
    """Asks what became of the times of all jobs.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def fired(self, since: datetime) -> Mapping[JobId, Sequence[Fired]]:
        begin = int(since.timestamp())
        with self._database.reading() as connection:
            jobs = connection.execute("SELECT job_id FROM jobs").fetchall()
            return {
                JobId(job_id): [
                    Fired(
                        _moment(slot_s, UTC),
                        _moment(begun_s, UTC),
                        None if ended_s is None else _moment(ended_s, UTC),
                        _STATES[state],
                        problem or "",
                        version or 0,
                    )
                    for slot_s, begun_s, ended_s, state, problem, version in connection.execute(
                        _FIRED, (job_id, begin)
                    )
                ]
                for (job_id,) in jobs
            }

    @override
    def schedule_versions(self) -> Mapping[JobId, Sequence[ScheduleVersion]]:
        found: dict[JobId, list[ScheduleVersion]] = defaultdict(list)
        with self._database.reading() as connection:
            for job_id, text in connection.execute(_VERSIONS):
                try:
                    found[JobId(job_id)].append(decoded(ScheduleVersion, text))
                except CodecError as error:
                    log.warning("schedule version skipped job=%s reason=%s", job_id, error)
        return found


def measured_by(run: RunStatus) -> Iterator[MeasuredRestore]:
    """Yield what a run measured; one that lost something was perhaps faster for it."""
    if run.result is None or run.result.losses or run.ended_at is None:
        return
    figures = dict(run.result.figures)
    if figures.get("seconds", 0) <= 0 or figures.get("documents_already_there"):
        return
    yield MeasuredRestore(
        target=run.profile,
        kind=run.kind.value,
        ended_at=run.ended_at,
        took=timedelta(seconds=figures["seconds"]),
        stored_bytes=int(figures.get("stored_bytes", 0)),
        plain_bytes=int(figures.get("bson_bytes", 0)),
        documents=int(figures.get("documents", 0)),
        index_entries=int(figures.get("index_entries", 0)),
        operations=int(figures.get("operations", 0)),
        steps=Steps(
            insert=_seconds(figures.get("load_seconds")),
            indexes=_seconds(figures.get("index_seconds")),
            replay=_seconds(figures.get("replay_seconds")),
            verify=_seconds(figures.get("compare_seconds")),
        ),
    )


def _seconds(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def _statuses(
    connection: sqlite3.Connection, query: str, values: tuple[object, ...]
) -> Iterator[RunStatus]:
    for (text,) in connection.execute(query, values):
        try:
            yield decoded(RunStatus, str(text))
        except CodecError as error:
            log.warning("run record skipped reason=%s", error)
