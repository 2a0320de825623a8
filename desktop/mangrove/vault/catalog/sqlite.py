"""The catalog in an SQLite file: a cache of what the vaults hold, rebuilt when in doubt."""

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from mangrove.core.backup import BackupId
from mangrove.core.errors import StateUnavailableError
from mangrove.core.slices import ChainBreak, OplogSlice
from mangrove.core.vault import BackupRecord, VaultId
from mangrove.vault.catalog import slices
from mangrove.vault.catalog.record_codec import DamagedRowError, decode_record, encode_record
from mangrove.vault.strict_json import encode_moment

log = logging.getLogger(__name__)
FILE_NAME = "catalog.sqlite"
SCHEMA_VERSION = 2
_WITHOUT_SLICES = 1
BUSY_TIMEOUT_S = 10.0
CHECKED_BYTES = 16 << 20
"""About fifteen thousand backups."""
_SCHEMA = """
CREATE TABLE backups (
  vault_id TEXT NOT NULL,
  backup TEXT NOT NULL,
  profile_slug TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (vault_id, backup)
) WITHOUT ROWID;
CREATE INDEX backups_by_id ON backups (backup);
CREATE INDEX backups_by_age ON backups (started_at DESC, backup DESC);
CREATE INDEX backups_by_profile ON backups (profile_slug, started_at DESC);
"""
_ALL = "SELECT record FROM backups ORDER BY started_at DESC, backup DESC"
_NEWEST = f"{_ALL} LIMIT ?"
_KEYED = "SELECT vault_id, backup, record FROM backups ORDER BY started_at DESC, backup DESC"
_INSERT = "INSERT OR REPLACE INTO backups VALUES (?, ?, ?, ?, ?, ?)"


class SqliteCatalog:
    """All vaults' backups, in one file. Safe for several threads and processes.

    Attributes:
        was_reset: Whether the file was damaged or newer than we are, was set aside, and an
            empty one took its place: the vaults should be listed again.
    """

    def __init__(self, connection: sqlite3.Connection, *, was_reset: bool) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._all: tuple[BackupRecord, ...] = ()
        self._decoded: dict[tuple[str, str], tuple[int, BackupRecord]] = {}
        self._all_as_of: tuple[int, int] | None = None
        self.was_reset = was_reset

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the file in a folder, or make both; an unusable one is renamed ``….damaged``.

        Raises:
            StateUnavailableError: If it is busy or may not be used, though it may be whole.
        """
        path = folder / FILE_NAME
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                return cls(_open(path), was_reset=False)
            except sqlite3.OperationalError:
                raise
            except (sqlite3.DatabaseError, DamagedRowError) as error:
                _set_aside(path, error)
                return cls(_open(path), was_reset=True)
        except (OSError, sqlite3.Error) as error:
            raise _unavailable(error) from error

    def put(self, record: BackupRecord) -> None:
        """Insert or replace one backup."""
        with self._changing() as connection:
            connection.execute(_INSERT, _row(record))

    def replace_vault(self, vault_id: VaultId, records: Iterable[BackupRecord]) -> int:
        """Put exactly these backups in place of all of one vault, at once."""
        rows = [_row(record) for record in records]
        with self._changing() as connection:
            connection.execute("DELETE FROM backups WHERE vault_id = ?", (vault_id,))
            connection.executemany(_INSERT, rows)
        return len(rows)

    def find(self, backup: BackupId) -> BackupRecord | None:
        """Return one backup."""
        found = self._read("SELECT record FROM backups WHERE backup = ?", (backup,))
        return found[0] if found else None

    def all(self) -> tuple[BackupRecord, ...]:
        """Return all backups, newest first; kept in memory until somebody changes the file."""
        with self._lock:
            as_of = self._state()
            if as_of != self._all_as_of:
                self._all, self._all_as_of = self._read_changed(), as_of
            return self._all

    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        """Return the newest backups at once, however many there are."""
        with self._lock:
            if self._all_as_of is not None and self._all_as_of == self._state():
                return self._all[:limit]
            return self._read(_NEWEST, (str(limit),))

    def remove(self, vault_id: VaultId, backup: BackupId) -> None:
        """Forget one backup."""
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM backups WHERE vault_id = ? AND backup = ?", (vault_id, backup)
            )

    def remove_vault(self, vault_id: VaultId) -> None:
        """Forget a vault's backups."""
        with self._changing() as connection:
            connection.execute("DELETE FROM backups WHERE vault_id = ?", (vault_id,))
            slices.forget(connection, vault_id)

    def put_slice(self, piece: OplogSlice) -> None:
        """Insert or replace one slice."""
        with self._changing() as connection:
            slices.put_slices(connection, [piece])

    def put_break(self, cut: ChainBreak) -> None:
        """Insert or replace one break."""
        with self._changing() as connection:
            slices.put_breaks(connection, [cut])

    def replace_slices(
        self, vault_id: VaultId, pieces: Iterable[OplogSlice], cuts: Iterable[ChainBreak]
    ) -> int:
        """Put exactly these in place of all of one vault, at once; returns how many slices."""
        found, breaks = tuple(pieces), tuple(cuts)
        with self._changing() as connection:
            slices.forget(connection, vault_id)
            slices.put_slices(connection, found)
            slices.put_breaks(connection, breaks)
        return len(found)

    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        """Return a profile's slices from all vaults, by their end."""
        with self._lock:
            try:
                return slices.read_slices(self._connection, profile_slug)
            except (sqlite3.Error, ValueError) as error:
                raise _unavailable(error) from error

    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        """Return a profile's breaks from all vaults."""
        with self._lock:
            try:
                return slices.read_breaks(self._connection, profile_slug)
            except (sqlite3.Error, ValueError) as error:
                raise _unavailable(error) from error

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def _state(self) -> tuple[int, int]:
        """Return numbers that change whenever we or another process change the file.

        Source: SQLite documentation, "PRAGMA data_version".
        """
        try:
            (others,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise _unavailable(error) from error
        return self._connection.total_changes, others

    def _read(self, query: str, values: tuple[str, ...]) -> tuple[BackupRecord, ...]:
        with self._lock:
            try:
                rows = self._connection.execute(query, values).fetchall()
                return tuple(decode_record(row[0]) for row in rows)
            except (sqlite3.Error, DamagedRowError) as error:
                raise _unavailable(error) from error

    def _read_changed(self) -> tuple[BackupRecord, ...]:
        """Read all rows, but decode only those that are not as they were the last time.

        Decoding takes ten times as long as reading.
        """
        before, now = self._decoded, {}
        try:
            for vault_id, backup, text in self._connection.execute(_KEYED):
                mark = hash(text)
                held = before.get((vault_id, backup))
                fresh = held[1] if held and held[0] == mark else decode_record(text)
                now[vault_id, backup] = (mark, fresh)
        except (sqlite3.Error, DamagedRowError) as error:
            raise _unavailable(error) from error
        self._decoded = now
        return tuple(record for _, record in now.values())

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise _unavailable(error) from error


def _set_aside(path: Path, reason: Exception) -> None:
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(path.with_name(f"{path.name}.damaged{suffix}"))
    log.info("catalog set aside path=%s reason=%s", path, reason)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _ensure_schema(connection)
        _look_through(connection, path.stat().st_size)
    except BaseException:
        connection.close()
        raise
    return connection


def _ensure_schema(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables == 0:
        for statement in filter(str.strip, (_SCHEMA + slices.SCHEMA).split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version == _WITHOUT_SLICES:
        for statement in filter(str.strip, slices.SCHEMA.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise DamagedRowError(f"the catalog has version {version}")
    connection.execute("COMMIT")


def _look_through(connection: sqlite3.Connection, size_bytes: int) -> None:
    """Read a small file once: damage should show now, not in a page.

    A large one would keep a window waiting; its damage shows when its rows are read.
    """
    if size_bytes <= CHECKED_BYTES:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedRowError("the catalog's pages are damaged")
    newest = connection.execute("SELECT record FROM backups ORDER BY started_at DESC LIMIT 1")
    for (record,) in newest:
        decode_record(record)


def _row(record: BackupRecord) -> tuple[str, ...]:
    return (
        record.vault_id,
        record.backup,
        record.profile_slug,
        record.state.value,
        encode_moment(record.started_at),
        encode_record(record),
    )


def _unavailable(error: Exception) -> StateUnavailableError:
    return StateUnavailableError(
        f"the catalog of backups cannot be used now: {error}",
        hint="check the disk it is on, then rebuild the catalog; the backups are not touched",
    )
