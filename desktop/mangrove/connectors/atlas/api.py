"""The Administration API as the port that services and jobs know.

Source: Atlas Administration API v2; every path and version is one of its description.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from mangrove.connectors.atlas import decoding, restore_jobs
from mangrove.connectors.atlas.client import AtlasClient, path_of
from mangrove.connectors.atlas.encoding import retention_request, schedule_request
from mangrove.core.atlas.cluster import AtlasCluster, AtlasProject, Tier
from mangrove.core.atlas.compliance import CompliancePolicy
from mangrove.core.atlas.policy import BackupSchedule, Retention
from mangrove.core.atlas.restore import AtlasJobId, AtlasRestoreJob, Delivery, RestoreOrder
from mangrove.core.atlas.snapshot import AtlasSnapshot, AtlasSnapshotId, newest_first
from mangrove.core.errors import AtlasDeniedError, AtlasNotFoundError, AtlasUnsupportedError
from mangrove.core.ports.atlas import AtlasApi, OpenDownload

BASE, COMPLIANCE, CLUSTERS = "2023-01-01", "2023-10-01", "2024-08-05"
FLEX, CONTENTS = "2024-11-13", "2025-03-12"
_CHUNK = 1 << 18
_PARTIAL = 206
Json = dict[str, Any]


class HttpAtlasApi(AtlasApi):
    """Fulfils the port over HTTPS.

    Threads: ``abort`` from any; the rest from one at a time.
    """

    def __init__(self, client: AtlasClient) -> None:
        self._client = client

    @override
    def abort(self) -> None:
        self._client.abort()

    # --- looking around ------------------------------------------------------------------

    @override
    def projects(self) -> tuple[AtlasProject, ...]:
        found = map(decoding.project, self._client.pages(path_of("groups"), BASE))
        return tuple(sorted(found, key=lambda p: (p.name.casefold(), p.project_id)))

    @override
    def clusters(self, project_id: str) -> tuple[AtlasCluster, ...]:
        path = path_of("groups", project_id, "clusters")
        found = [decoding.cluster(c) for c in self._client.pages(path, CLUSTERS)]
        flex = path_of("groups", project_id, "flexClusters")
        found += [decoding.flex_cluster(c) for c in self._client.pages(flex, FLEX)]
        # A Flex cluster that was made by the older way stands in both lists: the latter knows it.
        by_name = {c.name: c for c in found}
        return tuple(sorted(by_name.values(), key=lambda c: c.name.casefold()))

    @override
    def compliance(self, project_id: str) -> CompliancePolicy | None:
        path = path_of("groups", project_id, "backupCompliancePolicy")
        try:
            found = self._client.get(path, COMPLIANCE)
        except (AtlasNotFoundError, AtlasDeniedError):
            return None
        return decoding.compliance(found) if found.get("state") else None

    # --- snapshots -----------------------------------------------------------------------

    @override
    def snapshots(self, cluster: AtlasCluster) -> tuple[AtlasSnapshot, ...]:
        if cluster.tier is Tier.FREE:
            return ()
        path = _snapshots(cluster)
        if cluster.tier is Tier.FLEX:
            return newest_first(list(map(decoding.flex_snapshot, self._client.pages(path, FLEX))))
        if cluster.is_sharded:
            found = self._client.get(_snapshots(cluster, "shardedClusters"), BASE)
            return newest_first(list(map(decoding.snapshot, found.get("results") or ())))
        return newest_first(list(map(decoding.snapshot, self._client.pages(path, BASE))))

    @override
    def snapshot(self, cluster: AtlasCluster, wanted: AtlasSnapshotId) -> AtlasSnapshot:
        if cluster.tier is Tier.FLEX:
            return decoding.flex_snapshot(self._client.get(_snapshots(cluster, wanted), FLEX))
        kind = ("shardedCluster",) if cluster.is_sharded else ()
        return decoding.snapshot(self._client.get(_snapshots(cluster, *kind, wanted), BASE))

    @override
    def take(self, cluster: AtlasCluster, description: str, keep_days: int) -> AtlasSnapshot:
        body: Json = {"description": description, "retentionInDays": keep_days}
        return decoding.snapshot(self._client.change("POST", _snapshots(cluster), BASE, body))

    @override
    def keep(
        self, cluster: AtlasCluster, wanted: AtlasSnapshotId, keep: Retention
    ) -> AtlasSnapshot:
        path = _snapshots(cluster, wanted)
        return decoding.snapshot(self._client.change("PATCH", path, BASE, retention_request(keep)))

    @override
    def delete(self, cluster: AtlasCluster, snapshot: AtlasSnapshot) -> None:
        kind = ("shardedCluster",) if cluster.is_sharded else ()
        self._client.change("DELETE", _snapshots(cluster, *kind, snapshot.snapshot_id), BASE)

    @override
    def databases(self, cluster: AtlasCluster, snapshot: AtlasSnapshotId) -> tuple[str, ...]:
        pages = self._client.pages(_snapshots(cluster, snapshot, "databases"), CONTENTS)
        return tuple(sorted(decoding.text_of(found, "name") for found in pages))

    @override
    def collections(
        self, cluster: AtlasCluster, snapshot: AtlasSnapshotId, database: str
    ) -> tuple[str, ...]:
        path = _snapshots(cluster, snapshot, "databases", database, "collections")
        return tuple(
            sorted(decoding.text_of(f, "name") for f in self._client.pages(path, CONTENTS))
        )

    # --- schedules -----------------------------------------------------------------------

    @override
    def schedule(self, cluster: AtlasCluster) -> BackupSchedule:
        return decoding.schedule(self._client.get(_below(cluster, "schedule"), CLUSTERS))

    @override
    def change_schedule(
        self, cluster: AtlasCluster, schedule: BackupSchedule, *, also_existing: bool
    ) -> BackupSchedule:
        body = schedule_request(schedule, also_existing=also_existing)
        path = _below(cluster, "schedule")
        return decoding.schedule(self._client.change("PATCH", path, CLUSTERS, body))

    # --- restores ------------------------------------------------------------------------

    @override
    def restores(self, cluster: AtlasCluster) -> tuple[AtlasRestoreJob, ...]:
        if cluster.tier is Tier.FREE:
            return ()
        if cluster.tier is Tier.FLEX:
            pages = self._client.pages(_below(cluster, "restoreJobs"), FLEX)
            found = list(map(restore_jobs.flex_job, pages))
        else:
            pages = self._client.pages(_below(cluster, "restoreJobs"), BASE)
            found = [*map(restore_jobs.job, pages), *self._part_jobs(cluster)]
        return tuple(sorted(found, key=lambda j: (j.created_at, j.job_id), reverse=True))

    def _part_jobs(self, cluster: AtlasCluster) -> tuple[AtlasRestoreJob, ...]:
        try:
            return tuple(map(restore_jobs.part_job, self._client.pages(_parts(cluster), CONTENTS)))
        except (AtlasNotFoundError, AtlasDeniedError, AtlasUnsupportedError):
            return ()  # not offered for this cluster or account: then there are none

    @override
    def restore(self, cluster: AtlasCluster, known: AtlasRestoreJob) -> AtlasRestoreJob:
        version, read = _reading(cluster, is_part=bool(known.parts))
        path = _parts(cluster) if known.parts else _below(cluster, "restoreJobs")
        return read(self._client.get(f"{path}/{known.job_id}", version))

    @override
    def start_restore(self, cluster: AtlasCluster, order: RestoreOrder) -> AtlasRestoreJob:
        version, read = _reading(cluster, is_part=bool(order.parts))
        if order.parts:
            path, body = _parts(cluster), restore_jobs.part_request_of(order)
        elif cluster.tier is Tier.FLEX:
            is_download = order.delivery is Delivery.DOWNLOAD
            path = _below(cluster, "download" if is_download else "restoreJobs")
            body = restore_jobs.flex_request_of(order)
        else:
            path, body = _below(cluster, "restoreJobs"), restore_jobs.request_of(order)
        return read(self._client.change("POST", path, version, body))

    @override
    def cancel_restore(self, cluster: AtlasCluster, job: AtlasJobId) -> None:
        self._client.change("DELETE", _below(cluster, "restoreJobs", job), BASE)

    @override
    @contextmanager
    def download(self, url: str, offset: int = 0) -> Iterator[OpenDownload]:
        with self._client.download(url, offset) as response:
            begins = offset if response.status_code == _PARTIAL else 0
            length = response.headers.get("Content-Length", "")
            total = begins + int(length) if length.isdecimal() else 0
            yield OpenDownload(total, begins, response.iter_raw(_CHUNK))


def _reading(
    cluster: AtlasCluster, *, is_part: bool
) -> tuple[str, Callable[[Json], AtlasRestoreJob]]:
    if is_part:
        return CONTENTS, restore_jobs.part_job
    if cluster.tier is Tier.FLEX:
        return FLEX, restore_jobs.flex_job
    return BASE, restore_jobs.job


def _below(cluster: AtlasCluster, *parts: str) -> str:
    kind = "flexClusters" if cluster.tier is Tier.FLEX else "clusters"
    return path_of("groups", cluster.project_id, kind, cluster.name, "backup", *parts)


def _snapshots(cluster: AtlasCluster, *parts: str) -> str:
    return _below(cluster, "snapshots", *parts)


def _parts(cluster: AtlasCluster) -> str:
    kind = ("groups", cluster.project_id, "clusters", cluster.name)
    return path_of(*kind, "collectionRestoreJobs")
