"""A storage that locks what it stores, for as long as the vault asks for."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import StorageDeniedError, VaultError
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.object_lock import Keeping, ObjectLock
from mangrove.vault.keeping import BlobVersion, KeepingStorage
from mangrove.vault.layout import LOCKS_PATH, NEXT_DESCRIPTOR, SEQUENCE_PATH

log = logging.getLogger(__name__)
_PASSING = (LOCKS_PATH, SEQUENCE_PATH, NEXT_DESCRIPTOR, ".")
"""What is there for a moment only, and vouches for nothing."""


class LockingStorage:
    """Passes everything on, and locks each blob right after it was stored.

    obstore sets no lock while it writes, so there is a moment between the two; what could not be
    locked is removed again and counts as not stored.

    Args:
        inner: A storage of a bucket with object lock.
        lock: For how long, and how firmly.
        now: The clock that the end is counted from.
    """

    def __init__(
        self, inner: KeepingStorage, lock: ObjectLock, now: Callable[[], datetime]
    ) -> None:
        self._inner, self._lock, self._now = inner, lock, now

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob and lock it; raises StorageDeniedError if it cannot be locked."""
        size = self._inner.put(name, chunks)
        if name.startswith(_PASSING):
            return size
        try:
            until = self._now() + timedelta(days=self._lock.days)
            self._inner.lock_object(name, self._lock, until)
        except VaultError:
            self._take_back(name)
            raise
        return size

    def _take_back(self, name: BlobName) -> None:
        try:
            self._inner.delete(name)
        except VaultError as error:
            log.info("left behind without a lock blob=%s reason=%s", name, error)

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        return self._inner.get(name)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        return self._inner.list(prefix)

    def delete(self, name: BlobName) -> None:
        """Hide a blob; what is locked stays as an earlier version."""
        self._inner.delete(name)

    def free_bytes(self) -> int | None:
        """Return the space left, None where the storage cannot tell."""
        return self._inner.free_bytes()

    def abort(self) -> None:
        """End transfers that block in other threads."""
        self._inner.abort()

    def keeping(self) -> Keeping:
        """Say what the bucket does with what is removed."""
        return self._inner.keeping()

    def versions(self, prefix: str = "") -> Iterator[BlobVersion]:
        """Yield all versions of the blobs whose name starts with a prefix."""
        return self._inner.versions(prefix)

    def get_version(self, version: BlobVersion) -> Iterator[bytes]:
        """Yield the bytes of one version."""
        return self._inner.get_version(version)

    def lock_object(self, name: BlobName, lock: ObjectLock, until: datetime) -> None:
        """Lock a blob's newest version."""
        self._inner.lock_object(name, lock, until)

    def locked_until(self, version: BlobVersion) -> datetime | None:
        """Return until when a version is locked; None if it is not."""
        return self._inner.locked_until(version)


def locking(storage: Storage, lock: ObjectLock | None, now: Callable[[], datetime]) -> Storage:
    """Return a storage that locks what it stores, where that was asked for.

    Raises:
        StorageDeniedError: If this kind of storage locks nothing.
    """
    if lock is None:
        return storage
    if not isinstance(storage, KeepingStorage):
        raise StorageDeniedError(
            "this kind of storage locks nothing, and the vault asks for it; nothing was written",
            hint="object lock needs an S3 bucket that was made with it",
        )
    return LockingStorage(storage, lock, now)
