"""What snapshots need from outside: the machine with the files, and the server on it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from mangrove.core.backup import BackupId
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.profile import Profile
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.snapshot import Snapshot
from mangrove.core.snapshots.volumes import read_last_line
from mangrove.core.tunnel import TunnelSpec
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Finding


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """Its last line of complaint, or its status."""
        return read_last_line(self.err or self.out) or f"it ended with status {self.status}"


@dataclass(frozen=True, slots=True)
class HostFile:
    """One file below a folder, its path relative to it."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs on the machine.

    Attributes:
        port: On this machine, leading to it.
        has_ended: Whether it ended by itself.
    """

    port: int
    has_ended: Callable[[], bool]


class SnapshotHost(Protocol):
    """The machine that a server's files are on: this one, or one behind SSH."""

    @property
    def name(self) -> str:
        """Say in words which one it is."""
        ...

    def run(self, command: Sequence[str], limit_s: float) -> Ran:
        """Run a command to its end; how it ended is for the caller to judge.

        Raises:
            SnapshotCommandError: If it did not end in time and was ended, or cannot be started.
            TunnelError: If the machine behind SSH cannot be reached.
        """
        ...

    def stream(self, command: Sequence[str]) -> Iterator[bytes]:
        """Yield what a command prints, in chunks of at most 1 MiB.

        Errors: SnapshotCommandError if it ends badly; TunnelError if the machine went away.
        """
        ...

    def serve(self, command: Sequence[str]) -> AbstractContextManager[Served]:
        """Run a server on a free port of the machine, while the block lasts.

        It ends with us, whatever happens to us. In the command ``{port}`` is replaced.
        """
        ...

    def abort(self) -> None:
        """End what blocks in other threads."""
        ...


OpenHost = Callable[[TunnelSpec | None], AbstractContextManager[SnapshotHost]]


@dataclass(frozen=True, slots=True)
class LockEnd:
    """How a lock ended.

    Attributes:
        held_for: From the request to the answer that it is gone: writes waited no longer.
        was_kept: Whether it lasted until we ended it; if not, the watchdog or another did.
    """

    held_for: timedelta
    was_kept: bool


class HeldLock(Protocol):
    """A server whose writes are held back."""

    def standing(self) -> OplogTimestamp | None:
        """Return the newest entry that whoever opens the files will find; None if not certain."""
        ...

    def release(self) -> LockEnd:
        """Unlock."""
        ...


class SnapshotNode(Protocol):
    """One server that a snapshot is taken of."""

    def facts(self) -> NodeFacts:
        """Look at it."""
        ...

    def lock(self, limit: timedelta) -> AbstractContextManager[HeldLock]:
        """Hold writes back while the block lasts, and never longer than the limit.

        A process of its own watches: it unlocks after the limit, and at once when we are gone.

        Raises:
            SnapshotLockError: If it cannot be locked, or the watchdog is not ready; nothing is
                locked then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What a throw-away server on a copy of the files shows."""

    newest: OplogTimestamp | None
    collections: int
    documents: int
    findings: tuple[Finding, ...]
    server_version: str


class SnapshotGate(Protocol):
    """The way to single servers, and to throw-away ones."""

    def nodes(self, profile: Profile) -> tuple[str, ...]:
        """Return the members that hold data, as ``host:port``, secondaries first."""
        ...

    def open_node(self, profile: Profile, node: str) -> AbstractContextManager[SnapshotNode]:
        """Connect to one server of a profile.

        Args:
            profile: Whose.
            node: ``host:port``; "" for the one that the profile names.
        """
        ...

    def answers(self, port: int) -> bool:
        """Whether a server on this machine's port answers now."""
        ...

    def look(self, port: int, each: Callable[[str], None]) -> Opened:
        """Run ``validate`` on every collection of a throw-away server, and read its newest entry.

        Args:
            port: On this machine.
            each: Told of each collection before it is looked at; may raise to end it.
        """
        ...

    def newest(self, port: int) -> OplogTimestamp | None:
        """Return the newest oplog entry of a server of our own."""
        ...

    def open_sink(self, port: int) -> AbstractContextManager[RestoreSink]:
        """Connect to a server of our own for writing."""
        ...

    def find_mongod(self) -> str:
        """Return the server program of this machine; raises EmbeddedServerError."""
        ...


class SnapshotStore(Protocol):
    """Keeps what this workstation knows of snapshots."""

    def all(self) -> tuple[Snapshot, ...]:
        """Return every snapshot, newest first; records that cannot be read are left out."""
        ...

    def save(self, snapshot: Snapshot) -> None:
        """Insert or replace by id."""
        ...

    def remove(self, snapshot: BackupId) -> None:
        """Forget one."""
        ...


@dataclass(frozen=True, slots=True)
class UnfinishedCopy:
    """A copy of a snapshot into a vault that was begun and not published.

    Attributes:
        pieces: What was stored: path, number of the segment, and the blob.
    """

    snapshot: BackupId
    vault_id: VaultId
    backup: BackupId
    pieces: tuple[tuple[str, int, StoredBlob], ...] = ()


class CopyLedger(Protocol):
    """Remembers what of a copy is stored, so that an interrupted one can go on."""

    def find(self, snapshot: BackupId, vault_id: VaultId) -> UnfinishedCopy | None:
        """Return the unfinished copy of a snapshot into a vault."""
        ...

    def begin(self, copy: UnfinishedCopy) -> None:
        """Note a copy before anything of it is stored."""
        ...

    def keep(self, backup: BackupId, path: str, number: int, blob: StoredBlob) -> None:
        """Note one stored segment."""
        ...

    def forget(self, backup: BackupId) -> None:
        """Strike a copy off: it was published, or removed."""
        ...


class FilesTarget(Protocol):
    """A folder that a server's files are put into."""

    @property
    def data(self) -> str:
        """Return where the data folder is."""
        ...

    def has(self, path: str, size_bytes: int) -> bool:
        """Whether an earlier restore of the same has put a whole file there."""
        ...

    def write(self, path: str, chunks: Iterable[bytes]) -> int:
        """Put a file there under its name once it is whole; returns its size."""
        ...

    def finish(self, guide: str) -> str:
        """Put the guide there and end; returns where the guide is."""
        ...

    def discard(self) -> None:
        """Remove what was put there."""
        ...


OpenTarget = Callable[[str, str], FilesTarget]
"""Opens a folder for what has this id; raises TargetNotEmptyError if it holds something else."""
