"""The slice half of the catalog: rows of slices and breaks, in the same file as the backups."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mangrove.core.backup import Compression
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import BreakKind, ChainBreak, OplogSlice
from mangrove.core.vaults.vault import VaultId

SCHEMA = """
CREATE TABLE slices (
  vault_id TEXT NOT NULL,
  name TEXT NOT NULL,
  profile_slug TEXT NOT NULL,
  chain TEXT NOT NULL,
  first_s INTEGER NOT NULL, first_i INTEGER NOT NULL, first_term INTEGER NOT NULL,
  last_s INTEGER NOT NULL, last_i INTEGER NOT NULL, last_term INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  plain_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  compression TEXT NOT NULL,
  previous TEXT NOT NULL,
  captured_s REAL NOT NULL,
  headroom_s REAL,
  problem TEXT NOT NULL,
  PRIMARY KEY (vault_id, name)
) WITHOUT ROWID;
CREATE INDEX slices_by_end ON slices (profile_slug, last_s, last_i, first_s, first_i);
CREATE TABLE breaks (
  vault_id TEXT NOT NULL,
  profile_slug TEXT NOT NULL,
  kind TEXT NOT NULL,
  chain TEXT NOT NULL,
  at_s INTEGER NOT NULL, at_i INTEGER NOT NULL,
  until_s INTEGER NOT NULL, until_i INTEGER NOT NULL,
  noted_s REAL NOT NULL,
  PRIMARY KEY (vault_id, profile_slug, kind, chain, at_s, at_i, until_s, until_i)
) WITHOUT ROWID;
"""
_PUT_SLICE = f"INSERT OR REPLACE INTO slices VALUES ({', '.join('?' * 19)})"  # noqa: S608 - marks
_PUT_BREAK = f"INSERT OR REPLACE INTO breaks VALUES ({', '.join('?' * 9)})"  # noqa: S608 - marks
_SLICES = (
    "SELECT * FROM slices WHERE profile_slug = ? ORDER BY last_s, last_i, first_s, first_i, name"
)
_BREAKS = "SELECT * FROM breaks WHERE profile_slug = ? ORDER BY at_s, at_i"
_Row = tuple[str | int | float | None, ...]


def put_slices(connection: sqlite3.Connection, pieces: Iterable[OplogSlice]) -> int:
    """Insert or replace; returns how many."""
    return connection.executemany(_PUT_SLICE, map(_slice_row, pieces)).rowcount


def put_breaks(connection: sqlite3.Connection, cuts: Iterable[ChainBreak]) -> None:
    """Insert or replace."""
    connection.executemany(_PUT_BREAK, map(_break_row, cuts))


def forget(connection: sqlite3.Connection, vault_id: VaultId) -> None:
    """Remove everything of one vault."""
    connection.execute("DELETE FROM slices WHERE vault_id = ?", (vault_id,))
    connection.execute("DELETE FROM breaks WHERE vault_id = ?", (vault_id,))


def read_slices(connection: sqlite3.Connection, profile_slug: str) -> tuple[OplogSlice, ...]:
    """Return a profile's slices, by their end."""
    rows = connection.execute(_SLICES, (profile_slug,))
    return tuple(
        OplogSlice(
            VaultId(vault_id),
            slug,
            ChainId(chain),
            OplogPosition(OplogTimestamp(first_s, first_i), first_term),
            OplogPosition(OplogTimestamp(last_s, last_i), last_term),
            entries,
            StoredBlob(name, stored, sha256, plain),
            Compression(compression),
            previous,
            datetime.fromtimestamp(captured_s, UTC),
            None if headroom_s is None else timedelta(seconds=headroom_s),
            problem,
        )
        for (
            vault_id,
            name,
            slug,
            chain,
            first_s,
            first_i,
            first_term,
            last_s,
            last_i,
            last_term,
            entries,
            plain,
            stored,
            sha256,
            compression,
            previous,
            captured_s,
            headroom_s,
            problem,
        ) in rows
    )


def read_breaks(connection: sqlite3.Connection, profile_slug: str) -> tuple[ChainBreak, ...]:
    """Return a profile's breaks, oldest first."""
    return tuple(
        ChainBreak(
            vault_id=VaultId(vault_id),
            profile_slug=slug,
            kind=BreakKind(kind),
            chain=ChainId(chain) if chain else None,
            at=OplogTimestamp(at_s, at_i),
            until=OplogTimestamp(until_s, until_i),
            noted_at=datetime.fromtimestamp(noted_s, UTC),
        )
        for vault_id, slug, kind, chain, at_s, at_i, until_s, until_i, noted_s in (
            connection.execute(_BREAKS, (profile_slug,))
        )
    )


def _slice_row(piece: OplogSlice) -> _Row:
    blob, first, last = piece.blob, piece.first, piece.last
    headroom = piece.headroom
    return (
        piece.vault_id,
        blob.name,
        piece.profile_slug,
        piece.chain,
        *(first.ts.seconds, first.ts.increment, first.term),
        *(last.ts.seconds, last.ts.increment, last.term),
        piece.entries,
        blob.plain_bytes,
        blob.size_bytes,
        blob.sha256,
        piece.compression.value,
        piece.previous,
        piece.captured_at.timestamp(),
        None if headroom is None else headroom.total_seconds(),
        piece.problem,
    )


def _break_row(cut: ChainBreak) -> _Row:
    return (
        cut.vault_id,
        cut.profile_slug,
        cut.kind.value,
        cut.chain or "",
        *(cut.at.seconds, cut.at.increment, cut.until.seconds, cut.until.increment),
        cut.noted_at.timestamp(),
    )
