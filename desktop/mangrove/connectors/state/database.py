"""The file state.sqlite: opened with care, migrated with a copy kept, shared by processes."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Self

from mangrove.connectors.state.error_map import damaged, state_errors
from mangrove.connectors.state.schema import MIGRATIONS, Migration
from mangrove.core.errors import DamagedStateError

FILE_NAME = "state.sqlite"
APPLICATION_ID = 0x4D67_7276  # "Mgrv": tells our file from another program's database
BUSY_TIMEOUT_S = 10.0
CHECKED_BYTES = 64 << 20  # looked through in a quarter of a second
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class StateDatabase:
    """One open state.sqlite.

    Window and command line may have the same file open: transactions are short, and a writer
    waits up to ten seconds for another.

    Threads: safe for several; they take turns on one connection.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = RLock()

    @classmethod
    def open(cls, folder: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Self:
        """Open the file in a folder, or make both; bring an older file up to date.

        Before each migration a copy named ``state.sqlite.before-v<n>`` is put beside the file.

        Raises:
            DamagedStateError: If it is no database, fails SQLite's own check, or was written
                by a newer Mangrove; the file is left as it was.
            StateUnavailableError: If it is busy, full or may not be used.
        """
        path = folder / FILE_NAME
        with state_errors(path):
            _make_private_file(path)
            _check(path, len(migrations))
            connection = _connect(path)
            try:
                _migrate(connection, path, migrations)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one or more reads that see the same state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for writes that happen all or not at all."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, state_errors(self.path), _transaction(self._connection, begin):
            yield self._connection


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_private_file(path: Path) -> None:
    """Create the file for its owner only, before SQLite writes the first byte.

    SQLite gives ``-wal`` and ``-shm`` the permissions of the main file.
    """
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE))
    path.chmod(_FILE_MODE)


def _check(path: Path, known_version: int) -> None:
    """Look at the file through a read-only connection, which cannot change it.

    A large one is not looked through: each command would wait for seconds, and damage shows when
    the rows are read.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        return
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
        version = _version(connection)
        problem = "ok"
        if size_bytes <= CHECKED_BYTES:
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
    if problem != "ok":
        raise damaged(path, str(problem))
    if application != APPLICATION_ID:
        raise damaged(path, "it is another program's database")
    if version > known_version:
        raise DamagedStateError(
            f"the file '{path}' was written by a newer Mangrove and was left untouched",
            hint="start the newer Mangrove, or choose another folder with MANGROVE_HOME",
            path=str(path),
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text  # bytes that are no UTF-8 spoil their own row only
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    is_new = _version(connection) == 0
    while _version(connection) < len(migrations):
        with _transaction(connection, "BEGIN IMMEDIATE"):
            version = _version(connection)  # another process may have been first
            if version >= len(migrations):
                return
            if not is_new:
                _keep_copy(path, version + 1)
            for statement in migrations[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version + 1}")


def _keep_copy(path: Path, next_version: int) -> None:
    """Copy the file as it is now; the caller holds the write lock, so it stands still."""
    copy = path.with_name(f"{path.name}.before-v{next_version}")
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(copy)
