"""A stand-in for the service about snapshots, with two of them and a preflight that passes."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from fakes.activity import FakeActivity
from fakes.sample_data import NOW
from fakes.snapshots import NODE, snapshot_with
from mangrove.core.backup import BackupId, backup_id
from mangrove.core.errors import MangroveError
from mangrove.core.run import RunId, RunKind
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.preflight import Machine, Preflight, Wanted, preflight
from mangrove.core.snapshots.snapshot import (
    LockUse,
    Provider,
    Snapshot,
    SnapshotCheck,
    SnapshotRequest,
)
from mangrove.core.snapshots.volumes import Volume

DB2 = replace(NODE, node="db2.example.net:27017", pid=812)
MACHINE = Machine("db2", 812, may_everything=True, used_bytes=212_000_000_000)
VOLUME = Volume("", "/data/db", "/dev/sdb", "/data", "btrfs", "id", 900_000_000_000, "/data/db")


def sample_snapshots() -> list[Snapshot]:
    """Return one that was proven, and one without a lock that nobody opened."""
    taken = NOW - timedelta(hours=5)
    check = SnapshotCheck(
        taken + timedelta(minutes=9),
        taken + timedelta(minutes=31),
        passed=True,
        findings=(),
        collections=214,
        documents=812_402_118,
        newest=None,
        server_version="6.0.5",
    )
    first = snapshot_with(name=backup_id(taken, "production", "51ac"), taken_at=taken)
    later = NOW - timedelta(minutes=40)
    second = snapshot_with(
        Provider.LVM_THIN, name=backup_id(later, "production", "0be2"), taken_at=later
    )
    named = [
        replace(s, profile_name="production", profile_slug="production") for s in (first, second)
    ]
    unlocked = replace(named[1], lock=LockUse.NO_LOCK, locked_for=None, consistent_at=None)
    return [unlocked, named[0].with_check(check)]


@dataclass
class FakeSnapshots:
    """Remembers what was asked for."""

    activity: FakeActivity
    rows: list[Snapshot] = field(default_factory=list)
    node: NodeFacts = DB2
    problem: MangroveError | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def preflight(self, request: SnapshotRequest) -> Preflight:
        if self.problem is not None:
            raise self.problem
        self.asked.append(("preflight", request))
        return preflight(self.node, MACHINE, (VOLUME,), Wanted(request.lock, Provider.BTRFS))

    def all(self, profile: str | None = None) -> tuple[Snapshot, ...]:
        return tuple(s for s in self.rows if profile in (None, s.profile_name))

    def take(self, request: SnapshotRequest) -> RunId:
        return self._begun("take", request)

    def verify(self, text: str, mongod: str = "") -> RunId:
        return self._begun("verify", text, mongod)

    def copy(self, text: str, vault: str) -> RunId:
        return self._begun("copy", text, vault)

    def restore(self, text: str, folder: str) -> RunId:
        return self._begun("restore", text, folder)

    def delete(self, text: str) -> RunId:
        return self._begun("delete", text)

    def guide(self, text: str, folder: str) -> str:
        return f"Files of {text} in {folder}"

    def pin(self, text: str, note: str) -> Snapshot:
        return self._changed(text, note)

    def unpin(self, text: str) -> Snapshot:
        return self._changed(text, None)

    def _changed(self, text: str, note: str | None) -> Snapshot:
        number = next(n for n, s in enumerate(self.rows) if s.snapshot == BackupId(text))
        self.rows[number] = replace(self.rows[number], pin=note)
        return self.rows[number]

    def _begun(self, *asked: object) -> RunId:
        self.asked.append(asked)
        return self.activity.begin(RunKind.SNAPSHOT, f"Snapshot {asked[0]}", "production", "")
