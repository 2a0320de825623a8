"""Filesystem snapshots in state.sqlite: one row each, so that a damaged one hides no other."""

from typing_extensions import override

from mangrove.connectors.state.codec import encoded, sortable
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.records import read_all
from mangrove.core.backup import BackupId
from mangrove.core.ports.snapshot import SnapshotStore
from mangrove.core.snapshots.snapshot import Snapshot


class SqliteSnapshots(SnapshotStore):
    """Keeps what this workstation knows of snapshots.

    Threads: safe for several.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @override
    def all(self) -> tuple[Snapshot, ...]:
        query = "SELECT value FROM snapshots ORDER BY taken_at DESC, snapshot DESC"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return read_all(Snapshot, rows, "snapshot record")

    @override
    def save(self, snapshot: Snapshot) -> None:
        taken_at = sortable(snapshot.taken_at)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO snapshots (snapshot, taken_at, value) VALUES (?, ?, ?)",
                (snapshot.snapshot, taken_at, encoded(snapshot)),
            )

    @override
    def remove(self, snapshot: BackupId) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM snapshots WHERE snapshot = ?", (snapshot,))
