"""D4: on a full disk no run starts, and no success is told that is not recorded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from guards import LogGuard
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.lanes import SqliteLaneBook
from mangrove.connectors.state.runs import SqliteRuns
from mangrove.core.errors import StateUnavailableError
from mangrove.core.jobs.lane import Claim
from mangrove.core.run import Phase, RunKind, RunResult, RunState, RunStatus
from mangrove.jobs.context import RunContext
from mangrove.jobs.runner import Runner, Ticket

WAIT_S = 60
MANY = 400
TICKET = Ticket(RunKind.BACKUP, "Back up shop", (Phase.DUMP,), claims=(Claim("vault attic"),))
FILLER = "filler"


@pytest.fixture
def database(tiny_disk: Path) -> Iterator[StateDatabase]:
    with closing(StateDatabase.open(tiny_disk / "state")) as opened:
        yield opened


def fill(disk: Path) -> None:
    """Leave no byte on the disk."""
    with (disk / FILLER).open("ab", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def test_d4_a_full_disk_lets_no_run_start_and_says_so(
    database: StateDatabase, tiny_disk: Path, log_guard: LogGuard
) -> None:
    log_guard.expect("run log line lost|could not be recorded|lanes could not be freed")
    runs, begun = SqliteRuns(database), []
    runner = Runner(runs, FakeClock(), lane_book=SqliteLaneBook(database))
    fill(tiny_disk)

    def body(_: RunContext) -> RunResult:
        begun.append(1)
        return RunResult("done " + "x" * 2000)

    told: list[RunStatus] = []

    def start_many() -> None:
        for _ in range(MANY):  # the file itself has a little room left
            told.append(runner.wait(runner.start(TICKET, body), WAIT_S))  # noqa: PERF401

    with pytest.raises(StateUnavailableError, match="the disk is full") as refused:
        start_many()
    assert "nothing was changed" in str(refused.value)
    assert len(begun) <= len(told)

    (tiny_disk / FILLER).unlink()
    kept = {status.run_id: status.state for status in runs.recent(MANY)}
    for status in told:
        if status.state is RunState.SUCCEEDED:
            assert kept[status.run_id] is RunState.SUCCEEDED
    again = runner.wait(runner.start(TICKET, body), WAIT_S)
    assert again.state is RunState.SUCCEEDED
    assert runs.recent(1) == (again,)
    with database.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_d4_a_disk_that_fills_up_on_the_way_makes_no_success_of_it(
    database: StateDatabase, tiny_disk: Path, log_guard: LogGuard
) -> None:
    log_guard.expect("run log line lost|could not be recorded|lanes could not be freed")
    runs = SqliteRuns(database)
    runner = Runner(runs, FakeClock())

    def body(context: RunContext) -> RunResult:
        fill(tiny_disk)
        for number in range(MANY):  # and what room the file itself had
            context.log(f"{number} " + "x" * 4000)
        return RunResult("done " + "x" * 200_000)

    status = runner.wait(runner.start(TICKET, body), WAIT_S)

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert status.problem.code == "state-unavailable"
    assert "could not be recorded" in status.problem.message
    (kept,) = runs.recent(10)
    assert not kept.state.is_over
