"""The backups this workstation has seen, so that a storage cannot be turned back unnoticed."""

import sqlite3
from collections.abc import Iterable

from typing_extensions import override

from mangrove.connectors.state.database import StateDatabase
from mangrove.core.backup import BackupId
from mangrove.core.ports.catalog import VaultMemory
from mangrove.core.vaults.memory import Remembered
from mangrove.core.vaults.vault import VaultId


class SqliteMemory(VaultMemory):
    """Keeps a row for each backup seen; rows go only when this workstation removes the backup.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def recall(self, vault_id: VaultId, backup: BackupId) -> Remembered | None:
        query = (
            "SELECT backup, sequence, content FROM seen_backups WHERE vault_id = ? AND backup = ?"
        )
        with self._database.reading() as connection:
            row = connection.execute(query, (vault_id, backup)).fetchone()
        return _remembered(row) if row else None

    @override
    def all(self, vault_id: VaultId) -> tuple[Remembered, ...]:
        query = "SELECT backup, sequence, content FROM seen_backups WHERE vault_id = ?"
        with self._database.reading() as connection:
            rows = connection.execute(query, (vault_id,)).fetchall()
        return tuple(map(_remembered, rows))

    @override
    def highest(self, vault_id: VaultId) -> int:
        with self._database.reading() as connection:
            (kept,) = connection.execute(
                "SELECT max(sequence) FROM seen_sequences WHERE vault_id = ?", (vault_id,)
            ).fetchone()
        return int(kept or 0)

    @override
    def note(self, vault_id: VaultId, items: Iterable[Remembered]) -> None:
        rows = [(vault_id, item.backup, item.sequence, item.content) for item in items]
        if not rows:
            return
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO seen_backups VALUES (?, ?, ?, ?)", rows)
            self._raise_to(connection, vault_id, max(row[2] for row in rows))

    @override
    def note_sequence(self, vault_id: VaultId, sequence: int) -> None:
        with self._database.writing() as connection:
            self._raise_to(connection, vault_id, sequence)

    @override
    def forget(self, vault_id: VaultId, backups: Iterable[BackupId]) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM seen_backups WHERE vault_id = ? AND backup = ?",
                [(vault_id, backup) for backup in backups],
            )

    @staticmethod
    def _raise_to(connection: sqlite3.Connection, vault_id: VaultId, sequence: int) -> None:
        """Keep the highest number ever, also when its backup was removed since."""
        connection.execute(
            "INSERT INTO seen_sequences VALUES (?, ?) ON CONFLICT (vault_id)"
            " DO UPDATE SET sequence = max(sequence, excluded.sequence)",
            (vault_id, sequence),
        )


def _remembered(row: tuple[str, int, str]) -> Remembered:
    return Remembered(BackupId(row[0]), int(row[1]), row[2])
