"""Which texts may be names of blobs: relative, with plain parts, safe in every storage."""

import unicodedata

from mangrove.core.blobs import BlobName
from mangrove.core.errors import StorageDeniedError

TEMPORARY_PREFIX = ".part-"
PART_LIMIT_BYTES = 255  # of a file name on ext4, XFS, Btrfs, APFS and NTFS
NAME_LIMIT_BYTES = 1024
"""Source: Amazon S3 user guide, "Naming Amazon S3 objects": keys of at most 1,024 bytes."""


def is_safe_part(part: str) -> bool:
    """Whether a text can stand between two slashes of a blob's name."""
    if part in ("", ".", "..") or "/" in part or "\\" in part:
        return False
    if part != part.strip():
        return False
    if part.isascii() and part.isprintable():  # as nearly all are: each blob is looked at
        return len(part) <= PART_LIMIT_BYTES
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in part):
        return False
    return len(part.encode()) <= PART_LIMIT_BYTES


def is_safe(name: str) -> bool:
    """Whether a text can be the name of a blob, wherever it came from."""
    parts = name.split("/")
    if parts[-1].startswith(TEMPORARY_PREFIX):
        return False
    return all(map(is_safe_part, parts)) and len(name.encode()) <= NAME_LIMIT_BYTES


def checked(name: str) -> BlobName:
    """Return a text as the name of a blob.

    Raises:
        StorageDeniedError: If it would leave the storage's root or cannot be kept exactly.
    """
    if not is_safe(name):
        raise StorageDeniedError(
            f"{name!r} cannot be the name of a stored object, so nothing was read or written",
            hint="check what else writes to this storage",
        )
    return BlobName(name)
