"""Tries a place before a vault is made there: reaches it, writes, reads back, removes."""

import os
import secrets

from mangrove.core.errors import BlobExistsError, BlobMismatchError, VaultError
from mangrove.core.ports import StepListener, Storage
from mangrove.core.vault import BlobName, PlaceReport
from mangrove.vault.layout import DESCRIPTOR

TRIED_BYTES = 256 << 10


def try_place(storage: Storage, on_step: StepListener) -> PlaceReport:
    """Go through everything that a vault does to its storage, with one small object.

    Args:
        storage: Of the place, which may hold nothing yet.
        on_step: Told of each step.

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
    finally:
        on_step("removed", "")
        storage.delete(name)
    is_kept = any(info.name == name for info in storage.list(name))
    on_step("removed", "still listed: this storage keeps what is removed" if is_kept else "gone")
    return PlaceReport(free_bytes=_free(storage), keeps_what_is_removed=is_kept)


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
