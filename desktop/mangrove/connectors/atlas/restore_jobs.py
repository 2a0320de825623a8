"""Restore jobs, both ways: orders into requests, answers into core values.

Source: Atlas Administration API v2, schemas ``DiskBackupSnapshotRestoreJob``,
``FlexBackupRestoreJob20241113`` and ``ApiAtlasCollectionRestoreJobResponse``.
"""

from typing import Any

from mangrove.connectors.atlas.decoding import moment, number_of, text_of
from mangrove.core.atlas.restore import (
    AtlasJobId,
    AtlasRestoreJob,
    Delivery,
    JobState,
    Part,
    PointInTime,
    RestoreOrder,
    moment_of_id,
)
from mangrove.core.atlas.snapshot import AtlasSnapshotId

Json = dict[str, Any]
_FLEX_STATES = {
    "PENDING": JobState.RUNNING,
    "QUEUED": JobState.RUNNING,
    "RUNNING": JobState.RUNNING,
    "COMPLETED": JobState.SUCCEEDED,
    "FAILED": JobState.FAILED,
}
_PART_STATES = {
    "SUCCESSFUL": JobState.SUCCEEDED,
    "FAILED": JobState.FAILED,
    "CANCELED": JobState.CANCELLED,
    "CANCELLED": JobState.CANCELLED,
}


def job(found: Json) -> AtlasRestoreJob:
    """Read a restore of a dedicated cluster."""
    job_id = text_of(found, "id")
    delivery = str(found.get("deliveryType") or "")
    return AtlasRestoreJob(
        job_id=AtlasJobId(job_id),
        delivery=Delivery(delivery) if delivery in set(Delivery) else Delivery.AUTOMATED,
        state=_state(found),
        created_at=moment_of_id(job_id),
        snapshot=_snapshot(found),
        snapshot_at=moment(found.get("timestamp")),
        point=_point(found, "pointInTimeUTCSeconds"),
        target_project=str(found.get("targetGroupId") or ""),
        target_cluster=str(found.get("targetClusterName") or ""),
        finished_at=moment(found.get("finishedAt")),
        expires_at=moment(found.get("expiresAt")),
        urls=_urls(found),
    )


def flex_job(found: Json) -> AtlasRestoreJob:
    """Read a restore of a Flex cluster."""
    job_id = text_of(found, "id")
    url = found.get("snapshotUrl")
    is_download = found.get("deliveryType") == "DOWNLOAD"
    return AtlasRestoreJob(
        job_id=AtlasJobId(job_id),
        delivery=Delivery.DOWNLOAD if is_download else Delivery.AUTOMATED,
        state=_FLEX_STATES.get(str(found.get("status")), JobState.RUNNING),
        created_at=moment(found.get("restoreScheduledDate")) or moment_of_id(job_id),
        snapshot=_snapshot(found),
        snapshot_at=moment(found.get("snapshotFinishedDate")),
        target_project=str(found.get("targetProjectId") or ""),
        target_cluster=str(found.get("targetDeploymentItemName") or ""),
        finished_at=moment(found.get("restoreFinishedDate")),
        expires_at=moment(found.get("expirationDate")),
        urls=((str(found.get("instanceName") or "snapshot"), url),) if url else (),
    )


def part_job(found: Json) -> AtlasRestoreJob:
    """Read a restore of single databases or collections."""
    job_id = text_of(found, "id")
    named = [*(found.get("databases") or ()), *(found.get("collections") or ())]
    point = _point(found, "pointInTimeUtcSeconds")
    return AtlasRestoreJob(
        job_id=AtlasJobId(job_id),
        delivery=Delivery.POINT_IN_TIME if point else Delivery.AUTOMATED,
        state=_PART_STATES.get(str(found.get("state")), JobState.RUNNING),
        created_at=moment(found.get("createdAt")) or moment_of_id(job_id),
        snapshot=_snapshot(found),
        point=point,
        target_project=str(found.get("targetGroupId") or ""),
        target_cluster=str(found.get("targetClusterName") or ""),
        finished_at=moment(found.get("finishedAt")),
        parts=tuple(str(n.get("sourceNamespace")) for n in named),
        documents_done=number_of(found, "restoredDocuments"),
        documents_total=number_of(found, "totalDocuments"),
        problem=str(found.get("errorMessage") or ""),
    )


def request_of(order: RestoreOrder) -> Json:
    """Write an order for a dedicated cluster."""
    body: Json = {"deliveryType": order.delivery.value}
    if order.snapshot is not None:
        body["snapshotId"] = order.snapshot
    if order.target_cluster:
        body |= {"targetGroupId": order.target_project, "targetClusterName": order.target_cluster}
    return body | _point_request(order.point, "pointInTimeUTCSeconds")


def flex_request_of(order: RestoreOrder) -> Json:
    """Write an order for a Flex cluster, a download or a restore."""
    body: Json = {"snapshotId": order.snapshot}
    if order.delivery is Delivery.DOWNLOAD:
        return body
    return body | {
        "targetDeploymentItemName": order.target_cluster,
        "targetProjectId": order.target_project,
    }


def part_request_of(order: RestoreOrder) -> Json:
    """Write an order for single databases or collections."""
    body: Json = {
        "targetGroupId": order.target_project,
        "targetClusterName": order.target_cluster,
        "writeStrategy": order.write.value,
        "indexStrategy": order.indexes.value,
    }
    if order.snapshot is not None:
        body["snapshotId"] = order.snapshot
    for name, wanted in (("databases", False), ("collections", True)):
        if parts := [_namespace(p) for p in order.parts if p.is_collection is wanted]:
            body[name] = parts
    return body | _point_request(order.point, "pointInTimeUtcSeconds")


def _namespace(part: Part) -> Json:
    named = {"targetNamespace": part.target} if part.target else {}
    return {"sourceNamespace": part.source, **named}


def _point_request(point: PointInTime | None, seconds_name: str) -> Json:
    if point is None:
        return {}
    if point.increment is None:
        return {seconds_name: point.seconds}
    return {"oplogTs": point.seconds, "oplogInc": point.increment}


def _point(found: Json, seconds_name: str) -> PointInTime | None:
    if found.get("oplogTs"):
        return PointInTime(int(found["oplogTs"]), int(found.get("oplogInc") or 1))
    if found.get(seconds_name):
        return PointInTime(int(found[seconds_name]))
    return None


def _snapshot(found: Json) -> AtlasSnapshotId | None:
    wanted = found.get("snapshotId")
    return AtlasSnapshotId(wanted) if isinstance(wanted, str) and wanted else None


def _state(found: Json) -> JobState:
    if found.get("cancelled"):
        return JobState.CANCELLED
    if found.get("failed"):
        return JobState.FAILED
    if found.get("expired"):
        return JobState.EXPIRED
    return JobState.SUCCEEDED if found.get("finishedAt") else JobState.RUNNING


def _urls(found: Json) -> tuple[tuple[str, str], ...]:
    parts = [c for c in found.get("components") or () if c.get("downloadUrl")]
    if parts:
        return tuple((str(c.get("replicaSetName") or ""), str(c["downloadUrl"])) for c in parts)
    return tuple(("", str(url)) for url in found.get("deliveryUrl") or ())
