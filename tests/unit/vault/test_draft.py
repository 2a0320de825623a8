import threading
from collections.abc import Iterable, Iterator

import pytest
from typing_extensions import override

from fakes.memory_storage import MemoryStorage
from fakes.vaults import (
    ORDERS,
    SLUG,
    USERS,
    TestVault,
    entry,
    manifest_for,
    new_id,
    new_vault,
    put,
    write_backup,
)
from mangrove.core.backup import Compression
from mangrove.core.blobs import BlobName, BlobPlace, BlobRole
from mangrove.core.errors import BlobExistsError, RunCancelled, StorageFullError, VaultError
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.ports.backup import Draft

SEGMENT = BlobPlace(BlobRole.SEGMENT, USERS, Compression.ZSTD)


@pytest.fixture
def vault() -> TestVault:
    return new_vault()


def names(vault: TestVault) -> list[str]:
    return sorted(info.name for info in vault.storage.list(f"{SLUG}/"))


class FailingStorage(MemoryStorage):
    """Is full when a name with a certain ending is put; may store it all the same."""

    def __init__(self, ending: str, *, stores: bool) -> None:
        super().__init__()
        self._ending = ending
        self._stores = stores

    @override
    def put(self, name: BlobName, chunks: Iterator[bytes]) -> int:  # type: ignore[override]  # test
        if name.endswith(self._ending):
            if self._stores:
                super().put(name, chunks)
            raise StorageFullError("the storage is full")
        return super().put(name, chunks)


class SettlingMemory(MemoryStorage):
    """Notes what is put in which way, and when it is settled."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []

    @override
    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        self.noted.append(f"durable {name.rpartition('/')[2]}")
        return super().put(name, chunks)

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        self.noted.append("unsettled")
        return super().put(name, chunks)

    def put_together(self, blobs: Iterable[tuple[BlobName, bytes]]) -> None:
        for name, data in blobs:
            self.put_unsettled(name, [data])

    def settle(self) -> None:
        self.noted.append("settled")


def test_everything_is_durable_before_the_signature_is_written() -> None:
    storage = SettlingMemory()
    write_backup(new_vault(storage))

    at = storage.noted.index("settled")
    before, after = storage.noted[:at], storage.noted[at + 1 :]
    assert "unsettled" in before
    assert after[:2] == ["durable manifest.json.age", "durable manifest.json.age.minisig"]
    assert "unsettled" not in after


@pytest.mark.parametrize("kind", [MemoryStorage, SettlingMemory])
def test_an_abandoned_draft_leaves_nothing(kind: type[MemoryStorage]) -> None:
    vault = new_vault(kind())
    with vault.open().begin(SLUG, new_id()) as draft:
        put(draft, USERS, [b"1"])

    assert names(vault) == []


def test_small_blobs_are_there_when_they_are_compared() -> None:
    storage = SettlingMemory()
    with new_vault(storage).open().begin(SLUG, new_id()) as draft:
        receipt = put(draft, USERS, [b"1"])
        assert storage.noted.count("unsettled") == 0, "it waits for others"

        draft.compare(receipt)

        assert storage.noted.count("unsettled") == 1


def test_a_small_blob_that_is_taken_back_is_never_stored() -> None:
    vault = new_vault(SettlingMemory())
    with vault.open().begin(SLUG, new_id()) as draft:
        first, second = put(draft, USERS, [b"1"]), put(draft, ORDERS, [b"2"])
        draft.take_back(BlobName(first.name))
        draft.compare(second)

        assert names(vault) == [second.name]


def test_a_draft_that_is_kept_keeps_small_blobs_too() -> None:
    vault = new_vault(SettlingMemory())
    with vault.open().begin(SLUG, new_id()) as draft:
        stored = put(draft, USERS, [b"1"])
        draft.keep_unfinished()

    assert names(vault) == [stored.name]
    with vault.open().begin(SLUG, new_id()) as again:
        assert again.adopt(stored)


def test_a_cancel_in_the_middle_of_put_leaves_nothing_and_passes_through(vault: TestVault) -> None:
    def cancelled() -> Iterator[bytes]:
        yield b"x" * 5_000_000
        raise RunCancelled

    def run() -> None:
        with vault.open().begin(SLUG, new_id()) as draft:
            put(draft, USERS, [b"1"])
            draft.put(BlobPlace(BlobRole.SEGMENT, USERS, Compression.ZSTD, 1), cancelled())

    with pytest.raises(RunCancelled):
        run()

    assert names(vault) == []


@pytest.mark.parametrize("stores", [False, True], ids=["not stored", "stored all the same"])
@pytest.mark.parametrize("ending", ["manifest.json.age", "manifest.json.age.minisig"])
def test_a_failure_at_publish_leaves_nothing(ending: str, stores: bool) -> None:
    vault = new_vault(FailingStorage(ending, stores=stores))

    with pytest.raises(StorageFullError):
        write_backup(vault)

    assert names(vault) == []
    assert [*vault.open().records()] == []


def test_the_signature_is_stored_last(vault: TestVault) -> None:
    order: list[str] = []
    storage = vault.memory
    put_really = storage.put

    def noting(name: BlobName, chunks: Iterator[bytes]) -> int:
        order.append(name.rpartition("/")[2])
        return put_really(name, chunks)

    storage.put = noting  # type: ignore[method-assign,assignment]  # to watch the order
    write_backup(vault)

    assert order[-2:] == ["manifest.json.age", "manifest.json.age.minisig"]


@pytest.mark.parametrize("kind", [MemoryStorage, SettlingMemory])
def test_an_existing_blob_is_neither_overwritten_nor_removed(kind: type[MemoryStorage]) -> None:
    vault = new_vault(kind())
    theirs = BlobName(f"{SLUG}/{new_id()}/shop/users.0000.bson.zst.age")
    vault.memory.tamper(theirs, b"somebody's")

    def run() -> None:
        with vault.open().begin(SLUG, new_id()) as draft:
            draft.compare(put(draft, USERS, [b"1"]))

    with pytest.raises(BlobExistsError):
        run()

    assert names(vault) == [theirs]


def test_the_same_id_cannot_be_published_twice(vault: TestVault) -> None:
    first = write_backup(vault)
    before = {name: b"".join(vault.storage.get(BlobName(name))) for name in names(vault)}

    with pytest.raises(BlobExistsError):
        write_backup(vault, first.backup)

    assert {n: b"".join(vault.storage.get(BlobName(n))) for n in names(vault)} == before


def test_sequences_grow_also_past_a_deleted_backup_in_the_middle(vault: TestVault) -> None:
    numbers = [write_backup(vault, new_id(hour)).sequence for hour in (5, 3, 9)]
    for info in [*vault.storage.list(f"{SLUG}/{new_id(3)}/")]:
        vault.storage.delete(info.name)

    assert numbers == [1, 2, 3]
    assert write_backup(vault, new_id(4)).sequence == 4


def test_a_signature_that_is_rubbish_does_not_stop_the_numbering(vault: TestVault) -> None:
    write_backup(vault, new_id(1))
    rubbish = BlobName(f"{SLUG}/{new_id(2)}/manifest.json.age.minisig")
    vault.memory.tamper(rubbish, b"\xff\xfe trusted comment: sequence 99999999999999999999")

    assert write_backup(vault, new_id(3)).sequence == 2


def test_what_was_taken_back_is_gone_and_need_not_be_listed(vault: TestVault) -> None:
    def take_back(draft: Draft) -> None:
        blob = put(draft, Namespace("shop", "gone"), [b"gone"])
        draft.take_back(BlobName(blob.name))

    record = write_backup(vault, before_publish=take_back)

    assert not any("gone" in name for name in names(vault))
    assert record.namespaces == 1


def test_blobs_the_manifest_does_not_list_are_removed_at_publish(vault: TestVault) -> None:
    write_backup(vault, before_publish=lambda d: put(d, Namespace("shop", "forgot"), [b"1"]))

    assert not any("forgot" in name for name in names(vault))


def publish(vault: TestVault, manifest: Manifest) -> None:
    with vault.open().begin(SLUG, new_id()) as draft:
        draft.publish(manifest)


def test_a_manifest_of_what_was_not_stored_is_never_signed(vault: TestVault) -> None:
    invented = StoredBlob(f"{SLUG}/{new_id()}/shop/users.0000.bson.zst.age", 1, "0" * 64, 1)
    manifest = manifest_for(new_id(), 1, (entry(invented, (), USERS),))

    with pytest.raises(AssertionError, match="not stored"):
        publish(vault, manifest)

    assert names(vault) == []


@pytest.mark.parametrize(
    "manifest",
    [
        manifest_for(new_id(), 2),
        manifest_for(new_id(11), 1),
        manifest_for(new_id(), 1, vault_id="other"),
        manifest_for(new_id(), 1, encrypted=False),
    ],
    ids=["another sequence", "another backup", "another vault", "not encrypted"],
)
def test_a_manifest_that_is_not_of_this_draft_is_never_signed(
    vault: TestVault, manifest: Manifest
) -> None:
    with pytest.raises(AssertionError):
        publish(vault, manifest)

    assert names(vault) == []


def test_blobs_may_be_put_from_several_threads(vault: TestVault) -> None:
    blobs: list[StoredBlob] = []

    with vault.open().begin(SLUG, new_id()) as draft:
        threads = [
            threading.Thread(
                target=lambda n=n: blobs.append(put(draft, USERS, [bytes([n]) * 9999], number=n))
            )
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        metadata = put(draft, USERS, [b"{}"], BlobRole.METADATA)
        segments = tuple(sorted(blobs, key=lambda blob: blob.name))
        draft.publish(manifest_for(new_id(), draft.sequence, (entry(metadata, segments, USERS),)))

    read = vault.open()
    assert [b"".join(read.read(s))[:1] for s in segments] == [bytes([n]) for n in range(8)]


def test_nothing_can_be_put_into_a_draft_that_was_given_up(vault: TestVault) -> None:
    with vault.open().begin(SLUG, new_id()) as draft:
        pass

    with pytest.raises(VaultError, match="given up"):
        draft.put(SEGMENT, [b"late"])

    assert names(vault) == []
