"""A storage on any remote that the rclone program reaches."""

import logging
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from typing_extensions import override

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobMismatchError,
    BlobNotFoundError,
    StalledError,
    StorageUnavailableError,
    VaultError,
)
from mangrove.core.patience import STALL_S
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageAddress
from mangrove.vault.blob_name import TEMPORARY_PREFIX, checked, is_safe_part
from mangrove.vault.storage.distant_folder import DistantFolder
from mangrove.vault.storage.error_map import already_there
from mangrove.vault.storage.gathering import gathered
from mangrove.vault.storage.rclone_calls import CHUNK_BYTES, Download, RcloneCalls
from mangrove.vault.storage.rclone_process import RcloneProcess

log = logging.getLogger(__name__)
PAUSES_S = (0.5, 2.0)


class RcloneStorage(DistantFolder):
    """Blobs as files of a remote, below one folder.

    A blob is sent under a temporary name, its size compared, then moved: rclone itself keeps the
    beginning of a small file whose sender went away. It sends the parts of a large one again by
    itself; one that fails for good is begun anew by the next run.

    Errors: what could not be written whole leaves nothing, or a file ``.part-…``, which
        ``leftovers`` finds and ``delete`` removes. Two computers that write the same name in the
        same moment may overwrite each other: most remotes know no condition for that.
    Source: rclone documentation, "Remote controlling rclone with its API".
    """

    def __init__(
        self,
        address: StorageAddress,
        configuration: Secret | None,
        stall_s: float = STALL_S,
        process: RcloneProcess | None = None,
    ) -> None:
        remote, _, self._root = address.root.partition("/")
        self._remote = f"{remote}:"
        started = process or RcloneProcess(configuration, address.option("config") or "")
        self._calls = RcloneCalls(started, f"the remote '{remote}'", stall_s)
        self._appearing = threading.Lock()
        self._has_folders: bool | None = None

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        path = self._path(checked(name))
        folder = path.rpartition("/")[0]
        file = f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        temporary = f"{folder}/{file}".lstrip("/")
        self._refuse_existing(path, name)
        sent = _Counted(chunks)
        try:
            self._calls.upload(self._remote, folder, file, gathered(sent, CHUNK_BYTES))
            self._compare_size(temporary, sent.size, name)
            with self._appearing:
                self._refuse_existing(path, name)
                self._move(temporary, path, name)
        except BaseException:
            self._clean_up(temporary)
            raise
        return sent.size

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one.

        A stream that breaks is asked for again from where it broke.
        """
        path = self._path(checked(name))
        opened = self._calls.download(self._remote, path, 0)
        return self._read_on(path, name, opened)

    def abort(self) -> None:
        """End transfers that block in other threads; later calls are given a moment each."""
        self._calls.abort()

    def free_bytes(self) -> int | None:
        """Return the space left on the remote, None where it does not tell."""
        try:
            told = self._calls.order("operations/about", fs=self._remote + self._root)
        except (StorageUnavailableError, BlobNotFoundError) as error:
            if "support" in error.message or isinstance(error, BlobNotFoundError):
                return None
            raise
        free = told.get("free")
        return free if isinstance(free, int) else None

    # --- inside --------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".lstrip("/")

    def _refuse_existing(self, path: str, name: str) -> None:
        if self._stat(path, name) is not None:
            raise already_there(name)

    def _stat(self, path: str, name: str) -> dict[str, object] | None:
        try:
            told = self._calls.order("operations/stat", name, fs=self._remote, remote=path)
        except BlobNotFoundError:
            return None
        item = told.get("item")
        return item if isinstance(item, dict) else None

    def _compare_size(self, path: str, size: int, name: str) -> None:
        found = self._stat(path, name)
        if found is None or found.get("Size") != size:
            raise BlobMismatchError(
                f"the remote kept another size of '{name}' than was sent; it was not stored",
                hint="run it again, and check the storage",
                blob=name,
            )

    def _move(self, source: str, target: str, name: str) -> None:
        try:
            self._calls.order(
                "operations/movefile",
                name,
                srcFs=self._remote,
                srcRemote=source,
                dstFs=self._remote,
                dstRemote=target,
            )
        except StorageUnavailableError as error:
            raise StorageUnavailableError(error.message, hint=error.hint, blob=name) from error

    def _clean_up(self, temporary: str) -> None:
        try:
            self._remove(temporary)
        except (VaultError, StalledError) as error:
            log.info("left behind path=%s why=%s", temporary, type(error).__name__)

    @property
    @override
    def _is_aborted(self) -> bool:
        return self._calls.is_aborted

    @override
    def _delete(self, name: BlobName) -> None:
        self._remove(self._path(name))

    def _remove(self, path: str) -> None:
        with suppress(BlobNotFoundError):
            self._calls.order("operations/deletefile", path, fs=self._remote, remote=path)
        self._remove_empty(path.rpartition("/")[0])

    def _remove_empty(self, folder: str) -> None:
        if not self._keeps_folders():
            return
        with suppress(VaultError):  # not empty, or gone already
            while folder.startswith(f"{self._root}/" if self._root else "") and folder:
                self._calls.order("operations/rmdir", fs=self._remote, remote=folder)
                folder = folder.rpartition("/")[0]

    def _keeps_folders(self) -> bool:
        """Whether a folder stays when it is empty, as it does not in a bucket."""
        if self._has_folders is None:
            told = self._calls.order("operations/fsinfo", fs=self._remote).get("Features")
            features = told if isinstance(told, dict) else {}
            self._has_folders = bool(features.get("CanHaveEmptyDirectories"))
        return self._has_folders

    def _read_on(self, path: str, name: str, opened: Download | None) -> Iterator[bytes]:
        done, pauses = 0, iter(PAUSES_S)
        while True:
            try:
                stream = opened or self._calls.download(self._remote, path, done)
                opened = None
                for chunk in stream:
                    done += len(chunk)
                    yield chunk
            except StorageUnavailableError:
                pause_s = next(pauses, None)
                if pause_s is None or self._calls.is_aborted:
                    raise
                log.info("reading on blob=%s from=%d", name, done)
                threading.Event().wait(pause_s)
            else:
                return

    @override
    def _walk(self, prefix: str) -> Iterator[BlobInfo]:
        folder = prefix.rpartition("/")[0]
        if folder and not all(map(is_safe_part, folder.split("/"))):
            return
        how = {"recurse": True, "filesOnly": True, "noMimeType": True}
        remote = f"{self._root}/{folder}".strip("/")
        try:
            told = self._calls.order("operations/list", fs=self._remote, remote=remote, opt=how)
        except BlobNotFoundError:
            return  # a folder that nothing was written to yet
        items = told.get("list")
        for item in items if isinstance(items, list) else ():
            path = str(item["Path"])
            name = path.removeprefix(f"{self._root}/") if self._root else path
            if name.startswith(prefix) and all(map(is_safe_part, name.split("/"))):
                yield BlobInfo(BlobName(name), int(item["Size"]), _moment(item.get("ModTime")))


class _Counted:
    """Counts the bytes of chunks as they are taken."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
