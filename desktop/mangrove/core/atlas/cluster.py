"""Projects and clusters of Atlas, and what each tier lets somebody do, in words."""

from dataclasses import dataclass
from enum import StrEnum

from mangrove.core.errors import AtlasUnsupportedError

NVME = "_NVME"


class Tier(StrEnum):
    """The kinds of clusters that differ in what their backups can do.

    Source: Atlas documentation, "Back Up, Restore, and Archive Data".
    """

    FREE = "free"
    FLEX = "flex"
    DEDICATED = "dedicated"


class Shape(StrEnum):
    """How the data of a cluster is spread; the values are Atlas' ``clusterType``."""

    REPLICA_SET = "REPLICASET"
    SHARDED = "SHARDED"
    GLOBAL = "GEOSHARDED"


class Wish(StrEnum):
    """What somebody may want of a cluster's backups."""

    TAKE = "take a snapshot"
    CHANGE_RETENTION = "change how long a snapshot is kept"
    DELETE = "delete a snapshot"
    SCHEDULE = "change the backup schedule"
    RESTORE = "restore a snapshot"
    POINT_IN_TIME = "restore a point in time"
    DOWNLOAD = "download a snapshot"
    PART = "restore single databases or collections"
    CANCEL = "cancel a restore"


@dataclass(frozen=True, slots=True)
class AtlasProject:
    """A project; Atlas' API calls it a group."""

    project_id: str
    name: str
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """Where nodes or copies are."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True)
class AtlasCluster:
    """A cluster, as far as its backups are concerned.

    Attributes:
        size: The instance size, such as ``M10``.
        version: Of the server, such as ``7.0.14``.
        state: Atlas' own word, such as ``IDLE`` or ``UPDATING``.
        has_backups: Whether Atlas takes snapshots of it.
        has_continuous: Whether it keeps the oplog for restores to any second.
        hosts: Names that its connection strings lead to; a profile is recognised by them.
        zone_ids: Where copies of snapshots can be ordered for.
    """

    project_id: str
    name: str
    tier: Tier
    shape: Shape = Shape.REPLICA_SET
    size: str = ""
    version: str = ""
    state: str = ""
    has_backups: bool = False
    has_continuous: bool = False
    is_paused: bool = False
    hosts: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    zone_ids: tuple[str, ...] = ()

    @property
    def is_sharded(self) -> bool:
        """Whether its snapshots consist of one per shard."""
        return self.shape is not Shape.REPLICA_SET

    @property
    def is_nvme(self) -> bool:
        """Whether its disks are local NVMe, whose snapshots are rarer."""
        return self.size.endswith(NVME)

    @property
    def describe(self) -> str:
        """Say what it is, in a few words."""
        if self.tier is Tier.FREE:
            return "free (M0), replica set"
        if self.tier is Tier.FLEX:
            return "Flex, replica set"
        shape = {Shape.REPLICA_SET: "replica set", Shape.SHARDED: "sharded"}
        return f"dedicated {self.size}, {shape.get(self.shape, 'global (sharded by zone)')}".strip()

    def why_not(self, wish: Wish) -> str:
        """Say why the cluster does not allow something; "" when it does."""
        if self.tier is Tier.FREE:
            return FREE_HAS_NONE
        if self.tier is Tier.FLEX:
            return _FLEX.get(wish, "")
        if not self.has_backups and wish is not Wish.CANCEL:
            return BACKUPS_ARE_OFF
        if wish is Wish.POINT_IN_TIME and not self.has_continuous:
            return CONTINUOUS_IS_OFF
        if wish is Wish.PART and self.is_nvme:
            return "Atlas cannot restore single databases of a cluster with local NVMe disks"
        return ""

    def require(self, wish: Wish) -> None:
        """Refuse what the cluster does not allow, before anything is asked of Atlas.

        Raises:
            AtlasUnsupportedError: Saying why.
        """
        if reason := self.why_not(wish):
            raise AtlasUnsupportedError(
                f"{self.name}: {reason}; nothing was asked of Atlas",
                hint=_HINTS.get(reason, "a backup by Mangrove itself works on every tier"),
            )

    @property
    def limits(self) -> tuple[str, ...]:
        """Everything that it does not allow, one sentence each."""
        return tuple(dict.fromkeys(filter(None, map(self.why_not, Wish))))


FREE_HAS_NONE = "Atlas takes no backups of free clusters"
BACKUPS_ARE_OFF = "Atlas backups are turned off for this cluster"
CONTINUOUS_IS_OFF = "continuous backup is turned off for this cluster"
_FLEX_SNAPSHOTS = "Atlas takes one snapshot a day of a Flex cluster and keeps the last 8"
_FLEX = {
    Wish.TAKE: f"{_FLEX_SNAPSHOTS}; on demand it takes none",
    Wish.CHANGE_RETENTION: f"{_FLEX_SNAPSHOTS}; that cannot be changed",
    Wish.DELETE: f"{_FLEX_SNAPSHOTS}; none can be deleted",
    Wish.SCHEDULE: f"{_FLEX_SNAPSHOTS}; that cannot be changed",
    Wish.POINT_IN_TIME: "a Flex cluster has no continuous backup",
    Wish.PART: "of a Flex cluster Atlas restores the whole snapshot only",
    Wish.CANCEL: "Atlas cannot cancel a restore of a Flex cluster",
}
_HINTS = {
    BACKUPS_ARE_OFF: "turn on Cloud Backup for the cluster in Atlas",
    CONTINUOUS_IS_OFF: "turn on Continuous Cloud Backup in Atlas, or restore a snapshot",
}
