"""Filesystem snapshots: what they are, where they lie, and what is known of them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from mangrove.core.backup import BackupId
from mangrove.core.deployment import ServerFacts
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import ProfileId
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.verification import Finding

DEFAULT_LOCK_LIMIT = timedelta(seconds=60)
MIN_LOCK_LIMIT, MAX_LOCK_LIMIT = timedelta(seconds=2), timedelta(minutes=15)


class Provider(StrEnum):
    """What makes the snapshot."""

    BTRFS = "btrfs"
    REFLINK = "reflink"
    LVM_THIN = "lvm-thin"
    LVM = "lvm"
    ZFS = "zfs"
    COMMANDS = "commands"


class LockUse(StrEnum):
    """Whether writes are held back while the snapshot is taken."""

    LOCK = "lock"
    NO_LOCK = "no-lock"


@dataclass(frozen=True, slots=True)
class OwnCommands:
    """Commands of a person, for cloud volumes and storage arrays; run by ``sh``.

    In each, ``{id}``, ``{profile}``, ``{dbpath}``, ``{taken}`` and ``{reference}`` are replaced,
    quoted for the shell; ``{reference}`` is the last line that ``take`` printed.

    Attributes:
        take: Makes the snapshot, or at least fixes its moment, before it ends.
        delete: Removes it; "" if somebody else does.
        mount: Makes the files readable and prints the folder they are in; "" if it cannot.
        unmount: Ends that.
    """

    take: str = ""
    delete: str = ""
    mount: str = ""
    unmount: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """The snapshot of one volume.

    Attributes:
        attach: Where its files belong below the data folder; "" for the data folder itself.
        name: What the provider calls it: a path, ``group/volume``, ``dataset@name``, a reference.
        folder: Where the files of ``attach`` are read; relative to the mount where there is one.
        device: What is mounted to read it; "" where it is readable as it is.
        filesystem: Of the device.
    """

    attach: str
    name: str
    folder: str
    device: str = ""
    filesystem: str = ""


@dataclass(frozen=True, slots=True)
class DataLayout:
    """How a mongod lays out its files, which every other mongod on them must be told.

    Source: MongoDB manual, "Configuration File Options": storage.directoryPerDB and
    storage.wiredTiger.engineConfig.directoryForIndexes cannot be changed on existing files.
    """

    directory_per_db: bool = False
    directory_for_indexes: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The options that a mongod is started with on such files."""
        named = (
            ("--directoryperdb", self.directory_per_db),
            ("--wiredTigerDirectoryForIndexes", self.directory_for_indexes),
        )
        return tuple(option for option, is_set in named if is_set)


@dataclass(frozen=True, slots=True)
class SnapshotCheck:
    """What came of opening a throw-away copy of a snapshot.

    Attributes:
        newest: The newest entry of its own oplog; None on a standalone.
        documents: Counted by ``validate``, over all collections.
    """

    started_at: datetime
    finished_at: datetime
    passed: bool
    findings: tuple[Finding, ...]
    collections: int
    documents: int
    newest: OplogTimestamp | None
    server_version: str

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One filesystem snapshot, as this workstation registered it.

    Attributes:
        node: ``host:port`` of the server whose files it holds.
        ssh: The way to the machine it is on; None for this one.
        dbpath: The server's data folder when it was taken.
        lock: Whether writes were held back.
        locked_for: How long they were; None without the lock.
        consistent_at: The newest oplog entry that whoever opens it finds, known from the server
            under the lock or read from the snapshot itself; None while it is not certain.
        is_read_back: Whether ``consistent_at`` was read from the snapshot itself.
        pin: The note of a pin; None without one.
        used_bytes: What the files take, as far as they were counted.
        mongod: The server program on that machine, "" when it was not seen.
        checks: Newest first.
        problem: Why it is not whole, or not there any more; "" when all is well.
        databases: Those that were there.
    """

    snapshot: BackupId
    profile_id: ProfileId
    profile_name: str
    profile_slug: str
    node: str
    ssh: TunnelSpec | None
    provider: Provider
    parts: tuple[SnapshotPart, ...]
    dbpath: str
    layout: DataLayout
    server: ServerFacts
    taken_at: datetime
    lock: LockUse
    locked_for: timedelta | None
    consistent_at: OplogTimestamp | None
    is_read_back: bool = False
    pin: str | None = None
    used_bytes: int = 0
    mongod: str = ""
    commands: OwnCommands = OwnCommands()
    checks: tuple[SnapshotCheck, ...] = ()
    problem: str = ""
    databases: tuple[str, ...] = ()

    @property
    def data_at(self) -> datetime:
        """The moment whose data is surely inside."""
        return self.consistent_at.at if self.consistent_at else self.taken_at

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return self.ssh.address if self.ssh else "this computer"

    @property
    def last_check(self) -> SnapshotCheck | None:
        """The newest verification."""
        return self.checks[0] if self.checks else None

    @property
    def is_failed(self) -> bool:
        """Whether its newest verification failed."""
        return self.last_check is not None and not self.last_check.passed

    @property
    def proven(self) -> SnapshotCheck | None:
        """The newest verification that passed."""
        return next((check for check in self.checks if check.passed), None)

    def with_check(self, check: SnapshotCheck) -> Self:
        """Return it with one more verification; what that read from it counts from now on."""
        checked = replace(self, checks=(check, *self.checks))
        if not check.passed or check.newest is None:
            return checked
        return replace(checked, consistent_at=check.newest, is_read_back=True)


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What a snapshot run shall do.

    Attributes:
        node: ``host:port`` of the server to take; "" to find the one on that machine.
        ssh: The machine that the files are on; None for this one.
        provider: None to find out.
        folder: Where Btrfs and reflink snapshots are put; "" beside the data.
        lock_limit: After so long the watchdog unlocks whatever happens.
        thick_bytes: Room for what changes while a thick LVM snapshot exists; 0 for a fifth.
    """

    profile: str
    node: str = ""
    ssh: TunnelSpec | None = None
    provider: Provider | None = None
    lock: LockUse = LockUse.LOCK
    lock_limit: timedelta = DEFAULT_LOCK_LIMIT
    folder: str = ""
    thick_bytes: int = 0
    commands: OwnCommands = OwnCommands()
