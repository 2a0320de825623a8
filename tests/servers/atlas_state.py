"""What a pretended Atlas knows: projects, clusters, snapshots, restores; and how they go on.

Things go on when somebody looks at them: each look at a queued snapshot or a running job brings it
one step further. So a test that watches needs no time, and one that does not sees nothing move.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mangrove.app.clock import SystemClock

Json = dict[str, Any]
SHOP, LAB = "5f0000000000000000000001", "5f0000000000000000000002"
ZONE = "5f00000000000000000000aa"
STEPS = ("queued", "inProgress", "completed")
FLEX_STEPS = ("QUEUED", "RUNNING", "COMPLETED")


@dataclass
class Cluster:
    """A cluster with everything that hangs on it."""

    document: Json
    flex: bool = False
    snapshots: list[Json] = field(default_factory=list)
    restores: list[Json] = field(default_factory=list)
    part_restores: list[Json] = field(default_factory=list)
    schedule: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.document["name"])

    @property
    def is_sharded(self) -> bool:
        return self.document["clusterType"] != "REPLICASET"


class AtlasState:
    """Two projects, six clusters, and some history.

    Attributes:
        now: The moment that everything is told by.
        compliance: The policy of the first project; empty for none.
        contents: What every snapshot holds.
        files: What can be downloaded, by the last part of its address.
        is_still: Whether nothing goes on, however often somebody looks.
        restores_fail: Whether restores come to nothing.
    """

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self.now = now or SystemClock().now
        self._ids = itertools.count(1)
        self.compliance: Json = {}
        self.contents = {"shop": ["orders", "users"], "stock": ["items"]}
        self.files: dict[str, bytes] = {}
        self.is_still = self.restores_fail = False
        self.projects = {SHOP: "Shop", LAB: "Lab"}
        self.clusters: dict[tuple[str, str], Cluster] = {}
        for made in (
            self._dedicated(SHOP, "production", "M30", pit=True),
            self._dedicated(SHOP, "staging", "M10"),
            self._dedicated(SHOP, "wide", "M40", kind="SHARDED", pit=True),
            self._dedicated(SHOP, "toy", "M0"),
            self._dedicated(LAB, "bench", "M40_NVME"),
            self._flex(SHOP, "small"),
        ):
            self.clusters[made.document["groupId"], made.name] = made
        for hours in (30, 24, 18, 12, 6):
            self.put_snapshot("production", age=timedelta(hours=hours))
        self.put_snapshot("wide", age=timedelta(hours=5))
        self.put_snapshot("small", age=timedelta(hours=20))

    # --- what tests put in ---------------------------------------------------------------

    def find(self, name: str) -> Cluster:
        """Return a cluster by its name alone."""
        return next(c for c in self.clusters.values() if c.name == name)

    def put_snapshot(self, name: str, age: timedelta, **other: Any) -> Json:
        """Add a complete scheduled snapshot to a cluster."""
        cluster = self.find(name)
        made = self.flex_snapshot(age) if cluster.flex else self.snapshot(cluster, age)
        made |= other
        cluster.snapshots.append(made)
        return made

    def new_id(self, at: datetime | None = None) -> str:
        """Return an id like Atlas' own: it begins with the second it was made in."""
        return f"{int((at or self.now()).timestamp()):08x}{next(self._ids):016x}"

    # --- shapes --------------------------------------------------------------------------

    def snapshot(self, cluster: Cluster, age: timedelta = timedelta(0)) -> Json:
        """Return a complete snapshot."""
        at = self.now() - age
        kind = {"type": "replicaSet", "replicaSetName": "atlas-a1b2c3-shard-0"}
        if cluster.is_sharded:
            members = [
                {"cloudProvider": "AWS", "id": self.new_id(at), "replicaSetName": f"atlas-s{n}"}
                for n in (0, 1)
            ]
            kind = {
                "type": "shardedCluster",
                "members": members,
                "snapshotIds": [m["id"] for m in members],
            }
        else:
            kind |= {"cloudProvider": "AWS"}
        return {
            "id": self.new_id(at),
            "createdAt": stamp(at),
            "expiresAt": stamp(at + timedelta(days=7)),
            "frequencyType": "hourly",
            "snapshotType": "scheduled",
            "status": "completed",
            "storageSizeBytes": 4_200_000_000,
            "mongodVersion": "7.0.14",
            "policyItems": [],
            "links": [],
            **kind,
        }

    def flex_snapshot(self, age: timedelta) -> Json:
        """Return a complete snapshot of a Flex cluster."""
        at = self.now() - age
        return {
            "id": self.new_id(at),
            "startTime": stamp(at),
            "finishTime": stamp(at + timedelta(minutes=3)),
            "scheduledTime": stamp(at),
            "expiration": stamp(at + timedelta(days=8)),
            "status": "COMPLETED",
            "mongoDBVersion": "8.0.4",
        }

    def _dedicated(
        self, project: str, name: str, size: str, *, kind: str = "REPLICASET", pit: bool = False
    ) -> Cluster:
        provider = "TENANT" if size == "M0" else "AWS"
        region = {
            "providerName": provider,
            "regionName": "EU_CENTRAL_1",
            "priority": 7,
            "electableSpecs": {"instanceSize": size, "nodeCount": 3},
        }
        if provider == "TENANT":
            region |= {"backingProviderName": "AWS"}
        host = f"{name}.ab1cd.mongodb.net"
        document = {
            "id": self.new_id(),
            "groupId": project,
            "name": name,
            "clusterType": kind,
            "mongoDBVersion": "7.0.14",
            "mongoDBMajorVersion": "7.0",
            "stateName": "IDLE",
            "backupEnabled": size != "M0",
            "pitEnabled": pit,
            "paused": False,
            "connectionStrings": {
                "standard": f"mongodb://{name}-shard-00-00.ab1cd.mongodb.net:27017/?ssl=true",
                "standardSrv": f"mongodb+srv://{host}",
            },
            "replicationSpecs": [{"id": self.new_id(), "zoneId": ZONE, "regionConfigs": [region]}],
        }
        nvme = size.endswith("_NVME")
        return Cluster(document, schedule=self._schedule(name, hours=12 if nvme else 6, pit=pit))

    def _flex(self, project: str, name: str) -> Cluster:
        document = {
            "id": self.new_id(),
            "groupId": project,
            "name": name,
            "clusterType": "REPLICASET",
            "mongoDBVersion": "8.0.4",
            "stateName": "IDLE",
            "backupSettings": {"enabled": True},
            "providerSettings": {"backingProviderName": "AWS", "regionName": "EU_WEST_1"},
            "connectionStrings": {"standardSrv": f"mongodb+srv://{name}.ef2gh.mongodb.net"},
        }
        return Cluster(document, flex=True)

    def _schedule(self, name: str, *, hours: int, pit: bool) -> Json:
        """Return Atlas' default schedule.

        Source: Atlas documentation, "Manage Backup Policies".
        """
        rows = (
            ("hourly", hours, "days", 7),
            ("daily", 1, "days", 7),
            ("weekly", 6, "weeks", 4),
            ("monthly", 40, "months", 12),
            ("yearly", 12, "years", 1),
        )
        items = [
            {
                "id": self.new_id(),
                "frequencyType": kind,
                "frequencyInterval": interval,
                "retentionUnit": unit,
                "retentionValue": value,
            }
            for kind, interval, unit, value in rows
        ]
        window = {"restoreWindowDays": 2} if pit else {}
        return {
            "clusterId": self.new_id(),
            "clusterName": name,
            "policies": [{"id": self.new_id(), "policyItems": items}],
            "referenceHourOfDay": 18,
            "referenceMinuteOfHour": 0,
            "copySettings": [],
            "nextSnapshot": stamp(self.now() + timedelta(hours=2)),
            "autoExportEnabled": False,
            **window,
        }


def stamp(at: datetime) -> str:
    """Write a moment as Atlas does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compliance_policy() -> Json:
    """Return a policy in force: daily snapshots for two weeks, three days of continuous backup."""
    kept = {"retentionUnit": "days", "retentionValue": 14}
    return {
        "projectId": SHOP,
        "state": "ACTIVE",
        "authorizedEmail": "ann@example.org",
        "authorizedUserFirstName": "Ann",
        "authorizedUserLastName": "Mangrove",
        "pitEnabled": True,
        "restoreWindowDays": 3,
        "onDemandPolicyItem": {"frequencyType": "ondemand", "frequencyInterval": 1, **kept},
        "scheduledPolicyItems": [{"frequencyType": "daily", "frequencyInterval": 1, **kept}],
    }
