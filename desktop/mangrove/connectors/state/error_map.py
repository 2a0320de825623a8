"""Turns what SQLite raises into our errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mangrove.core.errors import DamagedStateError, StateUnavailableError

_PRIMARY_CODE = 0xFF  # the low byte; the rest refines it (SQLite, "Result and Error Codes")
_PROBLEMS = {
    sqlite3.SQLITE_BUSY: "is in use by another program for too long",
    sqlite3.SQLITE_LOCKED: "is in use by another program for too long",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only",
    sqlite3.SQLITE_PERM: "may not be opened by this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
}
DAMAGED_HINT = (
    "move the file away and start again, or put back a copy such as the ones named "
    "state.sqlite.before-… beside it; backups in vaults are not affected"
)


@contextmanager
def state_errors(path: Path) -> Iterator[None]:
    """Run calls on the file and raise ours in place of SQLite's and the system's errors.

    Raises:
        DamagedStateError: If the file is not what we wrote.
        StateUnavailableError: If it is busy, full or may not be used.
    """
    try:
        yield
    except sqlite3.Error as error:
        problem = _PROBLEMS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE)
        if problem is None:
            raise damaged(path, str(error)) from error
        raise unavailable(path, problem) from error
    except OSError as error:
        raise unavailable(path, f"cannot be used ({error.strerror})") from error


def unavailable(path: Path, problem: str) -> StateUnavailableError:
    """Return the error for a file that is whole but cannot be used now."""
    return StateUnavailableError(
        f"the file '{path}' {problem}; nothing was changed",
        hint="close other Mangrove windows, make room or correct the permissions, and try again",
        path=str(path),
    )


def damaged(path: Path, reason: str) -> DamagedStateError:
    """Return the error for a file that is not as we wrote it."""
    return DamagedStateError(
        f"the file '{path}' is damaged and was left untouched: {reason}",
        hint=DAMAGED_HINT,
        path=str(path),
    )
