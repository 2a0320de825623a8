import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mangrove.core.errors import ServerUnreachableError
from mangrove.core.run import Phase, RunResult, RunState
from mangrove.jobs.context import RunContext
from mangrove.jobs.entering import entering
from unit.jobs.conftest import Bench

LIMIT_S = 20


class Way:
    """A way that opens when it is let, and notes what becomes of it."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.begun, self.let, self.left = threading.Event(), threading.Event(), threading.Event()
        self.problem = problem
        self.seen: list[BaseException | None] = []

    @contextmanager
    def __call__(self) -> Iterator[str]:
        self.begun.set()
        assert self.let.wait(LIMIT_S)
        if self.problem is not None:
            raise self.problem
        try:
            yield "open"
        except BaseException as error:
            self.seen.append(error)
            raise
        finally:
            self.left.set()


def run(bench: Bench, way: Way, inside: Exception | None = None) -> RunState:
    def body(ctx: RunContext) -> RunResult:
        ctx.enter(Phase.CONNECT)
        with entering(ctx, way()) as found:
            if inside is not None:
                raise inside
            return RunResult(found)

    return bench.run(body, Phase.CONNECT).state


def test_what_opens_is_used_and_left(bench: Bench) -> None:
    way = Way()
    way.let.set()

    assert run(bench, way) is RunState.SUCCEEDED
    assert way.left.is_set()


def test_what_fails_to_open_fails_the_run(bench: Bench) -> None:
    way = Way(ServerUnreachableError("nobody answers"))
    way.let.set()

    assert run(bench, way) is RunState.FAILED


def test_an_error_inside_reaches_the_way(bench: Bench) -> None:
    way, problem = Way(), ServerUnreachableError("gone")
    way.let.set()

    assert run(bench, way, problem) is RunState.FAILED
    assert way.seen == [problem]


def test_a_cancel_does_not_wait_and_what_opens_late_is_closed(bench: Bench) -> None:
    way = Way()
    waiter = threading.Thread(target=lambda: _cancel_once_begun(bench, way))
    waiter.start()

    state = run(bench, way)

    assert state is RunState.CANCELLED
    assert not way.left.is_set()
    way.let.set()
    assert way.left.wait(LIMIT_S)
    waiter.join(LIMIT_S)


def test_a_cancel_that_came_before_opens_nothing(bench: Bench) -> None:
    way = Way()
    bench.cancel_at(Phase.CONNECT)

    assert run(bench, way) is RunState.CANCELLED
    assert not way.begun.is_set()


def _cancel_once_begun(bench: Bench, way: Way) -> None:
    assert way.begun.wait(LIMIT_S)
    bench.runner.cancel(bench.seen[-1].run_id)
