"""The oplog that makes a dump consistent: where it has to begin, and reading it at the end.

Source: mongo-tools, mongodump/oplog_dump.go: it begins with the newest entry before the first
read, or with the first one of the oldest transaction that is prepared then; what is read must be
in it up to the last read.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo.batch_reader import BatchReader
from mangrove.connectors.mongo.bson_elements import find_element
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.error_map import while_working, working
from mangrove.connectors.mongo.privileges import Privileges
from mangrove.connectors.mongo.topology import OPLOG
from mangrove.core.errors import OplogRolledOverError, SourceError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp

_WHERE = Namespace("local", OPLOG)
_CAPPED_POSITION_LOST = 136  # Source: MongoDB server, src/mongo/base/error_codes.yml
_NOTHING_YET = OplogTimestamp(0, 0)
_UNDER_WAY = ("prepared", "inProgress")


def missing_for_oplog(found: Privileges) -> tuple[str, ...]:
    """Return what a user lacks for reading an oplog and the transactions under way."""
    wanted = (("local", OPLOG), ("config", "transactions"))
    return tuple(
        f"find on {db}.{name}" for db, name in wanted if not found.allows("find", db, name)
    )


@dataclass(slots=True)
class DumpOplog:
    """The oplog of one dump.

    Attributes:
        start: Its first entry.

    Threads: several read at once and tell so.
    """

    connection: Connection
    start: OplogTimestamp
    _seen: OplogTimestamp = _NOTHING_YET
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def begin(cls, connection: Connection) -> "DumpOplog":
        """Find out where it begins; call it before anything else is read.

        Raises:
            SourceError: If the oplog is empty.
        """
        newest = _one(connection, {"$natural": -1})
        if newest is None:
            raise SourceError(f"the oplog of {connection.hosts} is empty", host=connection.hosts)
        under_way = _oldest_transaction(connection)
        return cls(connection, min(newest, under_way) if under_way else newest)

    def read_concern(self) -> dict[str, object]:
        """Return the concern to read documents with: nothing that a failover could take back."""
        return {"level": "majority", "afterClusterTime": _timestamp(self.start)}

    def note_read(self) -> None:
        """Note that something was read until now, and notice early that it is of no use.

        Raises:
            OplogRolledOverError: If the beginning is gone.
        """
        now = self._now()
        with self._lock:
            self._seen = max(self._seen, now)
        oldest = _one(self.connection, {"$natural": 1})
        if oldest is not None and oldest > self.start:
            raise self._rolled_over()

    def read(self) -> Iterator[bytes]:
        """Yield its entries up to the last one that anything read could contain."""
        end = max(self._now(), self._seen)
        query = bson.encode({"ts": {"$gte": _timestamp(self.start), "$lte": _timestamp(end)}})
        concern = {"level": "majority", "afterClusterTime": _timestamp(end)}
        hosts, is_first = self.connection.hosts, True
        try:
            for chunk in BatchReader(self.connection, _WHERE, concern, query=query):
                if is_first and _first_timestamp(chunk) != self.start:
                    raise self._rolled_over()
                is_first = False
                yield chunk
        except OperationFailure as error:
            if error.code == _CAPPED_POSITION_LOST:
                raise self._rolled_over() from error
            raise while_working(error, hosts) from error
        except PyMongoError as error:
            raise while_working(error, hosts) from error
        if is_first:
            raise self._rolled_over()

    def _now(self) -> OplogTimestamp:
        now = self.connection.command("admin", {"ping": 1})["operationTime"]
        return OplogTimestamp(now.time, now.inc)

    def _rolled_over(self) -> OplogRolledOverError:
        return OplogRolledOverError(
            f"the entry {self.start} ({self.start.at:%Y-%m-%d %H:%M:%S} UTC), from before the "
            f"first read, is no longer in the oplog of {self.connection.hosts}; nothing was kept",
            hint="make the oplog larger (replSetResizeOplog), or use consistency snapshot",
            missing_from=str(self.start),
        )


def _oldest_transaction(connection: Connection) -> OplogTimestamp | None:
    """Return where the oldest prepared transaction begins.

    One that is not prepared has no entries yet: they are written when it commits.
    """
    command: dict[str, Any] = {
        "find": "transactions",
        "filter": {"state": {"$in": list(_UNDER_WAY)}, "startOpTime": {"$exists": True}},
        "sort": {"startOpTime.ts": 1},
        "limit": 1,
        "projection": {"startOpTime": 1},
        "readConcern": {"level": "local"},
    }
    with working(connection.hosts):
        found = connection.run("config", command)["cursor"]["firstBatch"]
    return _from(found[0]["startOpTime"]["ts"]) if found else None


def _one(connection: Connection, order: Mapping[str, int]) -> OplogTimestamp | None:
    command = {
        "find": OPLOG,
        "sort": dict(order),
        "limit": 1,
        "projection": {"ts": 1},
        "readConcern": {"level": "majority"},
    }
    with working(connection.hosts):
        found = connection.run("local", command)["cursor"]["firstBatch"]
    return _from(found[0]["ts"]) if found else None


def _first_timestamp(chunk: bytes) -> OplogTimestamp | None:
    found = find_element(chunk, b"ts")
    if found is None:
        return None
    number = int.from_bytes(chunk[found.value : found.end], "little")
    return OplogTimestamp(number >> 32, number & 0xFFFFFFFF)


def _from(ts: Timestamp) -> OplogTimestamp:
    return OplogTimestamp(ts.time, ts.inc)


def _timestamp(at: OplogTimestamp) -> Timestamp:
    return Timestamp(at.seconds, at.increment)
