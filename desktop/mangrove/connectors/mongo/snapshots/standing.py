"""Where the files of a locked server stand: the newest entry that whoever opens them will find."""

from collections.abc import Mapping
from typing import Any

from mangrove.connectors.mongo.client import Connection
from mangrove.core.errors import SourceError
from mangrove.core.oplog import OplogTimestamp

PRIMARY = 1


def standing(connection: Connection) -> OplogTimestamp | None:
    """Return where the files of a locked server stand; None if that is not certain.

    A primary may show entries that its files lose when they are opened: what came after the last
    flush of the journal is cut off, because there may be holes before it. A secondary has no holes.
    What is not yet on a majority of the nodes is never called certain: it may be rolled back.

    Source: MongoDB server 6.0, "replication/README.md", "Oplog Truncate After Point"; manual,
    "replSetGetStatus": ``optimes``. Measured on 6.0.5: two of 25 snapshots under writes.

    Errors: as ``error_map.working`` says.
    """
    try:
        status = connection.command("admin", {"replSetGetStatus": 1})
    except SourceError:  # no replica set, or we may not ask
        return None
    optimes = status["optimes"]
    applied, durable = _timestamp(optimes, "appliedOpTime"), _timestamp(optimes, "durableOpTime")
    committed = _timestamp(optimes, "lastCommittedOpTime")
    if status.get("myState") != PRIMARY and applied != durable:
        return None
    return durable if durable <= committed else None


def _timestamp(optimes: Mapping[str, Any], name: str) -> OplogTimestamp:
    ts = optimes[name]["ts"]
    return OplogTimestamp(ts.time, ts.inc)
