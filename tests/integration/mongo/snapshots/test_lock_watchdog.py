"""The watchdog against a real server: whatever happens to its master, the server is unlocked."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from fakes.secrets import MemorySecrets
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import open_connection
from mangrove.connectors.mongo.snapshots.locking import locked
from mangrove.core.errors import SnapshotLockError
from mangrove.core.profile import Colour, Profile, ProfileId, password_ref
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from servers.cut_line import cut_line
from servers.mongod import GuardedServer, mongod_binary

pytestmark = pytest.mark.mongod
SOURCE = Path(__file__).resolve().parents[4] / "desktop"
WATCHDOG = (sys.executable, "-m", "mangrove", "lock-watchdog")
GENEROUS_S = 40.0
LOOK_EVERY = 0.05
# A master that locks, says so, and then hangs for ever.
MASTER = """
import sys, threading
from datetime import timedelta
sys.path[:0] = sys.argv[3:]
from integration.mongo.snapshots.test_lock_watchdog import WATCHDOG, profile_of
from fakes.secrets import MemorySecrets
from mangrove.connectors.mongo.client import open_connection
from mangrove.connectors.mongo.snapshots.locking import locked
profile, secrets = profile_of(sys.argv[1]), MemorySecrets()
limit = timedelta(seconds=float(sys.argv[2]))
with open_connection(profile, secrets) as connection:
    with locked(connection, profile, secrets, limit, WATCHDOG):
        print("locked", flush=True)
        threading.Event().wait()
"""


def profile_of(uri: str) -> Profile:
    parsed = parse_uri(uri)
    password = password_ref(ProfileId("p1")) if parsed.password else None
    return Profile(
        ProfileId("p1"), "shop", "shop", parsed.uri, password, None, Colour.GREY,
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def source_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedMongod]:
    """A server of this module's own: it is locked again and again."""
    with EmbeddedMongod(mongod_binary()) as mongod:
        yield mongod


@pytest.fixture
def client(server: EmbeddedMongod) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](server.uri) as client:
        yield client
        while is_locked(client):
            client.admin.command("fsyncUnlock")


def is_locked(client: MongoClient[dict[str, Any]]) -> bool:
    return bool(client.admin.command("currentOp").get("fsyncLock"))


def seconds_until_unlocked(client: MongoClient[dict[str, Any]]) -> float:
    begun = time.monotonic()
    while is_locked(client):
        assert time.monotonic() - begun < GENEROUS_S, "the server stayed locked"
        threading.Event().wait(LOOK_EVERY)
    return time.monotonic() - begun


def start_master(uri: str, limit_s: float) -> subprocess.Popen[str]:
    """Start a process that holds the lock; returns once it does."""
    places = [str(SOURCE), str(SOURCE.parent / "tests")]
    master = subprocess.Popen(
        [sys.executable, "-c", MASTER, uri, str(limit_s), *places],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert master.stdout is not None
    if (told := master.stdout.readline()) != "locked\n":
        end(master)
        raise AssertionError(f"the master locked nothing: {told!r}")
    return master


def end(master: subprocess.Popen[str]) -> None:
    os.killpg(master.pid, signal.SIGKILL)
    master.wait()
    assert master.stdout is not None
    master.stdout.close()


def test_watchdog_unlocks_at_once_when_its_master_is_killed(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    master = start_master(server.uri, limit_s=600)
    assert is_locked(client)

    end(master)  # with SIGKILL, and with it everything in its process group

    seconds_until_unlocked(client)
    client.shop.orders.insert_one({"after": "the kill"})


def test_watchdog_unlocks_when_time_is_up_though_its_master_hangs(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    master = start_master(server.uri, limit_s=2)
    os.kill(master.pid, signal.SIGSTOP)  # as a hung snapshot command or a swapping machine would
    try:
        seconds_until_unlocked(client)
        client.shop.orders.insert_one({"after": "the limit"})
    finally:
        end(master)


def test_watchdog_goes_on_after_the_network_was_lost(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    with cut_line(server.port) as line:
        master = start_master(line.uri(), limit_s=600)
        assert is_locked(client)

        line.cut()
        end(master)

        seconds_until_unlocked(client)
    client.shop.orders.insert_one({"after": "the network"})


def test_lock_holds_writes_back_and_tells_how_long(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    profile, secrets = profile_of(server.uri), MemorySecrets()
    client.shop.orders.insert_one({"before": "the lock"})
    written = threading.Event()

    def write() -> None:
        client.shop.orders.insert_one({"during": "the lock"})
        written.set()

    with (
        open_connection(profile, secrets) as connection,
        locked(connection, profile, secrets, timedelta(seconds=60), WATCHDOG) as lock,
    ):
        writer = threading.Thread(target=write)
        writer.start()
        standing = lock.standing()
        assert not written.wait(0.3)
        assert lock.standing() == standing
        ended = lock.release()

    writer.join(GENEROUS_S)
    assert written.is_set()
    assert ended.was_kept
    assert timedelta(seconds=0.3) <= ended.held_for < timedelta(seconds=GENEROUS_S)
    assert not is_locked(client)


def test_lock_that_somebody_ended_is_known_as_lost(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    profile, secrets = profile_of(server.uri), MemorySecrets()
    with (
        open_connection(profile, secrets) as connection,
        locked(connection, profile, secrets, timedelta(seconds=60), WATCHDOG) as lock,
    ):
        client.admin.command("fsyncUnlock")

        assert not lock.release().was_kept


def test_nothing_is_locked_when_the_watchdog_cannot_work(
    server: EmbeddedMongod, client: MongoClient[dict[str, Any]]
) -> None:
    profile, secrets = profile_of(server.uri), MemorySecrets()
    with (
        open_connection(profile, secrets) as connection,
        pytest.raises(SnapshotLockError, match="not ready"),
        locked(connection, profile, secrets, timedelta(seconds=60), ("/bin/true",)),
    ):
        raise AssertionError("it must not get here")

    assert not is_locked(client)


def test_user_without_the_privilege_locks_nothing(mongod_with_auth: GuardedServer) -> None:
    profile = profile_of(mongod_with_auth.uri_for(mongod_with_auth.reader))
    secrets = MemorySecrets()
    secrets.store(password_ref(ProfileId("p1")), Secret(mongod_with_auth.reader.password))
    with (
        open_connection(profile, secrets) as connection,
        pytest.raises(SnapshotLockError, match="could not be locked"),
        locked(connection, profile, secrets, timedelta(seconds=60), WATCHDOG),
    ):
        raise AssertionError("it must not get here")

    with MongoClient[dict[str, Any]](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        assert not is_locked(root)
        with pytest.raises(OperationFailure, match="not locked"):
            root.admin.command("fsyncUnlock")


def test_password_stands_in_no_process_list(mongod_with_auth: GuardedServer) -> None:
    root = mongod_with_auth.root
    profile = profile_of(mongod_with_auth.uri_for(root))
    secrets = MemorySecrets()
    secrets.store(password_ref(ProfileId("p1")), Secret(root.password))

    with (
        open_connection(profile, secrets) as connection,
        locked(connection, profile, secrets, timedelta(seconds=60), WATCHDOG),
    ):
        watchdogs = [p for p in Path("/proc").glob("[0-9]*") if _is_ours(p)]
        seen = [
            p for p in watchdogs for n in ("cmdline", "environ") if _holds(p / n, root.password)
        ]

    assert watchdogs
    assert seen == []


def _is_ours(process: Path) -> bool:
    return _holds(process / "cmdline", "lock-watchdog")


def _holds(file: Path, text: str) -> bool:
    try:
        return text.encode() in file.read_bytes()
    except OSError:
        return False
