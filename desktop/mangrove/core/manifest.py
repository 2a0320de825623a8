"""The manifest: what a backup holds, as its signature vouches for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.backup import BackupId, Compression, Consistency, Selection
from mangrove.core.deployment import ServerFacts
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp

FORMAT_VERSION = 1
DIGEST_ALGORITHM = "xxh3-128-sum"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One stored object.

    Attributes:
        name: Full name in the storage, with ``/``.
        size_bytes: Size as stored.
        sha256: Lower-case hex of the stored bytes.
        plain_bytes: Size before compression and encryption.
    """

    name: str
    size_bytes: int
    sha256: str
    plain_bytes: int


@dataclass(frozen=True, slots=True)
class NamespaceEntry:
    """One namespace of a backup.

    Attributes:
        kind: ``collection``, ``view`` or ``timeseries``.
        options: The options of listCollections as canonical extended JSON, "" when empty.
        indexes: Each index as canonical extended JSON, in the server's order.
        uuid: 32 hex digits, None for views and time series.
        documents, plain_bytes: Counted on the documents that were written.
        digest: Order-independent digest of those documents; all zeros for none.
        metadata: The blob with mongodump's metadata document.
        segments: Blobs which, one after the other, are mongodump's ``.bson`` file.
    """

    namespace: Namespace
    kind: str
    options: str
    indexes: tuple[str, ...]
    uuid: str | None
    documents: int
    plain_bytes: int
    digest: str
    metadata: StoredBlob
    segments: tuple[StoredBlob, ...]


@dataclass(frozen=True, slots=True)
class NotIncluded:
    """Something a person might expect in the backup, which is not there, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup, described.

    Attributes:
        sequence: Counts the backups of a vault; a replayed old manifest shows by it.
        requested, achieved: Consistency asked for, and the one that was reached (never AUTO).
        consistent_at: The cluster time that all namespaces were read at; None without one.
        extra: Blobs besides those of namespaces (the preludes).
    """

    backup: BackupId
    vault_id: str
    sequence: int
    profile_name: str
    profile_slug: str
    started_at: datetime
    finished_at: datetime
    server: ServerFacts
    selection: Selection
    requested: Consistency
    achieved: Consistency
    consistency_reason: str
    consistent_at: OplogTimestamp | None
    compression: Compression
    encrypted: bool
    tool_version: str
    namespaces: tuple[NamespaceEntry, ...]
    extra: tuple[StoredBlob, ...]
    not_included: tuple[NotIncluded, ...]

    @property
    def is_filtered(self) -> bool:
        """Whether a query left out some documents of a collection."""
        return self.selection.is_filtered

    @property
    def documents(self) -> int:
        """All documents."""
        return sum(n.documents for n in self.namespaces)

    @property
    def plain_bytes(self) -> int:
        """All BSON, before compression."""
        return sum(n.plain_bytes for n in self.namespaces)

    @property
    def blobs(self) -> tuple[StoredBlob, ...]:
        """Every stored object but manifest and signature, in the order written."""
        own = tuple(b for n in self.namespaces for b in (n.metadata, *n.segments))
        return (*own, *self.extra)

    @property
    def stored_bytes(self) -> int:
        """What the blobs take in the storage."""
        return sum(b.size_bytes for b in self.blobs)

    @property
    def duration(self) -> timedelta:
        """From the first read to the signature."""
        return self.finished_at - self.started_at

    @property
    def data_at(self) -> datetime:
        """The moment whose data is surely inside: the cluster time, else the start."""
        return self.consistent_at.at if self.consistent_at else self.started_at

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of the databases inside, sorted."""
        return tuple(sorted({n.namespace.database for n in self.namespaces}))
