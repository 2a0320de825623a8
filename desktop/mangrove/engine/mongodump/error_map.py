"""Turns what the file system raises at a dump into our own errors."""

import errno
from pathlib import Path

from mangrove.core.errors import (
    MangroveError,
    StorageDeniedError,
    StorageFullError,
    UnusableDumpError,
)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def from_reading(error: OSError, path: Path) -> MangroveError:
    """Turn an error met while a dump was read."""
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno in _FULL:
        return StorageFullError(
            "there is no room to unpack the archive; nothing was read from it",
            hint="free space in the folder for temporary files",
            file=str(path),
        )
    return UnusableDumpError(
        f"{str(path)!r} cannot be read: {reason}",
        hint="check the path and its permissions",
        file=str(path),
    )


def from_writing(error: OSError, path: Path) -> MangroveError:
    """Turn an error met while a dump was written."""
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno in _FULL:
        return StorageFullError(
            f"the disk is full: {str(path)!r} was not finished",
            hint="free space or choose another place, then export again",
            file=str(path),
        )
    if error.errno in _DENIED:
        return StorageDeniedError(
            f"{str(path)!r} may not be written: {reason}",
            hint="choose another place, or change its permissions",
            file=str(path),
        )
    return UnusableDumpError(
        f"{str(path)!r} cannot be written: {reason}",
        hint="choose another place",
        file=str(path),
    )
