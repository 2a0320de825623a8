"""Documents of the Administration API into core values; what is missing stays empty.

Source: Atlas Administration API v2, the schemas named at each function.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mangrove.connectors.atlas.error_map import malformed
from mangrove.core.atlas.cluster import AtlasCluster, AtlasProject, Region, Shape, Tier
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.policy import (
    BackupSchedule,
    CopySetting,
    PolicyItem,
    Retention,
    Unit,
)
from mangrove.core.atlas.snapshot import (
    AtlasSnapshot,
    AtlasSnapshotId,
    Frequency,
    SnapshotState,
)

Json = dict[str, Any]
_SPECS = ("electableSpecs", "readOnlySpecs", "analyticsSpecs")
_FREE_SIZES = ("M0",)
_SHARED_SIZES = ("M2", "M5", "FLEX")
_FLEX_STATES = {
    "PENDING": SnapshotState.QUEUED,
    "QUEUED": SnapshotState.QUEUED,
    "RUNNING": SnapshotState.IN_PROGRESS,
    "COMPLETED": SnapshotState.COMPLETED,
    "FAILED": SnapshotState.FAILED,
}


def project(found: Json) -> AtlasProject:
    """Read a ``Group``."""
    return AtlasProject(
        text_of(found, "id"), str(found.get("name", "")), number_of(found, "clusterCount")
    )


def cluster(found: Json) -> AtlasCluster:
    """Read a ``ClusterDescription20240805``."""
    specs = [s for s in found.get("replicationSpecs") or [] if isinstance(s, dict)]
    regions = [r for s in specs for r in s.get("regionConfigs") or [] if isinstance(r, dict)]
    size = next((z for r in regions for z in _sizes(r)), "")
    shape = str(found.get("clusterType") or Shape.REPLICA_SET)
    return AtlasCluster(
        project_id=str(found.get("groupId", "")),
        name=text_of(found, "name"),
        tier=_tier(size, regions),
        shape=Shape(shape) if shape in set(Shape) else Shape.SHARDED,
        size=size,
        version=str(found.get("mongoDBVersion") or found.get("mongoDBMajorVersion") or ""),
        state=str(found.get("stateName") or ""),
        has_backups=bool(found.get("backupEnabled")),
        has_continuous=bool(found.get("pitEnabled")),
        is_paused=bool(found.get("paused")),
        hosts=_hosts(found.get("connectionStrings")),
        regions=tuple(dict.fromkeys(map(_region, regions))),
        zone_ids=tuple(dict.fromkeys(s["zoneId"] for s in specs if s.get("zoneId"))),
    )


def flex_cluster(found: Json) -> AtlasCluster:
    """Read a ``FlexClusterDescription20241113``."""
    settings = found.get("providerSettings") or {}
    region = Region(
        str(settings.get("backingProviderName") or ""), str(settings.get("regionName") or "")
    )
    backups = found.get("backupSettings") or {}
    return AtlasCluster(
        project_id=str(found.get("groupId", "")),
        name=text_of(found, "name"),
        tier=Tier.FLEX,
        size="Flex",
        version=str(found.get("mongoDBVersion") or ""),
        state=str(found.get("stateName") or ""),
        has_backups=bool(backups.get("enabled", True)),
        hosts=_hosts(found.get("connectionStrings")),
        regions=(region,) if region.name else (),
    )


def snapshot(found: Json) -> AtlasSnapshot:
    """Read a ``DiskBackupReplicaSet`` or a ``DiskBackupShardedClusterSnapshot``."""
    state = str(found.get("status") or "")
    frequency = str(found.get("frequencyType") or "")
    members = [m for m in found.get("members") or [] if isinstance(m, dict)]
    return AtlasSnapshot(
        snapshot_id=AtlasSnapshotId(text_of(found, "id")),
        state=SnapshotState(state) if state in set(SnapshotState) else SnapshotState.UNKNOWN,
        created_at=moment(found.get("createdAt")),
        expires_at=moment(found.get("expiresAt")),
        frequency=Frequency(frequency) if frequency in set(Frequency) else None,
        is_on_demand=found.get("snapshotType") in ("onDemand", "on_demand", "fallback"),
        size_bytes=number_of(found, "storageSizeBytes"),
        version=str(found.get("mongodVersion") or ""),
        description=str(found.get("description") or ""),
        is_sharded=found.get("type") == "shardedCluster",
        parts=tuple(str(m.get("replicaSetName")) for m in members),
        copies=tuple(map(str, found.get("copyRegions") or ())),
    )


def flex_snapshot(found: Json) -> AtlasSnapshot:
    """Read a ``FlexBackupSnapshot20241113``."""
    started = moment(found.get("startTime")) or moment(found.get("scheduledTime"))
    return AtlasSnapshot(
        snapshot_id=AtlasSnapshotId(text_of(found, "id")),
        state=_FLEX_STATES.get(str(found.get("status")), SnapshotState.UNKNOWN),
        created_at=started,
        expires_at=moment(found.get("expiration")),
        frequency=Frequency.DAILY,
        version=str(found.get("mongoDBVersion") or ""),
    )


def schedule(found: Json) -> BackupSchedule:
    """Read a ``DiskBackupSnapshotSchedule20240805``."""
    policies = found.get("policies") or [{}]
    items = [i for p in policies for i in p.get("policyItems") or []]
    return BackupSchedule(
        items=tuple(map(policy_item, items)),
        hour=number_of(found, "referenceHourOfDay"),
        minute=number_of(found, "referenceMinuteOfHour"),
        restore_window_days=found.get("restoreWindowDays"),
        copies=tuple(map(_copy, found.get("copySettings") or ())),
        next_at=moment(found.get("nextSnapshot")),
        policy_id=str(policies[0].get("id") or ""),
        exports=bool(found.get("autoExportEnabled")),
    )


def policy_item(found: Json) -> PolicyItem:
    """Read a ``DiskBackupApiPolicyItem``, or one of a compliance policy."""
    try:
        return PolicyItem(
            Frequency(str(found["frequencyType"])),
            int(found["frequencyInterval"]),
            _retention(found),
            str(found.get("id") or ""),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise malformed("an item of a backup policy") from error


def compliance(found: Json) -> CompliancePolicy:
    """Read a ``DataProtectionSettings20231001``."""
    on_demand = found.get("onDemandPolicyItem")
    return CompliancePolicy(
        state=str(found.get("state") or ""),
        items=tuple(map(policy_item, found.get("scheduledPolicyItems") or ())),
        on_demand=_retention(on_demand) if isinstance(on_demand, dict) else None,
        restore_window_days=number_of(found, "restoreWindowDays"),
        needs_continuous=bool(found.get("pitEnabled")),
    )


def _retention(found: Json) -> Retention:
    try:
        return Retention(int(found["retentionValue"]), Unit(str(found["retentionUnit"])))
    except (KeyError, ValueError, TypeError) as error:
        raise malformed("how long a snapshot is kept") from error


def _copy(found: Json) -> CopySetting:
    items = found.get("copyPolicyItems") or ()
    named = [i.get("frequencyType") for i in items] or found.get("frequencies") or []
    kinds = {f.replace("on_demand", "ondemand") for f in map(str.lower, map(str, named))}
    return CopySetting(
        provider=str(found.get("cloudProvider") or ""),
        region=str(found.get("regionName") or ""),
        zone_id=str(found.get("zoneId") or ""),
        frequencies=tuple(f for f in Frequency if f in kinds),
        copies_oplog=bool(found.get("shouldCopyOplogs")),
        keep_last=found.get("lastNumberOfSnapshots"),
    )


def _tier(size: str, regions: list[Json]) -> Tier:
    providers = {r.get("providerName") for r in regions}
    if size in _FREE_SIZES:
        return Tier.FREE
    if size in _SHARED_SIZES or providers & {"FLEX", "TENANT"}:
        return Tier.FLEX
    return Tier.DEDICATED


def _sizes(region: Json) -> list[str]:
    specs = [region.get(name) or {} for name in _SPECS]
    return [str(s["instanceSize"]) for s in specs if s.get("instanceSize")]


def _region(found: Json) -> Region:
    provider = found.get("backingProviderName") or found.get("providerName")
    return Region(str(provider or ""), str(found.get("regionName") or ""))


def _hosts(found: object) -> tuple[str, ...]:
    """Return the names in connection strings, private ones too; ports left out."""
    if not isinstance(found, dict):
        return ()
    texts = [found.get(n) for n in ("standardSrv", "standard", "privateSrv", "private")]
    for endpoint in found.get("privateEndpoint") or ():
        texts += [endpoint.get("srvConnectionString"), endpoint.get("connectionString")]
    places = [urlsplit(t).netloc.rpartition("@")[2] for t in texts if isinstance(t, str)]
    hosts = [h.partition(":")[0].lower() for p in places for h in p.split(",")]
    return tuple(dict.fromkeys(filter(None, hosts)))


def moment(text: object) -> datetime | None:
    """Read a moment, in UTC where no zone is named; None for none."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise malformed("a moment") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def text_of(found: Json, name: str) -> str:
    """Return a text that must be there."""
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise malformed(f"nothing under '{name}'")
    return value


def number_of(found: Json, name: str) -> int:
    """Return a number; 0 where there is none."""
    value = found.get(name)
    return int(value) if isinstance(value, int | float) else 0
