import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.clock import FakeClock
from mangrove.core.errors import RunCancelled
from mangrove.core.namespace import Namespace
from mangrove.core.run import LogLine, Phase, RunId, RunKind, RunState, RunStatus
from mangrove.jobs.context import SHOWN_NAMESPACES, RunContext

USERS = Namespace("shop", "users")


class Watched:
    """A context with what it announced and logged."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.announced: list[RunStatus] = []
        self.lines: list[str] = []
        first = RunStatus(
            run_id=RunId("1"),
            kind=RunKind.BACKUP,
            title="",
            profile="",
            vault="",
            backup=None,
            state=RunState.RUNNING,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        self.ctx = RunContext(first, self.clock, self._announce, self._log)

    def _announce(self, status: RunStatus) -> None:
        self.announced.append(status)

    def _log(self, line: LogLine) -> None:
        self.lines.append(line.text)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_phase_starts_its_counters_anew_and_is_announced_and_logged(watched: Watched) -> None:
    watched.ctx.enter(Phase.DUMP, 100)
    watched.ctx.advance(40, 2)
    watched.ctx.enter(Phase.REREAD, 50, "each object")

    status = watched.announced[-1]
    assert (status.phase, status.done_bytes, status.total_bytes) == (Phase.REREAD, 0, 50)
    assert (status.note, status.documents) == ("each object", 2)
    assert watched.lines == ["read and store", "re-read and compare: each object"]


def test_ticks_are_announced_at_most_five_times_a_second(watched: Watched) -> None:
    watched.ctx.advance(1)
    before = len(watched.announced)
    for _ in range(100):
        watched.clock.advance(timedelta(seconds=0.01))
        watched.ctx.advance(1)

    assert 4 <= len(watched.announced) - before <= 5
    assert watched.ctx.status().done_bytes == 101


def test_rate_and_time_left_come_from_the_clock(watched: Watched) -> None:
    watched.ctx.enter(Phase.DUMP, 1000)
    for _ in range(4):
        watched.clock.advance(timedelta(seconds=1))
        watched.ctx.advance(100)

    status = watched.ctx.status()
    assert status.rate_bytes_per_s == pytest.approx(100)
    assert status.remaining == timedelta(seconds=6)
    assert status.fraction == pytest.approx(0.4)


def test_a_cancel_is_noticed_at_every_step(watched: Watched) -> None:
    watched.ctx.cancel()

    with pytest.raises(RunCancelled):
        watched.ctx.check()
    with pytest.raises(RunCancelled):
        watched.ctx.advance(1)
    with pytest.raises(RunCancelled):
        watched.ctx.enter(Phase.DUMP)
    with pytest.raises(RunCancelled):
        list(watched.ctx.metered([b"x"]))
    assert watched.ctx.status().state is RunState.CANCELLING
    assert watched.ctx.cancelled.is_set()


def test_a_cancel_from_a_listener_is_noticed_in_the_same_phase(watched: Watched) -> None:
    ctx = watched.ctx
    ctx._announce = lambda _: ctx.cancel()

    with pytest.raises(RunCancelled):
        ctx.enter(Phase.DUMP)


def test_the_last_phase_is_entered_in_spite_of_a_cancel(watched: Watched) -> None:
    watched.ctx.cancel()

    watched.ctx.enter_last(Phase.CATALOG)

    assert watched.ctx.status().phase is Phase.CATALOG


def test_phases_within_a_phase_show_as_its_notes(watched: Watched) -> None:
    with watched.ctx.within(Phase.SAFETY):
        watched.ctx.enter(Phase.DUMP, 10)
    inner = watched.ctx.status()
    watched.ctx.enter(Phase.LOAD)

    assert (inner.phase, inner.note, inner.total_bytes) == (Phase.SAFETY, "read and store", 10)
    assert watched.ctx.status().phase is Phase.LOAD


def test_closers_are_called_on_a_cancel_and_only_while_their_block_lasts(
    watched: Watched,
) -> None:
    closed: list[str] = []
    with watched.ctx.closing_on_cancel(lambda: closed.append("over already")):
        pass
    with watched.ctx.closing_on_cancel(lambda: closed.append("open")):
        watched.ctx.cancel()
        watched.ctx.cancel()
    with watched.ctx.closing_on_cancel(lambda: closed.append("late")):
        pass

    assert closed == ["open", "late"]


def test_a_cancel_after_the_end_changes_nothing(watched: Watched) -> None:
    ended = _with_state(RunState.SUCCEEDED)
    watched.ctx.change(ended)

    watched.ctx.cancel()

    assert watched.ctx.status().state is RunState.SUCCEEDED
    assert not watched.ctx.cancelled.is_set()


def test_nothing_is_announced_after_the_ending(watched: Watched) -> None:
    watched.ctx.change(_with_state(RunState.FAILED))
    watched.ctx.note("too late")

    assert [s.state for s in watched.announced] == [RunState.FAILED]


def test_announcements_keep_their_order_when_a_listener_is_slow(watched: Watched) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(status: RunStatus) -> None:
        if status.state is RunState.RUNNING:
            entered.set()
            assert go_on.wait(10)
        watched.announced.append(status)

    watched.ctx._announce = slow
    first = threading.Thread(target=watched.ctx.note, args=("first",))
    first.start()
    assert entered.wait(10)
    watched.ctx.cancel()  # does not wait for the listener
    watched.ctx.change(_with_state(RunState.CANCELLED))
    go_on.set()
    first.join(10)

    states = [s.state for s in watched.announced]
    assert states == [RunState.RUNNING, RunState.CANCELLING, RunState.CANCELLED]


def test_namespaces_show_failed_and_active_ones_first_and_forget_old_ones(
    watched: Watched,
) -> None:
    ctx = watched.ctx
    ctx.expect_namespaces(100)
    for number in range(80):
        ctx.begin(Namespace("shop", f"c{number:02}"), 10)
        ctx.finish(Namespace("shop", f"c{number:02}"))
    ctx.begin(Namespace("shop", "bad"))
    ctx.fail(Namespace("shop", "bad"), "it was dropped")
    ctx.begin(USERS, 100)
    ctx.advance(60, 3, USERS)

    status = ctx.status()
    shown = [n.namespace for n in status.namespaces]
    assert shown[:3] == ["shop.bad", "shop.users", "shop.c79"]
    assert len(shown) == SHOWN_NAMESPACES
    assert (status.namespaces_done, status.namespaces_total) == (81, 100)
    users = status.namespaces[1]
    assert (users.done_bytes, users.total_bytes, users.documents) == (60, 100, 3)
    assert "shop.bad: it was dropped" in watched.lines


def test_counting_from_many_threads_loses_nothing(watched: Watched) -> None:
    def count() -> None:
        for _ in range(500):
            watched.ctx.advance(2, 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    status = watched.ctx.status()
    assert (status.done_bytes, status.documents) == (4000, 2000)


def _with_state(state: RunState) -> Callable[[RunStatus], RunStatus]:
    return lambda status: replace(status, state=state)


def test_the_number_of_phases_stays_as_announced_whatever_comes(watched: Watched) -> None:
    planned = (Phase.CONNECT, Phase.SAFETY, Phase.PREFLIGHT, Phase.LOAD, Phase.CLEAN_UP)
    watched.ctx.change(lambda status: replace(status, phases=planned))
    places = []
    for phase in (Phase.CONNECT, Phase.PREFLIGHT, Phase.MIRROR, Phase.LOAD):
        watched.ctx.enter(phase)
        places.append(watched.ctx.status().place)
    passed_by = watched.ctx.status().passed_by

    ended = watched.ctx.change(lambda status: replace(status, state=RunState.SUCCEEDED))

    assert places == [(1, 5), (3, 5), (3, 5), (4, 5)]
    assert passed_by == (Phase.SAFETY,)
    assert ended.phases == (Phase.CONNECT, Phase.PREFLIGHT, Phase.MIRROR, Phase.LOAD)


def test_a_phase_that_comes_again_keeps_those_that_were_between(watched: Watched) -> None:
    planned = (Phase.CONNECT, Phase.LOAD, Phase.INDEXES)
    watched.ctx.change(lambda status: replace(status, phases=planned))

    for phase in (Phase.CONNECT, Phase.LOAD, Phase.INDEXES, Phase.LOAD, Phase.INDEXES):
        watched.ctx.enter(phase)

    assert watched.ctx.status().phases == planned
