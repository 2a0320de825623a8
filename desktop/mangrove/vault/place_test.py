"""Tries a place before a vault is made there: reaches it, writes, reads back, removes."""

import os
import secrets
from datetime import timedelta

from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobExistsError, BlobMismatchError, StorageDeniedError, VaultError
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.steps import StepListener
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.object_lock import ObjectLock, ObjectLockMode
from mangrove.core.vaults.vault import PlaceReport
from mangrove.vault.keeping import KeepingStorage, keeping_of
from mangrove.vault.layout import DESCRIPTOR

TRIED_BYTES = 256 << 10
TRIED_LOCK = timedelta(minutes=2)


def try_place(
    storage: Storage,
    on_step: StepListener,
    lock: ObjectLock | None = None,
    clock: Clock | None = None,
) -> PlaceReport:
    """Go through everything that a vault does to its storage, with one small object.

    Args:
        storage: Of the place, which may hold nothing yet.
        on_step: Told of each step.
        lock: What the vault will ask of its bucket; the object is locked for minutes only.
        clock: Says when those end; needed for a lock.

    Raises:
        BlobExistsError: If something is there already.
        StorageDeniedError, StorageUnavailableError, StorageFullError: As the storage says.
        BlobMismatchError: If it does not give back what it was given.
    """
    on_step("reached", "")
    refuse_occupied(storage)
    on_step("reached", "it is there and empty")
    name, content = BlobName(f".mangrove-test-{secrets.token_hex(6)}"), os.urandom(TRIED_BYTES)
    on_step("written", "")
    storage.put(name, [content])
    on_step("written", f"{TRIED_BYTES >> 10} KiB under a name of its own")
    try:
        on_step("read back", "")
        if b"".join(storage.get(name)) != content:
            raise BlobMismatchError(
                "the storage did not give back what it was given; nothing was made",
                hint="choose another place",
            )
        on_step("read back", "the same bytes")
        if lock is not None and clock is not None:
            _try_lock(storage, name, clock, on_step)
    finally:
        on_step("removed", "")
        storage.delete(name)
    is_kept = any(info.name == name for info in storage.list(name))
    keeping = keeping_of(storage)
    on_step("removed", _removed_words(is_listed=is_kept, has_versions=keeping.has_versions))
    return PlaceReport(_free(storage), keeps_what_is_removed=is_kept, keeping=keeping)


def _removed_words(*, is_listed: bool, has_versions: bool) -> str:
    if is_listed:
        return "still listed: this storage keeps what is removed"
    return "hidden: this bucket keeps earlier versions" if has_versions else "gone"


def _try_lock(storage: Storage, name: BlobName, clock: Clock, on_step: StepListener) -> None:
    """Lock the object for a moment, so that a missing right is known before there is a vault.

    Raises:
        StorageDeniedError: If the storage locks nothing, or we may not.
    """
    on_step("locked", "")
    if not isinstance(storage, KeepingStorage) or not storage.keeping().has_lock:
        raise StorageDeniedError(
            "this storage locks no objects, and that was asked for; nothing was made",
            hint="take an S3 bucket that was made with object lock, or leave the lock out",
        )
    tried = ObjectLock(1, ObjectLockMode.GOVERNANCE)
    storage.lock_object(name, tried, clock.now() + TRIED_LOCK)
    on_step("locked", f"for {TRIED_LOCK.seconds // 60} minutes, to see that we may")


def refuse_occupied(storage: Storage) -> None:
    """Refuse a place that holds a vault, or anything that would be mixed up with one."""
    found = next((info for info in storage.list() if not info.name.startswith(".")), None)
    if found is None:
        return
    if next(storage.list(DESCRIPTOR), None) is not None:
        raise BlobExistsError(
            "a vault is there already; nothing was written",
            hint="open it with its recovery kit, or choose another place",
        )
    raise BlobExistsError(
        f"the place is not empty: it holds '{found.name}'; nothing was written",
        hint="choose an empty folder, or a prefix of its own in the bucket",
    )


def _free(storage: Storage) -> int | None:
    try:
        return storage.free_bytes()
    except VaultError:
        return None
