"""Doing work again after a lost connection, with the waits taken out."""

import pytest

from fakes.clock import NOON, FakeClock
from fakes.memory_state import MemoryRuns
from mangrove.core.errors import ConnectionLostError, RunCancelled, ServerUnreachableError
from mangrove.core.run import RunId, RunKind, RunResult, RunState, RunStatus
from mangrove.jobs.context import RunContext
from mangrove.jobs.runner import Runner, Ticket
from mangrove.jobs.steady import steadily

LOST = ConnectionLostError("the connection was lost")


@pytest.fixture
def ctx() -> RunContext:
    first = RunStatus(RunId("1"), RunKind.BACKUP, "", "", "", None, RunState.RUNNING, NOON)
    return RunContext(first, FakeClock(), lambda _: None, lambda _: None, (0.0, 0.0, 0.0))


def test_work_is_done_again_until_it_is_done(ctx: RunContext) -> None:
    def work(tries: int) -> int:
        if tries < 2:
            raise LOST
        return tries

    assert steadily(ctx, work, lambda: "") == 2


def test_after_three_tries_the_loss_is_told(ctx: RunContext) -> None:
    seen: list[int] = []

    def work(tries: int) -> None:
        seen.append(tries)
        raise LOST

    with pytest.raises(ConnectionLostError):
        steadily(ctx, work, lambda: "")

    assert seen == [0, 1, 2, 3]


def test_a_server_that_is_not_found_again_uses_up_the_tries(ctx: RunContext) -> None:
    asked: list[int] = []

    def work(tries: int) -> None:
        assert tries == 0
        raise LOST

    def reconnect() -> str:
        asked.append(1)
        raise ServerUnreachableError("nobody answers")

    with pytest.raises(ConnectionLostError) as caught:
        steadily(ctx, work, reconnect)

    assert caught.value is LOST
    assert len(asked) == 3


def test_a_cancel_ends_the_tries(ctx: RunContext) -> None:
    def work(_: int) -> None:
        ctx.cancel()
        raise LOST

    with pytest.raises(RunCancelled):
        steadily(ctx, work, lambda: pytest.fail("it was asked again"))


def test_a_runner_hands_its_patience_to_every_run() -> None:
    runner = Runner(MemoryRuns(), FakeClock(), (0.0,))
    seen: list[int] = []

    def body(ctx: RunContext) -> RunResult:
        def work(tries: int) -> RunResult:
            seen.append(tries)
            raise LOST

        return steadily(ctx, work, lambda: "")

    ended = runner.wait(runner.start(Ticket(RunKind.BACKUP, "test", ()), body), 20)

    assert ended.state is RunState.FAILED
    assert seen == [0, 1]
