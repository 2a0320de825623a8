"""Applies oplog operations to a deployment: the port ``ReplaySink`` on MongoDB.

Documents are written by ``applyOps``, many operations in one command; collections are made,
renamed and changed by ordinary commands, which can be asked about and repeated. Measured on 6.0
with access control: together that needs the roles restore and readWriteAnyDatabase, and not
"any action on any resource" as mongorestore's way does.
"""

from collections.abc import Callable, Sequence
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo import listing
from mangrove.connectors.mongo.client import RAW, Connection
from mangrove.connectors.mongo.error_map import (
    NAMESPACE_NOT_FOUND,
    UNAUTHORIZED,
    explain,
    while_working,
)
from mangrove.connectors.mongo.privileges import RESTORE_ROLE, read_privileges
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import (
    MangroveError,
    MissingPrivilegeError,
    UnsupportedTopologyError,
    WriteRefusedError,
)
from mangrove.core.namespace import Namespace

INDEX_NOT_FOUND = 27
WRITE_ROLE = "readWriteAnyDatabase"
# Source: measured on 6.0: applyOps asks for all of these on each collection it writes to, or
# for the operation's own kind and "applyOps" on the cluster.
_ON_EACH = ("insert", "update", "remove")
_BYPASS = "bypassDocumentValidation"


class MongoReplaySink:
    """Applies operations; for one thread at a time, as an oplog has one order."""

    def __init__(self, connection: Connection, facts: ServerFacts) -> None:
        self._connection = connection
        self._facts = facts

    def check_privileges(self, databases: Sequence[str]) -> None:
        """Raise MissingPrivilegeError, naming role and command, if we may not replay there."""
        if self._facts.topology is Topology.SHARDED:
            raise UnsupportedTopologyError(
                f"{self._connection.hosts} is a router of a sharded cluster, which takes no "
                "applyOps; nothing was touched",
                hint="restore into a replica set",
            )
        found = read_privileges(self._connection)
        missing = [] if found.allows_on_cluster("applyOps") else ["applyOps"]
        missing += [
            f"{action} on {name}"
            for name in databases
            for action in (*_ON_EACH, _BYPASS, "renameCollectionSameDB", "collMod")
            if not found.allows(action, name)
        ]
        if missing:
            more = f" and {len(missing) - 3} more" if missing[3:] else ""
            raise MissingPrivilegeError(
                "replaying an oplog needs the command applyOps, and the user may not do this on "
                f"{self._connection.hosts}: {', '.join(missing[:3])}{more}; nothing was touched",
                hint=f"grant the built-in roles {RESTORE_ROLE} and {WRITE_ROLE} on the database "
                "admin",
                role=f"{RESTORE_ROLE}, {WRITE_ROLE}",
                host=self._connection.hosts,
            )

    def apply(self, operations: Sequence[bytes]) -> None:
        """Apply inserts, updates and deletes in their order."""
        command = {
            "applyOps": [RawBSONDocument(operation, RAW) for operation in operations],
            # Several at once under one lock cost half as much (measured on 6.0), and the server
            # falls back to one after the other where that does not do. mongorestore holds the
            # same lock for each single one. Source: MongoDB server, apply_ops.cpp (allowAtomic).
            "allowAtomic": len(operations) > 1,
            # What a majority has to have is awaited together at the end, by settle.
            "writeConcern": {"w": 1},
            "bypassDocumentValidation": True,
        }
        try:
            self._connection.run("admin", command)
        except OperationFailure as error:
            results = (error.details or {}).get("results")
            if not results:
                raise self._refusal(error, "applyOps was refused") from error
            raise WriteRefusedError(
                f"an operation was refused: {_reason(error)}", index=len(results) - 1
            ) from error
        except PyMongoError as error:
            raise while_working(error, self._connection.hosts) from error

    def move(self, source: Namespace, target: Namespace) -> None:
        """Rename a collection with its indexes; one that was renamed already is no error."""
        command = {"renameCollection": str(source), "to": str(target)}

        def is_done() -> bool:
            return listing.data_uuid(self._connection, target) is not None

        self._run("admin", command, f"{source} could not be renamed to {target}", is_done)

    def modify(self, target: Namespace, options: bytes) -> None:
        """Run collMod with these options."""
        command = {"collMod": target.collection, **RawBSONDocument(options, RAW)}
        self._run(target.database, command, f"{target} could not be changed")

    def drop_index(self, target: Namespace, name: str) -> None:
        """Drop an index, ``*`` for all; one that is not there is no error."""
        command = {"dropIndexes": target.collection, "index": name}
        what = f"the index {name} of {target} could not be dropped"
        self._run(target.database, command, what, lambda: True, INDEX_NOT_FOUND)

    def cap(self, target: Namespace, size_bytes: int) -> None:
        """Make an ordinary collection a capped one."""
        command = {"convertToCapped": target.collection, "size": size_bytes}
        self._run(target.database, command, f"{target} could not be capped")

    def _run(
        self,
        database: str,
        command: dict[str, Any],
        what: str,
        is_done: Callable[[], bool] = lambda: False,
        *harmless: int,
    ) -> None:
        try:
            self._connection.run(database, command)
        except PyMongoError as error:
            if (
                isinstance(error, OperationFailure)
                and error.code in (NAMESPACE_NOT_FOUND, *harmless)
                and is_done()
            ):
                return
            raise self._refusal(error, what) from error

    def _refusal(self, error: PyMongoError, what: str) -> MangroveError:
        ours = while_working(error, self._connection.hosts)
        if not isinstance(error, OperationFailure):
            return ours
        if error.code == UNAUTHORIZED:
            ours.hint = f"grant the built-in roles {RESTORE_ROLE} and {WRITE_ROLE} on admin"
            return ours
        if ours.code == "source":
            return WriteRefusedError(f"{what}: {explain(error)}", host=self._connection.hosts)
        return ours


def _reason(error: OperationFailure) -> str:
    """Return why, without the operation itself, which the server's message repeats."""
    return explain(error)
