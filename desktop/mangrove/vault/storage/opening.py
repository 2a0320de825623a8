"""From a vault's address to the storage it means."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mangrove.core.errors import InvalidVaultUrlError, StorageUnavailableError
from mangrove.core.patience import STALL_S
from mangrove.core.ports.storage import Storage
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import StorageAddress, StorageKind
from mangrove.vault.storage.connecting import Patience
from mangrove.vault.storage.error_map import from_os
from mangrove.vault.storage.object_store import ObjectStorage
from mangrove.vault.storage.rclone import RcloneStorage
from mangrove.vault.storage.s3 import S3Storage
from mangrove.vault.storage.steady_folder import SteadyFolder

if TYPE_CHECKING:
    from mangrove.vault.storage.sftp_session import DialTo


def open_storage(
    address: StorageAddress,
    access_key: str,
    secret_key: Secret | None,
    stall_s: float = STALL_S,
    dial_to: "DialTo | None" = None,
    now: Callable[[], datetime] | None = None,
) -> Storage:
    """Return the storage at an address; nothing is contacted before its first use.

    Args:
        address: Where it is.
        access_key: Name of the S3 key; "" for other kinds and public buckets.
        secret_key: What opens the storage, if it takes a secret.
        stall_s: A storage that takes and gives nothing for so long ends the run.
        dial_to: How an SSH server is reached, for SFTP.
        now: The clock. Without it a bucket of S3 is not asked for versions and locks.
    """
    match address.kind:
        case StorageKind.FOLDER:
            return SteadyFolder(Path(address.root), stall_s)
        case StorageKind.S3 if now is not None:
            return S3Storage(address, access_key, secret_key, now, Patience(stall_s=stall_s))
        case StorageKind.S3 | StorageKind.AZURE | StorageKind.GOOGLE:
            return ObjectStorage(address, access_key, secret_key, Patience(stall_s=stall_s))
        case StorageKind.SFTP:
            if dial_to is None:
                raise AssertionError("nobody said how an SSH server is reached")
            # Loaded only here: the SSH library takes a third of a second to load.
            from mangrove.vault.storage.sftp import SftpStorage  # noqa: PLC0415

            return SftpStorage(address, secret_key, dial_to, stall_s)
        case StorageKind.RCLONE:
            return RcloneStorage(address, secret_key, stall_s)


def ensure_folder(address: StorageAddress) -> bool:
    """Make a new vault's folder, but not the folders it is in: they may be a missing disk.

    Returns:
        Whether it was made: then ``forget_folder`` takes it away again.

    Raises:
        StorageUnavailableError: If the parent folder is not there.
        StorageDeniedError: If we may not write there.
    """
    folder = Path(address.root)
    if address.kind is not StorageKind.FOLDER or folder.is_dir():
        return False
    if folder.exists():
        raise InvalidVaultUrlError(
            f"{folder} is a file, and a vault needs a folder; nothing was made",
            hint="name a folder that is empty or does not exist yet",
        )
    if not folder.parent.is_dir():
        raise StorageUnavailableError(
            f"neither {folder} nor the folder it would be in is there",
            hint="connect or mount the disk, or create the parent folder",
        )
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise from_os(error, "") from error
    return True


def forget_folder(address: StorageAddress) -> None:
    """Remove a folder that ``ensure_folder`` made, if nothing is in it."""
    with suppress(OSError):
        Path(address.root).rmdir()
