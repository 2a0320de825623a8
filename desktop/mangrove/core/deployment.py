"""What a probe learns about a deployment: version, topology, members, oplog, privileges, sizes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Major and minor version of the oldest and the newest server that the tests run against.
TESTED_FROM, TESTED_TO = (4, 4), (6, 0)


class Topology(StrEnum):
    """The kind of a deployment, in the field's words."""

    STANDALONE = "standalone"
    REPLICA_SET = "replica set"
    SHARDED = "sharded cluster"


class ScratchKind(StrEnum):
    """What kind of embedded server a trial restore needs.

    A standalone writes everything once; some collections (queryable encryption) exist on a
    replica set only.
    """

    STANDALONE = "standalone"
    REPLICA_SET = "replica set"


@dataclass(frozen=True, slots=True)
class Member:
    """One node of a replica set.

    Attributes:
        host: ``host:port`` as the replica set names it.
        state: ``PRIMARY``, ``SECONDARY``, … as the server says.
        lag: How far behind the primary; None when unknown.
    """

    host: str
    state: str
    lag: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OplogWindow:
    """The stretch of time that the oplog holds now.

    Attributes:
        first_at, last_at: Moments of oldest and newest entry.
        size_bytes, max_bytes: Used and allowed size; None when the user may not ask.
    """

    first_at: datetime
    last_at: datetime
    size_bytes: int | None = None
    max_bytes: int | None = None

    @property
    def length(self) -> timedelta:
        """How much time the oplog covers."""
        return self.last_at - self.first_at


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """One database as a table row.

    Units: bytes as the server reports them: uncompressed data, storage on disk, indexes.
    """

    name: str
    collections: int
    documents: int
    data_bytes: int
    storage_bytes: int
    index_bytes: int


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What a collection takes on a server's disk.

    Source: MongoDB manual, "$collStats": ``storageSize`` and ``totalIndexSize``.

    Attributes:
        data_bytes: Its documents, as the storage engine packed them.
        index_bytes: All its indexes, that on ``_id`` too.
    """

    data_bytes: int
    index_bytes: int


@dataclass(frozen=True, slots=True)
class CollectionSize:
    """One collection, view or time series as a row of the database tree."""

    database: str
    name: str
    kind: str
    documents: int
    data_bytes: int


@dataclass(frozen=True, slots=True)
class PrivilegeFinding:
    """Whether the signed-in user may do one thing.

    Attributes:
        purpose: ``dump``, ``restore`` or ``oplog``.
        allowed: True, False, or None when it could not be found out.
        missing: What is missing, in the server's words ("find on shop.*"); empty if allowed.
        role: The built-in role that would allow it.
        some: What it may be done with although not with all; empty if allowed.
    """

    purpose: str
    allowed: bool | None
    missing: tuple[str, ...] = ()
    role: str = ""
    some: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentMark:
    """What tells one deployment from another, whatever address led there.

    Source: MongoDB manual, "hello": ``setName``, ``hosts``, ``me``, and since 4.4
    ``topologyVersion.processId``, new with each start; "Config Database": ``version.clusterId``.

    Attributes:
        replica_set, hosts: Its name and the nodes as it names them; empty without one.
        me: The node that answered, as its replica set names it.
        process: What no other process of a server has; "" when unknown.
        cluster: A sharded cluster's own id; "" when there is none or it may not be read.
    """

    replica_set: str = ""
    hosts: frozenset[str] = frozenset()
    me: str = ""
    process: str = ""
    cluster: str = ""

    def is_same(self, other: "DeploymentMark") -> bool:
        """Whether both are of one deployment, as far as servers tell.

        Two sets of one name with nodes of the same names are told apart where the same node is
        another process: such are reached through tunnels.
        """
        if self.cluster and other.cluster:
            return self.cluster == other.cluster
        if self.process and self.process == other.process:
            return True
        if self.me == other.me and self.process and other.process:
            return False
        is_named_alike = bool(self.replica_set) and self.replica_set == other.replica_set
        return is_named_alike and bool(self.hosts & other.hosts)


def untested(version: str) -> str:
    """Return what to say of a server version that no test ran against.

    Returns:
        "" for a tested version, and for a dump that does not name its server.
    """
    numbers = tuple(int(n) for n in version.split(".")[:2] if n.isdecimal())
    if not numbers or TESTED_FROM <= numbers <= TESTED_TO:
        return ""
    oldest, newest = (".".join(map(str, v)) for v in (TESTED_FROM, TESTED_TO))
    return (
        f"MongoDB {'.'.join(map(str, numbers))} was not tested with this Mangrove; "
        f"tested are {oldest} to {newest}, so prove its backups by a trial restore"
    )


@dataclass(frozen=True, slots=True)
class DeploymentReport:
    """Everything ``profile test`` found.

    Attributes:
        feature_version: The feature compatibility version, e.g. "6.0"; "" when not readable.
        user: Who we are there, "" without access control.
        latency: Time of one round trip.
    """

    version: str
    feature_version: str
    topology: Topology
    replica_set: str
    members: tuple[Member, ...]
    oplog: OplogWindow | None
    privileges: tuple[PrivilegeFinding, ...]
    databases: tuple[DatabaseSize, ...]
    user: str
    latency: timedelta
    tls: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting it with data."""
        return tuple(filter(None, [untested(self.version)]))

    def privilege(self, purpose: str) -> PrivilegeFinding | None:
        """Return the finding for one purpose."""
        return next((p for p in self.privileges if p.purpose == purpose), None)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the engine must know of a server before it moves data.

    Attributes:
        version: As numbers, e.g. (6, 0, 5).
    """

    version_text: str
    version: tuple[int, ...]
    feature_version: str
    topology: Topology
    replica_set: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """What belongs into the result of a run with it."""
        return tuple(filter(None, [untested(self.version_text)]))
