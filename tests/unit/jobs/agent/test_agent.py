"""The agent: on time, once after a night, never twice, and always with an ending."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from typing_extensions import override

from fakes.clock import FakeClock
from fakes.memory_state import MemoryJobs, MemoryLease
from fakes.nightly import nightly
from guards import LogGuard
from mangrove.core.backup import BackupId
from mangrove.core.errors import ProfileNotFoundError
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, Rest
from mangrove.core.jobs.schedule import parse_schedule
from mangrove.core.jobs.vigil import AgentRank, ClockReading, NoticeKind
from mangrove.core.ports.agent import Network, Watch
from mangrove.core.run import Problem, RunId, RunKind, RunState, RunStatus
from mangrove.jobs.agent.agent import Agent
from mangrove.jobs.agent.firing import Firer, Step
from mangrove.jobs.agent.surroundings import MemoryDiary, Surroundings

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHTLY = nightly(MONDAY)
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
class MovableWatch(Watch):
    """Every clock of a machine that sleeps, travels and is set by hand."""

    clock: FakeClock
    asleep_s: float = 0.0
    moved: timedelta = timedelta(0)
    zone: str = "Europe/Berlin"

    @override
    def reading(self) -> ClockReading:
        now = self.clock.now()
        elapsed_s = (now - self.moved).timestamp()
        return ClockReading(now, elapsed_s - self.asleep_s, elapsed_s, self.zone)


@dataclass
class FakeNetwork(Network):
    """A network that comes and goes."""

    is_up: bool = True

    @override
    def leads_to(self, hosts: Sequence[str]) -> bool:
        return self.is_up


@dataclass
class World:
    """A clock, a store, and runs that end as they are told to."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(MONDAY))
    store: MemoryJobs = field(default_factory=MemoryJobs)
    lease: MemoryLease = field(default_factory=MemoryLease)
    endings: list[RunStatus] = field(default_factory=list)
    given: list[BackupId | None] = field(default_factory=list)
    steps: int = 1
    watch: MovableWatch = field(init=False)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    diary: MemoryDiary = field(default_factory=MemoryDiary)
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
        self.watch = MovableWatch(self.clock)
        around = Surroundings(
            self.watch, self.network, lambda _: ("db1.example.net",), diary=self.diary
        )
        self.agent = Agent(self.store, self.lease, self.clock, firer, surroundings=around)

    def sleep_until(self, moment: datetime) -> None:
        """Close the lid, and open it at that moment."""
        self.watch.asleep_s += (moment - self.clock.now()).total_seconds()
        self.clock.advance(moment - self.clock.now())

    def move_clock(self, step: timedelta) -> None:
        """Set the clock without any time passing."""
        self.watch.moved += step
        self.clock.advance(step)

    def noticed(self) -> list[NoticeKind]:
        """Return what the agent noticed besides its own beginning, oldest first."""
        kinds = [notice.kind for notice in reversed(self.diary.recent(100))]
        return [kind for kind in kinds if kind is not NoticeKind.STARTED]

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

    def _await(self, _: RunId, _hung_after: timedelta) -> RunStatus:
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


def test_a1_a_laptop_that_slept_through_three_nights_catches_up_once_the_network_is_back(
    world: World,
) -> None:
    world.at(MONDAY)
    world.network.is_up = False
    world.sleep_until(night(5, 7, 30))
    for minute in (30, 31, 32):
        assert world.at(night(5, 7, minute)) == []
    assert world.agent.waiting == {NIGHTLY.job_id}

    world.network.is_up = True
    (caught_up,) = world.at(night(5, 7, 40))

    assert (caught_up.slot_at, caught_up.missed) == (night(5), 2)
    assert caught_up.state is FiringState.SUCCEEDED
    assert len(world.at(night(5, 23))) == 1
    assert world.at(night(6))[-1].slot_at == night(6)
    assert world.noticed() == [NoticeKind.SLEPT, NoticeKind.NO_NETWORK, NoticeKind.NETWORK_BACK]


def test_a_network_that_never_comes_back_does_not_silence_a_job(world: World) -> None:
    world.network.is_up = False
    world.endings = [ended(RunState.FAILED, "server-unreachable")] * 3
    assert world.at(night(3)) == []
    assert world.at(night(3, 2, 59)) == []

    (firing,) = world.at(night(3, 3))

    assert (firing.state, firing.problem_code) == (FiringState.FAILED, "server-unreachable")


@pytest.mark.parametrize("hours", [1, 24])
def test_a2_a_clock_put_forward_is_noticed_and_runs_what_that_skipped_once(
    world: World, hours: int
) -> None:
    world.at(night(3, 1, 30))

    world.move_clock(timedelta(hours=hours))

    assert len(world.at(world.clock.now())) == 1
    assert world.noticed() == [NoticeKind.CLOCK_FORWARD]
    world.move_clock(timedelta(hours=-hours))
    assert len(world.at(night(3, 2, 1))) == 1


@pytest.mark.parametrize("hours", [1, 24])
def test_a2_a_clock_put_back_is_noticed_and_runs_nothing_twice(world: World, hours: int) -> None:
    world.at(night(3, 2, 5))

    world.move_clock(timedelta(hours=-hours))

    assert len(world.at(world.clock.now())) == 1
    assert world.noticed() == [NoticeKind.CLOCK_BACK]
    assert len(world.at(night(3, 2, 6))) == 1
    assert len(world.at(night(4))) == 2


def test_a2_a_year_that_never_was_keeps_no_job_from_running_afterwards(world: World) -> None:
    world.at(night(3))
    for _ in range(12):
        world.move_clock(timedelta(days=30))
        world.at(world.clock.now())
    world.move_clock(timedelta(days=-360))

    before = len(world.firings())
    world.at(night(4))
    world.at(night(4, 2, 1))

    mine = [f for f in world.firings() if f.slot_at == night(4)]
    assert len(mine) == 1
    assert len(world.firings()) == before + 1


def test_a2_a_job_made_under_a_wrong_clock_runs_at_its_next_time(world: World) -> None:
    world.store.save(replace(NIGHTLY, created_at=MONDAY + timedelta(days=400)))
    world.at(MONDAY)

    assert [f.slot_at for f in world.at(night(3))] == [night(3)]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC), ["01:00"]),  # 02:30 is skipped
        ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC), ["00:30"]),  # 02:30 comes twice
    ],
)
def test_a2_summer_time_makes_one_run_of_a_night(
    world: World, zone: str, day: datetime, expected: list[str]
) -> None:
    made = day - timedelta(hours=12)
    job = replace(NIGHTLY, schedule=parse_schedule("daily 02:30", zone), created_at=made)
    world.store.save(job)
    for quarter in range(24 * 4):
        world.at(made + timedelta(minutes=15 * quarter))

    assert [f"{f.slot_at:%H:%M}" for f in world.firings()] == expected


def test_a_journey_to_another_zone_is_noticed_and_moves_no_job(world: World) -> None:
    world.at(night(3))
    world.watch.zone = "America/New_York"

    assert len(world.at(night(3, 2, 1))) == 1
    assert world.noticed() == [NoticeKind.ZONE_CHANGED]
    assert world.at(night(4))[-1].slot_at == night(4)


def test_a7_an_agent_that_was_dead_is_noticed_at_the_next_start(world: World) -> None:
    world.lease.beat_at = MONDAY - timedelta(days=3)

    world.at(MONDAY)

    (notice, *_) = reversed(world.diary.recent(10))
    assert (notice.kind, notice.span) == (NoticeKind.ABSENT, timedelta(days=3))
    assert "since 2026-02-27 12:00 UTC no window and no agent was running" in notice.sentence()


def test_a_closed_way_is_tried_again_an_hour_later_and_the_schedule_stays(world: World) -> None:
    world.endings = [ended(RunState.FAILED, "server-unreachable")] * 3
    world.at(night(3))
    assert len(world.at(night(3, 2, 59))) == 1

    *_, again = world.at(night(3, 3))

    assert (again.slot_at, again.state) == (night(3), FiringState.SUCCEEDED)
    assert len(world.at(night(3, 23))) == 2
    assert world.at(night(4))[-1].slot_at == night(4)


def test_a_rest_of_all_jobs_skips_with_its_reason(world: World) -> None:
    world.store.set_rest(Rest(night(4, 12), "moving house"))

    (skipped,) = world.at(night(3))

    assert skipped.problem == "paused until 2026-03-04 12:00 UTC: moving house"
    assert world.at(night(5))[-1].state is FiringState.SUCCEEDED


def test_what_the_end_of_the_program_cut_off_runs_once_more_after_it(world: World) -> None:
    world.hold.clear()
    world.clock.advance(night(3) - MONDAY)
    world.agent.look()
    world.endings = [ended(RunState.CANCELLED)]
    world.agent.stop()
    world.hold.set()
    world.agent.wait(30)

    (firing,) = world.firings()

    assert firing.state is FiringState.INTERRUPTED
    assert "the program that did this was ended" in firing.problem


def test_a_job_with_a_fault_keeps_no_other_from_running(world: World, log_guard: LogGuard) -> None:
    log_guard.expect("job met a bug job=broken")
    broken = replace(
        NIGHTLY,
        job_id=JobId("broken"),
        name="broken",
        schedule=replace(NIGHTLY.schedule, zone="Atlantis/Capital"),
    )
    world.store.save(broken)

    assert len(world.at(night(3))) == 1


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


def test_what_a_job_waits_for_before_it_tries_again_can_be_seen_and_heard() -> None:
    world, told = World(), list[FiringState]()
    locked = Problem("keyring-locked", "the keyring is locked")
    world.endings = [replace(GOOD, state=RunState.FAILED, problem=locked), GOOD]
    kept: list[Firing] = []
    firer = replace(
        world.agent.firer,
        is_worth_retrying=lambda code: code == "keyring-locked",
        told=lambda _job, firing: told.append(firing.state),
    )
    save = world.store.save_firing

    def save_and_keep(firing: Firing) -> None:
        kept.append(firing)
        save(firing)

    world.store.save_firing = save_and_keep  # type: ignore[method-assign]
    begun = Firing(NIGHTLY.job_id, MONDAY, MONDAY, FiringState.RUNNING)

    ended_firing = firer.fire(NIGHTLY, begun)

    waiting = [f for f in kept if f.problem_code == "keyring-locked"]
    assert {f.state for f in waiting} == {FiringState.RUNNING}
    assert "the keyring is locked" in waiting[0].problem
    assert (ended_firing.state, ended_firing.problem) == (FiringState.SUCCEEDED, "")
    assert told == [FiringState.RUNNING, FiringState.SUCCEEDED]


def test_whoever_waits_for_a_job_is_told_what_failed_and_when_it_is_tried_again(
    world: World,
) -> None:
    world.endings = [ended(RunState.FAILED, "server-unreachable")] * 2
    told: list[tuple[str, datetime]] = []

    assert world.agent.fire_now(NIGHTLY, lambda firing, at: told.append((firing.problem, at)))
    world.agent.wait(30)

    assert told == [("Back up shop: it was server-unreachable", MONDAY)] * 2
    assert world.firings()[-1].state is FiringState.SUCCEEDED


def test_one_look_is_not_called_a_window(world: World) -> None:
    world.agent.rank = AgentRank.ONCE

    world.agent.look()

    (notice,) = world.diary.recent(10)
    assert "for one look at the clock, process" in notice.sentence()
