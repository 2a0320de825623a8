"""A run in which nothing moves is ended, and always recorded."""

import threading
from datetime import timedelta

import pytest
from typing_extensions import override

from fakes.clock import FakeClock
from fakes.memory_state import MemoryRuns
from mangrove.core.errors import RunCancelled
from mangrove.core.jobs.lane import Claim
from mangrove.core.run import Phase, RunKind, RunResult, RunState
from mangrove.jobs.agent.stall_watch import StallWatch
from mangrove.jobs.agent.surroundings import MemoryDiary
from mangrove.jobs.context import RunContext
from mangrove.jobs.runner import Runner, Ticket

WAIT_S = 30
HUNG_AFTER = timedelta(hours=2)
TICKET = Ticket(RunKind.BACKUP, "Back up shop", (Phase.DUMP,), claims=(Claim("vault attic"),))


class HastyClock(FakeClock):
    """Every look at the seconds finds a quarter of an hour gone."""

    @override
    def monotonic_s(self) -> float:
        self.advance(timedelta(minutes=15))
        return super().monotonic_s()


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def runner(clock: HastyClock) -> Runner:
    return Runner(MemoryRuns(), clock)


def test_a_hung_run_is_ended_with_its_reason(runner: Runner, clock: HastyClock) -> None:
    cut = threading.Event()

    def body(context: RunContext) -> RunResult:
        with context.closing_on_cancel(cut.set):
            assert cut.wait(WAIT_S)
        raise RunCancelled

    diary = MemoryDiary()
    watch = StallWatch(runner, clock, diary, look_s=0.001)
    status = watch.wait(runner.start(TICKET, body), HUNG_AFTER)

    assert status.state is RunState.FAILED
    (notice,) = diary.recent(5)
    assert notice.sentence() == ("a run was ended because nothing moved for 2 h: Back up shop")
    assert status.problem is not None
    assert status.problem.code == "run-hung"
    assert "nothing moved for 2 h" in status.problem.message


def test_a_run_that_moves_now_and_then_is_left_alone(runner: Runner, clock: HastyClock) -> None:
    done = threading.Event()

    def body(context: RunContext) -> RunResult:
        for count in range(50):
            context.note(f"step {count}")
            done.wait(0.002)
        return RunResult("done")

    watch = StallWatch(runner, clock, look_s=0.001)
    status = watch.wait(runner.start(TICKET, body), timedelta(days=1))

    assert status.state is RunState.SUCCEEDED


def test_a_run_that_answers_to_nothing_is_recorded_and_frees_its_lane(
    runner: Runner, clock: HastyClock
) -> None:
    release = threading.Event()

    def deaf(_: RunContext) -> RunResult:
        assert release.wait(WAIT_S)
        return RunResult("too late")

    watch = StallWatch(runner, clock, look_s=0.001, last_calls_s=0.001)
    run_id = runner.start(TICKET, deaf)
    status = watch.wait(run_id, HUNG_AFTER)

    assert status.state is RunState.FAILED
    assert status.problem is not None
    assert "did not even answer" in status.problem.message
    after = runner.start(TICKET, lambda _: RunResult("done"))
    assert runner.wait(after, WAIT_S).state is RunState.SUCCEEDED

    release.set()
    runner.close()
    late = runner.status(run_id)
    assert late is not None
    assert late.state is RunState.FAILED


def test_a_run_that_waits_for_its_lane_is_not_hung(runner: Runner, clock: HastyClock) -> None:
    release = threading.Event()

    def holds(_: RunContext) -> RunResult:
        assert release.wait(WAIT_S)
        return RunResult("done")

    first = runner.start(TICKET, holds)
    second = runner.start(TICKET, lambda _: RunResult("done"))
    ended = []
    watch = StallWatch(runner, clock, look_s=0.001)
    thread = threading.Thread(target=lambda: ended.append(watch.wait(second, HUNG_AFTER)))
    thread.start()
    while clock.monotonic_s() < 1000 + timedelta(days=3).total_seconds():
        pass
    waiting = runner.status(second)
    assert waiting is not None
    assert waiting.waiting_for == "'Back up shop' is at work in vault attic"
    release.set()
    thread.join(WAIT_S)

    assert [s.state for s in ended] == [RunState.SUCCEEDED]
    assert runner.wait(first, WAIT_S).state is RunState.SUCCEEDED
