"""A run in which nothing moves is ended, and always recorded."""

import threading
from datetime import timedelta

import pytest
from typing_extensions import override

from fakes.clock import FakeClock
from fakes.memory_state import MemoryRuns
from mangrove.core.errors import RunCancelled
from mangrove.core.jobs.lane import Claim
from mangrove.core.run import Phase, RunId, RunKind, RunResult, RunState
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


class CountingClock(FakeClock):
    """Counts how often somebody looked at the seconds."""

    looks = 0

    @override
    def monotonic_s(self) -> float:
        self.looks += 1
        return super().monotonic_s()


def test_a_run_that_moves_now_and_then_is_left_alone() -> None:
    pause, slow_clock = threading.Event(), CountingClock()
    slow_runner = Runner(MemoryRuns(), slow_clock)

    def body(context: RunContext) -> RunResult:
        for count in range(5):
            context.note(f"step {count}")
            slow_clock.advance(timedelta(hours=20))
            before = slow_clock.looks
            while slow_clock.looks < before + 3:  # the watch saw it, and that nothing moved since
                pause.wait(0.001)
        return RunResult("done")

    watch = StallWatch(slow_runner, slow_clock, look_s=0.001)
    status = watch.wait(slow_runner.start(TICKET, body), timedelta(days=1))

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
    inside, release = threading.Event(), threading.Event()

    def holds(_: RunContext) -> RunResult:
        inside.set()
        assert release.wait(WAIT_S)
        return RunResult("done")

    first = runner.start(TICKET, holds)
    assert inside.wait(WAIT_S)
    second = runner.start(TICKET, lambda _: RunResult("done"))
    ended = []
    watch = StallWatch(runner, clock, look_s=0.001)
    thread = threading.Thread(target=lambda: ended.append(watch.wait(second, HUNG_AFTER)))
    thread.start()
    try:
        waits_in = _waited_for(runner, second)
        late = clock.now() + timedelta(days=3)
        while clock.now() < late:  # time goes by with the looks of the watch
            runner.wait(second, 0.001)
    finally:
        release.set()
        thread.join(WAIT_S)

    assert waits_in == "'Back up shop' is at work in vault attic"
    assert [s.state for s in ended] == [RunState.SUCCEEDED]
    assert runner.wait(first, WAIT_S).state is RunState.SUCCEEDED


def _waited_for(runner: Runner, run: RunId) -> str:
    """Return what a run waits for, once it says so."""
    for _ in range(WAIT_S * 1000):
        status = runner.wait(run, 0.001)
        if status.waiting_for:
            return status.waiting_for
    raise AssertionError("it waits for nothing")
