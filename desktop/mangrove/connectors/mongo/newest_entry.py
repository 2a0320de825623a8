"""The newest entry of one server's oplog: the moment that its files stand at."""

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import working
from mangrove.core.oplog import OplogTimestamp


def newest_entry(connection: Connection) -> OplogTimestamp | None:
    """Return the timestamp of the newest oplog entry; None where there is no oplog.

    Errors: as ``error_map.working`` says.
    """
    with working(connection.hosts):
        local = connection.client["local"]
        found = local["oplog.rs"].find_one({}, {"ts": 1}, sort=[("$natural", -1)])
    return OplogTimestamp(found["ts"].time, found["ts"].inc) if found else None
