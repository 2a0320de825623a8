"""Buckets that keep versions and lock objects: asked, used, and never said to be empty."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from contract.storage_suite import NAME, StorageSuite
from mangrove.app.clock import SystemClock
from mangrove.core.blobs import BlobName
from mangrove.core.errors import StorageDeniedError, StorageUnavailableError
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.object_lock import KEEPS_NOTHING, Keeping, ObjectLock, ObjectLockMode
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.keeping import hidden_in, hidden_of
from mangrove.vault.storage.connecting import Patience
from mangrove.vault.storage.locking import locking
from mangrove.vault.storage.s3 import S3Storage
from servers.object_stores import ObjectStore, admin_of
from servers.process import HOST, free_port

BRISK = Patience(connect_s=2, read_s=20, retries=1, retry_s=5, first_wait_s=0.01)
MONTH = ObjectLock(30, ObjectLockMode.COMPLIANCE)
NOW = SystemClock().now().replace(microsecond=0)
pytestmark = pytest.mark.storage


def open_at(store: ObjectStore, prefix: str = "", options: str = "") -> S3Storage:
    url = store.url.replace("?", f"/{prefix}?") if prefix else store.url
    keys = (store.access_key, Secret(store.secret_key))
    return S3Storage(parse_vault_url(url + options), *keys, lambda: NOW, BRISK)


class TestLocked(StorageSuite):
    @pytest.fixture
    def storage(self, locked_s3: ObjectStore) -> Storage:
        return locking(open_at(locked_s3, "team", "&checksum=sha256"), MONTH, lambda: NOW)


def test_a_bucket_says_what_it_keeps(
    moto_s3: ObjectStore, rclone_s3: ObjectStore, locked_s3: ObjectStore
) -> None:
    assert open_at(moto_s3).keeping() == KEEPS_NOTHING
    assert open_at(rclone_s3).keeping() == KEEPS_NOTHING
    assert open_at(locked_s3).keeping() == Keeping(has_versions=True, has_lock=True)


def test_what_a_bucket_does_by_itself_is_said_too(locked_s3: ObjectStore) -> None:
    with admin_of(locked_s3) as owner:
        owner.put_object_lock_configuration(
            Bucket=locked_s3.bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}},
            },
        )
        owner.put_bucket_lifecycle_configuration(
            Bucket=locked_s3.bucket,
            LifecycleConfiguration={
                "Rules": [
                    _expiry("all", 40),
                    _expiry("others", 3, prefix="elsewhere/"),
                    _expiry("off", 1, status="Disabled"),
                ]
            },
        )

    found = open_at(locked_s3).keeping()

    assert found.default_lock == ObjectLock(365, ObjectLockMode.GOVERNANCE)
    assert found.clears_after_days == 40


def _expiry(name: str, days: int, prefix: str = "", status: str = "Enabled") -> dict[str, object]:
    return {
        "ID": name,
        "Status": status,
        "Filter": {"Prefix": prefix},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
    }


def test_what_is_removed_is_hidden_and_can_be_read_again(versioned_s3: ObjectStore) -> None:
    storage, other = open_at(versioned_s3, "one"), open_at(versioned_s3, "two")
    other.put(NAME, [b"of somebody else"])
    other.delete(NAME)
    for content in (b"first", b"second, longer"):
        storage.put(NAME, [content])
        storage.delete(NAME)

    assert list(storage.list()) == []
    found = list(storage.versions(NAME))
    assert [version.is_current for version in found] == [False, False]
    assert [b"".join(storage.get_version(v)) for v in found] == [b"second, longer", b"first"]
    hidden = hidden_in(storage, "")
    assert (hidden.versions, hidden.size_bytes, hidden.locked_until) == (2, 19, None)
    assert hidden_of(storage, {BlobName("another")}).is_nothing


def test_versions_are_listed_page_by_page(
    versioned_s3: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Storage, "PAGE", 2)
    storage = open_at(versioned_s3)
    names = [BlobName(f"odd names/ä & <{n}>") for n in range(5)]
    for name in names:
        storage.put(name, [b"x"])

    assert [version.name for version in storage.versions("odd")] == names
    assert all(version.is_current for version in storage.versions())


def test_everything_but_what_passes_is_locked_and_stays(locked_s3: ObjectStore) -> None:
    storage = open_at(locked_s3, options="&checksum=sha256")
    locked = locking(storage, MONTH, lambda: NOW)
    large = os.urandom(9 << 20)
    locked.put(NAME, [large])
    locked.put(BlobName("_locks/shared-1.json"), [b"{}"])
    locked.delete(NAME)

    (version,) = storage.versions(NAME)
    assert storage.locked_until(version) == NOW + timedelta(days=30)
    assert hidden_in(locked, "").locked_until == NOW + timedelta(days=30)
    (passing,) = storage.versions("_locks")
    assert storage.locked_until(passing) is None
    with admin_of(locked_s3) as owner, pytest.raises(ClientError, match="AccessDenied"):
        owner.delete_object(Bucket=locked_s3.bucket, Key=NAME, VersionId=version.version)
    assert b"".join(storage.get_version(version)) == large


def test_what_cannot_be_locked_counts_as_not_stored(versioned_s3: ObjectStore) -> None:
    locked = locking(open_at(versioned_s3), MONTH, lambda: NOW)

    with pytest.raises(StorageDeniedError, match="lock it"):
        locked.put(NAME, [b"x"])

    assert list(locked.list()) == []


def test_a_server_that_does_not_answer_is_unavailable_and_wrong_keys_are_told(
    rclone_s3: ObjectStore,
) -> None:
    nobody = replace(rclone_s3, endpoint=f"http://{HOST}:{free_port()}")
    with pytest.raises(StorageUnavailableError):
        open_at(nobody).keeping()

    found = open_at(replace(rclone_s3, secret_key="WRONG" * 3)).keeping()

    assert "may not ask" in found.problem
    assert "WRONG" not in found.sentence
