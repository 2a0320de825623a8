"""Filesystem snapshots on real volumes: a live server under writes, and its files opened again."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient

from fakes.workstation import PROFILE, WAIT_S, Workstation, workstation
from journeys.command_line import SOURCE, CommandLine
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.errors import BackupProtectedError, SnapshotNotFoundError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.core.snapshots.snapshot import (
    LockUse,
    OwnCommands,
    Provider,
    Snapshot,
    SnapshotRequest,
)
from servers.loop_volumes import LoopVolume
from servers.mongod import mongod_binary

pytestmark = pytest.mark.mongod
DATABASE, NAME = "proof", "counter"
RECOVER = ("--setParameter", "recoverFromOplogAsStandalone=true")
ENOUGH = 100
GENEROUS_S = 40.0


@dataclass
class Writer:
    """Counts upwards as fast as the server acknowledges."""

    uri: str
    acknowledged: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> "Writer":
        self._thread = threading.Thread(target=self._write, name="writer")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._thread.join()

    def wait_for(self, more: int) -> None:
        with self.changed:
            wanted = self.acknowledged + more
            assert self.changed.wait_for(lambda: self.acknowledged >= wanted, GENEROUS_S)

    def _write(self) -> None:
        with MongoClient[dict[str, Any]](self.uri) as client:
            while not self.over.is_set():
                client[DATABASE][NAME].insert_one({"_id": self.acknowledged})
                with self.changed:
                    self.acknowledged += 1
                    self.changed.notify_all()


@pytest.fixture(autouse=True)
def source_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the watchdog's process find the program."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))


@pytest.fixture(params=["btrfs", "xfs"])
def volume(request: pytest.FixtureRequest) -> LoopVolume:
    found: LoopVolume = request.getfixturevalue(f"{request.param}_volume")
    return found


@contextmanager
def server_on(volume: LoopVolume, journal: Path | None = None) -> Iterator[EmbeddedMongod]:
    """Run a replica set of one whose files are on a volume."""
    folder = volume.data / "server"
    if journal is not None:
        (folder / "data").mkdir(parents=True)
        journal.mkdir()
        (folder / "data" / "journal").symlink_to(journal)
    try:
        with EmbeddedMongod(mongod_binary(), folder) as mongod:
            yield mongod
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as desk:
        yield desk


def take(at: Workstation, **choices: Any) -> RunStatus:
    run = at.services.snapshots.take(SnapshotRequest(PROFILE, **choices))
    return at.services.activity.wait(run, WAIT_S)


def taken(at: Workstation, **choices: Any) -> Snapshot:
    status = take(at, **choices)
    assert status.state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_WARNINGS), status.problem
    assert status.backup is not None
    return at.services.snapshots.find(status.backup)


def verified(at: Workstation, snapshot: Snapshot) -> Snapshot:
    run = at.services.snapshots.verify(snapshot.snapshot)
    status = at.services.activity.wait(run, WAIT_S)
    assert status.state is RunState.SUCCEEDED, (
        status.problem,
        status.result and status.result.losses,
    )
    return at.services.snapshots.find(snapshot.snapshot)


def delete(at: Workstation, snapshot: Snapshot) -> None:
    status = at.services.activity.wait(at.services.snapshots.delete(snapshot.snapshot), WAIT_S)
    assert status.state is RunState.SUCCEEDED, status.problem


@contextmanager
def opened(snapshot: Snapshot, folder: Path, *options: str) -> Iterator[MongoClient[Any]]:
    """Open a plain copy of a snapshot as a person would, without Mangrove."""
    data = folder / "opened" / "data"
    shutil.copytree(snapshot.parts[0].folder, data)
    (data / "mongod.lock").unlink()
    args = [*snapshot.layout.options, *options]
    with (
        EmbeddedMongod(mongod_binary(), data.parent, replica_set=None, extra_args=args) as mongod,
        MongoClient[dict[str, Any]](mongod.uri) as client,
    ):
        yield client
    shutil.rmtree(data.parent)


def written_until(client: MongoClient[Any], moment: OplogTimestamp) -> int:
    """Count by the live server's oplog what was written up to a moment."""
    until = Timestamp(moment.seconds, moment.increment)
    entries = client.local["oplog.rs"].find({"ns": f"{DATABASE}.{NAME}", "ts": {"$lte": until}})
    return sum(1 for entry in entries if entry["op"] == "i")


def is_locked(client: MongoClient[Any]) -> bool:
    return bool(client.admin.command("currentOp").get("fsyncLock"))


def test_locked_snapshot_holds_exactly_what_was_acknowledged_before_it(
    volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    with server_on(volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            before = writer.acknowledged
            snapshot = taken(at)
            writer.wait_for(ENOUGH)
        snapshot = verified(at, snapshot)
        assert snapshot.consistent_at is not None
        expected = written_until(client, snapshot.consistent_at)
        with opened(snapshot, tmp_path) as copy:  # plain: the lock forced a checkpoint
            held = sorted(document["_id"] for document in copy[DATABASE][NAME].find())
            validity = copy[DATABASE].command("validate", NAME)
        delete(at, snapshot)
        left = list(Path(snapshot.parts[0].name).parent.iterdir())

    assert before <= expected < writer.acknowledged
    assert held == list(range(expected))
    assert validity["valid"]
    assert snapshot.is_read_back
    assert snapshot.locked_for is not None
    assert timedelta() < snapshot.locked_for < timedelta(seconds=GENEROUS_S)
    assert left == []


def test_snapshot_without_the_lock_needs_its_oplog_replayed(
    btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    with server_on(btrfs_volume) as mongod:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            before = writer.acknowledged
            snapshot = taken(at, lock=LockUse.NO_LOCK)
            after = writer.acknowledged
        assert snapshot.locked_for is None
        assert snapshot.consistent_at is None

        snapshot = verified(at, snapshot)
        with opened(snapshot, tmp_path) as copy:
            plain = copy[DATABASE][NAME].count_documents({})
        with opened(snapshot, tmp_path, *RECOVER) as copy:
            held = sorted(document["_id"] for document in copy[DATABASE][NAME].find())
        delete(at, snapshot)

    assert plain < before  # the trap
    assert held == list(range(len(held)))
    assert before <= len(held) <= after + 1
    assert snapshot.consistent_at is not None


def test_f1_program_killed_between_lock_and_snapshot_leaves_no_lock(
    btrfs_volume: LoopVolume, tmp_path: Path
) -> None:
    command = CommandLine(tmp_path / "home")
    variables = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    command.variables.update(variables)
    pid_file = tmp_path / "pid"
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        command.json("profile", "add", PROFILE, "--uri", mongod.uri)
        hanging = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600"
        take_it = ("snapshot", "take", PROFILE, "--lock-limit", "10m", "--take-command", hanging)
        with command.start(*take_it) as process:
            try:
                _wait_until(pid_file.exists)
                assert is_locked(client)
            finally:
                process.kill()
            process.communicate()

        _wait_until(lambda: not is_locked(client))
        client[DATABASE][NAME].insert_one({"after": "the kill"})
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
        (left,) = command.json("snapshot", "list")["snapshots"]
        assert "was being taken" in left["problem"]
        command.json("snapshot", "delete", left["snapshot"])
        assert command.json("snapshot", "list")["snapshots"] == []


def test_f2_snapshot_command_that_hangs_is_ended_and_the_server_unlocked(
    btrfs_volume: LoopVolume, at: Workstation
) -> None:
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)

        status = take(at, commands=OwnCommands(take="sleep 600"), lock_limit=timedelta(seconds=2))

        assert status.state is RunState.FAILED
        assert status.problem is not None
        assert status.problem.code in ("snapshot-command", "snapshot-lock")
        assert not is_locked(client)
        client[DATABASE][NAME].insert_one({"after": "the hang"})
    with pytest.raises(SnapshotNotFoundError):
        at.services.snapshots.find("latest")


def test_f3_journal_on_another_volume_is_refused_without_the_lock_and_taken_whole_with_it(
    btrfs_volume: LoopVolume, xfs_volume: LoopVolume, at: Workstation
) -> None:
    with server_on(btrfs_volume, journal=xfs_volume.mount / "journal") as mongod:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            refused = take(at, lock=LockUse.NO_LOCK)
            snapshot = taken(at)
        assert refused.problem is not None
        assert refused.problem.code == "snapshot-refused"
        assert "journal on xfs" in refused.problem.message

        assert snapshot.provider is Provider.REFLINK
        assert [part.attach for part in snapshot.parts] == ["", "journal"]
        snapshot = verified(at, snapshot)
        delete(at, snapshot)
        shutil.rmtree(xfs_volume.mount / "journal")


def test_f4_snapshot_that_was_damaged_does_not_pass(
    btrfs_volume: LoopVolume, at: Workstation
) -> None:
    with server_on(btrfs_volume) as mongod:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            snapshot = taken(at)
        place = snapshot.parts[0].name
        subprocess.run(["btrfs", "property", "set", place, "ro", "false"], check=True)
        store = max(Path(snapshot.parts[0].folder).glob("collection-*.wt"), key=_size_of_proof)
        store.write_bytes(store.read_bytes()[:4096] + bytes(store.stat().st_size - 4096))

        run = at.services.snapshots.verify(snapshot.snapshot)
        status = at.services.activity.wait(run, WAIT_S)

        assert status.state in (RunState.SUCCEEDED_WITH_WARNINGS, RunState.FAILED)
        found = at.services.snapshots.find(snapshot.snapshot)
        assert found.proven is None
        delete(at, found)


def test_cancel_under_the_lock_unlocks_and_leaves_nothing(
    btrfs_volume: LoopVolume, at: Workstation
) -> None:
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)
        at.at_phase(Phase.SNAPSHOT, at.cancel)

        status = take(at, commands=OwnCommands(take="sleep 600"))

        assert status.state is RunState.CANCELLED, status.problem
        assert not is_locked(client)
        assert at.services.snapshots.all() == ()


def test_own_commands_take_mount_and_remove_a_snapshot(
    btrfs_volume: LoopVolume, at: Workstation
) -> None:
    place = btrfs_volume.mount / "own"
    own = OwnCommands(
        take=f"btrfs -q subvolume snapshot -r {btrfs_volume.data} {place}-{{id}} && "
        f"echo {place}-{{id}}",
        mount="echo {reference}/server/data",
        delete="btrfs -q subvolume delete {reference}",
    )
    with server_on(btrfs_volume) as mongod:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            snapshot = taken(at, commands=own)
        assert snapshot.provider is Provider.COMMANDS
        assert snapshot.parts[0].name == f"{place}-{snapshot.snapshot}"

        snapshot = verified(at, snapshot)
        delete(at, snapshot)

    assert not Path(snapshot.parts[0].name).exists()


def test_pinned_snapshot_is_not_deleted(btrfs_volume: LoopVolume, at: Workstation) -> None:
    with server_on(btrfs_volume) as mongod:
        at.add_profile(mongod.uri)
        snapshot = taken(at)
    at.services.snapshots.pin(snapshot.snapshot, "before the migration")

    with pytest.raises(BackupProtectedError, match="before the migration"):
        at.services.snapshots.delete(snapshot.snapshot)

    assert Path(snapshot.parts[0].folder).is_dir()
    at.services.snapshots.unpin(snapshot.snapshot)
    delete(at, snapshot)
    assert not Path(snapshot.parts[0].folder).exists()


def test_server_of_another_machine_is_refused_before_any_lock(
    btrfs_volume: LoopVolume, at: Workstation
) -> None:
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)
        lock_file = btrfs_volume.data / "server" / "data" / "mongod.lock"
        kept = lock_file.read_text()
        lock_file.write_text("4\n")  # as on a machine where another server has that folder

        status = take(at)

        lock_file.write_text(kept)
        assert status.problem is not None
        assert status.problem.code == "snapshot-refused"
        assert "another server" in status.problem.message
        assert not is_locked(client)


def _size_of_proof(path: Path) -> int:
    return path.stat().st_size


def _wait_until(holds: Any) -> None:
    patience = threading.Event()
    for _ in range(round(GENEROUS_S / 0.05)):
        if holds():
            return
        patience.wait(0.05)
    raise AssertionError("it never came to that")
