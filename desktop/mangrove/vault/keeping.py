"""Storages that keep what is removed: what they can tell, and what is still in them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mangrove.core.blobs import BlobName
from mangrove.core.errors import StorageDeniedError
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.object_lock import (
    KEEPS_NOTHING,
    NOTHING_HIDDEN,
    Hidden,
    Keeping,
    ObjectLock,
)


@dataclass(frozen=True, slots=True)
class BlobVersion:
    """One version of a blob in a storage that keeps them.

    Attributes:
        version: The storage's own name for it.
        is_current: Whether a listing shows it; all others are hidden.
    """

    name: BlobName
    version: str
    size_bytes: int
    modified_at: datetime
    is_current: bool


@runtime_checkable
class KeepingStorage(Storage, Protocol):
    """A storage that may keep versions of what is removed, and lock objects."""

    def keeping(self) -> Keeping:
        """Say what it does with what is removed; asked once."""
        ...

    def versions(self, prefix: str = "") -> Iterator[BlobVersion]:
        """Yield all versions of the blobs whose name starts with a prefix, newest first of each."""
        ...

    def get_version(self, version: BlobVersion) -> Iterator[bytes]:
        """Yield the bytes of one version."""
        ...

    def lock_object(self, name: BlobName, lock: ObjectLock, until: datetime) -> None:
        """Lock a blob's newest version.

        Raises:
            StorageDeniedError: If the bucket locks nothing, or we may not.
        """
        ...

    def locked_until(self, version: BlobVersion) -> datetime | None:
        """Return until when a version is locked; None if it is not."""
        ...


def keeping_of(storage: Storage) -> Keeping:
    """Return what a storage keeps; one that cannot tell keeps nothing as far as we know."""
    return storage.keeping() if isinstance(storage, KeepingStorage) else KEEPS_NOTHING


def hidden_in(storage: Storage, prefix: str, names: Collection[BlobName] | None = None) -> Hidden:
    """Return what a storage still holds of what was removed below a prefix.

    Args:
        storage: Any; one that keeps nothing hides nothing.
        prefix: Where to look.
        names: Only these; None for all.
    """
    if not isinstance(storage, KeepingStorage) or not storage.keeping().has_versions:
        return NOTHING_HIDDEN
    try:
        found = [
            version
            for version in storage.versions(prefix)
            if not version.is_current and (names is None or version.name in names)
        ]
    except StorageDeniedError:
        return Hidden(0, 0, is_known=False)
    if not found:
        return NOTHING_HIDDEN
    newest = max(found, key=lambda version: version.modified_at)
    locked_until = storage.locked_until(newest) if storage.keeping().has_lock else None
    return Hidden(len(found), sum(v.size_bytes for v in found), locked_until)


def hidden_of(storage: Storage, names: Collection[BlobName]) -> Hidden:
    """Return what a storage still holds of some blobs that were removed."""
    folders = {name.rpartition("/")[0] for name in names}
    prefix = f"{folders.pop()}/" if len(folders) == 1 else ""
    return hidden_in(storage, prefix.lstrip("/"), names) if names else NOTHING_HIDDEN
