import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.clock import NOON
from guards import LogGuard
from integration.state.samples import a_full_run, a_run
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.runs import MAX_LOG_LINES, OPEN_STATES, SqliteRuns
from mangrove.core.run import LogLine, RunId, RunState

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def runs(database: StateDatabase) -> SqliteRuns:
    return SqliteRuns(database)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Another process, alive until the test ends it."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield process
        process.kill()


def test_a_status_comes_back_whole(runs: SqliteRuns) -> None:
    runs.save(a_full_run())

    assert runs.recent(10) == (a_full_run(),)


def test_the_newest_runs_come_first_and_no_more_than_asked_for(runs: SqliteRuns) -> None:
    for hours in (2, 0, 3, 1):
        created_at = NOON + timedelta(hours=hours)
        runs.save(replace(a_run(f"r{hours}", RunState.FAILED), created_at=created_at))

    assert [r.run_id for r in runs.recent(3)] == ["r3", "r2", "r1"]


def test_saving_again_replaces_by_id(runs: SqliteRuns) -> None:
    runs.save(a_run())

    runs.save(a_run(state=RunState.SUCCEEDED))

    assert [r.state for r in runs.recent(10)] == [RunState.SUCCEEDED]


def test_a_damaged_row_hides_no_other_and_is_told(
    database: StateDatabase, runs: SqliteRuns, log_guard: LogGuard
) -> None:
    for run_id in ("r1", "r2"):
        runs.save(a_run(run_id))
    with database.writing() as connection:
        connection.execute("UPDATE runs SET value = '{\"state\":' WHERE run_id = 'r1'")
    log_guard.expect("run record skipped run=r1 reason=the record is not JSON")

    found = runs.recent(10)

    assert [r.run_id for r in found] == ["r2"]


def test_a_log_keeps_its_last_lines_in_order(database: StateDatabase, runs: SqliteRuns) -> None:
    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO run_log VALUES ('r1', ?, ?, 'old')",
            [(n, NOON.isoformat()) for n in range(1, MAX_LOG_LINES)],
        )

    for text in ("last but two", "last but one", "last"):
        runs.append_log(RunId("r1"), LogLine(NOON, text))

    lines = runs.log(RunId("r1"))
    assert len(lines) == MAX_LOG_LINES
    assert [line.text for line in lines[-4:]] == ["old", "last but two", "last but one", "last"]
    assert lines[-1].at == NOON


def test_logs_of_two_runs_do_not_mix(runs: SqliteRuns) -> None:
    runs.append_log(RunId("r1"), LogLine(NOON, "one"))
    runs.append_log(RunId("r2"), LogLine(NOON, "two"))

    assert runs.log(RunId("r1")) == (LogLine(NOON, "one"),)


def test_a_log_line_with_an_odd_file_name_is_kept_readable(runs: SqliteRuns) -> None:
    runs.append_log(RunId("r1"), LogLine(NOON, "stored \udcff.bson"))

    assert runs.log(RunId("r1"))[0].text == "stored \\udcff.bson"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_an_open_run_of_a_process_that_is_gone_is_interrupted(
    runs: SqliteRuns, other: subprocess.Popen[bytes], state: RunState
) -> None:
    runs.save(a_run(state=state, owner_pid=other.pid))
    other.kill()
    other.wait()

    closed = runs.close_abandoned(LATER)

    assert closed == runs.recent(10)
    assert (closed[0].state, closed[0].ended_at) == (RunState.INTERRUPTED, LATER)
    assert closed[0].problem is not None
    assert closed[0].problem.code == "run-interrupted"
    assert runs.close_abandoned(LATER) == ()


def test_a_process_that_died_and_was_not_reaped_counts_as_gone(
    runs: SqliteRuns, other: subprocess.Popen[bytes]
) -> None:
    runs.save(a_run(owner_pid=other.pid))
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)

    assert len(runs.close_abandoned(LATER)) == 1


def test_a_run_of_another_live_process_is_never_touched(
    runs: SqliteRuns, other: subprocess.Popen[bytes]
) -> None:
    theirs = a_run(owner_pid=other.pid)
    runs.save(theirs)

    assert runs.close_abandoned(LATER) == ()
    assert runs.recent(1) == (theirs,)


def test_our_own_open_runs_are_never_touched(runs: SqliteRuns) -> None:
    runs.save(a_run("r1", owner_pid=os.getpid()))
    runs.save(a_run("r2", owner_pid=0))

    assert runs.close_abandoned(LATER) == ()


def test_a_later_process_with_the_same_number_is_not_the_owner(
    database: StateDatabase, runs: SqliteRuns, other: subprocess.Popen[bytes]
) -> None:
    runs.save(a_run(owner_pid=other.pid))
    with database.writing() as connection:
        connection.execute("UPDATE runs SET owner_birth = owner_birth || '0'")

    assert len(runs.close_abandoned(LATER)) == 1


def test_without_a_birth_mark_the_number_decides(
    database: StateDatabase, runs: SqliteRuns, other: subprocess.Popen[bytes]
) -> None:
    runs.save(a_run(owner_pid=other.pid))
    with database.writing() as connection:
        connection.execute("UPDATE runs SET owner_birth = ''")

    alive = runs.close_abandoned(LATER)
    other.kill()
    other.wait()

    assert alive == ()
    assert len(runs.close_abandoned(LATER)) == 1


@pytest.mark.parametrize("state", [s for s in RunState if s.is_over])
def test_a_finished_run_keeps_its_ending(runs: SqliteRuns, state: RunState) -> None:
    done = a_run(state=state, owner_pid=999_999_999)
    runs.save(done)

    assert runs.close_abandoned(LATER) == ()
    assert runs.recent(1) == (done,)


def test_threads_and_a_second_opener_write_at_once_without_loss(
    runs: SqliteRuns, tmp_path: Path
) -> None:
    def write(history: SqliteRuns, name: str) -> None:
        for number in range(20):
            history.append_log(RunId("shared"), LogLine(NOON, f"{name} {number}"))

    with closing(StateDatabase.open(tmp_path)) as second:
        writers = [(runs, "a"), (runs, "b"), (SqliteRuns(second), "c"), (SqliteRuns(second), "d")]
        threads = [threading.Thread(target=write, args=pair) for pair in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    texts = [line.text for line in runs.log(RunId("shared"))]
    assert sorted(texts) == sorted(f"{n} {k}" for n in "abcd" for k in range(20))
