"""Reads a deployment at one agreed consistency: the port ``DumpSource`` on MongoDB."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.account_source import check_accounts, find_accounts
from mangrove.connectors.mongo.agreeing import BY_OPLOG, Agreement, agree, is_capped, narrowed
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.dump_oplog import DumpOplog, missing_for_oplog
from mangrove.connectors.mongo.error_map import (
    NAMESPACE_NOT_FOUND,
    SNAPSHOT_CODES,
    while_working,
    working,
)
from mangrove.connectors.mongo.listing import VIEW, Listed
from mangrove.connectors.mongo.open_dump import MongoOpenDump, snapshot_at
from mangrove.connectors.mongo.privileges import (
    DUMP_ROLE,
    missing_for_listing,
    missing_for_reading,
    read_privileges,
    require,
)
from mangrove.connectors.mongo.queries import Filter, filters_of, planned_filter
from mangrove.connectors.mongo.queries import count as counted
from mangrove.connectors.mongo.resuming import Home
from mangrove.connectors.mongo.topology import deployment_mark, server_facts
from mangrove.core.backup import Consistency, Selection
from mangrove.core.deployment import DeploymentMark, ServerFacts, Topology
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.known import Known
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo, OpenDump

DESCRIBED_AT_ONCE = 3
MOMENT_TRIES = 5
MOMENT_TIMEOUT_MS = 30_000


def _of_unknown_size(info: CollectionInfo) -> CollectionInfo:
    """How much a query lets by is not known before."""
    return replace(
        info,
        estimated_documents=0,
        estimated_bytes=0,
        disk=None,
        documents_known=Known.UNKNOWN,
        bytes_known=Known.UNKNOWN,
    )


class MongoDumpSource:
    """A deployment that can be dumped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def abort(self) -> None:
        """End calls that block in other threads."""
        self._connection.abort()

    def mark(self) -> DeploymentMark:
        """Return what tells this deployment from others."""
        return deployment_mark(self._connection)

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
        for listed in [c for c in chosen if c.kind != VIEW and not is_capped(c)][:1]:
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
        return frozenset(c.namespace for c in chosen if is_capped(c) and not self._can_look(c, at))

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
