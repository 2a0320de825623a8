"""What backups protect, kept once for all backups that protect the same."""

import json
import sqlite3

from mangrove.core.cover import Cover, DatabaseCover
from mangrove.vault.catalog.record_codec import DamagedRowError

SCHEMA = """
CREATE TABLE covers (cover_id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
"""


def cover_id(connection: sqlite3.Connection, cover: Cover) -> int:
    """Return the number of a cover; a new one is kept."""
    text = _encoded(cover)
    found = connection.execute("SELECT cover_id FROM covers WHERE text = ?", (text,)).fetchone()
    if found is None:
        made = connection.execute("INSERT INTO covers (text) VALUES (?)", (text,)).lastrowid
        return int(made or 0)
    return int(found[0])


def read_covers(connection: sqlite3.Connection) -> dict[int, Cover]:
    """Return all of them by number.

    Raises:
        DamagedRowError: If one is not as it was written.
    """
    rows = connection.execute("SELECT cover_id, text FROM covers")
    return {number: _decoded(text) for number, text in rows}


def _encoded(cover: Cover) -> str:
    parts = [[d.name, d.is_whole, d.collections] for d in cover.databases]
    plain = [cover.is_deployment, cover.is_filtered, parts]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _decoded(text: str) -> Cover:
    try:
        is_deployment, is_filtered, parts = json.loads(text)
        databases = tuple(DatabaseCover(name, whole, tuple(held)) for name, whole, held in parts)
        return Cover(is_deployment, databases, is_filtered)
    except (ValueError, TypeError) as error:
        raise DamagedRowError("a row of the catalog is damaged") from error
