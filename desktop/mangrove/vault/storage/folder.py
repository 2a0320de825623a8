"""A storage in a folder: files appear under their name only when whole and on the disk."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import disk_usage
from typing import TypeVar

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import BlobNotFoundError, StorageUnavailableError
from mangrove.vault.blob_name import TEMPORARY_PREFIX, checked, is_safe, is_safe_part
from mangrove.vault.storage.error_map import already_there, from_os
from mangrove.vault.storage.new_file import NewFile, open_new
from mangrove.vault.storage.settling import BEGIN_EVERY, Unsettled, begin_writing, sync_folder

T = TypeVar("T")
CHUNK_BYTES = 1 << 20
_TRIES = 5
_OF_THE_SYSTEM = frozenset({"lost+found", "System Volume Information", "$RECYCLE.BIN"})
_BINARY = getattr(os, "O_BINARY", 0)  # Windows only
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | _BINARY


class FolderStorage:
    """Blobs as files below one folder.

    Errors: a blob that could not be written whole leaves nothing; one whose process died
        leaves a file ``.part-…``, which ``leftovers`` finds and ``delete`` removes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unsettled = Unsettled()

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        return self._put(name, chunks, is_durable=True)

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob as ``put`` does; until ``settle`` it may be lost with the power."""
        return self._put(name, chunks, is_durable=False)

    def put_together(self, blobs: Iterable[tuple[BlobName, bytes]]) -> None:
        """Store small blobs as ``put_unsettled`` does, one after the other."""
        for name, data in blobs:
            self.put_unsettled(name, [data])

    def settle(self) -> None:
        """Return once everything that was put is on the disk."""
        self._ensure_root()
        try:
            self._unsettled.settle(self._root)
        except OSError as error:
            raise from_os(error, "") from error

    def _put(self, name: BlobName, chunks: Iterable[bytes], *, is_durable: bool) -> int:
        target = self._root / checked(name)
        self._ensure_root()
        try:
            if target.exists():
                raise already_there(name)
            work = partial(open_new, target.parent)
            file = self._in_folder(target.parent, work, is_durable=is_durable)
        except OSError as error:
            raise from_os(error, name) from error
        is_there = False
        try:
            size = _write(file, chunks, name, is_durable=is_durable)
            self._appear(file, target, name, is_durable=is_durable)
            is_there = True
            if is_durable:
                _sync_above(target, name)
            else:
                self._unsettled.note(target)
        finally:
            with contextlib.suppress(OSError):
                file.forget()
            if not is_there:
                self._remove_empty(target.parent)
        return size

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        path = self._root / checked(name)
        self._ensure_root()
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _missing(name) from error
        except OSError as error:
            raise from_os(error, name) from error
        if not stat.S_ISREG(status.st_mode):
            raise _missing(name)
        return _read(path, name)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        self._ensure_root()
        return (info for info in self._walk(prefix) if is_safe(info.name))

    def leftovers(self) -> Iterator[BlobInfo]:
        """Yield the temporary files of writers that did not finish, or still write."""
        self._ensure_root()
        return (
            info
            for info in self._walk("")
            if info.name.rpartition("/")[2].startswith(TEMPORARY_PREFIX)
        )

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        parts = name.split("/")
        if not all(map(is_safe_part, parts)):
            checked(name)
        self._ensure_root()
        path = self._root.joinpath(*parts)
        self._unsettled.forget(path)
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise from_os(error, name) from error
        self._remove_empty(path.parent)

    def abort(self) -> None:
        """Do nothing: the system's own calls cannot be ended from here."""

    def free_bytes(self) -> int | None:
        """Return the space left for us on the folder's file system."""
        self._ensure_root()
        try:
            return disk_usage(self._root).free
        except OSError as error:
            raise from_os(error, "") from error

    def _ensure_root(self) -> None:
        try:
            is_there = self._root.is_dir()
        except OSError as error:
            raise from_os(error, "") from error
        if not is_there:
            raise StorageUnavailableError(
                f"the vault's folder {self._root} is not there",
                hint="connect or mount the disk it is on",
            )

    def _appear(self, file: NewFile, target: Path, name: str, *, is_durable: bool) -> None:
        work = partial(file.appear, target)
        try:
            self._in_folder(target.parent, work, is_durable=is_durable)
        except FileExistsError as error:
            raise already_there(name) from error
        except OSError as error:
            raise from_os(error, name) from error

    def _in_folder(self, folder: Path, work: Callable[[], T], *, is_durable: bool) -> T:
        """Make a folder and work in it; again if another writer's clean-up removed it, empty."""
        for attempt in range(_TRIES):
            try:
                self._make_folders(folder, is_durable=is_durable)
                return work()
            except FileNotFoundError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _make_folders(self, folder: Path, *, is_durable: bool) -> None:
        missing: list[Path] = []
        while folder != self._root and not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            with contextlib.suppress(FileExistsError):  # what it is shows when it is used
                path.mkdir(mode=0o700)
            if is_durable:
                sync_folder(path.parent)

    def _remove_empty(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # not empty, or gone already
            while folder != self._root and self._root in folder.parents:
                folder.rmdir()
                folder = folder.parent

    def _walk(self, prefix: str) -> Iterator[BlobInfo]:
        folder = prefix.rpartition("/")[0]
        if folder and not all(map(is_safe_part, folder.split("/"))):
            return
        pending = [f"{folder}/" if folder else ""]
        while pending:
            base = pending.pop()
            for entry in self._entries(base):
                name = base + entry.name
                if name in _OF_THE_SYSTEM:  # at the root of a disk, often not even readable
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if f"{name}/".startswith(prefix) or prefix.startswith(f"{name}/"):
                        pending.append(f"{name}/")
                elif entry.is_file(follow_symlinks=False) and name.startswith(prefix):
                    yield from _info(entry, name)

    def _entries(self, base: str) -> tuple[os.DirEntry[str], ...]:
        try:
            with os.scandir(self._root / base) as entries:
                return tuple(entries)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise from_os(error, base) from error


def _info(entry: os.DirEntry[str], name: str) -> Iterator[BlobInfo]:
    try:
        status = entry.stat(follow_symlinks=False)
        name.encode()
    except (FileNotFoundError, UnicodeEncodeError):  # gone meanwhile, or never ours
        return
    except OSError as error:
        raise from_os(error, name) from error
    yield BlobInfo(BlobName(name), status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _write(file: NewFile, chunks: Iterable[bytes], name: str, *, is_durable: bool) -> int:
    size = begun = 0
    for chunk in chunks:
        try:
            file.write(chunk)
        except OSError as error:
            raise from_os(error, name) from error
        size += len(chunk)
        if size - begun >= BEGIN_EVERY:
            begin_writing(file.descriptor, begun, size - begun)
            begun = size
    if is_durable:
        try:
            os.fsync(file.descriptor)
        except OSError as error:
            raise from_os(error, name) from error
    return size


def _sync_above(target: Path, name: str) -> None:
    try:
        sync_folder(target.parent)
    except OSError as error:
        raise from_os(error, name) from error


def _missing(name: str) -> BlobNotFoundError:
    return BlobNotFoundError(f"'{name}' is not in the storage", blob=name)


def _read(path: Path, name: str) -> Iterator[bytes]:
    try:
        with os.fdopen(os.open(path, _OPEN), "rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except FileNotFoundError as error:
        raise _missing(name) from error
    except OSError as error:
        raise from_os(error, name) from error
