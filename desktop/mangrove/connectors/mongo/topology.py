"""What a deployment is: kind, version, members with their lag, and the oplog's window."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.timestamp import Timestamp

from mangrove.connectors.mongo.client import Connection
from mangrove.core.deployment import DeploymentMark, Member, OplogWindow, ServerFacts, Topology
from mangrove.core.errors import SourceError
from mangrove.core.oplog import OplogTimestamp

OPLOG = "oplog.rs"


def server_facts(connection: Connection) -> ServerFacts:
    """Ask version and topology."""
    build = connection.command("admin", {"buildInfo": 1})
    hello = connection.command("admin", {"hello": 1})
    return ServerFacts(
        version_text=str(build["version"]),
        version=tuple(int(n) for n in build["versionArray"][:3]),
        feature_version=feature_version(connection),
        topology=topology_of(hello),
        replica_set=str(hello.get("setName", "")),
    )


def deployment_mark(connection: Connection) -> DeploymentMark:
    """Ask what tells this deployment from others."""
    hello = connection.command("admin", {"hello": 1})
    process = hello.get("topologyVersion", {}).get("processId", "")
    return DeploymentMark(
        replica_set=str(hello.get("setName", "")),
        hosts=frozenset(map(str, (*hello.get("hosts", ()), *hello.get("passives", ())))),
        me=str(hello.get("me", "")),
        process=str(process),
        cluster=_cluster_id(connection) if topology_of(hello) is Topology.SHARDED else "",
    )


def _cluster_id(connection: Connection) -> str:
    with suppress(SourceError):
        found = connection.command("config", {"find": "version", "limit": 1})
        for version in found["cursor"]["firstBatch"]:
            return str(version.get("clusterId", ""))
    return ""


def topology_of(hello: Mapping[str, Any]) -> Topology:
    """Read the kind off a hello reply.

    Source: MongoDB manual, "hello": ``msg`` is ``isdbgrid`` on mongos, ``setName`` on members.
    """
    if hello.get("msg") == "isdbgrid":
        return Topology.SHARDED
    return Topology.REPLICA_SET if "setName" in hello else Topology.STANDALONE


def feature_version(connection: Connection) -> str:
    """Return the feature compatibility version, "" when it may not be read."""
    with suppress(SourceError):
        found = connection.command(
            "admin", {"getParameter": 1, "featureCompatibilityVersion": 1}
        ).get("featureCompatibilityVersion", {})
        return str(found.get("version", ""))
    return ""


def members(connection: Connection) -> tuple[Member, ...]:
    """Return the nodes of a replica set; without clusterMonitor only their names are known."""
    with suppress(SourceError):
        return _members_of(connection.command("admin", {"replSetGetStatus": 1})["members"])
    hello = connection.command("admin", {"hello": 1})
    primary = hello.get("primary")
    hosts = [*hello.get("hosts", ()), *hello.get("passives", ())]
    named = [Member(h, "PRIMARY" if h == primary else "SECONDARY") for h in hosts]
    return (*named, *(Member(h, "ARBITER") for h in hello.get("arbiters", ())))


def _members_of(found: list[Mapping[str, Any]]) -> tuple[Member, ...]:
    """Read members off replSetGetStatus: lag is the primary's optimeDate less the member's."""
    primary = next((m.get("optimeDate") for m in found if m["stateStr"] == "PRIMARY"), None)
    return tuple(Member(m["name"], m["stateStr"], _lag(m, primary)) for m in found)


def _lag(member: Mapping[str, Any], primary_at: datetime | None) -> timedelta | None:
    own = member.get("optimeDate")
    if not isinstance(own, datetime) or primary_at is None or member["stateStr"] == "ARBITER":
        return None
    return max(primary_at - own, timedelta())


def oplog_window(connection: Connection) -> OplogWindow | None:
    """Return what the oplog holds now; None on a standalone or when it may not be read."""
    with suppress(SourceError):
        first, last = _end(connection, 1), _end(connection, -1)
        if first and last:
            used, allowed = oplog_sizes(connection)
            return OplogWindow(_moment(first), _moment(last), used, allowed)
    return None


def newest_entry(connection: Connection) -> OplogTimestamp | None:
    """Return the timestamp of the newest oplog entry; None where there is no oplog.

    Errors: as ``error_map.working`` says.
    """
    found = _end(connection, -1)
    return OplogTimestamp(found.time, found.inc) if found else None


def _end(connection: Connection, direction: int) -> Timestamp | None:
    reply = connection.command(
        "local",
        {"find": OPLOG, "sort": {"$natural": direction}, "limit": 1, "projection": {"ts": 1}},
    )
    batch = reply["cursor"]["firstBatch"]
    return batch[0]["ts"] if batch else None


def _moment(position: Timestamp) -> datetime:
    return datetime.fromtimestamp(position.time, UTC)


def oplog_sizes(connection: Connection) -> tuple[int | None, int | None]:
    """Return the used and the allowed size of the oplog; None for both when nobody may ask."""
    with suppress(SourceError):
        stats = connection.command("local", {"collStats": OPLOG})
        return int(stats["size"]), int(stats["maxSize"])
    return None, None
