"""A snapshot's files in a vault: copied, gone on with, verified, restored, and opened by hand."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import VAULT, WAIT_S, Workstation
from integration.test_snapshots import (
    DATABASE,
    ENOUGH,
    NAME,
    RECOVER,
    Writer,
    at,
    delete,
    server_on,
    source_path,
    taken,
    verified,
    written_until,
)
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.errors import PointNotReachableError, TargetNotEmptyError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.vaults.vault import identity_ref
from mangrove.core.verification import Level, VerifyRequest
from servers.loop_volumes import LoopVolume
from servers.mongod import mongod_binary

pytestmark = pytest.mark.mongod
__all__ = ["at", "source_path"]


@contextmanager
def a_snapshot(at: Workstation, volume: LoopVolume, *, proven: bool = False) -> Iterator[Snapshot]:
    with server_on(volume) as mongod:
        at.add_profile(mongod.uri)
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            snapshot = taken(at)
        yield verified(at, snapshot) if proven else snapshot
        delete(at, snapshot)


def copied(at: Workstation, snapshot: Snapshot) -> RunStatus:
    return at.services.activity.wait(at.services.snapshots.copy(snapshot.snapshot, VAULT), WAIT_S)


def restored(at: Workstation, what: str, folder: Path) -> RunStatus:
    run = at.services.snapshots.restore(what, str(folder))
    return at.services.activity.wait(run, WAIT_S)


def plain_files(folder: Path) -> dict[str, bytes]:
    left_out = ("mongod.lock", "WiredTiger.lock")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in left_out and "diagnostic.data" not in path.parts
    }


def test_f4_restored_copy_starts_a_mongod_and_passes_validate(
    btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    at.add_vault()
    with a_snapshot(at, btrfs_volume, proven=True) as snapshot:
        status = copied(at, snapshot)
        assert status.state is RunState.SUCCEEDED, status.problem
        source = plain_files(Path(snapshot.parts[0].folder))
    assert status.backup is not None
    (record,) = at.services.backups.all()
    assert record.backup == status.backup
    assert record.is_physical
    assert record.is_whole
    assert record.databases == (DATABASE,)
    assert record.consistent_at == snapshot.consistent_at
    explained = at.services.backups.explain(record.backup)
    assert "Physical backup" in explained.text

    for level in (Level.STORED, Level.DECODED, Level.RESTORED):
        proven = at.verify(VerifyRequest(record.backup, level))
        assert proven.state is RunState.SUCCEEDED, (proven.problem, proven.result)
    (found,) = at.services.backups.all()
    assert found.proven is not None
    assert found.proven.level is Level.RESTORED

    folder = tmp_path / "restored"
    assert restored(at, record.backup, folder).state is RunState.SUCCEEDED
    assert plain_files(folder / "data") == source
    guide = (folder / "RESTORE.txt").read_text()
    assert "recoverFromOplogAsStandalone=true" in guide
    assert str(folder / "data") in guide
    with (
        EmbeddedMongod(mongod_binary(), folder, replica_set=None, extra_args=RECOVER) as mongod,
        MongoClient[dict[str, Any]](mongod.uri) as client,
    ):
        assert client[DATABASE][NAME].count_documents({}) >= ENOUGH
        assert client[DATABASE].command("validate", NAME)["valid"]


def test_documents_are_not_asked_of_files(
    btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    at.add_vault()
    with a_snapshot(at, btrfs_volume) as snapshot:
        status = copied(at, snapshot)
        assert status.backup is not None

        refused = at.restore(status.backup)

        assert refused.problem is not None
        assert "snapshot restore" in refused.problem.hint
        occupied = tmp_path / "occupied"
        occupied.mkdir()
        (occupied / "mine.txt").write_text("mine")
        ended = restored(at, status.backup, occupied)
        assert ended.problem is not None
        assert ended.problem.code == TargetNotEmptyError.code
        assert [p.name for p in occupied.iterdir()] == ["mine.txt"]


def test_interrupted_copy_goes_on_where_it_was(btrfs_volume: LoopVolume, at: Workstation) -> None:
    at.add_vault()
    with a_snapshot(at, btrfs_volume) as snapshot:
        hidden = btrfs_volume.mount / "hidden"

        place = Path(snapshot.parts[0].name).parent

        def take_away(_: RunStatus) -> None:
            place.rename(hidden)

        at.at_phase(Phase.COPY_FILES, take_away, half_way=True)
        broken = copied(at, snapshot)
        hidden.rename(place)
        assert broken.state is RunState.FAILED, broken.result
        begun = {name for name in at.files() if "/files/" in name}
        assert begun
        assert at.services.backups.all() == ()

        status = copied(at, snapshot)

        assert status.state is RunState.SUCCEEDED, status.problem
        assert begun <= set(at.files())
        assert status.backup is not None
        proven = at.verify(VerifyRequest(status.backup, Level.DECODED))
        assert proven.state is RunState.SUCCEEDED


def test_cancelled_copy_leaves_nothing(btrfs_volume: LoopVolume, at: Workstation) -> None:
    at.add_vault()
    before = set(at.files())
    with a_snapshot(at, btrfs_volume) as snapshot:
        at.at_phase(Phase.COPY_FILES, at.cancel, half_way=True)

        status = copied(at, snapshot)

        assert status.state is RunState.CANCELLED, status.problem
        assert {name for name in set(at.files()) - before if "/files/" in name} == set()


def test_copy_opens_by_hand(btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path) -> None:
    spec = at.add_vault()
    with a_snapshot(at, btrfs_volume) as snapshot:
        assert copied(at, snapshot).state is RunState.SUCCEEDED
        source = plain_files(Path(snapshot.parts[0].folder))
    key = tmp_path / "identity.txt"
    key.write_text(at.secrets.fetch(identity_ref(spec.vault_id)).reveal())
    pieces = sorted(at.vault_folder.rglob("files/WiredTiger.turtle.*.zst.age"))
    shell = f"for f in {' '.join(map(str, pieces))}; do age -d -i {key} $f | zstd -dc; done"

    opened = subprocess.run(["sh", "-c", shell], capture_output=True, check=True).stdout

    assert opened == source["WiredTiger.turtle"]


def test_captured_oplog_leads_from_a_snapshot_to_any_moment(
    btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    at.add_vault()
    with server_on(btrfs_volume) as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        at.add_profile(mongod.uri)
        client[DATABASE]["others"].insert_one({"_id": 1})
        at.capture()
        with Writer(mongod.uri) as writer:
            writer.wait_for(ENOUGH)
            snapshot = taken(at)
            writer.wait_for(ENOUGH)
            client[DATABASE]["others"].create_index("late")
            client[DATABASE]["others"].update_one({"_id": 1}, {"$set": {"late": True}})
            writer.wait_for(ENOUGH)
        snapshot = verified(at, snapshot)
        assert at.capture().state is RunState.SUCCEEDED
        entry = client.local["oplog.rs"].find_one({"ns": f"{DATABASE}.others", "op": "u"})
        assert entry is not None
        ts = entry["ts"]
        limit = OplogTimestamp(ts.time, ts.inc + 1)
        expected = written_until(client, OplogTimestamp(ts.time, ts.inc))

        (kept,) = at.services.points.timeline("shop").elsewhere
        assert kept.covers(limit.at)
        run = at.services.snapshots.restore(snapshot.snapshot, str(tmp_path / "then"), limit)
        status = at.services.activity.wait(run, WAIT_S)
        assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
        delete(at, snapshot)

    guide = (tmp_path / "then" / "RESTORE.txt").read_text()
    assert "recoverFromOplogAsStandalone" not in guide
    server = EmbeddedMongod(mongod_binary(), tmp_path / "then", replica_set=None)
    with server as mongod, MongoClient[dict[str, Any]](mongod.uri) as client:
        held = sorted(document["_id"] for document in client[DATABASE][NAME].find())
        others = client[DATABASE]["others"]
        assert held == list(range(expected))
        assert others.find_one() == {"_id": 1, "late": True}
        assert "late_1" in others.index_information()
        assert client[DATABASE].command("validate", NAME)["valid"]


def test_moment_that_nothing_leads_to_is_refused_before_anything_is_written(
    btrfs_volume: LoopVolume, at: Workstation, tmp_path: Path
) -> None:
    with a_snapshot(at, btrfs_volume, proven=True) as snapshot:
        assert snapshot.consistent_at is not None
        later = OplogTimestamp(snapshot.consistent_at.seconds + 60, 1)

        with pytest.raises(PointNotReachableError, match="no captured oplog"):
            at.services.snapshots.restore(snapshot.snapshot, str(tmp_path / "x"), later)

        assert not (tmp_path / "x").exists()
