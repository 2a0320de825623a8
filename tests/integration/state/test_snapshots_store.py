"""Snapshots in state.sqlite."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from fakes.snapshots import TAKEN_AT, snapshot_with
from guards import LogGuard
from mangrove.connectors.state.database import StateDatabase
from mangrove.connectors.state.snapshots import SqliteSnapshots
from mangrove.core.backup import BackupId
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.snapshots.snapshot import SnapshotCheck
from mangrove.core.verification import Finding


def test_snapshots_come_back_as_they_were_newest_first(tmp_path: Path) -> None:
    check = SnapshotCheck(
        TAKEN_AT, TAKEN_AT + timedelta(seconds=9), False, (Finding("shop.a", "bad"),), 3, 70,
        OplogTimestamp(5, 6), "6.0.5",
    )  # fmt: skip
    old = snapshot_with().with_check(check)
    later = TAKEN_AT + timedelta(hours=1)
    new = snapshot_with(name=BackupId("20261126T030000Z-shop-1a2b"), taken_at=later)
    with closing(StateDatabase.open(tmp_path)) as database:
        store = SqliteSnapshots(database)
        store.save(old)
        store.save(new)
    with closing(StateDatabase.open(tmp_path)) as database:
        store = SqliteSnapshots(database)

        assert store.all() == (new, old)
        store.remove(new.snapshot)
        assert store.all() == (old,)


def test_damaged_record_hides_no_other(tmp_path: Path, log_guard: LogGuard) -> None:
    log_guard.expect("snapshot record skipped")
    with closing(StateDatabase.open(tmp_path)) as database:
        store = SqliteSnapshots(database)
        store.save(snapshot_with())
        with database.writing() as connection:
            connection.execute("INSERT INTO snapshots VALUES ('x', '2027', '{}')")

        assert store.all() == (snapshot_with(),)
