"""Removes a backup so that at no moment what is left of it looks whole."""

import logging
from collections.abc import Iterable, Iterator

from mangrove.core.blobs import BlobInfo
from mangrove.core.errors import BackupNotFoundError, StorageDeniedError
from mangrove.core.ports.storage import Storage
from mangrove.core.wording import counted, is_or_are
from mangrove.vault.layout import BackupFolder, is_manifest_signature

log = logging.getLogger(__name__)


def purge_backup(storage: Storage, folder: BackupFolder) -> Iterator[BlobInfo]:
    """Remove a backup, yielding each blob once it is gone.

    The manifest's signature goes first: from then on there is no backup, and whatever a crash
    leaves behind is debris that a check lists and removes.

    Raises:
        BackupNotFoundError: If nothing of it is there.
    """
    blobs = list(storage.list(folder.path))
    if not blobs:
        raise BackupNotFoundError(f"{folder.backup} is not in the vault any more")
    blobs.sort(key=lambda info: (_rank(info.name, folder), info.name))
    log.info("backup purged backup=%s blobs=%d", folder.backup, len(blobs))
    for info in blobs:
        storage.delete(info.name)
        yield info
    refuse_kept(folder.backup, storage.list(folder.path))


def refuse_kept(what: str, left: Iterable[BlobInfo]) -> None:
    """Raise StorageDeniedError if a storage said yes to a removal and lists the objects still."""
    kept = sum(1 for _ in left)
    if kept:
        raise StorageDeniedError(
            f"{counted(kept, 'object')} of {what or 'unfinished runs'} {is_or_are(kept)} still "
            "there although the storage took the order to remove them",
            hint="an object lock, a retention rule or a snapshot keeps them; nothing was freed",
        )


def _rank(name: str, folder: BackupFolder) -> int:
    if is_manifest_signature(name):
        return 0
    return 1 if name == folder.manifest else 2
