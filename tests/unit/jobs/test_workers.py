import threading
from collections.abc import Callable, Iterator

import pytest

from mangrove.core.errors import RunCancelled
from mangrove.jobs.workers import Prefetch, each, side_by_side


def threads_named(name: str) -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith(name)]


def test_every_task_is_done_once() -> None:
    done: list[int] = []
    side_by_side(each(done.append, range(100)), 4, "test-all")

    assert sorted(done) == list(range(100))
    assert threads_named("test-all") == []


def test_no_tasks_are_no_problem() -> None:
    side_by_side(iter(()), 3, "test-none")


def test_tasks_run_beside_each_other() -> None:
    together = threading.Barrier(3, timeout=10)

    side_by_side((lambda: (together.wait(), None)[1] for _ in range(3)), 3, "test-beside")

    assert not together.broken


def test_the_first_failure_wins_and_no_further_task_starts() -> None:
    started: list[int] = []
    failing: list[threading.Thread] = []
    is_failing = threading.Event()

    def first() -> None:
        failing.append(threading.current_thread())
        is_failing.set()
        raise ValueError("first")

    def second() -> None:
        assert is_failing.wait(10)
        failing[0].join(10)  # its thread has told of the failure and ended
        raise KeyError("second")

    tasks = [second, first, *(lambda: started.append(1) for _ in range(9))]
    with pytest.raises(ValueError, match="first"):
        side_by_side(tasks, 2, "test-first")

    assert started == []


def test_a_failure_while_the_tasks_are_made_is_raised() -> None:
    done: list[int] = []

    def tasks() -> Iterator[Callable[[], None]]:
        yield lambda: done.append(1)
        raise ConnectionResetError("the stream that makes the tasks broke")

    with pytest.raises(ConnectionResetError):
        side_by_side(tasks(), 3, "test-making")

    assert done == [1]


def test_a_cancel_passes_through() -> None:
    def cancelled() -> None:
        raise RunCancelled

    with pytest.raises(RunCancelled):
        side_by_side(iter([cancelled, cancelled]), 2, "test-cancel")


class Watched:
    """An iterator that knows how far it got and whether it was closed."""

    def __init__(self, count: int = 1000, failure: BaseException | None = None) -> None:
        self.pulled = 0
        self.is_closed = False
        self.enough = threading.Semaphore(0)
        self._count = count
        self._failure = failure

    def items(self) -> Iterator[int]:
        try:
            for number in range(self._count):
                self.pulled += 1
                self.enough.release()
                yield number
            if self._failure:
                raise self._failure
        finally:
            self.is_closed = True


def test_prefetch_passes_everything_in_order() -> None:
    watched = Watched(50)
    with Prefetch(watched.items(), 3, "test-order") as items:
        assert list(items) == list(range(50))
    assert watched.is_closed
    assert threads_named("test-order") == []


def test_prefetch_stays_a_bounded_number_of_items_ahead() -> None:
    watched = Watched()
    with Prefetch(watched.items(), 3, "test-ahead") as items:
        assert next(items) == 0
        for _ in range(5):
            assert watched.enough.acquire(timeout=10)
        assert not watched.enough.acquire(timeout=0.3)
        assert watched.pulled == 5  # one taken, three queued, one in its hand


def test_leaving_early_closes_the_iterator_and_ends_the_thread() -> None:
    watched = Watched()
    with Prefetch(watched.items(), 2, "test-early") as items:
        next(items)

    assert watched.is_closed
    assert watched.pulled < 10
    assert threads_named("test-early") == []


@pytest.mark.parametrize("failure", [ValueError("broken"), RunCancelled()])
def test_a_failure_is_raised_where_its_item_would_have_come(failure: BaseException) -> None:
    taken: list[int] = []

    def take() -> None:
        with Prefetch(Watched(4, failure).items(), 2, "test-failure") as items:
            taken.extend(items)

    with pytest.raises(type(failure)):
        take()

    assert taken == [0, 1, 2, 3]
    assert threads_named("test-failure") == []


def test_an_iterable_that_cannot_begin_fails_instead_of_hanging() -> None:
    class Broken:
        def __iter__(self) -> Iterator[int]:
            raise OSError("nothing to read")

    def take() -> None:
        with Prefetch(Broken(), 2, "test-begin") as items:
            list(items)

    with pytest.raises(OSError, match="nothing to read"):
        take()


def test_a_failure_of_the_consumer_ends_the_thread() -> None:
    watched = Watched()

    def take() -> None:
        with Prefetch(watched.items(), 2, "test-consumer"):
            raise KeyError("consumer")

    with pytest.raises(KeyError):
        take()

    assert watched.is_closed
    assert threads_named("test-consumer") == []
