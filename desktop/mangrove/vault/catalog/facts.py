"""The facts that figures are computed from, in narrow rows with the indexes for each question.

The wide rows with whole records stay untouched by these questions, however many there are.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import Cover
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.catalog import covers
from mangrove.vault.catalog.covers import cover_id
from mangrove.vault.catalog.groups import group_keys

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_MICROSECOND = timedelta(microseconds=1)
SCHEMA = (
    covers.SCHEMA
    + """
CREATE TABLE facts (
  vault_id TEXT NOT NULL,
  backup TEXT NOT NULL,
  profile_slug TEXT NOT NULL,
  cover INTEGER,
  data_us INTEGER NOT NULL,
  finished_us INTEGER NOT NULL,
  day INTEGER NOT NULL,
  restored INTEGER NOT NULL,
  disproven INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  PRIMARY KEY (vault_id, backup)
) WITHOUT ROWID;
CREATE INDEX facts_by_cover ON facts (profile_slug, vault_id, cover, data_us, finished_us);
CREATE INDEX facts_by_day ON facts (profile_slug, vault_id, day, finished_us);
CREATE TABLE days (
  profile_slug TEXT NOT NULL,
  vault_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  restored INTEGER NOT NULL,
  disproven INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  newest_bytes INTEGER NOT NULL,
  PRIMARY KEY (profile_slug, vault_id, day)
) WITHOUT ROWID;
CREATE TABLE evidence (
  profile_slug TEXT NOT NULL,
  vault_id TEXT NOT NULL,
  cover INTEGER NOT NULL,
  backup TEXT NOT NULL,
  number INTEGER NOT NULL,
  level TEXT NOT NULL,
  is_restore INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  finished_us INTEGER NOT NULL,
  took_us INTEGER NOT NULL,
  target TEXT NOT NULL,
  stored_bytes INTEGER NOT NULL,
  plain_bytes INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  steps TEXT NOT NULL,
  PRIMARY KEY (vault_id, backup, number)
) WITHOUT ROWID;
CREATE INDEX evidence_by_age ON evidence (finished_us);
CREATE INDEX evidence_of_restores ON evidence (profile_slug, vault_id, cover, finished_us)
  WHERE is_restore;
"""
)
GONE_SCHEMA = """
CREATE TABLE gone (
  profile_slug TEXT NOT NULL,
  vault_id TEXT NOT NULL,
  cover INTEGER NOT NULL,
  data_us INTEGER NOT NULL,
  backup TEXT NOT NULL,
  finished_us INTEGER NOT NULL,
  PRIMARY KEY (profile_slug, vault_id, cover, data_us, backup)
) WITHOUT ROWID;
"""
"""Complete backups that were removed: what they protected in their time stays known.

The key's columns come first: SQLite 3.40 takes the file for damaged otherwise (its quick_check
looks for the other columns in the wrong place).
"""
KEPT_US = 400 * _DAY_US
_KEEP_GONE = """
INSERT OR REPLACE INTO gone (profile_slug, vault_id, cover, data_us, backup, finished_us)
SELECT profile_slug, vault_id, cover, data_us, backup, finished_us FROM facts
WHERE vault_id = ? AND backup = ? AND cover IS NOT NULL
"""
_LET_GO = """
DELETE FROM gone
WHERE profile_slug = ? AND vault_id = ? AND cover = ?
  AND data_us < (SELECT data_us FROM facts WHERE vault_id = ? AND backup = ?) - ?
"""
_PUT = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_EVIDENCE = f"INSERT INTO evidence VALUES ({', '.join('?' * 15)})"  # noqa: S608 - only marks
_SUM = """
INSERT OR REPLACE INTO days
SELECT profile_slug, vault_id, day, count(cover), count(*) - count(cover), total(restored),
  total(disproven), total(stored_bytes), 0
FROM facts WHERE {which} GROUP BY profile_slug, vault_id, day
"""
_NEWEST = """
UPDATE days SET newest_bytes = (
  SELECT stored_bytes FROM facts
  WHERE facts.profile_slug = days.profile_slug AND facts.vault_id = days.vault_id
    AND facts.day = days.day
  ORDER BY finished_us DESC, backup DESC LIMIT 1
) WHERE {which}
"""
_OF_VAULT = "vault_id = ?"
_OF_DAY = "vault_id = ? AND profile_slug = ? AND day = ?"


def put_facts(
    connection: sqlite3.Connection, records: Iterable[BackupRecord]
) -> Mapping[Cover, int]:
    """Insert or replace the facts of backups; ``count_days`` has to follow.

    Returns:
        The numbers of what they protect.
    """
    held = list(records)
    names = [(r.vault_id, r.backup) for r in held]
    connection.executemany("DELETE FROM evidence WHERE vault_id = ? AND backup = ?", names)
    protected = dict.fromkeys(record.protects for record in held)
    numbers = {cover: cover_id(connection, cover) for cover in protected}
    connection.executemany(_PUT, [_row(r, numbers[r.protects]) for r in held])
    pieces = (row for r in held for row in _evidence_rows(r, numbers[r.protects]))
    connection.executemany(_PUT_EVIDENCE, pieces)
    return numbers


def put_one(connection: sqlite3.Connection, record: BackupRecord) -> int:
    """Insert or replace the facts of one backup, and count its days anew.

    Returns:
        The number of what it protects.
    """
    before = _place(connection, record.vault_id, record.backup)
    numbers = put_facts(connection, [record])
    for place in dict.fromkeys([*before, *_place(connection, record.vault_id, record.backup)]):
        _count_day(connection, place)
    return numbers[record.protects]


def remove_one(connection: sqlite3.Connection, vault_id: VaultId, backup: str) -> None:
    """Remove the facts of one backup, and count its day anew; when it was there stays known."""
    places = _place(connection, vault_id, backup)
    key = (vault_id, backup)
    for group in list(group_keys(connection, "gone")):
        connection.execute(_LET_GO, (*group, *key, KEPT_US))
    connection.execute(_KEEP_GONE, key)
    connection.execute("DELETE FROM facts WHERE vault_id = ? AND backup = ?", key)
    connection.execute("DELETE FROM evidence WHERE vault_id = ? AND backup = ?", key)
    for place in places:
        _count_day(connection, place)


def forget(connection: sqlite3.Connection, vault_id: VaultId) -> None:
    """Remove all facts of a vault."""
    for table in ("facts", "evidence", "days"):
        connection.execute(f"DELETE FROM {table} WHERE vault_id = ?", (vault_id,))  # noqa: S608


def forget_past(connection: sqlite3.Connection, vault_id: VaultId) -> None:
    """Forget what removed backups of a vault protected in their time."""
    connection.execute("DELETE FROM gone WHERE vault_id = ?", (vault_id,))


def count_days(connection: sqlite3.Connection, vault_id: VaultId) -> None:
    """Count all days of a vault anew."""
    connection.execute("DELETE FROM days WHERE vault_id = ?", (vault_id,))
    for query in (_SUM, _NEWEST):
        connection.execute(query.format(which=_OF_VAULT), (vault_id,))


def microseconds(moment: datetime) -> int:
    """Return a moment as a number that sorts as its time."""
    return (moment - EPOCH) // _MICROSECOND


def _place(
    connection: sqlite3.Connection, vault_id: VaultId, backup: str
) -> Sequence[tuple[str, str, int]]:
    query = "SELECT vault_id, profile_slug, day FROM facts WHERE vault_id = ? AND backup = ?"
    return connection.execute(query, (vault_id, backup)).fetchall()


def _count_day(connection: sqlite3.Connection, place: tuple[str, str, int]) -> None:
    connection.execute(f"DELETE FROM days WHERE {_OF_DAY}", place)  # noqa: S608 - only marks
    for query in (_SUM, _NEWEST):
        connection.execute(query.format(which=_OF_DAY), place)


def _row(record: BackupRecord, cover: int) -> tuple[object, ...]:
    finished_us = microseconds(record.finished_at)
    is_complete = record.state is BackupState.COMPLETE
    return (
        record.vault_id,
        record.backup,
        record.profile_slug,
        cover if is_complete else None,
        microseconds(record.data_at),
        finished_us,
        finished_us // _DAY_US,
        is_complete and record.is_restored,
        is_complete and record.failed_evidence is not None,
        record.stored_bytes,
    )


def _evidence_rows(record: BackupRecord, cover: int) -> Iterable[tuple[object, ...]]:
    if record.state is not BackupState.COMPLETE:
        return
    for number, piece in enumerate(record.evidence):
        yield (
            record.profile_slug,
            record.vault_id,
            cover,
            record.backup,
            number,
            piece.level.value,
            piece.is_test_restore,
            piece.passed,
            microseconds(piece.finished_at),
            piece.duration // _MICROSECOND,
            piece.target,
            record.stored_bytes,
            record.plain_bytes,
            record.documents,
            json.dumps([[name, took // _MICROSECOND] for name, took in piece.steps]),
        )
