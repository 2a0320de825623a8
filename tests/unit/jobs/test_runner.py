import threading
from collections.abc import Callable, Iterator

import pytest

from fakes.clock import FakeClock
from fakes.memory_state import MemoryRuns
from guards import LogGuard
from mangrove.core.errors import (
    ConnectionLostError,
    RunCancelled,
    RunError,
    RunNotFoundError,
    StateUnavailableError,
    StorageFullError,
)
from mangrove.core.run import Loss, Phase, RunId, RunKind, RunResult, RunState, RunStatus
from mangrove.jobs.context import RunContext
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Runner, Ticket, run_id_of_thread

TICKET = Ticket(RunKind.BACKUP, "Back up shop", (Phase.DUMP,), "shop", "attic")
CLAIMED = Ticket(RunKind.BACKUP, "Back up shop", (Phase.DUMP,), claims=(Claim("vault attic"),))
WAIT_S = 20


class Desk:
    """A runner with what its listener saw."""

    def __init__(self) -> None:
        self.runs = MemoryRuns()
        self.runner = Runner(self.runs, FakeClock())
        self.seen: list[RunStatus] = []
        self.runner.subscribe(self.seen.append)

    def run(self, body: Callable[[RunContext], RunResult], ticket: Ticket = TICKET) -> RunStatus:
        return self.runner.wait(self.runner.start(ticket, body), WAIT_S)

    def states(self, run_id: RunId | None = None) -> list[RunState]:
        """Return the states seen, without repetitions."""
        mine = [s.state for s in self.seen if run_id is None or s.run_id == run_id]
        return [s for n, s in enumerate(mine) if n == 0 or mine[n - 1] is not s]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.runner.close(WAIT_S)


def good(ctx: RunContext) -> RunResult:
    ctx.enter(Phase.DUMP, 10)
    return RunResult("done")


def lossy(_: RunContext) -> RunResult:
    return RunResult("done", losses=(Loss("shop.users", "dropped"),))


def full(_: RunContext) -> RunResult:
    raise StorageFullError("the storage is full", hint="make room")


def buggy(_: RunContext) -> RunResult:
    raise ZeroDivisionError("a secret value")


def cancelled(ctx: RunContext) -> RunResult:
    ctx.cancel()
    raise RunCancelled


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        (good, RunState.SUCCEEDED),
        (lossy, RunState.SUCCEEDED_WITH_WARNINGS),
        (full, RunState.FAILED),
        (buggy, RunState.FAILED),
        (cancelled, RunState.CANCELLED),
    ],
)
def test_each_ending_comes_exactly_once_and_is_in_the_history(
    desk: Desk,
    log_guard: LogGuard,
    body: Callable[[RunContext], RunResult],
    ending: RunState,
) -> None:
    log_guard.expect("run met a bug")

    status = desk.run(body)

    assert status.state is ending
    assert status.ended_at is not None
    assert [s.state for s in desk.seen if s.state.is_over] == [ending]
    assert [s.state for s in desk.runs.saved if s.state.is_over] == [ending]
    assert desk.runs.recent(1) == (status,)
    assert desk.runner.live() == ()


def test_a_listener_sees_every_state(desk: Desk) -> None:
    desk.run(good)

    assert desk.states() == [RunState.QUEUED, RunState.RUNNING, RunState.SUCCEEDED]
    assert desk.seen[-1].started_at is not None


def test_a_problem_keeps_code_message_and_hint(desk: Desk) -> None:
    status = desk.run(full)

    assert status.problem is not None
    assert (status.problem.code, status.problem.is_bug) == ("storage-full", False)
    assert (status.problem.message, status.problem.hint) == ("the storage is full", "make room")


def test_a_bug_is_called_a_bug_without_repeating_its_text(desk: Desk, log_guard: LogGuard) -> None:
    log_guard.expect("run met a bug")

    status = desk.run(buggy)

    assert status.problem is not None
    assert (status.problem.code, status.problem.is_bug) == ("bug", True)
    assert "ZeroDivisionError" in status.problem.message
    assert "secret" not in status.problem.message
    lines = [line.text for line in desk.runs.log(status.run_id)]
    assert not any("secret" in line for line in lines)


def test_a_cancel_half_way_ends_the_run_as_cancelled(desk: Desk) -> None:
    inside = threading.Event()

    def body(ctx: RunContext) -> RunResult:
        inside.set()
        assert ctx.cancelled.wait(WAIT_S)
        ctx.check()
        raise AssertionError("not reached")

    run_id = desk.runner.start(TICKET, body)
    assert inside.wait(WAIT_S)
    desk.runner.cancel(run_id)

    status = desk.runner.wait(run_id, WAIT_S)
    assert (status.state, status.problem, status.result) == (RunState.CANCELLED, None, None)
    assert RunState.CANCELLING in desk.states()
    assert [line.text for line in desk.runs.log(run_id)][-1] == "cancelled"


def test_a_queued_run_says_what_it_waits_for_and_can_be_cancelled(desk: Desk) -> None:
    inside, leave, ran = threading.Event(), threading.Event(), threading.Event()
    waiting = threading.Event()

    def first(_: RunContext) -> RunResult:
        inside.set()
        assert leave.wait(WAIT_S)
        return RunResult("done")

    def second(_: RunContext) -> RunResult:
        ran.set()
        return RunResult("done")

    desk.runner.subscribe(lambda s: waiting.set() if s.waiting_for else None)
    one = desk.runner.start(CLAIMED, first)
    assert inside.wait(WAIT_S)
    two = desk.runner.start(CLAIMED, second)
    assert waiting.wait(WAIT_S)
    assert {s.run_id for s in desk.runner.live()} == {one, two}

    desk.runner.cancel(two)
    assert desk.runner.wait(two, WAIT_S).state is RunState.CANCELLED
    leave.set()

    assert desk.runner.wait(one, WAIT_S).state is RunState.SUCCEEDED
    assert not ran.is_set()
    assert "vault attic" in next(s.waiting_for for s in desk.seen if s.waiting_for)
    assert RunState.RUNNING not in desk.states(two)


def test_a_cancel_before_the_body_starts_runs_nothing(desk: Desk) -> None:
    ran = threading.Event()

    def body(_: RunContext) -> RunResult:
        ran.set()
        return RunResult("done")

    def cancel_first(status: RunStatus) -> None:
        if status.state is RunState.QUEUED:
            desk.runner.cancel(status.run_id)

    desk.runner.subscribe(cancel_first)

    status = desk.run(body)

    assert status.state is RunState.CANCELLED
    assert not ran.is_set()


def test_a_cancel_after_the_end_changes_nothing(desk: Desk) -> None:
    status = desk.run(good)
    count = len(desk.seen)

    desk.runner.cancel(status.run_id)

    assert desk.runner.wait(status.run_id, 0) == status
    assert len(desk.seen) == count


def test_a_body_that_ends_well_in_spite_of_a_cancel_has_succeeded(desk: Desk) -> None:
    def body(ctx: RunContext) -> RunResult:
        ctx.cancel()
        return RunResult("done")

    assert desk.run(body).state is RunState.SUCCEEDED


def test_a_listener_that_breaks_neither_ends_the_run_nor_hides_it_from_others(
    desk: Desk, log_guard: LogGuard
) -> None:
    log_guard.expect("listener failed")

    def broken(_: RunStatus) -> None:
        raise RuntimeError("the window is gone")

    desk.runner.subscribe(broken)
    after: list[RunStatus] = []
    desk.runner.subscribe(after.append)

    assert desk.run(good).state is RunState.SUCCEEDED
    assert len(after) == len(desk.seen)


def test_an_unsubscribed_listener_hears_nothing_more(desk: Desk) -> None:
    heard: list[RunStatus] = []
    unsubscribe = desk.runner.subscribe(heard.append)
    unsubscribe()
    unsubscribe()

    desk.run(good)

    assert heard == []


def test_a_history_that_takes_nothing_refuses_new_runs(desk: Desk) -> None:
    desk.runs.is_broken = True

    with pytest.raises(StateUnavailableError):
        desk.runner.start(TICKET, good)

    assert desk.runner.live() == ()


def test_a_history_that_breaks_half_way_does_not_swallow_the_ending(
    desk: Desk, log_guard: LogGuard
) -> None:
    log_guard.expect("run log line lost|run could not be recorded")

    def body(ctx: RunContext) -> RunResult:
        desk.runs.is_broken = True
        ctx.log("lost")
        raise RunCancelled

    status = desk.run(body)

    assert status.state is RunState.CANCELLED
    assert [s.state for s in desk.seen if s.state.is_over] == [RunState.CANCELLED]


def test_unknown_runs_are_not_found(desk: Desk) -> None:
    stranger = RunId("0123")

    assert desk.runner.status(stranger) is None
    with pytest.raises(RunNotFoundError):
        desk.runner.cancel(stranger)
    with pytest.raises(RunNotFoundError):
        desk.runner.wait(stranger, 0)


def test_waiting_ends_at_the_timeout(desk: Desk) -> None:
    leave = threading.Event()

    def body(_: RunContext) -> RunResult:
        assert leave.wait(WAIT_S)
        return RunResult("done")

    run_id = desk.runner.start(TICKET, body)
    status = desk.runner.wait(run_id, 0.05)
    leave.set()

    assert not status.state.is_over
    assert desk.runner.wait(run_id, WAIT_S).state is RunState.SUCCEEDED


def test_threads_of_a_run_know_its_id(desk: Desk) -> None:
    ids: list[str] = []

    def body(_: RunContext) -> RunResult:
        ids.append(run_id_of_thread.get())
        return RunResult("done")

    status = desk.run(body)

    assert ids == [status.run_id]
    assert run_id_of_thread.get() == ""


def test_close_cancels_joins_and_takes_no_more(desk: Desk) -> None:
    inside = threading.Event()

    def body(ctx: RunContext) -> RunResult:
        inside.set()
        assert ctx.cancelled.wait(WAIT_S)
        raise RunCancelled

    run_id = desk.runner.start(TICKET, body)
    assert inside.wait(WAIT_S)
    desk.runner.close(WAIT_S)

    assert desk.runner.wait(run_id, 0).state is RunState.CANCELLED
    assert not [t for t in threading.enumerate() if t.name.startswith("mangrove-run")]
    with pytest.raises(RunError):
        desk.runner.start(TICKET, good)


@pytest.mark.parametrize(
    ("details", "ending"),
    [({}, RunState.CANCELLED), ({"unfinished": "shop_restored"}, RunState.FAILED)],
)
def test_server_lost_during_a_cancel_is_a_cancel_unless_something_is_left_there(
    desk: Desk, details: dict[str, str], ending: RunState
) -> None:
    def lose_server(ctx: RunContext) -> RunResult:
        ctx.cancel()
        raise ConnectionLostError("the server went away", **details)

    assert desk.run(lose_server).state is ending
