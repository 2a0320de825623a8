"""Unfinished copies of snapshots in state.sqlite, so that an interrupted one can go on."""

from typing_extensions import override

from mangrove.connectors.state.codec import CodecError, decoded, encoded
from mangrove.connectors.state.database import StateDatabase
from mangrove.core.backup import BackupId
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports.snapshot import CopyLedger, UnfinishedCopy
from mangrove.core.vaults.vault import VaultId


class SqliteCopyLedger(CopyLedger):
    """Remembers what of a copy is stored.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def find(self, snapshot: BackupId, vault_id: VaultId) -> UnfinishedCopy | None:
        query = "SELECT backup FROM snapshot_copies WHERE snapshot = ? AND vault_id = ?"
        pieces = "SELECT path, number, value FROM snapshot_pieces WHERE backup = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (snapshot, vault_id)).fetchone()
            rows = connection.execute(pieces, row).fetchall() if row else []
        if row is None:
            return None
        try:
            kept = tuple((str(p), int(n), decoded(StoredBlob, str(v))) for p, n, v in rows)
        except CodecError:
            kept = ()  # then everything is copied again
        return UnfinishedCopy(snapshot, vault_id, BackupId(row[0]), kept)

    @override
    def begin(self, copy: UnfinishedCopy) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO snapshot_copies (backup, snapshot, vault_id)"
                " VALUES (?, ?, ?)",
                (copy.backup, copy.snapshot, copy.vault_id),
            )

    @override
    def keep(self, backup: BackupId, path: str, number: int, blob: StoredBlob) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO snapshot_pieces (backup, path, number, value)"
                " VALUES (?, ?, ?, ?)",
                (backup, path, number, encoded(blob)),
            )

    @override
    def forget(self, backup: BackupId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM snapshot_pieces WHERE backup = ?", (backup,))
            connection.execute("DELETE FROM snapshot_copies WHERE backup = ?", (backup,))
