"""A deployment that is being read: the port ``OpenDump`` on MongoDB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.account_source import AccountSource
from mangrove.connectors.mongo.agreeing import BY_OPLOG
from mangrove.connectors.mongo.batch_reader import BatchReader, first_batch_size
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.dump_oplog import DumpOplog
from mangrove.connectors.mongo.error_map import (
    CURSOR_NOT_FOUND,
    NAMESPACE_NOT_FOUND,
    QUERY_PLAN_KILLED,
    SNAPSHOT_CODES,
    while_working,
)
from mangrove.connectors.mongo.listing import VIEW
from mangrove.connectors.mongo.queries import Filter
from mangrove.connectors.mongo.resuming import Home, going_on
from mangrove.core.backup import Consistency
from mangrove.core.deployment import ServerFacts
from mangrove.core.errors import NamespaceChangedError
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo, ReadingPlace

_EVERYTHING = Filter(b"", scans=True)
_MAYBE_CHANGED = SNAPSHOT_CODES | {NAMESPACE_NOT_FOUND, CURSOR_NOT_FOUND, QUERY_PLAN_KILLED}


@dataclass(slots=True)
class MongoOpenDump:
    """An open dump: what is read, and at which moment.

    Threads: several read at once; one that loses the snapshot makes the others that start later
    read without it too, which each of them could have come to by itself.
    """

    connection: Connection
    home: Home
    facts: ServerFacts
    achieved: Consistency
    reason: str
    consistent_at: OplogTimestamp | None
    collections: tuple[CollectionInfo, ...]
    not_included: tuple[NotIncluded, ...]
    data_uuids: dict[Namespace, str]
    outside_moment: frozenset[Namespace]
    filters: Mapping[Namespace, Filter] = field(default_factory=dict)
    accounts: AccountSource = field(default_factory=AccountSource)
    oplog: DumpOplog | None = None

    @property
    def users_and_roles(self) -> tuple[CollectionInfo, ...]:
        """Return the parts with users and roles."""
        return self.accounts.infos

    def leave_snapshot(self, reason: str) -> None:
        """Read without a cluster time from now on."""
        if self.achieved is not Consistency.SNAPSHOT:
            return
        self.consistent_at = None
        if self.oplog is not None:
            self.achieved = Consistency.OPLOG
            self.reason = f"{reason}; {BY_OPLOG}"
        else:
            self.achieved, self.reason = Consistency.NONE, reason

    def leave_oplog(self, reason: str) -> None:
        """Do without the oplog."""
        self.achieved, self.reason = Consistency.NONE, reason

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog from before the first read to after the last one."""
        assert self.oplog is not None  # noqa: S101 - achieved is OPLOG only with one
        yield from self.oplog.read()

    def reconnect(self) -> str:
        """Find the deployment again; the cluster time is the whole set's and holds on any node."""
        told = self.connection.reconnect()
        if told:
            self.reason = f"{self.reason}; {told}"
        return told

    def changed(self, infos: Sequence[CollectionInfo]) -> frozenset[Namespace]:
        """Return those of some collections of one database that went away or were recreated."""
        where = {
            info.namespace: listing.data_namespace(info.namespace, info.kind)
            for info in infos
            if info.kind != VIEW
        }
        if not where:
            return frozenset()
        database = next(iter(where)).database
        names = [data.collection for data in where.values()]
        now = listing.data_uuids(self.connection, database, names)
        return frozenset(
            namespace
            for namespace, data in where.items()
            if now.get(data.collection) != self.data_uuids[namespace]
        )

    def read(
        self,
        info: CollectionInfo,
        place: ReadingPlace | None = None,
        *,
        checks_itself: bool = True,
    ) -> Iterator[bytes]:
        """Yield a collection's documents in chunks; see the port for what may be raised."""
        if info.kind == VIEW:
            return
        if info in self.accounts.infos:
            reader, uuid = self.accounts.reader(self.connection, info, self._read_concern())
            yield from checked(reader, uuid, info.namespace)
            return
        where = listing.data_namespace(info.namespace, info.kind)
        first = first_batch_size(info.estimated_documents, info.estimated_bytes)
        concern = {} if info.namespace in self.outside_moment else self._read_concern()
        asked = self.filters.get(info.namespace, _EVERYTHING)
        reader = BatchReader(self.connection, where, concern, first, asked.query, asked.scans)
        chunks = going_on(reader, place, self.home) if place is not None else iter(reader)
        uuid = self.data_uuids[info.namespace]
        told = told_changes(reader, uuid, info.namespace, chunks)
        yield from checked(reader, uuid, info.namespace, told) if checks_itself else told
        if self.achieved is Consistency.OPLOG and self.oplog is not None:
            self.oplog.note_read()

    def _read_concern(self) -> dict[str, object]:
        if self.achieved is Consistency.OPLOG and self.oplog is not None:
            return self.oplog.read_concern()
        return snapshot_at(self.consistent_at) if self.consistent_at else {}


def snapshot_at(at: OplogTimestamp) -> dict[str, object]:
    """Return the read concern that reads at a cluster time."""
    return {"level": "snapshot", "atClusterTime": Timestamp(at.seconds, at.increment)}


def checked(
    reader: BatchReader, uuid: str, namespace: Namespace, chunks: Iterator[bytes] | None = None
) -> Iterator[bytes]:
    """Read to the end, and make sure that it was one and the same collection all the time.

    A collection dropped or recreated after the cluster time reads as empty instead of failing
    (measured on 6.0), so its UUID is compared after the last chunk.

    Raises:
        NamespaceChangedError: If the collection is gone or another one.
    """
    yield from chunks if chunks is not None else told_changes(reader, uuid, namespace, iter(reader))
    if _is_changed(reader.connection, reader.where, uuid):
        raise _changed(namespace)


def told_changes(
    reader: BatchReader, uuid: str, namespace: Namespace, chunks: Iterator[bytes]
) -> Iterator[bytes]:
    """Read to the end, in our errors.

    Raises:
        NamespaceChangedError: If reading failed because the collection is gone or another one.
    """
    connection, where = reader.connection, reader.where
    try:
        while True:
            try:
                chunk = next(chunks)
            except StopIteration:
                return
            except OperationFailure as error:
                if error.code in _MAYBE_CHANGED and _is_changed(connection, where, uuid):
                    raise _changed(namespace) from error
                raise while_working(error, connection.hosts) from error
            except PyMongoError as error:
                raise while_working(error, connection.hosts) from error
            yield chunk
    finally:
        _close(chunks)


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def _is_changed(connection: Connection, where: Namespace, uuid: str) -> bool:
    return listing.data_uuid(connection, where) != uuid


def _changed(namespace: Namespace) -> NamespaceChangedError:
    return NamespaceChangedError(
        f"{namespace} was dropped, renamed or recreated while it was dumped",
        hint="run the backup again, or exclude this collection",
        namespace=str(namespace),
    )
