import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.each_call import each_call
from contract.memory_use import resident_bytes
from contract.storage_suite import NAME, StorageSuite
from fakes.vaults import SLUG, USERS, new_id, new_vault
from mangrove.core.backup import Compression
from mangrove.core.blobs import BlobName, BlobPlace, BlobRole
from mangrove.core.errors import StorageDeniedError, StorageUnavailableError
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.storage.connecting import Patience
from mangrove.vault.storage.object_store import ObjectStorage
from servers.object_stores import ObjectStore, rclone_binary
from servers.process import HOST, free_port, is_listening, running

BRISK = Patience(connect_s=2, read_s=20, retries=1, retry_s=5)
pytestmark = pytest.mark.storage


def open_at(store: ObjectStore, prefix: str = "") -> ObjectStorage:
    url = store.url.replace("?", f"/{prefix}?") if prefix else store.url
    return ObjectStorage(parse_vault_url(url), store.access_key, Secret(store.secret_key), BRISK)


class TestRclone(StorageSuite):
    refuses_to_overwrite_large = False  # rclone 1.75 ignores If-None-Match

    @pytest.fixture
    def storage(self, rclone_s3: ObjectStore) -> Storage:
        return open_at(rclone_s3)


class TestMoto(StorageSuite):
    @pytest.fixture
    def storage(self, moto_s3: ObjectStore) -> Storage:
        return open_at(moto_s3)


class TestRclonePrefix(StorageSuite):
    refuses_to_overwrite_large = False

    @pytest.fixture
    def storage(self, rclone_s3: ObjectStore) -> Storage:
        return open_at(rclone_s3, "some/team")


def test_a_prefix_keeps_vaults_in_one_bucket_apart(rclone_s3: ObjectStore) -> None:
    one, two = open_at(rclone_s3, "one"), open_at(rclone_s3, "one-two")
    one.put(BlobName("a"), [b"1"])
    two.put(BlobName("a"), [b"2"])

    assert [info.name for info in one.list()] == ["a"]
    assert b"".join(one.get(BlobName("a"))) == b"1"
    assert rclone_s3.folder is not None
    assert (rclone_s3.folder / "one-two" / "a").read_bytes() == b"2"


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_wrong_keys_are_denied_and_not_shown(rclone_s3: ObjectStore, wrong: str) -> None:
    storage = open_at(replace(rclone_s3, **{wrong: "WRONGWRONGWRONG"}))

    for name, call in each_call(storage):
        with pytest.raises(StorageDeniedError) as caught:
            call()
        assert "WRONG" not in f"{caught.value} {caught.value.hint}", name


def test_without_keys_a_private_blob_is_denied(moto_s3: ObjectStore) -> None:
    open_at(moto_s3).put(NAME, [b"x"])
    storage = ObjectStorage(parse_vault_url(moto_s3.url), "", None, BRISK)

    with pytest.raises(StorageDeniedError):
        storage.get(NAME)


def test_a_storage_that_asks_for_keys_says_so_and_shows_no_xml(rclone_s3: ObjectStore) -> None:
    storage = ObjectStorage(parse_vault_url(rclone_s3.url), "", None, BRISK)

    for name, call in each_call(storage):
        with pytest.raises(StorageDeniedError, match="asks for keys") as caught:
            call()
        assert "--access-key" in caught.value.hint, name
        assert "<" not in caught.value.message, name


@pytest.mark.slow
def test_a_blob_may_come_from_another_object_store(
    moto_s3: ObjectStore, rclone_s3: ObjectStore
) -> None:
    source, target = open_at(moto_s3), open_at(rclone_s3)
    content = os.urandom(3 << 20) * 10
    source.put(NAME, [content])

    target.put(NAME, source.get(NAME))

    assert b"".join(target.get(NAME)) == content


@pytest.mark.parametrize("server", ["rclone_s3", "moto_s3"])
def test_a_missing_bucket_is_unavailable(server: str, request: pytest.FixtureRequest) -> None:
    store: ObjectStore = request.getfixturevalue(server)
    storage = open_at(replace(store, bucket="no-such-bucket"))

    for name, call in each_call(storage):
        with pytest.raises(StorageUnavailableError) as caught:
            call()
        assert "bucket" in str(caught.value), name


def test_a_server_that_is_not_there_is_unavailable() -> None:
    nobody = ObjectStore(f"http://{HOST}:{free_port()}", "bucket", "AK", "sk")

    for _, call in each_call(open_at(nobody)):
        with pytest.raises(StorageUnavailableError):
            call()


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "buckets" / "bucket").mkdir(parents=True)
    port = free_port()
    store = ObjectStore(f"http://{HOST}:{port}", "bucket", "AKIATEST", "secretsecret")
    command = [rclone_binary(), "serve", "s3", str(tmp_path / "buckets")]
    keys = f"{store.access_key},{store.secret_key}"
    options = ["--addr", f"{HOST}:{port}", "--auth-key", keys, "--config", str(tmp_path / "c")]
    storage = open_at(store)
    server = running([*command, *options], lambda: is_listening(port), log=tmp_path / "log")
    gone = threading.Event()

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield os.urandom(1 << 20)
        server.__exit__(None, None, None)
        gone.set()
        for _ in range(40):
            yield os.urandom(1 << 20)

    server.__enter__()
    try:
        with pytest.raises(StorageUnavailableError):
            storage.put(NAME, chunks())
    finally:
        if not gone.is_set():
            server.__exit__(None, None, None)
    assert [p for p in (tmp_path / "buckets").rglob("users*") if p.is_file()] == []


@pytest.mark.slow
def test_a_large_encrypted_blob_needs_little_memory(rclone_s3: ObjectStore) -> None:
    vault = new_vault(open_at(rclone_s3))
    block = os.urandom(1 << 20)
    before, seen = resident_bytes(), [0]

    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            seen.append(resident_bytes())
            yield block

    with vault.open().begin(SLUG, new_id()) as draft:
        place = BlobPlace(BlobRole.SEGMENT, USERS, Compression.NONE)
        receipt = draft.put(place, chunks())
        segment = StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, 200 << 20)
        draft.compare(segment)
        seen.append(resident_bytes())
        total = 0
        for chunk in vault.open().read(segment):
            total += len(chunk)
            seen.append(resident_bytes())

    assert total == 200 << 20
    assert max(seen) - before < 60 << 20
