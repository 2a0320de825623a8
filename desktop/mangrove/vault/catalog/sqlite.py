"""The catalog in an SQLite file: a cache of what the vaults hold, rebuilt when in doubt."""

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.catalog_words import rebuilding
from mangrove.core.cover import Cover
from mangrove.core.errors import StateUnavailableError
from mangrove.core.figures.facts import BackupFacts
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.catalog import facts, slices
from mangrove.vault.catalog.covers import read_covers
from mangrove.vault.catalog.fact_reader import CatalogFacts
from mangrove.vault.catalog.record_codec import DamagedRowError, decode_record, encode_record
from mangrove.vault.catalog.schema import IS_PHYSICAL, ensure_schema
from mangrove.vault.codecs.strict_json import encode_moment

log = logging.getLogger(__name__)
FILE_NAME = "catalog.sqlite"
BUSY_TIMEOUT_S = 10.0
CHECKED_BYTES = 16 << 20
"""About fifteen thousand backups."""
_ALL = "SELECT record, cover FROM backups ORDER BY started_at DESC, backup DESC"
_NEWEST = f"{_ALL} LIMIT ?"
_OF_PROFILE = """
SELECT record, cover FROM backups WHERE profile_slug = ? AND started_at >= ?
ORDER BY started_at DESC, backup DESC
"""
# Few are: the index of these alone spares reading all others.
_PHYSICAL = f"""
SELECT record, cover FROM backups INDEXED BY backups_physical
WHERE profile_slug = ? AND {IS_PHYSICAL} ORDER BY started_at DESC, backup DESC
"""  # noqa: S608 - a constant
_OF_VAULT = """
SELECT record, cover FROM backups WHERE vault_id = ? ORDER BY started_at DESC, backup DESC
"""
_BEGINNING = """
SELECT record, cover FROM backups WHERE backup >= ? AND backup < ?
ORDER BY started_at DESC, backup DESC
"""
_KEYED = """
SELECT vault_id, backup, record, cover FROM backups ORDER BY started_at DESC, backup DESC
"""
_INSERT = "INSERT OR REPLACE INTO backups VALUES (?, ?, ?, ?, ?, ?, ?)"
_LAST_LETTER = "\N{REPLACEMENT CHARACTER}"


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
        self._covers: dict[int, Cover] = {}
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
            cover = facts.put_one(connection, record)
            connection.execute(_INSERT, _row(record, cover))

    def replace_vault(self, vault_id: VaultId, records: Iterable[BackupRecord]) -> int:
        """Put exactly these backups in place of all of one vault, at once."""
        found = list(records)
        with self._changing() as connection:
            connection.execute("DELETE FROM backups WHERE vault_id = ?", (vault_id,))
            facts.forget(connection, vault_id)
            covers = facts.put_facts(connection, found)
            connection.executemany(_INSERT, (_row(r, covers[r.protects]) for r in found))
            facts.count_days(connection, vault_id)
        return len(found)

    def find(self, backup: BackupId) -> BackupRecord | None:
        """Return one backup."""
        found = self._read("SELECT record, cover FROM backups WHERE backup = ?", (backup,))
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

    def of_profile(self, slug: str, since: datetime | None = None) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that were started since, newest first."""
        return self._read(_OF_PROFILE, (slug, encode_moment(since) if since else ""))

    def physical(self, slug: str) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that hold a server's files, newest first."""
        return self._read(_PHYSICAL, (slug,))

    def of_vault(self, vault_id: VaultId) -> tuple[BackupRecord, ...]:
        """Return the backups of a vault, newest first."""
        return self._read(_OF_VAULT, (vault_id,))

    def beginning(self, text: str) -> tuple[BackupRecord, ...]:
        """Return the backups whose id begins so, newest first."""
        return self._read(_BEGINNING, (text, text + _LAST_LETTER))

    def facts(self) -> BackupFacts:
        """Return what answers questions about all backups, however many there are."""
        try:
            return CatalogFacts(self._connection, self._lock, self.find)
        except (sqlite3.Error, DamagedRowError) as error:
            raise _unavailable(error) from error

    def remove(self, vault_id: VaultId, backup: BackupId) -> None:
        """Forget one backup."""
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM backups WHERE vault_id = ? AND backup = ?", (vault_id, backup)
            )
            facts.remove_one(connection, vault_id, backup)

    def remove_vault(self, vault_id: VaultId) -> None:
        """Forget a vault's backups."""
        with self._changing() as connection:
            connection.execute("DELETE FROM backups WHERE vault_id = ?", (vault_id,))
            slices.forget(connection, vault_id)
            facts.forget(connection, vault_id)
            facts.forget_past(connection, vault_id)

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
                return tuple(decode_record(text, self._cover(cover)) for text, cover in rows)
            except (sqlite3.Error, DamagedRowError) as error:
                raise _unavailable(error) from error

    def _read_changed(self) -> tuple[BackupRecord, ...]:
        """Read all rows, but decode only those that are not as they were the last time.

        Decoding takes ten times as long as reading.
        """
        before, now = self._decoded, {}
        try:
            for vault_id, backup, text, cover in self._connection.execute(_KEYED):
                mark = hash(text)
                held = before.get((vault_id, backup))
                if held is not None and held[0] == mark:
                    fresh = held[1]
                else:
                    fresh = decode_record(text, self._cover(cover))
                now[vault_id, backup] = (mark, fresh)
        except (sqlite3.Error, DamagedRowError) as error:
            raise _unavailable(error) from error
        self._decoded = now
        return tuple(record for _, record in now.values())

    def _cover(self, number: int | None) -> Cover | None:
        """Return a cover by its number; covers are kept, and never change."""
        if number is not None and number not in self._covers:
            self._covers = read_covers(self._connection)
        return self._covers.get(number) if number is not None else None

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
        ensure_schema(connection)
        _look_through(connection, path.stat().st_size)
    except BaseException:
        connection.close()
        raise
    return connection


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


def _row(record: BackupRecord, cover: int) -> tuple[str | int, ...]:
    return (
        record.vault_id,
        record.backup,
        record.profile_slug,
        record.state.value,
        encode_moment(record.started_at),
        encode_record(record),
        cover,
    )


def _unavailable(error: Exception) -> StateUnavailableError:
    return StateUnavailableError(
        f"the catalog of backups cannot be used now: {error}",
        hint=f"check the disk it is on, then: {rebuilding()}; the backups are not touched",
    )
