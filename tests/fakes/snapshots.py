"""Snapshots as tests need them, with everything set."""

from datetime import UTC, datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import ProfileId
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.snapshot import DataLayout, LockUse, Provider, Snapshot, SnapshotPart

NAME = BackupId("20261126T020000Z-shop-1a2b")
TAKEN_AT = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
SERVER = ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "rs0")
NODE = NodeFacts(
    node="db1:27017",
    pid=42,
    dbpath="/data/db",
    layout=DataLayout(),
    server=SERVER,
    engine="wiredTiger",
    is_persistent=True,
    has_journal=True,
    is_secondary=True,
    has_secondaries=True,
    is_locked=False,
    may_lock=True,
)


def snapshot_with(
    provider: Provider = Provider.BTRFS,
    parts: tuple[SnapshotPart, ...] | None = None,
    name: BackupId = NAME,
    taken_at: datetime = TAKEN_AT,
) -> Snapshot:
    """Return a snapshot of a replica set member, taken under the lock."""
    place = f"/data/.mangrove-snapshots/{name}"
    return Snapshot(
        snapshot=name,
        profile_id=ProfileId("p1"),
        profile_name="shop",
        profile_slug="shop",
        node="db1.example.net:27017",
        ssh=None,
        provider=provider,
        parts=parts if parts is not None else (SnapshotPart("", place, place),),
        dbpath="/data/db",
        layout=DataLayout(directory_per_db=True),
        server=SERVER,
        taken_at=taken_at,
        lock=LockUse.LOCK,
        locked_for=timedelta(seconds=0.31),
        consistent_at=OplogTimestamp(int(taken_at.timestamp()) - 1, 4),
        used_bytes=3_200_000_000,
        mongod="/usr/bin/mongod",
    )
