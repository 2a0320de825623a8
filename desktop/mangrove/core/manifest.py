"""The manifest: what a backup holds, as its signature vouches for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mangrove.core.accounts import AuthPart, auth_part, counted
from mangrove.core.backup import BackupId, Compression, Consistency, Selection
from mangrove.core.command_line import command_line
from mangrove.core.deployment import DiskUse, ServerFacts
from mangrove.core.errors import RestoreError
from mangrove.core.known import Known
from mangrove.core.namespace import Namespace, database_room, kept_name
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.stored_files import FilesOrigin
from mangrove.core.wording import buckets_in

FORMAT_VERSION = 1
DIGEST_ALGORITHM = "xxh3-128-sum"
OPLOG_NAMESPACE = Namespace("local", "oplog.rs")


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
        disk: What the collection took on the source's disk; None when that is not known.
        documents_known, bytes_known: What the counts stand for; of a backup they are exact, of
            what is read on the way they may be less.
        most_bytes: More than that cannot come, where ``plain_bytes`` is not exact.
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
    disk: DiskUse | None = None
    documents_known: Known = Known.EXACT
    bytes_known: Known = Known.EXACT
    most_bytes: int | None = None

    @property
    def has_validator(self) -> bool:
        """Whether its server holds documents against rules, as far as its options are readable."""
        may_have = any(name in self.options for name in ('"validator":', '"$bson":'))
        return self.kind == "collection" and may_have

    def name_bytes_as(self, target: Namespace) -> int:
        """Length of the longest collection name that a server keeps for it under that name."""
        return len(kept_name(target.collection, self.kind).encode())


class StoredDocuments(Protocol):
    """Documents in blobs, and what they must add up to: a namespace, or users and roles."""

    @property
    def namespace(self) -> Namespace:
        """Return their name."""
        ...

    @property
    def documents(self) -> int:
        """Return how many there are."""
        ...

    @property
    def digest(self) -> str:
        """Return their order-independent digest."""
        ...

    @property
    def segments(self) -> tuple[StoredBlob, ...]:
        """Return the blobs they are in."""
        ...


@dataclass(frozen=True, slots=True)
class AuthEntry:
    """Users, roles or their version, named as mongodump names them.

    Attributes:
        namespace: In ``admin`` for all databases together, else ``<db>.$admin.system.…``.
        documents, plain_bytes, digest, segments: As with a namespace.
        metadata: mongodump's metadata document; None for the parts of one database.
    """

    namespace: Namespace
    documents: int
    plain_bytes: int
    digest: str
    metadata: StoredBlob | None
    segments: tuple[StoredBlob, ...]

    @property
    def part(self) -> AuthPart | None:
        """Which part it is; None only for a manifest that is wrong."""
        return auth_part(self.namespace)

    @property
    def blobs(self) -> tuple[StoredBlob, ...]:
        """Its stored objects."""
        return (*((self.metadata,) if self.metadata else ()), *self.segments)


@dataclass(frozen=True, slots=True)
class StoredUsersAndRoles:
    """The users and roles of a backup.

    Attributes:
        databases: Whose they are; empty for those of the whole deployment.
    """

    databases: tuple[str, ...]
    parts: tuple[AuthEntry, ...]

    @property
    def users(self) -> int:
        """How many users."""
        return self._count(AuthPart.USERS)

    @property
    def roles(self) -> int:
        """How many roles."""
        return self._count(AuthPart.ROLES)

    def describe(self) -> str:
        """Say in one phrase how many, and whose."""
        whose = ", ".join(self.databases) or "the whole deployment"
        return f"{counted(self.users, self.roles)} of {whose}"

    def _count(self, part: AuthPart) -> int:
        return sum(p.documents for p in self.parts if p.part is part)


@dataclass(frozen=True, slots=True)
class StoredOplog:
    """The oplog that makes an oplog-consistent backup consistent: replayed on restore.

    Attributes:
        first_ts, last_ts: Of the oldest and the newest entry of the range, both included.
        first_term, last_term: The terms of those two; -1 where an entry has none.
        documents, plain_bytes, digest: Counted on the entries that were written.
        segments: Blobs which, one after the other, are mongodump's ``oplog.bson``.
    """

    first_ts: OplogTimestamp
    last_ts: OplogTimestamp
    first_term: int
    last_term: int
    documents: int
    plain_bytes: int
    digest: str
    segments: tuple[StoredBlob, ...]

    @property
    def namespace(self) -> Namespace:
        """Where it comes from."""
        return OPLOG_NAMESPACE

    @property
    def metadata(self) -> StoredBlob | None:
        """None: mongodump gives an oplog no metadata document."""
        return None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a server.

    Attributes:
        path: Relative to the data folder.
        segments: Blobs which, one after the other, are the file.
    """

    path: str
    size_bytes: int
    segments: tuple[StoredBlob, ...]


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """What a physical backup holds: a server's files, as a filesystem snapshot had them."""

    origin: FilesOrigin
    files: tuple[StoredFile, ...]

    @property
    def blobs(self) -> tuple[StoredBlob, ...]:
        """Their stored objects."""
        return tuple(blob for file in self.files for blob in file.segments)

    @property
    def size_bytes(self) -> int:
        """What they take when they are restored."""
        return sum(file.size_bytes for file in self.files)


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
        users_and_roles: None when there are none, or nobody asked for them.
        sealed_to: The recipients it was given to last; empty for those it was written to.
        oplog: What a restore replays; only of an oplog-consistent backup, whose
            ``consistent_at`` is the last entry's.
        files: A server's files instead of documents; such a backup is *physical*.
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
    users_and_roles: StoredUsersAndRoles | None = None
    sealed_to: tuple[str, ...] = ()
    oplog: StoredOplog | None = None
    files: StoredFiles | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether a query left out some documents of a collection."""
        return self.selection.is_filtered

    @property
    def documents(self) -> int:
        """All documents, and the buckets of time series."""
        return sum(n.documents for n in self.namespaces)

    @property
    def buckets(self) -> int:
        """Those of the documents that are buckets of time series."""
        return buckets_in((n.kind, n.documents) for n in self.namespaces)

    @property
    def plain_bytes(self) -> int:
        """All BSON, or all files, before compression."""
        files = self.files.size_bytes if self.files else 0
        return sum(n.plain_bytes for n in self.namespaces) + files

    @property
    def blobs(self) -> tuple[StoredBlob, ...]:
        """Every stored object but manifest and signature, in the order written."""
        own = tuple(b for n in self.namespaces for b in (n.metadata, *n.segments))
        accounts = self.users_and_roles.parts if self.users_and_roles else ()
        oplog = self.oplog.segments if self.oplog else ()
        files = self.files.blobs if self.files else ()
        return (*own, *(b for part in accounts for b in part.blobs), *oplog, *files, *self.extra)

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

    def database_room(self, database: str) -> int:
        """Return how many bytes another name of a database may have: long collections take room."""
        inside = (n for n in self.namespaces if n.namespace.database == database)
        return database_room(kept_name(n.namespace.collection, n.kind) for n in inside)

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of the databases inside, sorted."""
        own = {n.namespace.database for n in self.namespaces}
        return tuple(sorted(own | set(self.files.origin.databases if self.files else ())))


def documents_of_backup(manifest: Manifest) -> Manifest:
    """Return the manifest of a backup that holds documents.

    Raises:
        RestoreError: If it holds a server's files, which go into a folder.
    """
    if manifest.files is not None:
        raise RestoreError(
            f"{manifest.backup} holds a server's files, not documents; nothing was written",
            hint="bring them into a folder, where a guide says how to go on: "
            + command_line("snapshot", "restore", manifest.backup, "FOLDER"),
        )
    return manifest
