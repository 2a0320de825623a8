"""Storages that lie: cut, swapped, flipped, reordered, late, repeated, or kept though removed."""

from collections.abc import Callable, Iterator

import pytest
from typing_extensions import override

from fakes.memory_storage import MemoryStorage
from fakes.vaults import TestVault, new_id, new_vault, write_backup
from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BackupNotFoundError,
    BlobMismatchError,
    CorruptBackupError,
    MangroveError,
    ManifestCorruptError,
    SignatureInvalidError,
)
from mangrove.core.manifest import StoredBlob
from mangrove.services.vaults import no_step
from mangrove.vault.layout import is_manifest_signature
from mangrove.vault.place_test import try_place

Lie = Callable[[bytes], bytes]


class LyingStorage(MemoryStorage):
    """Lists late and twice as told, and may keep what it was told to remove."""

    def __init__(self) -> None:
        super().__init__()
        self.lists_late: set[str] = set()
        self.lists_twice = False
        self.keeps = False

    @override
    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        for info in super().list(prefix):
            if info.name not in self.lists_late:
                yield info
                if self.lists_twice:
                    yield info

    @override
    def delete(self, name: BlobName) -> None:
        if not self.keeps:
            super().delete(name)


def flipped(at: float) -> Lie:
    def lie(content: bytes) -> bytes:
        place = min(int(len(content) * at), len(content) - 1)
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return lie


LIES: dict[str, Lie] = {
    "without its last byte": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "a byte longer": lambda content: content + b"\0",
    "a bit of the header": flipped(0),
    "a bit of the middle": flipped(0.5),
    "a bit of the end": flipped(1),
    "parts in another order": lambda c: c[len(c) // 2 :] + c[: len(c) // 2],
}


@pytest.fixture
def vault() -> TestVault:
    return new_vault(LyingStorage())


def segment_of(vault: TestVault, backup: BackupId) -> StoredBlob:
    blobs = vault.open().manifest(backup).blobs
    return next(blob for blob in blobs if blob.name.endswith(".bson.zst.age"))


@pytest.mark.parametrize("lie", LIES.values(), ids=list(LIES))
def test_a_blob_that_is_not_what_was_written_is_never_used(vault: TestVault, lie: Lie) -> None:
    segment = segment_of(vault, write_backup(vault).backup)
    name = BlobName(segment.name)
    vault.memory._blobs[name] = lie(vault.memory._blobs[name])

    with pytest.raises(BlobMismatchError):
        vault.open().compare(segment)
    with pytest.raises(CorruptBackupError):
        [*vault.open().read(segment)]


@pytest.mark.parametrize("lie", LIES.values(), ids=list(LIES))
@pytest.mark.parametrize("ending", ["manifest.json.age", "manifest.json.age.minisig"])
def test_a_description_that_is_not_what_was_signed_is_never_believed(
    vault: TestVault, lie: Lie, ending: str
) -> None:
    record = write_backup(vault)
    name = next(n for n in vault.memory._blobs if n.endswith(ending))
    # The line feed at the end of a signature means nothing, to minisign neither.
    vault.memory._blobs[name] = lie(vault.memory._blobs[name].rstrip(b"\n"))

    with pytest.raises((SignatureInvalidError, ManifestCorruptError, CorruptBackupError)):
        vault.open().manifest(record.backup)


def test_a_valid_blob_of_another_backup_of_the_same_size_is_not_taken(vault: TestVault) -> None:
    first = segment_of(vault, write_backup(vault, new_id(1)).backup)
    other = segment_of(vault, write_backup(vault, new_id(2)).backup)
    assert first.size_bytes == other.size_bytes
    vault.memory._blobs[BlobName(first.name)] = vault.memory._blobs[BlobName(other.name)]

    with pytest.raises(BlobMismatchError, match="another content"):
        vault.open().compare(first)


def test_a_blob_that_is_missing_is_named(vault: TestVault) -> None:
    segment = segment_of(vault, write_backup(vault).backup)
    del vault.memory._blobs[BlobName(segment.name)]

    with pytest.raises(BlobMismatchError, match="missing"):
        vault.open().compare(segment)


def test_a_listing_that_comes_late_hides_nothing_that_is_asked_for_by_name(
    vault: TestVault,
) -> None:
    record = write_backup(vault)
    assert isinstance(vault.storage, LyingStorage)
    vault.storage.lists_late = {n for n in vault.memory._blobs if n.endswith("manifest.json.age")}

    manifest = vault.open().manifest(record.backup)

    assert all(vault.open().compare(blob) is None for blob in manifest.blobs)
    assert [found.backup for found in vault.open().records()] == [record.backup]


def test_a_signature_that_is_listed_late_is_no_backup_yet_and_not_debris_for_ever(
    vault: TestVault,
) -> None:
    record = write_backup(vault)
    assert isinstance(vault.storage, LyingStorage)
    vault.storage.lists_late = {n for n in vault.memory._blobs if is_manifest_signature(n)}
    assert [*vault.open().records()] == []

    vault.storage.lists_late = set()

    assert [found.backup for found in vault.open().records()] == [record.backup]


def test_a_listing_that_repeats_itself_counts_a_backup_once(vault: TestVault) -> None:
    record = write_backup(vault)
    assert isinstance(vault.storage, LyingStorage)
    vault.storage.lists_twice = True

    assert [found.backup for found in vault.open().records()] == [record.backup]
    assert vault.open().health().backups == 1


def test_a_storage_that_keeps_what_is_removed_is_found_out_before_a_vault_is_made() -> None:
    storage = LyingStorage()
    storage.keeps = True

    assert try_place(storage, no_step).keeps_what_is_removed
    assert not try_place(LyingStorage(), no_step).keeps_what_is_removed


def test_debris_that_the_storage_keeps_is_not_said_to_be_gone(vault: TestVault) -> None:
    assert isinstance(vault.storage, LyingStorage)
    left = BlobName(f"shop-production/{new_id(3)}/shop/users.0000.bson.zst.age")
    vault.storage.put(left, [b"x" * 100])
    vault.storage.keeps = True
    (debris,) = vault.open().health().debris

    with pytest.raises(MangroveError, match="still there"):
        vault.open().clean(debris)

    assert [d.backup for d in vault.open().health().debris] == [debris.backup]


def test_a_backup_that_is_gone_is_not_found(vault: TestVault) -> None:
    with pytest.raises(BackupNotFoundError):
        vault.open().manifest(new_id(9))
