"""Writes to a deployment: the port ``RestoreSink`` on MongoDB."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from threading import Event, Lock
from typing import Any

import bson
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import indexing, listing
from mangrove.connectors.mongo.account_sink import MongoAccountSink
from mangrove.connectors.mongo.asked import MongoAsked
from mangrove.connectors.mongo.batch_reader import BatchReader, first_batch_size
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.creating import create_as_far_as_taken, create_command
from mangrove.connectors.mongo.disk import free_space
from mangrove.connectors.mongo.error_map import (
    NAMESPACE_NOT_FOUND,
    UNAUTHORIZED,
    explain,
    server_words,
    while_working,
    working,
)
from mangrove.connectors.mongo.inserting import (
    Inserter,
    can_keep_empty_timestamps,
    can_read_packed_buckets,
)
from mangrove.connectors.mongo.listing import TIME_SERIES, VIEW
from mangrove.connectors.mongo.open_dump import checked
from mangrove.connectors.mongo.privileges import (
    BYPASS,
    RESTORE_ROLE,
    Privileges,
    read_privileges,
    require,
    restore_finding,
)
from mangrove.connectors.mongo.reinserting import insert_again
from mangrove.connectors.mongo.replay_sink import MongoReplaySink
from mangrove.connectors.mongo.topology import deployment_mark, server_facts
from mangrove.core.assertion import Answer, Question
from mangrove.core.deployment import DeploymentMark, PrivilegeFinding, ServerFacts, Topology
from mangrove.core.documents import split_documents
from mangrove.core.errors import (
    MangroveError,
    MissingPrivilegeError,
    NamespaceChangedError,
    WriteRefusedError,
)
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import AccountSink, FailedIndex, InsertOutcome, ReplaySink
from mangrove.core.restores.forecast import FreeSpace
from mangrove.core.wording import counted

SETTLE_POLL_S = 0.05
SETTLE_STALL_POLLS = 2400  # two minutes without any progress
# Source: MongoDB server, error_codes.yml: NamespaceExists, InvalidNamespace.
_NAME_REFUSED = frozenset({48, 73})


class MongoRestoreSink:
    """A deployment that documents are written to; safe for several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._facts = server_facts(connection)
        # A replica set's writes are awaited together at the end, by settle; a sharded cluster
        # has no one place to await them at.
        everywhere = self._facts.topology is Topology.SHARDED
        self._inserter = Inserter(
            connection,
            {"w": "majority" if everywhere else 1},
            can_keep_empty_timestamps(self._facts.version),
            can_read_packed_buckets(self._facts.version),
            self._may_bypass,
        )
        self._data_of: dict[Namespace, Namespace] = {}
        self._own_privileges: Privileges | None = None
        self._lock = Lock()

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        return self._facts

    def mark(self) -> DeploymentMark:
        """Return what tells this deployment from others."""
        return deployment_mark(self._connection)

    def check_privileges(self, databases: Sequence[str], validated: Collection[str] = ()) -> None:
        """Raise MissingPrivilegeError, naming the role, if we may not write there."""
        finding = self.privilege(databases, validated)
        require(finding.missing, finding.role, self._connection.hosts)

    def privilege(
        self, databases: Sequence[str], validated: Collection[str] = ()
    ) -> PrivilegeFinding:
        """Say whether we may write there and read again what was written."""
        return restore_finding(read_privileges(self._connection), databases, validated)

    def free_space(self, databases: Sequence[str]) -> FreeSpace:
        """Return what is free on the server's disk."""
        return free_space(self._connection, self._facts, databases)

    def ask(self, where: Namespace, question: Question, query: bytes, limit_ms: int) -> Answer:
        """Take a figure of a collection's documents."""
        return MongoAsked(self._connection).ask(where, question, query, limit_ms)

    def databases(self) -> tuple[str, ...]:
        """Return the names of all databases that the user may see."""
        return listing.list_databases(self._connection)

    def existing(self, database: str) -> tuple[CollectionInfo, ...]:
        """Return what a database holds now; nothing when it does not exist."""
        found = listing.list_collections(self._connection, database)
        ours = [c for c in found if _is_of_people(c.namespace.collection)]
        with working(self._connection.hosts):
            described = [listing.describe_leniently(self._connection, c) for c in ours]
        return tuple(info for info in described if info is not None)

    def identities(self, namespaces: Sequence[Namespace]) -> Mapping[Namespace, str]:
        """Return the UUIDs of those that are there, and a digest of what views are made of."""
        found = listing.list_named(self._connection, namespaces)
        return {c.namespace: c.data_uuid or sha256(c.options).hexdigest() for c in found}

    def create(self, info: CollectionInfo) -> None:
        """Create a collection with its options and ``_id`` index; raises WriteRefusedError.

        An option that the server does not take is left out, so that the documents come over.
        """
        command, database = create_command(info), info.namespace.database
        try:
            create_as_far_as_taken(
                lambda c: self._connection.run(database, c), command, self._is_about_options
            )
        except PyMongoError as error:
            said = server_words(error)
            what = f"{info.namespace} could not be created"
            raise self._refusal(error, f"{what} ({said})" if said else what) from error
        with self._lock:
            self._data_of[info.namespace] = listing.data_namespace(info.namespace, info.kind)

    def _is_about_options(self, error: OperationFailure) -> bool:
        ours = while_working(error, self._connection.hosts)
        return ours.code == "source" and error.code not in _NAME_REFUSED

    def insert(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        """Insert whole BSON documents, unordered; a refused one stops no other."""
        where = self._data_namespace(namespace)
        try:
            return self._inserter.insert(where, documents)
        except PyMongoError as error:
            raise self._refusal(error, f"{namespace} takes no documents") from error

    def insert_again(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        """Insert a batch of which some may have arrived before the connection was lost."""
        where = self._data_namespace(namespace)
        try:
            return insert_again(self._inserter, where, documents)
        except PyMongoError as error:
            raise self._refusal(error, f"{namespace} takes no documents") from error

    def reconnect(self) -> None:
        """Find the deployment again after a lost connection; raises ConnectError."""
        self._connection.reconnect()

    def abort(self) -> None:
        """End calls that block in other threads."""
        self._connection.abort()

    def build_indexes(self, info: CollectionInfo) -> tuple[FailedIndex, ...]:
        """Build the secondary indexes; a failed one stops no other."""
        if info.kind == VIEW:
            return ()
        specs = indexing.secondary_indexes(info)
        try:
            return indexing.build(self._connection, info.namespace, specs)
        except PyMongoError as error:
            raise self._refusal(error, f"{info.namespace} takes no indexes") from error

    def index_command(self, info: CollectionInfo) -> bytes | None:
        """Return the createIndexes command of ``build_indexes`` as BSON; None without indexes."""
        specs = [] if info.kind == VIEW else indexing.secondary_indexes(info)
        if not specs:
            return None
        command = indexing.command_for(info.namespace, specs)
        return bson.encode({**command, "$db": info.namespace.database})

    def read(self, info: CollectionInfo) -> Iterator[bytes]:
        """Yield a collection's documents as ``OpenDump.read`` does."""
        if info.kind == VIEW:
            return
        where = listing.data_namespace(info.namespace, info.kind)
        uuid = listing.data_uuid(self._connection, where)
        if uuid is None:
            raise NamespaceChangedError(
                f"{info.namespace} is not there", namespace=str(info.namespace)
            )
        first = first_batch_size(info.estimated_documents, info.estimated_bytes)
        yield from checked(BatchReader(self._connection, where, {}, first), uuid, info.namespace)

    def replace(self, working: Namespace, target: Namespace) -> None:
        """Put a collection in the place of another of the same database, which is dropped by it.

        An ordinary collection is renamed in one step. The server renames neither views nor time
        series (MongoDB manual, "renameCollection"): those are copied after the target is dropped.
        """
        info = next((i for i in self.existing(working.database) if i.namespace == working), None)
        if info is None:
            raise WriteRefusedError(f"{working} is not there", namespace=str(working))
        if info.kind != listing.COLLECTION:
            self._copy_over(info, target)
            return
        command = {"renameCollection": str(working), "to": str(target), "dropTarget": True}
        try:
            self._connection.run("admin", command)
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == UNAUTHORIZED:
                raise MissingPrivilegeError(
                    f"the user may not rename {working} to {target}; {target} was not touched",
                    hint=f"grant the built-in role readWriteAnyDatabase besides {RESTORE_ROLE}",
                ) from error
            raise self._refusal(error, f"{working} could not replace {target}") from error

    def _copy_over(self, info: CollectionInfo, target: Namespace) -> None:
        moved = dataclasses.replace(info, namespace=target)
        self.drop(target)
        self.create(moved)
        refused = 0
        for chunk in self.read(info):
            refused += len(self.insert(target, split_documents(chunk)).refused)
        failed = self.build_indexes(moved)
        if refused or failed:
            raise WriteRefusedError(
                f"{counted(refused, 'document')} and {counted(len(failed), 'index', 'indexes')} of "
                f"{info.namespace} did not go into {target}; {info.namespace} still has everything",
                namespace=str(target),
            )
        self.drop(info.namespace)

    def drop(self, namespace: Namespace) -> None:
        """Drop one collection; one that is not there is no error."""
        with self._lock:
            self._data_of.pop(namespace, None)
        try:
            self._connection.run(namespace.database, {"drop": namespace.collection})
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == NAMESPACE_NOT_FOUND:
                return
            raise self._refusal(error, f"{namespace} could not be dropped") from error

    def drop_database(self, database: str) -> None:
        """Drop a whole database; only ever called for one that this run created."""
        try:
            self._connection.run(database, {"dropDatabase": 1})
        except PyMongoError as error:
            if not (isinstance(error, OperationFailure) and error.code == UNAUTHORIZED):
                raise self._refusal(error, f"{database} could not be dropped") from error
            # The built-in role restore may drop collections only; the last takes the database.
            for listed in listing.list_collections(self._connection, database):
                if not listed.namespace.collection.startswith("system."):
                    self.drop(listed.namespace)

    def accounts(self) -> AccountSink:
        """Return its users and roles."""
        return MongoAccountSink(self._connection, self._inserter)

    def replaying(self) -> ReplaySink:
        """Return what a replay writes through."""
        return MongoReplaySink(self._connection, self._facts)

    def settle(self) -> None:
        """Return once all writes are safe on a majority of the nodes.

        Raises:
            WriteRefusedError: If for two minutes no further write reached a majority.
        """
        target: Any = None
        seen: Any = None
        stalled = 0
        while stalled < SETTLE_STALL_POLLS:
            last = self._connection.command("admin", {"hello": 1}).get("lastWrite")
            if last is None or "majorityOpTime" not in last:
                return  # a standalone server is its own majority; mongos waited on each write
            target = target or last["opTime"]["ts"]
            safe = last["majorityOpTime"]["ts"]
            if safe >= target:
                return
            stalled = stalled + 1 if safe == seen else 0
            seen = safe
            Event().wait(SETTLE_POLL_S)
        raise WriteRefusedError(
            "the writes did not reach a majority of the nodes",
            hint="check that most nodes of the replica set run and keep up",
            host=self._connection.hosts,
        )

    def _may_bypass(self, database: str) -> bool:
        """Whether we may insert past validators; who may not is told before where that matters."""
        with self._lock:
            if self._own_privileges is None:
                self._own_privileges = read_privileges(self._connection)
            return self._own_privileges.allows(BYPASS, database)

    def _data_namespace(self, namespace: Namespace) -> Namespace:
        """Return where a collection's documents go: into its buckets for a time series."""
        with self._lock:
            known = self._data_of.get(namespace)
        if known is not None:
            return known
        found = listing.list_collections(self._connection, namespace.database)
        kinds = {c.namespace: c.kind for c in found}
        kind = TIME_SERIES if kinds.get(namespace) == TIME_SERIES else listing.COLLECTION
        known = listing.data_namespace(namespace, kind)
        with self._lock:
            self._data_of[namespace] = known
        return known

    def _refusal(self, error: PyMongoError, what: str) -> MangroveError:
        """Return our error: a refused write says what could not be done."""
        ours = while_working(error, self._connection.hosts)
        if isinstance(error, OperationFailure) and ours.code == "source":
            return WriteRefusedError(
                f"{what}: {explain(error)}",
                hint="check that the target's version takes what the source had",
                host=self._connection.hosts,
            )
        return ours


def _is_of_people(collection: str) -> bool:
    """Whether people put it there; of the system collections only system.js is theirs.

    Source: MongoDB manual, "System Collections".
    """
    return collection == "system.js" or not collection.startswith("system.")
