"""The tables of catalog.sqlite, and how an older file gets them; its rows are kept."""

import sqlite3

from mangrove.vault.catalog import facts, slices
from mangrove.vault.catalog.record_codec import DamagedRowError, decode_record

SCHEMA_VERSION = 4
_WITHOUT_SLICES, _WITHOUT_FACTS, _WITHOUT_GONE = 1, 2, 3
_BACKUPS = """
CREATE TABLE backups (
  vault_id TEXT NOT NULL,
  backup TEXT NOT NULL,
  profile_slug TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at TEXT NOT NULL,
  record TEXT NOT NULL,
  cover INTEGER,
  PRIMARY KEY (vault_id, backup)
) WITHOUT ROWID;
CREATE INDEX backups_by_id ON backups (backup);
CREATE INDEX backups_by_age ON backups (started_at DESC, backup DESC);
CREATE INDEX backups_by_profile ON backups (profile_slug, started_at DESC);
"""
IS_PHYSICAL = "CASE WHEN json_valid(record) THEN json_extract(record, '$.is_physical') END"
_INDEXES = f"""
CREATE INDEX IF NOT EXISTS backups_physical ON backups (profile_slug, started_at DESC)
  WHERE {IS_PHYSICAL};
"""
"""Made where they are lacking: an index changes no row, so no version tells of it."""
_AT_ONCE = 1000


def ensure_schema(connection: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older Mangrove up to date.

    Raises:
        DamagedRowError: If the file is another program's, newer, or a row cannot be read.
    """
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables == 0:
        _run(connection, _BACKUPS + slices.SCHEMA + facts.SCHEMA + facts.GONE_SCHEMA)
    elif version in (_WITHOUT_SLICES, _WITHOUT_FACTS):
        if version == _WITHOUT_SLICES:
            _run(connection, slices.SCHEMA)
        more = facts.SCHEMA + facts.GONE_SCHEMA
        _run(connection, "ALTER TABLE backups ADD COLUMN cover INTEGER;" + more)
        _fill_facts(connection)
    elif version == _WITHOUT_GONE:
        _run(connection, facts.GONE_SCHEMA)
    elif version != SCHEMA_VERSION:
        raise DamagedRowError(f"the catalog has version {version}")
    _run(connection, _INDEXES)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements inside the open transaction, which ``executescript`` would end."""
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement)


def _fill_facts(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT record FROM backups").fetchall()
    for start in range(0, len(rows), _AT_ONCE):
        records = [decode_record(text) for (text,) in rows[start : start + _AT_ONCE]]
        covers = facts.put_facts(connection, records)
        connection.executemany(
            "UPDATE backups SET cover = ? WHERE vault_id = ? AND backup = ?",
            [(covers[r.protects], r.vault_id, r.backup) for r in records],
        )
    for (vault_id,) in connection.execute("SELECT DISTINCT vault_id FROM backups").fetchall():
        facts.count_days(connection, vault_id)
