"""Restores by Atlas: what is asked for, what became of it, and which jobs can be cancelled."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NewType

from mangrove.core.atlas.cluster import AtlasCluster, Tier, Wish
from mangrove.core.atlas.snapshot import AtlasSnapshotId
from mangrove.core.command_line import typed
from mangrove.core.errors import AtlasUnsupportedError, ConfirmationMissingError
from mangrove.core.oplog import OplogTimestamp

AtlasJobId = NewType("AtlasJobId", str)


class Delivery(StrEnum):
    """Where a restore goes; the values are Atlas' ``deliveryType``."""

    AUTOMATED = "automated"
    POINT_IN_TIME = "pointInTime"
    DOWNLOAD = "download"


class JobState(StrEnum):
    """Where a restore job stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self is not JobState.RUNNING


class WriteStrategy(StrEnum):
    """What a restore of single namespaces does where their names are taken.

    Source: Atlas documentation, "Restore from Selected Databases and Collections".
    """

    CREATE_NEW = "CREATE_NEW"
    OVERWRITE = "OVERWRITE_EXISTING"


class IndexStrategy(StrEnum):
    """Which indexes a restore of single namespaces builds."""

    ALL = "ALL"
    NONE = "NONE"
    ALL_EXCEPT_TTL = "ALL_EXCEPT_TTL"


@dataclass(frozen=True, slots=True)
class PointInTime:
    """A moment to go back to: up to and including an oplog entry, or the end of a second.

    Attributes:
        increment: Of the oplog entry; None for a second as a whole.
    """

    seconds: int
    increment: int | None = None

    @property
    def at(self) -> datetime:
        """The second, in UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def text(self) -> str:
        """As ``TS:INC`` or as a time."""
        if self.increment is not None:
            return str(OplogTimestamp(self.seconds, self.increment))
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Part:
    """A database, or a collection as ``database.collection``, and what it shall be called."""

    source: str
    target: str = ""

    @property
    def is_collection(self) -> bool:
        """Whether it is one collection."""
        return "." in self.source


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """What Atlas is asked to restore.

    Attributes:
        snapshot: Which one; None for a point in time.
        point: Which moment; None for a snapshot.
        target_project, target_cluster: Where to; "" for a download.
        parts: Only these databases and collections; all data of the target stay otherwise.
        confirmed: What the person typed to agree that data of the target are replaced.
    """

    delivery: Delivery
    snapshot: AtlasSnapshotId | None = None
    point: PointInTime | None = None
    target_project: str = ""
    target_cluster: str = ""
    parts: tuple[Part, ...] = ()
    write: WriteStrategy = WriteStrategy.CREATE_NEW
    indexes: IndexStrategy = IndexStrategy.ALL
    confirmed: str = ""

    @property
    def replaces(self) -> bool:
        """Whether data of the target go away."""
        if self.delivery is Delivery.DOWNLOAD:
            return False
        return not self.parts or self.write is WriteStrategy.OVERWRITE

    @property
    def origin(self) -> str:
        """Say what is restored from."""
        return f"the moment {self.point.text}" if self.point else f"the snapshot {self.snapshot}"


@dataclass(frozen=True, slots=True)
class AtlasRestoreJob:
    """A restore as Atlas tells of it.

    Attributes:
        created_at: Taken from the job's id, which begins with the second it was made in.
        urls: Where a download can be fetched by anybody who knows the address; not shown.
        parts: What it is limited to; empty for a whole snapshot.
        documents_done, documents_total: Of a restore of single namespaces.
        problem: Why it failed, if Atlas tells.
    """

    job_id: AtlasJobId
    delivery: Delivery
    state: JobState
    created_at: datetime
    snapshot: AtlasSnapshotId | None = None
    snapshot_at: datetime | None = None
    point: PointInTime | None = None
    target_project: str = ""
    target_cluster: str = ""
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    urls: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    parts: tuple[str, ...] = ()
    documents_done: int = 0
    documents_total: int = 0
    problem: str = ""

    @property
    def origin(self) -> str:
        """Say what it restores from."""
        if self.point is not None:
            return f"the moment {self.point.text}"
        if self.snapshot_at is not None:
            return f"the snapshot of {self.snapshot_at:%Y-%m-%d %H:%M} UTC"
        return f"the snapshot {self.snapshot}"

    @property
    def destination(self) -> str:
        """Say where it goes."""
        return "a download" if self.delivery is Delivery.DOWNLOAD else self.target_cluster

    @property
    def is_ready_download(self) -> bool:
        """Whether its files can be fetched."""
        return self.delivery is Delivery.DOWNLOAD and bool(self.urls) and not self.is_gone

    @property
    def is_gone(self) -> bool:
        """Whether it came to nothing, or is past its time."""
        return self.state in (JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED)


def moment_of_id(object_id: str) -> datetime:
    """Return the second that an id of Atlas was made in.

    Source: BSON specification 1.1, ObjectId: the first four bytes are seconds since the epoch.
    """
    return datetime.fromtimestamp(int(object_id[:8], 16), UTC)


def require_possible(
    order: RestoreOrder, source: AtlasCluster, target: AtlasCluster | None
) -> None:
    """Refuse a restore that the clusters do not allow, before anything is asked of Atlas.

    Raises:
        AtlasUnsupportedError: Saying why.
        ConfirmationMissingError: If data would go away and the target's name was not typed.
    """
    source.require(_wish_of(order))
    if order.point is not None:
        source.require(Wish.POINT_IN_TIME)
    if target is None:
        return
    for reason in _why_no_target(order, source, target):
        raise AtlasUnsupportedError(
            f"{target.name} cannot take it: {reason}; nothing was asked of Atlas",
            hint="choose another target cluster",
        )
    if order.replaces and order.confirmed != target.name:
        raise ConfirmationMissingError(
            f"{consequence(order, target)}; nothing was changed",
            hint=f"say yes to exactly that: {typed('--yes-replace', target.name)}",
            target=target.name,
        )


def consequence(order: RestoreOrder, target: AtlasCluster) -> str:
    """Say what a restore does to its target."""
    if order.parts and order.write is WriteStrategy.CREATE_NEW:
        return f"{target.name} keeps its data; what is restored gets a new name where one is taken"
    if order.parts:
        named = ", ".join(p.target or p.source for p in order.parts)
        return f"Atlas replaces {named} on {target.name}; everything else there stays"
    return (
        f"Atlas deletes ALL data of the cluster {target.name} first, and nobody can write to it "
        "until the restore has ended"
    )


def _wish_of(order: RestoreOrder) -> Wish:
    if order.parts:
        return Wish.PART
    return Wish.DOWNLOAD if order.delivery is Delivery.DOWNLOAD else Wish.RESTORE


def _why_no_target(
    order: RestoreOrder, source: AtlasCluster, target: AtlasCluster
) -> tuple[str, ...]:
    found = []
    if reason := _tier_reason(source, target):
        found.append(reason)
    if not order.parts and source.is_sharded != target.is_sharded:
        found.append(_SHAPES[source.is_sharded])
    known = _major(target.version) and _major(source.version)
    if known and _major(target.version) < _major(source.version):
        found.append(
            f"it runs MongoDB {target.version}, and Atlas restores {source.version} to the same "
            "or a newer version only"
        )
    if target.is_paused:
        found.append("it is paused")
    return tuple(found)


def _tier_reason(source: AtlasCluster, target: AtlasCluster) -> str:
    if target.tier is Tier.FREE:
        return "Atlas restores nothing into a free cluster"
    if source.tier is Tier.DEDICATED and target.tier is Tier.FLEX:
        return "Atlas restores a dedicated cluster into dedicated clusters only"
    return ""


def _major(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(p) for p in parts) if all(p.isdecimal() for p in parts) else ()


_SHAPES = {
    True: "a sharded cluster's snapshot goes into a sharded cluster only",
    False: "a replica set's snapshot goes into a replica set only",
}
