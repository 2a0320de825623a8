"""Jobs, firings and leases in state.sqlite."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import NOON
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.jobs import SqliteJobs
from mangrove.connectors.state.leases import SqliteLease
from mangrove.connectors.state.process import birth_of
from mangrove.core.backup import Selection
from mangrove.core.errors import NameTakenError
from mangrove.core.jobs.job import Firing, FiringState, Job, JobId, JobKind, Rest
from mangrove.core.jobs.schedule import Schedule
from mangrove.core.jobs.vigil import SILENT_TOO_LONG, AgentRank
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId
from mangrove.core.run import RunId
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Level

NIGHTLY = Job(
    job_id=JobId("j1"),
    name="Nightly",
    kind=JobKind.BACKUP,
    schedule=Schedule("0 2 * * *", "Europe/Berlin"),
    vault_id=VaultId("v1"),
    created_at=NOON,
    profile_id=ProfileId("p1"),
    selection=Selection(("shop",), (Namespace("other", "c.d"),)),
    level=Level.RESTORED,
    prunes=True,
    paused_until=NOON,
    paused_why="moving",
)
RUNNING = Firing(NIGHTLY.job_id, NOON, NOON, FiringState.RUNNING, missed=3, steps=(RunId("r1"),))


def test_a_job_comes_back_as_it_was_saved_and_goes_when_removed(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    store.save(NIGHTLY)
    store.save(replace(NIGHTLY, paused_until=None))
    assert store.all() == (replace(NIGHTLY, paused_until=None),)

    store.remove(NIGHTLY.job_id)

    assert store.all() == ()


def test_a_name_is_given_once(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    store.save(NIGHTLY)

    with pytest.raises(NameTakenError, match="'nightly' exists; nothing was saved"):
        store.save(replace(NIGHTLY, job_id=JobId("j2"), name="nightly"))


def test_firings_come_newest_first_and_stay_when_their_job_goes(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    later = replace(RUNNING, begun_at=NOON + timedelta(days=1), state=FiringState.FAILED)
    for firing in (RUNNING, later, replace(RUNNING, state=FiringState.SUCCEEDED)):
        store.save_firing(firing)

    store.remove(NIGHTLY.job_id)

    assert store.firings(NIGHTLY.job_id, 10) == (
        later,
        replace(RUNNING, state=FiringState.SUCCEEDED),
    )
    assert store.firings(NIGHTLY.job_id, 1) == (later,)


def test_what_ran_in_a_dead_process_is_closed_and_nothing_else(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    store.save_firing(RUNNING)
    assert store.close_abandoned(NOON) == ()

    with database.writing() as connection:
        connection.execute("UPDATE firings SET owner_birth = 'somebody else'")
    (closed,) = store.close_abandoned(NOON)

    assert (closed.state, closed.ended_at) == (FiringState.INTERRUPTED, NOON)
    assert store.firings(NIGHTLY.job_id, 1) == (closed,)


def test_one_process_has_the_lease_until_it_gives_it_back(database: StateDatabase) -> None:
    lease = SqliteLease(database, "agent")
    assert lease.holder(NOON) is None
    assert lease.take(NOON)
    assert lease.take(NOON + timedelta(hours=1))

    held = lease.holder(NOON + timedelta(hours=1))

    assert held is not None
    assert (held.pid, held.since) == (os.getpid(), NOON)
    lease.give_back()
    assert lease.holder(NOON) is None


class Seconds:
    """Seconds that stand still until a test moves them."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_lease_of_a_living_process_is_respected_until_it_falls_silent(
    database: StateDatabase,
) -> None:
    seconds = Seconds()
    lease = SqliteLease(database, "agent", seconds)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own(database, lease, other.pid)
        seconds.now_s += SILENT_TOO_LONG.total_seconds()
        assert not lease.take(NOON)
        seconds.now_s += 1
        assert lease.take(NOON)
        own(database, lease, other.pid)
        other.kill()
    assert lease.take(NOON)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(hours=-1), timedelta(days=400)])
def test_no_moved_clock_takes_a_lease_from_a_living_process(
    database: StateDatabase, step: timedelta
) -> None:
    lease = SqliteLease(database, "agent", Seconds())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own(database, lease, other.pid)

        assert not lease.take(NOON + step)

        held = lease.holder(NOON + step)
        assert held is not None
        assert held.pid == other.pid
        other.kill()


def test_a_beat_from_before_a_restart_of_the_machine_counts_for_nothing(
    database: StateDatabase,
) -> None:
    seconds = Seconds()
    lease = SqliteLease(database, "agent", seconds)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own(database, lease, other.pid)
        seconds.now_s = 3.0
        assert lease.take(NOON)
        other.kill()


def test_an_agent_in_the_background_takes_over_from_a_window_and_not_the_other_way(
    database: StateDatabase,
) -> None:
    lease = SqliteLease(database, "agent", Seconds())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own(database, lease, other.pid)
        assert not lease.take(NOON, AgentRank.WINDOW)

        assert lease.take(NOON, AgentRank.BACKGROUND)
        own(database, lease, other.pid, AgentRank.BACKGROUND)
        assert not lease.take(NOON, AgentRank.BACKGROUND)
        other.kill()


def test_who_gave_the_lease_back_is_still_known_to_have_been_there(
    database: StateDatabase,
) -> None:
    lease = SqliteLease(database, "agent")
    assert lease.last_beat() is None
    lease.take(NOON)
    lease.give_back()

    assert lease.holder(NOON) is None
    assert lease.last_beat() == NOON


def own(
    database: StateDatabase, lease: SqliteLease, pid: int, rank: AgentRank = AgentRank.WINDOW
) -> None:
    """Let another process have the lease."""
    lease.take(NOON, rank)
    with database.writing() as connection:
        connection.execute(
            "UPDATE leases SET owner_pid = ?, owner_birth = ?, beat_at = ?",
            (pid, birth_of(pid), NOON.isoformat()),
        )


def test_a_job_begins_once_for_each_time_and_never_beside_itself(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    later = replace(RUNNING, begun_at=NOON + timedelta(minutes=1))
    assert store.begin(RUNNING)
    assert not store.begin(later)
    assert not store.begin(replace(later, by_hand=True))

    store.save_firing(replace(RUNNING, state=FiringState.SUCCEEDED))
    assert not store.begin(later)
    assert store.begin(replace(later, by_hand=True))


@pytest.mark.parametrize("state", [FiringState.FAILED, FiringState.INTERRUPTED])
def test_what_failed_or_was_cut_off_may_begin_again(
    database: StateDatabase, state: FiringState
) -> None:
    store = SqliteJobs(database)
    store.save_firing(replace(RUNNING, state=state))

    assert store.begin(replace(RUNNING, begun_at=NOON + timedelta(minutes=1)))


def test_what_runs_in_a_dead_process_keeps_nothing_from_beginning(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    store.save_firing(RUNNING)
    with database.writing() as connection:
        connection.execute("UPDATE firings SET owner_birth = 'somebody else'")

    assert store.begin(replace(RUNNING, begun_at=NOON + timedelta(minutes=1)))


def test_firings_of_a_clock_that_was_wrong_can_be_left_out(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    store.save_firing(RUNNING)
    store.save_firing(replace(RUNNING, begun_at=NOON + timedelta(days=400)))

    assert store.firings(NIGHTLY.job_id, 10, NOON + timedelta(days=2)) == (RUNNING,)


def test_a_rest_of_all_jobs_is_kept_and_ended(database: StateDatabase) -> None:
    store = SqliteJobs(database)
    assert store.rest() is None
    store.set_rest(Rest(NOON, "moving"))
    store.set_rest(Rest(NOON, "moving house"))
    assert store.rest() == Rest(NOON, "moving house")

    store.set_rest(None)

    assert store.rest() is None
