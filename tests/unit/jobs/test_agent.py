"""The agent: on time, once after a night, never twice, and always with an ending."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.clock import FakeClock
from fakes.memory_state import MemoryJobs, MemoryLease
from mangrove.core.backup import BackupId
from mangrove.core.errors import ProfileNotFoundError
from mangrove.core.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.run import Problem, RunId, RunKind, RunState, RunStatus
from mangrove.core.schedule import parse_schedule
from mangrove.core.vault import VaultId
from mangrove.jobs.agent import Agent
from mangrove.jobs.firing import Firer, Step

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHTLY = Job(
    job_id=JobId("nightly"),
    name="nightly",
    kind=JobKind.BACKUP,
    schedule=parse_schedule("daily 02:00", "UTC"),
    vault_id=VaultId("v1"),
    created_at=MONDAY,
)
TAKEN = BackupId("20260303T020000Z-shop-1a2b")


def ended(state: RunState, code: str = "") -> RunStatus:
    problem = Problem(code, f"it was {code}") if code else None
    return RunStatus(
        run_id=RunId("r"),
        kind=RunKind.BACKUP,
        title="Back up shop",
        profile="shop",
        vault="attic",
        backup=TAKEN,
        state=state,
        created_at=MONDAY,
        problem=problem,
    )


GOOD = ended(RunState.SUCCEEDED)


@dataclass
class World:
    """A clock, a store, and runs that end as they are told to."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(MONDAY))
    store: MemoryJobs = field(default_factory=MemoryJobs)
    lease: MemoryLease = field(default_factory=MemoryLease)
    endings: list[RunStatus] = field(default_factory=list)
    given: list[BackupId | None] = field(default_factory=list)
    steps: int = 1
    hold: threading.Event = field(default_factory=threading.Event)
    problem: Exception | None = None

    def __post_init__(self) -> None:
        self.hold.set()
        self.store.save(NIGHTLY)
        firer = Firer(
            self.store,
            self.clock,
            self._steps_of,
            self._await,
            lambda code: code == "server-unreachable",
            retry_waits=(timedelta(0), timedelta(0)),
        )
        self.agent = Agent(self.store, self.lease, self.clock, firer)

    def at(self, moment: datetime) -> list[Firing]:
        """Move the clock there, let the agent look, and return what was fired, oldest first."""
        self.clock.advance(moment - self.clock.now())
        self.agent.look()
        self.agent.wait(30)
        return self.firings()

    def firings(self) -> list[Firing]:
        return [*reversed(self.store.firings(NIGHTLY.job_id, 100))]

    def _steps_of(self, _: Job) -> Sequence[Step]:
        return [self._start] * self.steps

    def _start(self, taken: BackupId | None) -> RunId | None:
        if self.problem:
            raise self.problem
        self.given.append(taken)
        return RunId(f"run {len(self.given)}")

    def _await(self, _: RunId) -> RunStatus:
        assert self.hold.wait(30)
        return self.endings.pop(0) if self.endings else GOOD


@pytest.fixture
def world() -> World:
    return World()


def night(day: int, hour: int = 2, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_job_runs_when_its_time_comes_and_not_before(world: World) -> None:
    assert world.at(night(3, 1, 59)) == []

    (firing,) = world.at(night(3))

    assert firing.state is FiringState.SUCCEEDED
    assert (firing.slot_at, firing.missed, firing.steps) == (night(3), 0, (RunId("run 1"),))
    assert len(world.at(night(3, 2, 1))) == 1


def test_after_three_nights_asleep_it_runs_once_and_the_schedule_stays(world: World) -> None:
    (caught_up,) = world.at(night(5, 9))
    assert (caught_up.slot_at, caught_up.missed) == (night(5), 2)

    _, next_one = world.at(night(6))

    assert (next_one.slot_at, next_one.missed) == (night(6), 0)


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-1)])
def test_a_clock_put_back_runs_nothing_twice(world: World, jump: timedelta) -> None:
    world.at(night(3, 2, 5))

    assert len(world.at(night(3, 2, 5) + jump)) == 1
    assert len(world.at(night(3, 2, 6))) == 1
    assert len(world.at(night(4))) == 2


def test_a_clock_put_forward_a_day_runs_once(world: World) -> None:
    world.at(night(3))

    assert [f.slot_at for f in world.at(night(4, 2, 1))] == [night(3), night(4)]


def test_only_the_holder_of_the_lease_fires(world: World) -> None:
    world.lease.is_free = False

    assert world.at(night(3)) == []

    world.lease.is_free = True
    assert len(world.at(night(3, 2, 1))) == 1


def test_a_paused_job_is_skipped_with_the_reason(world: World) -> None:
    world.store.save(replace(NIGHTLY, paused_until=night(4, 12), paused_why="moving the server"))

    (skipped,) = world.at(night(3))

    assert skipped.state is FiringState.SKIPPED
    assert skipped.problem == "paused until 2026-03-04 12:00 UTC: moving the server"
    assert world.given == []
    assert [f.state for f in world.at(night(5))][-1] is FiringState.SUCCEEDED


def test_a_job_that_still_runs_is_not_started_again(world: World) -> None:
    world.hold.clear()
    world.clock.advance(night(3) - MONDAY)
    world.agent.look()
    world.clock.advance(timedelta(days=1))

    assert world.agent.look() == ()

    world.hold.set()
    world.agent.wait(30)
    assert len(world.at(night(4, 2, 1))) == 2


def test_a_closed_way_is_tried_again_within_its_time(world: World) -> None:
    closed = ended(RunState.FAILED, "server-unreachable")
    world.endings = [closed, closed]

    (firing,) = world.at(night(3))

    assert firing.state is FiringState.SUCCEEDED
    assert len(firing.steps) == 3
    assert firing.problem == ""


def test_a_way_that_stays_closed_fails_with_the_reason(world: World) -> None:
    world.endings = [ended(RunState.FAILED, "server-unreachable")] * 3

    (firing,) = world.at(night(3))

    assert firing.state is FiringState.FAILED
    assert firing.problem == "Back up shop: it was server-unreachable"


def test_what_nobody_can_mend_by_waiting_is_not_tried_again(world: World) -> None:
    world.endings = [ended(RunState.FAILED, "authentication-failed")]

    (firing,) = world.at(night(3))

    assert (firing.state, len(firing.steps)) == (FiringState.FAILED, 1)


def test_a_step_that_cannot_start_fails_the_job(world: World) -> None:
    world.problem = ProfileNotFoundError("the profile is gone")

    (firing,) = world.at(night(3))

    assert (firing.state, firing.problem) == (FiringState.FAILED, "the profile is gone")
    assert firing.ended_at is not None


def test_later_steps_get_the_backup_and_do_not_run_after_a_failure(world: World) -> None:
    world.steps = 2
    world.at(night(3))
    assert world.given == [None, TAKEN]

    world.endings = [ended(RunState.FAILED, "storage-full")]
    *_, failed = world.at(night(4))

    assert (failed.state, len(failed.steps)) == (FiringState.FAILED, 1)


def test_losses_are_not_a_clean_success(world: World) -> None:
    world.steps = 2
    world.endings = [ended(RunState.SUCCEEDED_WITH_WARNINGS), GOOD]

    (firing,) = world.at(night(3))

    assert firing.state is FiringState.SUCCEEDED_WITH_WARNINGS


def test_a_crashed_time_runs_once_more_and_then_no_more(world: World) -> None:
    crashed = Firing(NIGHTLY.job_id, night(3), night(3), FiringState.RUNNING)
    world.store.save_firing(crashed)
    world.store.is_owner_gone = True

    first, again = world.at(night(3, 2, 10))
    assert first.state is FiringState.INTERRUPTED
    assert (again.slot_at, again.state) == (night(3), FiringState.SUCCEEDED)

    assert len(world.at(night(3, 2, 20))) == 2


def test_a_time_that_crashes_twice_is_left_alone(world: World) -> None:
    for minute in (0, 5):
        begun = night(3, 2, minute)
        world.store.save_firing(
            Firing(NIGHTLY.job_id, night(3), begun, FiringState.INTERRUPTED, begun)
        )

    assert len(world.at(night(3, 2, 10))) == 2
    assert len(world.at(night(4))) == 3


def test_by_hand_it_runs_at_once_and_the_schedule_stays(world: World) -> None:
    assert world.agent.fire_now(NIGHTLY)
    world.agent.wait(30)

    (firing,) = world.firings()
    assert (firing.slot_at, firing.state) == (MONDAY, FiringState.SUCCEEDED)
    assert len(world.at(night(3))) == 2


def test_the_looking_thread_ends_when_the_agent_is_closed(world: World) -> None:
    looked = threading.Event()
    see: Callable[[], None] = looked.set
    world.lease.on_take = see
    world.agent.start()
    assert looked.wait(30)

    world.agent.close()

    assert not world.lease.is_held
