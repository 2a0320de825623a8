"""From a vault's address to the storage it means."""

from pathlib import Path

from mangrove.core.errors import StorageUnavailableError
from mangrove.core.patience import STALL_S
from mangrove.core.ports import Storage
from mangrove.core.secret import Secret
from mangrove.core.vault import StorageAddress, StorageKind
from mangrove.vault.storage.error_map import from_os
from mangrove.vault.storage.folder import FolderStorage
from mangrove.vault.storage.object_store import ObjectStorage, Patience


def open_storage(
    address: StorageAddress,
    access_key: str,
    secret_key: Secret | None,
    stall_s: float = STALL_S,
) -> Storage:
    """Return the storage at an address; nothing is contacted before its first use.

    Args:
        address: Where it is.
        access_key: Name of the S3 key; "" for folders and public buckets.
        secret_key: The S3 secret key, if there is one.
        stall_s: An object store that takes and gives nothing for so long ends the run.
    """
    match address.kind:
        case StorageKind.FOLDER:
            return FolderStorage(Path(address.root))
        case StorageKind.S3:
            return ObjectStorage(address, access_key, secret_key, Patience(stall_s=stall_s))


def ensure_folder(address: StorageAddress) -> None:
    """Make a new vault's folder, but not the folders it is in: they may be a missing disk.

    Raises:
        StorageUnavailableError: If the parent folder is not there.
        StorageDeniedError: If we may not write there.
    """
    folder = Path(address.root)
    if address.kind is not StorageKind.FOLDER or folder.is_dir():
        return
    if not folder.parent.is_dir():
        raise StorageUnavailableError(
            f"neither {folder} nor the folder it would be in is there",
            hint="connect or mount the disk, or create the parent folder",
        )
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise from_os(error, "") from error
