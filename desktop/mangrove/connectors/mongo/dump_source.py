"""Reads a deployment at one agreed consistency: the port ``DumpSource`` on MongoDB."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import assert_never

from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.account_source import (
    AccountSource,
    check_accounts,
    find_accounts,
)
from mangrove.connectors.mongo.batch_reader import BatchReader, first_batch_size
from mangrove.connectors.mongo.client import RAW, Connection
from mangrove.connectors.mongo.dump_oplog import DumpOplog, missing_for_oplog
from mangrove.connectors.mongo.error_map import (
    CURSOR_NOT_FOUND,
    NAMESPACE_NOT_FOUND,
    QUERY_PLAN_KILLED,
    SNAPSHOT_CODES,
    while_working,
    working,
)
from mangrove.connectors.mongo.listing import VIEW, Listed
from mangrove.connectors.mongo.privileges import (
    DUMP_ROLE,
    missing_for_listing,
    missing_for_reading,
    read_privileges,
    require,
)
from mangrove.connectors.mongo.queries import Filter, filters_of, planned_filter
from mangrove.connectors.mongo.queries import count as counted
from mangrove.connectors.mongo.resuming import Home, going_on
from mangrove.connectors.mongo.topology import server_facts
from mangrove.core.backup import Consistency, Selection
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import (
    InvalidSelectionError,
    NamespaceChangedError,
    UnsupportedTopologyError,
)
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports import CollectionInfo, OpenDump, ReadingPlace

SNAPSHOT_SINCE = (5, 0)
DESCRIBED_AT_ONCE = 3
MOMENT_TRIES = 5
MOMENT_TIMEOUT_MS = 30_000
ONE_BY_ONE = "so collections are read one after the other"
BY_OPLOG = (
    "collections are read one after the other, and the oplog of that time is kept with them: "
    "replayed on restore, it brings all to one moment"
)
_EVERYTHING = Filter(b"", scans=True)
_MAYBE_CHANGED = SNAPSHOT_CODES | {NAMESPACE_NOT_FOUND, CURSOR_NOT_FOUND, QUERY_PLAN_KILLED}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which consistency was agreed on, and why."""

    achieved: Consistency
    reason: str


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


def agree(facts: ServerFacts, wanted: Consistency, *, has_oplog: bool = False) -> Agreement:
    """Choose a consistency for a deployment.

    Args:
        facts: What it is.
        wanted: What was asked for.
        has_oplog: Whether there is an oplog that may be read and would make a difference.

    Raises:
        UnsupportedTopologyError: If what was asked for cannot be had.
    """
    hindrance = _against_snapshot(facts)
    match wanted:
        case Consistency.NONE:
            return Agreement(Consistency.NONE, "asked for: collections are read one by one")
        case Consistency.OPLOG if facts.topology is Topology.REPLICA_SET:
            return Agreement(Consistency.OPLOG, f"asked for: {BY_OPLOG}")
        case Consistency.OPLOG:
            raise _no_oplog(facts)
        case Consistency.SNAPSHOT | Consistency.AUTO if hindrance is None:
            return Agreement(
                Consistency.SNAPSHOT,
                f"replica set {facts.replica_set}: every collection is read at one cluster time",
            )
        case Consistency.SNAPSHOT:
            raise UnsupportedTopologyError(
                f"no snapshot to be had: {hindrance}; nothing was read",
                hint="use consistency auto or none",
            )
        case Consistency.AUTO if has_oplog:
            why = str(hindrance).removesuffix(f", {ONE_BY_ONE}")
            return Agreement(Consistency.OPLOG, f"{why}; {BY_OPLOG}")
        case Consistency.AUTO:
            return Agreement(Consistency.NONE, str(hindrance))
        case _:
            assert_never(wanted)


def narrowed(
    agreement: Agreement,
    chosen: Sequence[Listed],
    outside: frozenset[Namespace],
    wanted: Consistency,
) -> Agreement:
    """Say which collections the snapshot leaves out; with all of them out there is none.

    Raises:
        UnsupportedTopologyError: If there is none, and it was asked for.
    """
    if not outside:
        return agreement
    names = ", ".join(sorted(map(str, outside)))
    why = f"this server reads no capped collection at a cluster time ({names})"
    if any(c.namespace not in outside for c in chosen if c.kind != VIEW):
        return Agreement(agreement.achieved, f"{agreement.reason}, except that {why}")
    if wanted is Consistency.SNAPSHOT:
        raise UnsupportedTopologyError(
            f"no snapshot to be had: {why}; nothing was read", hint="use consistency auto or none"
        )
    return Agreement(Consistency.NONE, why)


def _is_capped(listed: Listed) -> bool:
    return bool(RawBSONDocument(listed.options, RAW).get("capped"))


def _against_snapshot(facts: ServerFacts) -> str | None:
    """Say why there is no snapshot, in a sentence for a DBA; None if there is one.

    Source: MongoDB manual, "Read Concern snapshot": outside transactions from MongoDB 5.0.
    """
    one_by_one = ONE_BY_ONE
    if facts.topology is Topology.STANDALONE:
        return f"standalone server: it has no oplog and no cluster time, {one_by_one}"
    if facts.topology is Topology.SHARDED:
        return f"sharded cluster: its shards have no snapshot in common here, {one_by_one}"
    if facts.version[:2] < SNAPSHOT_SINCE:
        return f"MongoDB {facts.version_text} has no snapshot reads before 5.0, {one_by_one}"
    return None


def _no_oplog(facts: ServerFacts) -> UnsupportedTopologyError:
    if facts.topology is Topology.STANDALONE:
        return UnsupportedTopologyError(
            "a standalone server keeps no oplog; nothing was read",
            hint="use consistency none, or make it a replica set of one node, its data stays: "
            "start mongod with --replSet rs0, then run rs.initiate() once",
        )
    return UnsupportedTopologyError(
        "this is a router, and the oplogs of a sharded cluster lie on its shards; nothing was read",
        hint="use consistency none, or back up each shard's replica set by a profile of its own",
    )


def _of_unknown_size(info: CollectionInfo) -> CollectionInfo:
    """How much a query lets by is not known before."""
    return replace(info, estimated_documents=0, estimated_bytes=0, disk=None)


class MongoDumpSource:
    """A deployment that can be dumped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def abort(self) -> None:
        """End calls that block in other threads."""
        self._connection.abort()

    @contextmanager
    def open(
        self,
        selection: Selection,
        consistency: Consistency,
        queries: Mapping[Namespace, bytes] | None = None,
    ) -> Iterator[OpenDump]:
        """Check privileges, list what is selected, and fix the moment to read at."""
        facts = server_facts(self._connection)
        oplog = self._oplog(facts, consistency, is_filtered=bool(queries))
        agreement = agree(facts, consistency, has_oplog=oplog is not None)
        databases = self._databases(selection)
        chosen, left_out = listing.choose(selection, self._list(databases))
        self._check_reading(chosen)
        filters = self._filters(queries or {}, chosen)
        at: OplogTimestamp | None = None
        outside: frozenset[Namespace] = frozenset()
        if agreement.achieved is Consistency.SNAPSHOT:
            chosen, left_out, at = self._moment(selection, databases)
            self._check_reading(chosen)
            outside = self._outside(chosen, at)
            agreement = narrowed(agreement, chosen, outside, consistency)
            if agreement.achieved is Consistency.NONE and oplog is not None:
                agreement = Agreement(Consistency.OPLOG, f"{agreement.reason}; {BY_OPLOG}")
        reading_at = at if agreement.achieved is Consistency.SNAPSHOT else None
        concern = snapshot_at(reading_at) if reading_at else {}
        accounts = find_accounts(self._connection, selection, concern)
        yield MongoOpenDump(
            connection=self._connection,
            home=Home(self._connection),
            facts=facts,
            achieved=agreement.achieved,
            reason=agreement.reason,
            consistent_at=reading_at,
            collections=self._describe(chosen, frozenset(filters)),
            not_included=(*left_out, *accounts.not_included),
            data_uuids={c.namespace: c.data_uuid for c in chosen},
            outside_moment=outside,
            filters=filters,
            accounts=accounts,
            oplog=oplog,
        )

    def _oplog(
        self, facts: ServerFacts, wanted: Consistency, *, is_filtered: bool
    ) -> DumpOplog | None:
        """Note where the oplog stands, before anything else is read.

        Raises:
            InvalidSelectionError, MissingPrivilegeError: If it was asked for and cannot be had.
        """
        if wanted not in (Consistency.OPLOG, Consistency.AUTO):
            return None
        missing = missing_for_oplog(read_privileges(self._connection))
        is_wanted = wanted is Consistency.OPLOG
        if is_wanted and facts.topology is Topology.REPLICA_SET:
            if is_filtered:
                raise InvalidSelectionError(
                    "an oplog knows no queries: what it changes might not be among the documents "
                    "that a query chose; nothing was read",
                    hint="use consistency auto with queries, or leave the queries out",
                )
            require(missing, DUMP_ROLE, self._connection.hosts)
        if facts.topology is not Topology.REPLICA_SET or missing or is_filtered:
            return None
        return DumpOplog.begin(self._connection)

    def count(self, namespace: Namespace, query: bytes, limit_ms: int) -> int | None:
        """Count the documents that a query would dump; None if that outlasts the limit."""
        selection = Selection(collections=(namespace,))
        databases = listing.databases_of(selection, ())
        chosen, _ = listing.choose(selection, self._list(databases))
        self._filters({namespace: query}, chosen)
        return counted(self._connection, namespace, query, limit_ms)

    def _filters(
        self, queries: Mapping[Namespace, bytes], chosen: Sequence[Listed]
    ) -> dict[Namespace, Filter]:
        filters = filters_of(queries, chosen)
        return {
            listed.namespace: planned_filter(
                self._connection, listed.data_namespace, filters[listed.namespace]
            )
            for listed in chosen
            if listed.namespace in filters
        }

    def _databases(self, selection: Selection) -> tuple[str, ...]:
        privileges = read_privileges(self._connection)
        check_accounts(privileges, selection, self._connection.hosts)
        named = selection.is_chosen and None not in listing.named_databases(selection)
        if not named and not privileges.allows_on_cluster("listDatabases"):
            # Without it the server shows only some of the databases, and says nothing.
            require(("listDatabases on the cluster",), DUMP_ROLE, self._connection.hosts)
        present = () if named else listing.list_databases(self._connection)
        databases = listing.databases_of(selection, present)
        require(missing_for_listing(privileges, databases), DUMP_ROLE, self._connection.hosts)
        return databases

    def _list(self, databases: Sequence[str]) -> list[Listed]:
        return [c for db in databases for c in listing.list_collections(self._connection, db)]

    def _check_reading(self, chosen: Sequence[Listed]) -> None:
        readable = [c.data_namespace for c in chosen if c.kind != VIEW]
        missing = missing_for_reading(read_privileges(self._connection), readable)
        require(missing, DUMP_ROLE, self._connection.hosts)

    def _moment(
        self, selection: Selection, databases: Sequence[str]
    ) -> tuple[tuple[Listed, ...], tuple[NotIncluded, ...], OplogTimestamp]:
        """Fix a cluster time at which the listing holds: it is the same before and after."""
        before = self._list(databases)
        for _ in range(MOMENT_TRIES):
            chosen, left_out = listing.choose(selection, before)
            at = self._cluster_time(chosen)
            after = self._list(databases)
            if [c.shape for c in before] == [c.shape for c in after]:
                return chosen, left_out, at
            before = after
        chosen, left_out = listing.choose(selection, before)
        note = NotIncluded(
            "collections created or dropped around the cluster time",
            "the list of collections did not hold still",
        )
        return chosen, (*left_out, note), self._cluster_time(chosen)

    def _cluster_time(self, chosen: Sequence[Listed]) -> OplogTimestamp:
        """Return a time not before now, once a majority of the nodes has it.

        The newest operation's time is taken, not the majority's: a collection made a moment ago
        would read as empty before its own creation. The server holds a snapshot read back until
        a majority has the time. Source: MongoDB server, read_concern_mongod.cpp,
        waitForReadConcernImpl (awaitTimestampCommitted).
        """
        now = self._connection.command("admin", {"ping": 1})["operationTime"]
        at = OplogTimestamp(now.time, now.inc)
        for listed in [c for c in chosen if c.kind != VIEW and not _is_capped(c)][:1]:
            with working(self._connection.hosts):
                self._look(listed, at)
        return at

    def _look(self, listed: Listed, at: OplogTimestamp) -> None:
        """Read one ``_id`` at a cluster time; errors are the driver's own."""
        where = listed.data_namespace
        command = {
            "find": where.collection,
            "limit": 1,
            "projection": {"_id": 1},
            "readConcern": snapshot_at(at),
            "maxTimeMS": MOMENT_TIMEOUT_MS,
        }
        self._connection.run(where.database, command)

    def _outside(self, chosen: Sequence[Listed], at: OplogTimestamp) -> frozenset[Namespace]:
        """Return the collections that this server cannot read at a cluster time.

        "Reading from capped collections with readConcern snapshot is not supported" (246, on
        6.0): asked of the server, because a newer one may do it.
        """
        return frozenset(c.namespace for c in chosen if _is_capped(c) and not self._can_look(c, at))

    def _can_look(self, listed: Listed, at: OplogTimestamp) -> bool:
        try:
            self._look(listed, at)
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code in SNAPSHOT_CODES:
                return False
            raise while_working(error, self._connection.hosts) from error
        return True

    def _describe(
        self, chosen: Sequence[Listed], filtered: frozenset[Namespace]
    ) -> tuple[CollectionInfo, ...]:
        found = self._each_described(chosen)
        found = [_of_unknown_size(c) if c.namespace in filtered else c for c in found]
        return tuple(sorted(found, key=lambda c: (-c.estimated_bytes, c.namespace)))

    def _each_described(self, chosen: Sequence[Listed]) -> list[CollectionInfo]:
        """Describe collections a few at once: most of each one's time is the server's answer."""
        pool = ThreadPoolExecutor(DESCRIBED_AT_ONCE, "mangrove-describe")
        try:
            return list(pool.map(self._described, chosen))
        finally:
            pool.shutdown(cancel_futures=True)  # after a failure the rest is not asked for

    def _described(self, listed: Listed) -> CollectionInfo:
        """Describe a collection; one that is gone meanwhile bare, for its reading will say so."""
        try:
            return listing.describe(self._connection, listed)
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == NAMESPACE_NOT_FOUND:
                return listing.described_bare(listed)
            raise while_working(error, self._connection.hosts) from error
