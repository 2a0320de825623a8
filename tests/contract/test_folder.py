import ctypes
import errno
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from contract.memory_use import resident_bytes
from contract.storage_suite import NAME, StorageSuite
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BlobExistsError,
    StalledError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
)
from mangrove.core.ports.storage import SettlingStorage, Storage
from mangrove.core.vaults.url import StorageAddress, StorageKind
from mangrove.vault.inventory import take_inventory
from mangrove.vault.storage import new_file, settling
from mangrove.vault.storage.folder import FolderStorage
from mangrove.vault.storage.opening import ensure_folder, open_storage
from mangrove.vault.storage.steady_folder import SteadyFolder
from servers.frozen_disk import FrozenDisk


class TestFolderStorage(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        root = tmp_path / "vault"
        root.mkdir()
        return FolderStorage(root)


class UnsettledFolder(FolderStorage):
    """Puts everything so that it is durable only later."""

    @override
    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        return self.put_unsettled(name, chunks)


class TestUnsettledFolderStorage(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        root = tmp_path / "vault"
        root.mkdir()
        return UnsettledFolder(root)


class TestSteadyFolder(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        root = tmp_path / "vault"
        root.mkdir()
        return SteadyFolder(root)


def flushed(monkeypatch: pytest.MonkeyPatch, root: Path) -> list[str]:
    """Note what is flushed one by one from now on, as where there is no call for all at once."""
    noted: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        noted.append(os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), root))
        real(descriptor)

    monkeypatch.setattr(settling, "_library_call", lambda _: None)
    monkeypatch.setattr(os, "fsync", fsync)
    return noted


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="needs /proc to tell what is flushed"
)
def test_settling_flushes_every_file_and_then_the_folders_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FolderStorage(tmp_path)
    noted = flushed(monkeypatch, tmp_path)
    for name in ("a/b/one", "a/two", "a/taken back"):
        storage.put_unsettled(BlobName(name), [b"x"])
    storage.delete(BlobName("a/taken back"))
    assert noted == []

    storage.settle()
    storage.settle()

    assert noted == ["a/b/one", "a/two", ".", "a", "a/b"]


def test_what_is_put_durably_is_flushed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = flushed(monkeypatch, tmp_path)

    monkeypatch.setattr(new_file, "_NAMELESS", None)  # elsewhere it has no name to be noted

    FolderStorage(tmp_path).put(BlobName("a/b"), [b"x"])

    assert noted[0] == "."
    assert noted[1].startswith("a/.part-")
    assert noted[2:] == ["a"]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_a_file_has_its_name_once_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_nameless: bool
) -> None:
    if not is_nameless:
        monkeypatch.setattr(new_file, "_NAMELESS", None)
    storage, seen = FolderStorage(tmp_path), []

    def chunks() -> Iterator[bytes]:
        yield b"one"
        seen.extend(files(tmp_path / "a"))
        yield b"two"

    storage.put(BlobName("a/b"), chunks())

    assert [name[:6] for name in seen] == ([] if is_nameless else [".part-"])
    assert (tmp_path / "a/b").read_bytes() == b"onetwo"
    assert files(tmp_path) == ["a", "a/b"]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_of_two_writers_of_one_name_the_second_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_nameless: bool
) -> None:
    if not is_nameless:
        monkeypatch.setattr(new_file, "_NAMELESS", None)
    storage = FolderStorage(tmp_path)

    def chunks() -> Iterator[bytes]:
        yield b"late"
        storage.put(BlobName("a/b"), [b"first"])

    with pytest.raises(BlobExistsError):
        storage.put(BlobName("a/b"), chunks())

    assert (tmp_path / "a/b").read_bytes() == b"first"
    assert files(tmp_path) == ["a", "a/b"]


def test_a_file_system_that_cannot_be_flushed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_unsettled(BlobName("a"), [b"x"])
    ctypes.set_errno(errno.EIO)
    monkeypatch.setattr(settling, "_library_call", lambda _: lambda _: -1)

    with pytest.raises(StorageUnavailableError):
        storage.settle()


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_a_full_disk_is_told_and_leaves_nothing(tiny_disk: Path) -> None:
    storage = FolderStorage(tiny_disk)
    storage.put(BlobName("a/small"), [b"x" * 1000])

    with pytest.raises(StorageFullError, match="full"):
        storage.put(NAME, (b"x" * 100_000 for _ in range(100)))

    assert files(tiny_disk) == ["a", "a/small"]
    storage.put(NAME, [b"there is room again"])


def test_an_unmounted_disk_is_not_written_beside(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "not mounted")

    with pytest.raises(StorageUnavailableError):
        storage.put(NAME, [b"x"])
    with pytest.raises(StorageUnavailableError):
        storage.list()
    with pytest.raises(StorageUnavailableError):
        storage.get(NAME)
    with pytest.raises(StorageUnavailableError):
        storage.delete(NAME)
    with pytest.raises(StorageUnavailableError):
        storage.free_bytes()
    assert files(tmp_path) == []


def test_a_read_only_disk_is_denied(tiny_disk: Path) -> None:
    storage = FolderStorage(tiny_disk)
    storage.put(NAME, [b"x"])
    assert os.system(f"mount -o remount,ro '{tiny_disk}'") == 0  # noqa: S605 - our own path

    with pytest.raises(StorageDeniedError):
        storage.put(BlobName("b/c"), [b"x"])
    with pytest.raises(StorageDeniedError):
        storage.delete(NAME)
    assert b"".join(storage.get(NAME)) == b"x"


def test_an_interrupted_writer_leaves_a_file_that_is_found_and_removable(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    folder = tmp_path / NAME.rpartition("/")[0]
    folder.mkdir(parents=True)
    (folder / ".part-0123").write_bytes(b"half")
    (tmp_path / ".part-4567").write_bytes(b"of vault.json")

    assert [*storage.list()] == []
    debris = take_inventory(storage).debris
    assert [(d.backup, d.blobs, d.size_bytes) for d in debris] == [
        ("20260301T120000Z-shop-00ff", 1, 4),
        ("", 1, 13),
    ]

    for piece in storage.leftovers():
        storage.delete(piece.name)
    assert files(tmp_path) == []


def test_deleting_the_last_blob_removes_its_empty_folders(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put(NAME, [b"x"])
    storage.put(BlobName("shop/other"), [b"x"])

    storage.delete(NAME)

    assert files(tmp_path) == ["shop", "shop/other"]


def test_the_root_of_a_disk_may_hold_the_systems_own_folders(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "#123").write_text("x")

    assert [*FolderStorage(tmp_path).list()] == []


def test_links_are_neither_listed_nor_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "vault", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("not ours")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    storage = FolderStorage(root)

    assert [*storage.list()] == []
    with pytest.raises(Exception, match="is not in the storage"):
        storage.get(BlobName("file"))


def test_a_disk_without_hard_links_is_written_by_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)  # as on exFAT
    monkeypatch.setattr(new_file, "_NAMELESS", None)
    storage = FolderStorage(tmp_path)

    storage.put(NAME, [b"x"])

    assert [info.name for info in storage.list()] == [NAME]
    assert [*storage.leftovers()] == []


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    FolderStorage(tmp_path).put(NAME, [b"x"])

    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "shop").stat().st_mode & 0o777 == 0o700


def test_a_new_vaults_folder_is_made_but_not_its_parents(tmp_path: Path) -> None:
    def address(path: Path) -> StorageAddress:
        return StorageAddress(StorageKind.FOLDER, str(path))

    ensure_folder(address(tmp_path / "new"))
    ensure_folder(address(tmp_path / "new"))
    assert isinstance(open_storage(address(tmp_path / "new"), "", None), SteadyFolder)
    assert (tmp_path / "new").is_dir()
    with pytest.raises(StorageUnavailableError):
        ensure_folder(address(tmp_path / "disk" / "new"))


@pytest.mark.slow
def test_a_large_blob_needs_little_memory(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    block = os.urandom(1 << 20)

    seen = [0]

    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            seen.append(resident_bytes())
            yield block

    before = resident_bytes()
    storage.put(NAME, chunks())
    seen.extend(resident_bytes() for _ in storage.get(NAME))

    assert max(seen) - before < 60 << 20


def test_a_disk_that_does_not_answer_stalls_the_work_and_not_for_ever(
    frozen_disk: FrozenDisk,
) -> None:
    FolderStorage(frozen_disk.folder).put(BlobName("a/there"), [b"x"])
    storage = SteadyFolder(frozen_disk.folder, stall_s=0.3)
    frozen_disk.freeze()

    with pytest.raises(StalledError, match="did not answer"):
        storage.put(NAME, (b"x" * (1 << 20) for _ in range(8)))
    with pytest.raises(StalledError):
        storage.delete(BlobName("a/there"))

    frozen_disk.thaw()
    assert [info.name for info in SteadyFolder(frozen_disk.folder).list("shop")] == []


def test_an_abort_gets_through_to_a_disk_that_does_not_answer(frozen_disk: FrozenDisk) -> None:
    storage = SteadyFolder(frozen_disk.folder, stall_s=60)
    outcome: list[BaseException] = []
    frozen_disk.freeze()

    def write() -> None:
        try:
            storage.put(NAME, (b"x" * (1 << 20) for _ in range(8)))
        except StorageUnavailableError as error:
            outcome.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    storage.abort()
    writer.join(30)

    assert not writer.is_alive()
    assert len(outcome) == 1
    frozen_disk.thaw()


def test_reading_only_the_beginning_leaves_no_thread(tmp_path: Path) -> None:
    storage = SteadyFolder(tmp_path)
    storage.put(NAME, [b"x" * (1 << 20)] * 8)

    stream = storage.get(NAME)
    assert len(next(stream)) == 1 << 20
    del stream

    for thread in threading.enumerate():
        if thread.name == "mangrove-folder":
            thread.join(10)
            assert not thread.is_alive()


def test_small_blobs_put_together_are_each_whole_and_never_over_another(tmp_path: Path) -> None:
    storage = SteadyFolder(tmp_path)
    names = [BlobName(f"s/{n}") for n in range(3)]
    storage.put(names[1], [b"somebody's"])

    with pytest.raises(BlobExistsError):
        storage.put_together((name, b"ours") for name in names)

    assert {i.name: b"".join(storage.get(i.name)) for i in storage.list()} == {
        names[0]: b"ours",
        names[1]: b"somebody's",
    }


def test_a_steady_folder_settles_as_its_folder_does(tmp_path: Path) -> None:
    storage = SteadyFolder(tmp_path)
    assert isinstance(storage, SettlingStorage)

    assert storage.put_unsettled(NAME, [b"x"]) == 1
    storage.settle()

    assert b"".join(storage.get(NAME)) == b"x"
