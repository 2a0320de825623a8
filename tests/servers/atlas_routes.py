"""The paths of a pretended Atlas."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from flask import Flask, Response, jsonify, request

from servers.atlas_rules import check_schedule, require_one_of
from servers.atlas_state import FLEX_STEPS, STEPS, AtlasState, Cluster, Json, stamp

ROOT = "/api/atlas/v2/groups"
ONE = f"{ROOT}/<group>/clusters/<name>"
BACKUP = f"{ONE}/backup"
FLEX = f"{ROOT}/<group>/flexClusters/<name>/backup"
PARTS = f"{ONE}/collectionRestoreJobs"
Refuse = Callable[[int, str, str], Exception]


class Served(Protocol):
    """What the routes need of the server."""

    url: str
    state: AtlasState
    cut_downloads: int


def add_routes(app: Flask, fake: Served, refuse: Refuse) -> None:
    """Add every path."""
    routes = Routes(fake, refuse)
    for method, path, answer in (
        ("GET", ROOT, routes.groups),
        ("GET", f"{ROOT}/<group>/clusters", routes.clusters),
        ("GET", ONE, routes.cluster),
        ("GET", f"{ROOT}/<group>/flexClusters", routes.flex_clusters),
        ("GET", f"{ROOT}/<group>/backupCompliancePolicy", routes.compliance),
        ("GET", f"{BACKUP}/snapshots", routes.snapshots),
        ("POST", f"{BACKUP}/snapshots", routes.take),
        ("GET", f"{BACKUP}/snapshots/shardedClusters", routes.sharded_snapshots),
        ("GET", f"{BACKUP}/snapshots/shardedCluster/<wanted>", routes.snapshot),
        ("DELETE", f"{BACKUP}/snapshots/shardedCluster/<wanted>", routes.delete),
        ("GET", f"{BACKUP}/snapshots/<wanted>", routes.snapshot),
        ("PATCH", f"{BACKUP}/snapshots/<wanted>", routes.keep),
        ("DELETE", f"{BACKUP}/snapshots/<wanted>", routes.delete),
        ("GET", f"{BACKUP}/snapshots/<wanted>/databases", routes.databases),
        ("GET", f"{BACKUP}/snapshots/<wanted>/databases/<db>/collections", routes.collections),
        ("GET", f"{BACKUP}/schedule", routes.schedule),
        ("PATCH", f"{BACKUP}/schedule", routes.change_schedule),
        ("GET", f"{BACKUP}/restoreJobs", routes.restores),
        ("POST", f"{BACKUP}/restoreJobs", routes.start),
        ("GET", f"{BACKUP}/restoreJobs/<wanted>", routes.restore),
        ("DELETE", f"{BACKUP}/restoreJobs/<wanted>", routes.cancel),
        ("GET", PARTS, routes.part_restores),
        ("POST", PARTS, routes.start_parts),
        ("GET", f"{PARTS}/<wanted>", routes.part_restore),
        ("GET", f"{FLEX}/snapshots", routes.snapshots),
        ("GET", f"{FLEX}/snapshots/<wanted>", routes.snapshot),
        ("GET", f"{FLEX}/restoreJobs", routes.restores),
        ("POST", f"{FLEX}/restoreJobs", routes.start_flex),
        ("GET", f"{FLEX}/restoreJobs/<wanted>", routes.restore),
        ("POST", f"{FLEX}/download", routes.start_flex),
        ("GET", "/download/<name>", routes.download),
    ):
        app.add_url_rule(path, f"{method} {path}", answer, methods=[method])


class Routes:
    """Answers; what is wrong with a request is refused with Atlas' own codes."""

    def __init__(self, fake: Served, refuse: Refuse) -> None:
        self._fake = fake
        self._refuse = refuse

    @property
    def _state(self) -> AtlasState:
        return self._fake.state

    # --- looking around ------------------------------------------------------------------

    def groups(self) -> Response:
        made = stamp(self._state.now())
        return _page(
            [
                {
                    "id": group,
                    "name": name,
                    "orgId": "5f0000000000000000000099",
                    "clusterCount": sum(g == group for g, _ in self._state.clusters),
                    "created": made,
                }
                for group, name in self._state.projects.items()
            ]
        )

    def clusters(self, group: str) -> Response:
        self._require_group(group)
        return _page([c.document for c in self._of(group) if not c.flex])

    def cluster(self, group: str, name: str) -> Response:
        return jsonify(self._cluster(group, name).document)

    def flex_clusters(self, group: str) -> Response:
        self._require_group(group)
        return _page([c.document for c in self._of(group) if c.flex])

    def compliance(self, group: str) -> Response:
        self._require_group(group)
        return jsonify(self._state.compliance if self._state.compliance else {})

    # --- snapshots -----------------------------------------------------------------------

    def snapshots(self, group: str, name: str) -> Response:
        cluster = self._cluster(group, name)
        if cluster.is_sharded:
            raise self._refuse(400, "CLUSTER_IS_SHARDED", "Use the path for sharded clusters.")
        return _page(cluster.snapshots)

    def sharded_snapshots(self, group: str, name: str) -> Response:
        cluster = self._cluster(group, name)
        if not cluster.is_sharded:
            raise self._refuse(400, "CLUSTER_IS_NOT_SHARDED", "It is a replica set.")
        return jsonify({"results": cluster.snapshots, "totalCount": len(cluster.snapshots)})

    def snapshot(self, group: str, name: str, wanted: str) -> Response:
        cluster = self._cluster(group, name)
        found = self._in(cluster.snapshots, wanted, "SNAPSHOT")
        steps = FLEX_STEPS if cluster.flex else STEPS
        found["status"] = self._next(steps, found["status"])
        if found["status"] == "completed":
            found.setdefault("createdAt", stamp(self._state.now()))
            found.setdefault("storageSizeBytes", 4_300_000_000)
        return jsonify(found)

    def take(self, group: str, name: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        if not cluster.document["backupEnabled"]:
            raise self._refuse(400, "CLOUD_BACKUP_NOT_ENABLED", "Turn on Cloud Backup first.")
        if any(s["status"] in STEPS[:2] for s in cluster.snapshots):
            raise self._refuse(409, "ON_DEMAND_SNAPSHOT_IN_PROGRESS", "One is under way already.")
        made = self._state.snapshot(cluster)
        for later in ("createdAt", "storageSizeBytes"):
            del made[later]
        days = timedelta(days=body["retentionInDays"])
        made |= {
            "status": STEPS[0],
            "snapshotType": "onDemand",
            "frequencyType": "ondemand",
            "description": body["description"],
            "expiresAt": stamp(self._state.now() + days),
        }
        cluster.snapshots.append(made)
        return jsonify(made)

    def keep(self, group: str, name: str, wanted: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        found = self._in(cluster.snapshots, wanted, "SNAPSHOT")
        require_one_of(body, "retentionUnit", ("days", "weeks", "months", "years"), self._refuse)
        days = {"days": 1, "weeks": 7, "months": 30, "years": 365}[body["retentionUnit"]]
        found["expiresAt"] = stamp(
            self._state.now() + timedelta(days=days * body["retentionValue"])
        )
        return jsonify(found)

    def delete(self, group: str, name: str, wanted: str) -> Response:
        cluster = self._cluster(group, name)
        found = self._in(cluster.snapshots, wanted, "SNAPSHOT")
        if self._state.compliance:
            raise self._refuse(
                403, "CANNOT_DELETE_SNAPSHOT_WITH_BACKUP_COMPLIANCE_POLICY", "It is protected."
            )
        cluster.snapshots.remove(found)
        return Response(status=204)

    def databases(self, group: str, name: str, wanted: str) -> Response:
        self._in(self._cluster(group, name).snapshots, wanted, "SNAPSHOT")
        return _page([{"name": db} for db in self._state.contents])

    def collections(self, group: str, name: str, wanted: str, db: str) -> Response:
        self._in(self._cluster(group, name).snapshots, wanted, "SNAPSHOT")
        if db not in self._state.contents:
            raise self._refuse(404, "DATABASE_NOT_FOUND", f"No database named {db}.")
        return _page([{"name": name} for name in self._state.contents[db]])

    # --- schedules -----------------------------------------------------------------------

    def schedule(self, group: str, name: str) -> Response:
        return jsonify(self._cluster(group, name).schedule)

    def change_schedule(self, group: str, name: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        check_schedule(body, cluster, self._refuse)
        for policy in body["policies"]:
            policy.setdefault("id", self._state.new_id())
            for item in policy["policyItems"]:
                item.setdefault("id", self._state.new_id())
        cluster.schedule |= {k: v for k, v in body.items() if k != "updateSnapshots"}
        return jsonify(cluster.schedule)

    # --- restores ------------------------------------------------------------------------

    def restores(self, group: str, name: str) -> Response:
        return _page(self._cluster(group, name).restores)

    def restore(self, group: str, name: str, wanted: str) -> Response:
        cluster = self._cluster(group, name)
        found = self._in(cluster.restores, wanted, "RESTORE_JOB")
        looks = found.pop("looks", 0) + 1
        now = stamp(self._state.now())
        if cluster.flex:
            found["status"] = self._next(FLEX_STEPS, found["status"])
            if found["status"] == FLEX_STEPS[-1]:
                found |= {"restoreFinishedDate": now, **self._flex_url(found)}
        elif looks > 1 and not _is_over(found) and not self._state.is_still:
            found["failed"] = self._state.restores_fail
            found["finishedAt"] = now
            if found["deliveryType"] == "download":
                found |= self._addresses(cluster)
        answer = dict(found)
        found["looks"] = looks
        return jsonify(answer)

    def start(self, group: str, name: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        kinds = ("automated", "download", "pointInTime")
        require_one_of(body, "deliveryType", kinds, self._refuse)
        made: Json = {"id": self._state.new_id(), "cancelled": False, "expired": False}
        made |= {"failed": False, **body}
        if body["deliveryType"] == "pointInTime":
            self._require_point(cluster, body)
        else:
            snapshot = self._in(cluster.snapshots, body.get("snapshotId", ""), "SNAPSHOT")
            made["timestamp"] = snapshot["createdAt"]
        if body["deliveryType"] != "download":
            self._require_target(body["targetGroupId"], body["targetClusterName"], cluster)
        else:
            made["expiresAt"] = stamp(self._state.now() + timedelta(hours=4))
        cluster.restores.append(made)
        return jsonify(made)

    def start_flex(self, group: str, name: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        snapshot = self._in(cluster.snapshots, body["snapshotId"], "SNAPSHOT")
        made = {
            "id": self._state.new_id(),
            "deliveryType": "DOWNLOAD" if request.path.endswith("/download") else "RESTORE",
            "status": FLEX_STEPS[0],
            "instanceName": name,
            "projectId": group,
            "snapshotId": body["snapshotId"],
            "snapshotFinishedDate": snapshot["finishTime"],
            "restoreScheduledDate": stamp(self._state.now()),
        }
        for field in ("targetDeploymentItemName", "targetProjectId"):
            if field in body:
                made[field] = body[field]
        cluster.restores.append(made)
        return jsonify(made)

    def cancel(self, group: str, name: str, wanted: str) -> Response:
        found = self._in(self._cluster(group, name).restores, wanted, "RESTORE_JOB")
        if _is_over(found):
            raise self._refuse(405, "CANNOT_CANCEL_RESTORE_JOB", "It is over already.")
        found["cancelled"] = True
        return Response(status=204)

    def part_restores(self, group: str, name: str) -> Response:
        return _page(self._cluster(group, name).part_restores)

    def start_parts(self, group: str, name: str) -> Response:
        cluster, body = self._cluster(group, name), request.get_json(force=True)
        require_one_of(body, "writeStrategy", ("CREATE_NEW", "OVERWRITE_EXISTING"), self._refuse)
        require_one_of(body, "indexStrategy", ("ALL", "NONE", "ALL_EXCEPT_TTL"), self._refuse)
        if "snapshotId" in body:
            self._in(cluster.snapshots, body["snapshotId"], "SNAPSHOT")
        else:
            self._require_point(cluster, body)
        self._require_target(body["targetGroupId"], body["targetClusterName"], None)
        if any(p["state"] not in ("SUCCESSFUL", "FAILED") for p in cluster.part_restores):
            raise self._refuse(409, "COLLECTION_RESTORE_IN_PROGRESS", "One is under way already.")
        made = {
            **body,
            "id": self._state.new_id(),
            "createdAt": stamp(self._state.now()),
            "state": "INITIALIZING",
            "restoredDocuments": 0,
            "totalDocuments": 0,
        }
        cluster.part_restores.append(made)
        return jsonify(made)

    def part_restore(self, group: str, name: str, wanted: str) -> Response:
        found = self._in(self._cluster(group, name).part_restores, wanted, "RESTORE_JOB")
        steps = ("INITIALIZING", "IN_PROGRESS", "FINALIZING", "SUCCESSFUL")
        found["state"] = self._next(steps, found["state"])
        done = {"INITIALIZING": 0, "IN_PROGRESS": 600}.get(found["state"], 1000)
        found |= {"totalDocuments": 1000, "restoredDocuments": done}
        if found["state"] == steps[-1]:
            found["finishedAt"] = stamp(self._state.now())
        return jsonify(found)

    # --- downloads -----------------------------------------------------------------------

    def download(self, name: str) -> Response:
        whole = self._state.files.get(name)
        if whole is None or request.args.get("sig") != "signed":
            return Response(status=403)
        begins = 0
        if asked := request.headers.get("Range"):
            begins = int(asked.removeprefix("bytes=").partition("-")[0])
        rest = whole[begins:]
        headers = {"Content-Length": str(len(rest))}
        if self._fake.cut_downloads:
            self._fake.cut_downloads -= 1
            rest = rest[: len(rest) // 2]
        # A stream, for the framework would correct the length of a text that is too short.
        return Response(iter([rest]), 206 if begins else 200, headers, mimetype="application/gzip")

    # --- inside --------------------------------------------------------------------------

    def _next(self, steps: tuple[str, ...], now: str) -> str:
        if now not in steps or self._state.is_still:
            return now
        return steps[min(steps.index(now) + 1, len(steps) - 1)]

    def _address(self, name: str) -> str:
        self._state.files.setdefault(name, name.encode() * 20_000)
        return f"{self._fake.url}/download/{name}?sig=signed"

    def _addresses(self, cluster: Cluster) -> Json:
        if not cluster.is_sharded:
            return {"deliveryUrl": [self._address(f"{cluster.name}.tar.gz")]}
        names = [m["replicaSetName"] for m in cluster.snapshots[0]["members"]]
        return {
            "components": [
                {"replicaSetName": n, "downloadUrl": self._address(f"{n}.tar.gz")} for n in names
            ]
        }

    def _flex_url(self, found: Json) -> Json:
        if found["deliveryType"] != "DOWNLOAD":
            return {}
        return {"snapshotUrl": self._address(f"{found['instanceName']}.tar.gz")}

    def _of(self, group: str) -> list[Cluster]:
        return [c for (g, _), c in self._state.clusters.items() if g == group]

    def _require_group(self, group: str) -> None:
        if group not in self._state.projects:
            raise self._refuse(404, "GROUP_NOT_FOUND", f"No group with ID {group} exists.")

    def _cluster(self, group: str, name: str) -> Cluster:
        self._require_group(group)
        found = self._state.clusters.get((group, name))
        if found is None or found.flex != ("/flexClusters/" in request.path):
            raise self._refuse(
                404, "CLUSTER_NOT_FOUND", f"No cluster named {name} exists in group {group}."
            )
        return found

    def _in(self, known: list[Json], wanted: str, what: str) -> Json:
        found = next((k for k in known if k["id"] == wanted), None)
        if found is None:
            raise self._refuse(404, f"{what}_NOT_FOUND", f"Nothing with ID {wanted} exists.")
        return found

    def _require_target(self, group: str, name: str, source: Cluster | None) -> None:
        target = self._state.clusters.get((group, name))
        if target is None:
            raise self._refuse(404, "CLUSTER_NOT_FOUND", f"No cluster named {name} exists.")
        if source is not None and target.is_sharded != source.is_sharded:
            raise self._refuse(400, "INCOMPATIBLE_RESTORE_TARGET", "The topologies differ.")

    def _require_point(self, cluster: Cluster, body: Json) -> None:
        if not cluster.document["pitEnabled"]:
            raise self._refuse(400, "PIT_NOT_ENABLED", "Continuous backup is off.")
        seconds = body.get("pointInTimeUTCSeconds") or body.get("pointInTimeUtcSeconds")
        if (seconds is None) == ("oplogTs" not in body) or ("oplogTs" in body) != (
            "oplogInc" in body
        ):
            raise self._refuse(400, "INVALID_ATTRIBUTE", "Name one moment, in one way.")


def _page(rows: list[Any]) -> Response:
    number = int(request.args.get("pageNum", 1))
    size = int(request.args.get("itemsPerPage", 100))
    shown = rows[(number - 1) * size : number * size]
    without = [{k: v for k, v in row.items() if k != "looks"} for row in shown]
    return jsonify({"results": without, "totalCount": len(rows), "links": []})


def _is_over(found: Json) -> bool:
    return bool(found.get("finishedAt") or found.get("cancelled") or found.get("failed"))
