"""A vault with mirrors at work: backups are copied on, shown when late, and read when needed."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.clock import FakeClock
from fakes.workstation import Workstation, content, fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidVaultUrlError, NameTakenError, VaultNotFoundError
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.run import RunState, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.vaults.report import FindingKind
from mangrove.core.verification import Level, VerifyRequest
from mangrove.services.mirrors import MirrorDraft
from servers.object_stores import ObjectStore, admin_of

pytestmark = [pytest.mark.mongod, pytest.mark.slow, pytest.mark.storage]


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        opened.add_vault()
        opened.add_profile(replica_set.uri)
        yield opened


def bucket(store: ObjectStore) -> MirrorDraft:
    return MirrorDraft("bucket", store.url, store.access_key, Secret(store.secret_key))


def test_a_backup_is_copied_on_and_restored_when_the_vault_is_gone(
    desk: Workstation, replica_set: EmbeddedMongod, moto_s3: ObjectStore, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 2)
        before = content(client)[database_name]
    mirrors = desk.services.mirrors
    mirrors.add("attic", bucket(moto_s3))

    taken = desk.backup(selection=Selection(databases=(database_name,)))
    assert taken.state is RunState.SUCCEEDED, taken
    (state,) = mirrors.states("attic")
    assert (state.is_complete, state.backups) == (True, 1)
    shutil.rmtree(desk.vault_folder)
    assert taken.backup is not None
    restored = desk.restore(taken.backup)

    assert restored.state is RunState.SUCCEEDED, restored
    assert restored.result is not None
    assert "read from the mirror bucket" in restored.result.warnings[0]
    assert "the vault itself" in restored.result.warnings[1]
    with MongoClient[Any](replica_set.uri) as client:
        (copy,) = restored.result.targets
        assert content(client)[copy] == before


def test_a_mirror_that_is_not_there_is_a_warning_and_caught_up_with_later(
    desk: Workstation, replica_set: EmbeddedMongod, tmp_path: Path, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 1)
    folder = tmp_path / "usb"
    desk.services.mirrors.add("attic", MirrorDraft("usb", folder.as_uri()))
    folder.rename(tmp_path / "unplugged")

    taken = desk.backup(selection=Selection(databases=(database_name,)))

    assert taken.result is not None
    assert any("mirror usb is late" in warning for warning in taken.result.warnings)
    (tmp_path / "unplugged").rename(folder)
    status = desk.services.activity.wait(desk.services.mirrors.start_sync("attic"), 60)
    assert status.state is RunState.SUCCEEDED, status
    assert desk.services.mirrors.states("attic")[0].is_complete


def prune(desk: Workstation) -> RunStatus:
    return desk.services.activity.wait(desk.services.retention.start_prune("attic"), 60)


def keep_one(desk: Workstation, clock: FakeClock) -> None:
    policy = RetentionPolicy((KeepRule(Period.LAST, 1),), undo=timedelta(0))
    desk.services.retention.set_policy("attic", policy)
    clock.advance(timedelta(days=3))


def test_a_prune_shrinks_every_mirror_and_a_late_one_with_the_next(
    tmp_path: Path, replica_set: EmbeddedMongod, moto_s3: ObjectStore, database_name: str
) -> None:
    clock = FakeClock(SystemClock().now())
    folder = tmp_path / "usb"
    with workstation(tmp_path, clock=clock) as desk:
        desk.add_vault()
        desk.add_profile(replica_set.uri)
        with MongoClient[Any](replica_set.uri) as client:
            fill(client, database_name, 0.2)
        desk.services.mirrors.add("attic", bucket(moto_s3))
        desk.services.mirrors.add("attic", MirrorDraft("usb", folder.as_uri()))
        taken = []
        for _ in range(3):
            taken.append(desk.backup(selection=Selection(databases=(database_name,))).backup)
            clock.advance(timedelta(days=1))
        folder.rename(tmp_path / "unplugged")
        keep_one(desk, clock)

        status = prune(desk)

        assert status.state is RunState.SUCCEEDED
        assert status.result is not None
        assert "2 backups removed in the mirror bucket, too" in status.result.summary
        assert "mirror usb was not shrunk" in status.result.warnings[0]
        (cloud, _) = desk.services.mirrors.states("attic")
        assert (cloud.backups, cloud.surplus, cloud.problem) == (1, (), "")
        (tmp_path / "unplugged").rename(folder)

        status = prune(desk)

        assert status.result is not None
        assert "2 backups removed in the mirror usb, too" in status.result.summary
        assert not [p for p in folder.rglob("*") if str(taken[0]) in str(p) and p.is_file()]
        assert [p for p in folder.rglob("*") if str(taken[2]) in str(p)]


def test_what_was_stolen_from_the_vault_stays_in_the_mirror_and_comes_back(
    desk: Workstation, replica_set: EmbeddedMongod, moto_s3: ObjectStore, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 0.5)
    desk.services.mirrors.add("attic", bucket(moto_s3))
    selection = Selection(databases=(database_name,))
    stolen, damaged, flipped = [desk.backup(selection=selection).backup for _ in range(3)]
    assert stolen
    assert damaged
    assert flipped
    before = desk.files()
    shutil.rmtree(desk.vault_folder / "shop" / stolen)
    (segment,) = (desk.vault_folder / "shop" / damaged).rglob("big.0000.bson.zst.age")
    segment.write_bytes(segment.read_bytes()[:-1])
    next((desk.vault_folder / "shop" / damaged).rglob("*.metadata.json.zst.age")).unlink()
    (segment,) = (desk.vault_folder / "shop" / flipped).rglob("big.0000.bson.zst.age")
    content_ = bytearray(segment.read_bytes())
    content_[-20] ^= 1
    segment.write_bytes(content_)
    assert desk.verify(VerifyRequest(flipped, Level.STORED)).state is not RunState.SUCCEEDED

    pruned = prune(desk)
    assert pruned.result is not None
    assert any("nobody deleted" in warning for warning in pruned.result.warnings)
    mending = desk.services.upkeep.start_mending("attic")
    assert mending is not None
    status = desk.services.activity.wait(mending, 60)

    assert status.result is not None, status
    assert status.result.losses == ()
    assert "from the mirror bucket" in status.result.summary
    after = desk.files()
    own = {n: data for n, data in before.items() if "/evidence/" not in n and "_" not in n[0]}
    assert {n: after.get(n) == data for n, data in own.items()} == dict.fromkeys(own, True)
    assert desk.services.vaults.check("attic").missing == ()
    assert desk.verify(VerifyRequest(flipped, Level.STORED)).state is RunState.SUCCEEDED
    assert desk.services.upkeep.inspect("attic").is_sound


def test_what_was_overwritten_in_a_bucket_comes_back_from_its_earlier_versions(
    desk: Workstation, replica_set: EmbeddedMongod, versioned_s3: ObjectStore, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 0.2)
    keys = {"access_key": versioned_s3.access_key, "secret_key": Secret(versioned_s3.secret_key)}
    desk.add_vault(versioned_s3.url, name="cloud", **keys)
    taken = desk.backup(vault="cloud", selection=Selection(databases=(database_name,))).backup
    with admin_of(versioned_s3) as thief:
        found = thief.list_objects_v2(Bucket=versioned_s3.bucket)["Contents"]
        for entry in found:
            if "manifest" in entry["Key"]:
                thief.delete_object(Bucket=versioned_s3.bucket, Key=entry["Key"])
            elif str(taken) in entry["Key"]:
                place = {"Bucket": versioned_s3.bucket, "Key": entry["Key"]}
                thief.put_object(**place, Body=b"encrypted by us")
                thief.put_object(**place, Body=b"pay")
    assert desk.services.vaults.check("cloud").missing == (taken,)
    left = desk.services.upkeep.repair("cloud")
    assert FindingKind.DEBRIS not in [finding.kind for finding in left.repaired]

    mending = desk.services.upkeep.start_mending("cloud")

    assert mending is not None
    status = desk.services.activity.wait(mending, 60)
    assert status.result is not None, status
    assert status.result.losses == ()
    assert desk.services.upkeep.inspect("cloud").is_sound
    assert taken is not None
    assert desk.verify(VerifyRequest(taken, Level.DECODED)).state is RunState.SUCCEEDED


def test_a_slice_is_in_the_mirror_as_soon_as_it_is_captured(
    desk: Workstation, replica_set: EmbeddedMongod, tmp_path: Path, database_name: str
) -> None:
    folder = tmp_path / "usb"
    desk.services.mirrors.add("attic", MirrorDraft("usb", folder.as_uri()))
    folder.rename(tmp_path / "unplugged")

    late = desk.capture()

    assert late.result is not None
    assert any("the mirror usb is late" in warning for warning in late.result.warnings)
    (tmp_path / "unplugged").rename(folder)
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 0.1)
    done = desk.capture()
    assert done.result is not None
    assert not any("usb" in warning for warning in done.result.warnings)
    slices = {p.name: p.read_bytes() for p in folder.rglob("oplog/*/*")}
    own = {p.name: p.read_bytes() for p in desk.vault_folder.rglob("oplog/*/*")}
    assert len(slices) == 4  # two slices with their signatures: the late one is caught up with
    assert slices == own


def test_a_mirror_is_refused_twice_and_forgotten_with_its_secret(
    desk: Workstation, moto_s3: ObjectStore
) -> None:
    mirrors = desk.services.mirrors
    mirrors.add("attic", bucket(moto_s3))

    with pytest.raises(NameTakenError):
        mirrors.add("attic", MirrorDraft("Bucket", "file:///elsewhere"))
    with pytest.raises(InvalidVaultUrlError):
        mirrors.add("attic", MirrorDraft("same", desk.vault_folder.as_uri()))
    mirrors.remove("attic", "bucket")

    assert mirrors.states("attic") == ()
    assert not [name for name in desk.secrets._kept if "mirror" in str(name)]
    with pytest.raises(VaultNotFoundError):
        mirrors.start_sync("attic")
