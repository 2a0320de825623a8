"""Reads the oplog, majority-committed entries only: the port ``OplogSource`` on MongoDB."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bson
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo.batch_reader import BatchReader
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import while_working, working
from mangrove.connectors.mongo.privileges import DUMP_ROLE, read_privileges, require
from mangrove.connectors.mongo.topology import OPLOG, oplog_sizes, server_facts
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import ConnectionLostError, SourceError, UnsupportedTopologyError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogExtent, OplogPosition, OplogTimestamp

MAJORITY: Mapping[str, str] = {"level": "majority"}
# CappedPositionLost, ReadConcernMajorityNotAvailableYet
# Source: MongoDB server, src/mongo/base/error_codes.yml
_PASSING = {136: "wrote over old entries", 134: "was not ready for majority reads"}
_WHERE = Namespace("local", OPLOG)
_BEGUN = "initiating set"
_PLACE = {"ts": 1, "t": 1}
_NO_OPLOG = {
    Topology.STANDALONE: "a standalone server keeps no oplog, so nothing can be captured from",
    Topology.SHARDED: "the oplog of a sharded cluster lies on its shards, not on the router",
}
_GET_ONE = {
    Topology.STANDALONE: (
        "make it a replica set of one node, its data stays: start mongod with --replSet rs0,"
        " then run rs.initiate() once; clients connect as before"
    ),
    Topology.SHARDED: (
        "capture each shard's replica set by a profile of its own; each is then consistent"
        " in itself"
    ),
}


class MongoOplogSource:
    """The oplog of one replica set."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        return server_facts(self._connection)

    def check(self) -> None:
        """Raise unless there is an oplog, and we may read it.

        Raises:
            UnsupportedTopologyError: Standalone servers and routers have none.
            MissingPrivilegeError: Naming the role.
        """
        hosts, topology = self._connection.hosts, self.facts().topology
        if topology in _NO_OPLOG:
            raise UnsupportedTopologyError(
                f"{_NO_OPLOG[topology]} {hosts}; nothing was touched", hint=_GET_ONE[topology]
            )
        found = read_privileges(self._connection)
        missing = () if found.allows("find", "local", OPLOG) else (f"find on {_WHERE}",)
        require(missing, DUMP_ROLE, hosts)

    def extent(self) -> OplogExtent:
        """Return the oldest and the newest majority-committed entry, and how full the oplog is.

        A node that the set began on wrote "initiating set" as its first entry.

        Source: MongoDB server, replication_coordinator_external_state_impl.cpp,
        initializeReplSetStorage.
        """
        first, newest = self._found({}, 1, {**_PLACE, "o.msg": 1}), self._one({}, -1)
        if not first or newest is None:
            raise SourceError(
                f"the oplog of {self._connection.hosts} is empty or not readable yet",
                hint="run it again once the replica set has a primary",
            )
        used, allowed = oplog_sizes(self._connection)
        share = used / allowed if used is not None and allowed else None
        is_complete = first[0].get("o", {}).get("msg") == _BEGUN
        return OplogExtent(_position(first[0]), newest, share, is_complete=is_complete)

    def read(self, start: OplogTimestamp) -> Iterator[bytes]:
        """Yield all entries from a timestamp on; see the port for what may be raised.

        The server finds the place without reading what lies before it.

        Source: MongoDB server, query planner: a range on ``ts`` of the oplog bounds its scan.
        """
        query = bson.encode({"ts": {"$gte": Timestamp(start.seconds, start.increment)}})
        hosts = self._connection.hosts
        try:
            yield from BatchReader(self._connection, _WHERE, dict(MAJORITY), query=query)
        except OperationFailure as error:
            if error.code in _PASSING:
                raise ConnectionLostError(
                    f"{hosts} {_PASSING[error.code]} while its oplog was read", host=hosts
                ) from error
            raise while_working(error, hosts) from error
        except PyMongoError as error:
            raise while_working(error, hosts) from error

    def newest_before(self, end: OplogTimestamp, term: int | None = None) -> OplogPosition | None:
        """Return the newest entry that is not after a timestamp; None if none is left."""
        query: dict[str, Any] = {"ts": {"$lte": Timestamp(end.seconds, end.increment)}}
        if term is not None:
            query["t"] = {"$lte": term}
        return self._one(query, -1)

    def reconnect(self) -> str:
        """Find the deployment again."""
        return self._connection.reconnect()

    def abort(self) -> None:
        """End calls that block in other threads."""
        self._connection.abort()

    def _one(self, query: Mapping[str, Any], direction: int) -> OplogPosition | None:
        batch = self._found(query, direction, _PLACE)
        return _position(batch[0]) if batch else None

    def _found(
        self, query: Mapping[str, Any], direction: int, wanted: Mapping[str, int]
    ) -> Sequence[dict[str, Any]]:
        command = {
            "find": OPLOG,
            "filter": dict(query),
            "sort": {"$natural": direction},
            "limit": 1,
            "projection": dict(wanted),
            "readConcern": dict(MAJORITY),
        }
        with working(self._connection.hosts):
            batch: Sequence[dict[str, Any]] = self._connection.run("local", command)["cursor"][
                "firstBatch"
            ]
        return batch


def _position(entry: Mapping[str, Any]) -> OplogPosition:
    ts = entry["ts"]
    return OplogPosition(OplogTimestamp(ts.time, ts.inc), int(entry.get("t", -1)))
