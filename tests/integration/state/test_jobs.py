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
from mangrove.connectors.state.leases import SILENT_TOO_LONG, SqliteLease
from mangrove.connectors.state.process import birth_of
from mangrove.core.backup import Selection
from mangrove.core.errors import NameTakenError
from mangrove.core.job import Firing, FiringState, Job, JobId, JobKind
from mangrove.core.namespace import Namespace
from mangrove.core.profile import ProfileId
from mangrove.core.run import RunId
from mangrove.core.schedule import Schedule
from mangrove.core.vault import VaultId
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


def test_a_lease_of_a_living_process_is_respected_until_it_falls_silent(
    database: StateDatabase,
) -> None:
    lease = SqliteLease(database, "agent")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        own(database, lease, other.pid)
        assert not lease.take(NOON + SILENT_TOO_LONG)
        assert lease.take(NOON + SILENT_TOO_LONG + timedelta(seconds=1))
        own(database, lease, other.pid)
        other.kill()
    assert lease.take(NOON)


def own(database: StateDatabase, lease: SqliteLease, pid: int) -> None:
    """Let another process have the lease."""
    lease.take(NOON)
    with database.writing() as connection:
        connection.execute(
            "UPDATE leases SET owner_pid = ?, owner_birth = ?, beat_at = ?",
            (pid, birth_of(pid), NOON.isoformat()),
        )
