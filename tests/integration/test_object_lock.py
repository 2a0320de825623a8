"""A vault in a bucket that locks: noticed, used, and what stays there never called deleted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pymongo import MongoClient

from fakes.clock import FakeClock
from fakes.workstation import Workstation, content, fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidPolicyError, StorageDeniedError
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.run import RunState
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import ObjectLock, ObjectLockMode
from mangrove.vault.storage import connecting
from mangrove.vault.storage.connecting import Patience
from servers.object_stores import ObjectStore, admin_of

pytestmark = [pytest.mark.mongod, pytest.mark.slow, pytest.mark.storage]
WEEK = ObjectLock(7, ObjectLockMode.COMPLIANCE)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SystemClock().now())


@pytest.fixture
def desk(
    tmp_path: Path, replica_set: EmbeddedMongod, clock: FakeClock, database_name: str
) -> Iterator[Workstation]:
    with workstation(tmp_path, clock=clock) as opened, MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 0.5)
        opened.add_profile(replica_set.uri)
        yield opened


def add_vault(desk: Workstation, store: ObjectStore, lock: ObjectLock | None = WEEK) -> None:
    desk.add_vault(
        store.url,
        access_key=store.access_key,
        secret_key=Secret(store.secret_key),
        object_lock=lock,
    )


def test_what_is_pruned_is_hidden_and_said_to_be_so_until_a_date(
    desk: Workstation, locked_s3: ObjectStore, clock: FakeClock, database_name: str
) -> None:
    add_vault(desk, locked_s3)
    selection = Selection(databases=(database_name,))
    first = desk.backup(selection=selection)
    clock.advance(timedelta(days=3))
    assert desk.backup(selection=selection).state is RunState.SUCCEEDED
    retention = desk.services.retention
    retention.set_policy(
        "attic",
        RetentionPolicy((KeepRule(Period.LAST, 1),), minimum_redundancy=1, undo=timedelta(0)),
    )
    clock.advance(timedelta(days=3))

    status = desk.services.activity.wait(retention.start_prune("attic"), 60)

    assert status.result is not None, status
    figures = dict(status.result.figures)
    assert (figures["purged"], figures["freed_bytes"]) == (1, 0)
    assert figures["hidden_bytes"] > 400_000
    assert "hidden, not removed until" in status.result.summary
    assert "removed for good" not in status.result.summary
    health = desk.services.vaults.check("attic")
    assert (health.backups, health.keeping.has_lock) == (1, True)
    report = desk.services.upkeep.inspect("attic")
    assert report.hidden.size_bytes >= figures["hidden_bytes"]
    with admin_of(locked_s3) as owner:
        found = owner.list_object_versions(Bucket=locked_s3.bucket)["Versions"]
        own = [v for v in found if first.backup and first.backup in v["Key"]]
        assert own
        for version in own:
            place = {"Bucket": locked_s3.bucket, "Key": version["Key"]}
            with pytest.raises(ClientError, match="AccessDenied"):
                owner.delete_object(**place, VersionId=version["VersionId"])


def test_a_lock_that_cannot_be_had_makes_no_vault(
    desk: Workstation, versioned_s3: ObjectStore, tmp_path: Path
) -> None:
    with pytest.raises(StorageDeniedError, match="locks no objects"):
        add_vault(desk, versioned_s3)
    with pytest.raises(StorageDeniedError, match="locks no objects"):
        desk.add_vault((tmp_path / "plain").as_uri(), object_lock=WEEK)
    with pytest.raises(InvalidPolicyError):
        add_vault(desk, versioned_s3, ObjectLock(0))

    assert desk.services.vaults.all() == ()
    assert not (tmp_path / "plain").exists()
    assert desk.secrets._kept == {}


def say_it_as_moto_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the checksum in one more header.

    moto 5.2 takes nothing into a bucket that locks by itself without it, or an MD5; S3 itself
    takes x-amz-checksum-sha256 alone, and refuses an x-amz header that is not signed.
    """
    usual = connecting._client

    def with_one_more(endpoint: str, patience: Patience) -> Any:
        headers = {"x-amz-sdk-checksum-algorithm": "SHA256"}
        return {**usual(endpoint, patience), "default_headers": headers}

    monkeypatch.setattr(connecting, "_client", with_one_more)


def test_versions_are_noticed_and_a_restore_works_from_a_bucket_that_locks_by_itself(
    desk: Workstation,
    locked_s3: ObjectStore,
    database_name: str,
    replica_set: EmbeddedMongod,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say_it_as_moto_asks(monkeypatch)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 5}}
    with admin_of(locked_s3) as owner:
        owner.put_object_lock_configuration(
            Bucket=locked_s3.bucket,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
    add_vault(desk, locked_s3, None)

    (spec,) = desk.services.vaults.all()
    assert spec.keeping is not None
    assert spec.keeping.default_lock == ObjectLock(5)
    taken = desk.backup(selection=Selection(databases=(database_name,)))
    assert taken.backup is not None
    restored = desk.restore(taken.backup)
    assert restored.state is RunState.SUCCEEDED, restored
    assert restored.result is not None
    with MongoClient[Any](replica_set.uri) as client:
        (copy,) = restored.result.targets
        assert content(client)[copy] == content(client)[database_name]
