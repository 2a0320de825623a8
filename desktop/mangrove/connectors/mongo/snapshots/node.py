"""One server as a filesystem snapshot needs it: what it is, where its files are, and its lock."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any

from typing_extensions import override

from mangrove.connectors.mongo import topology
from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.privileges import read_privileges
from mangrove.connectors.mongo.snapshots.locking import ServerLock, locked
from mangrove.core.errors import MangroveError, MissingPrivilegeError, SourceError
from mangrove.core.namespace import SERVER_DATABASES
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.snapshot import SnapshotNode
from mangrove.core.profile import Profile
from mangrove.core.snapshots.node import NodeFacts
from mangrove.core.snapshots.snapshot import DataLayout

LOCK_ACTIONS = ("fsync", "unlock")
# Source: MongoDB manual, "Configuration File Options": storage.dbPath outside of Windows.
USUAL_DBPATH = "/data/db"
JOURNAL_CHOICE_ENDS = (6, 1)  # from then on the journal is always on


class MongoNode(SnapshotNode):
    """A server through an open connection.

    Args:
        connection: To that one server.
        profile: Leads to that one server.
        secrets: What the watchdog signs in with is fetched there.
        watchdog: The command that starts one.
    """

    def __init__(
        self,
        connection: Connection,
        profile: Profile,
        secrets: SecretStore,
        watchdog: Sequence[str],
    ) -> None:
        self._connection = connection
        self._profile = profile
        self._secrets = secrets
        self._watchdog = watchdog

    @override
    def facts(self) -> NodeFacts:
        ask = self._connection.command
        server = topology.server_facts(self._connection)
        hello = ask("admin", {"hello": 1})
        try:
            status = ask("admin", {"serverStatus": 1})
            parsed: Mapping[str, Any] = ask("admin", {"getCmdLineOpts": 1}).get("parsed", {})
        except MissingPrivilegeError as error:
            raise MissingPrivilegeError(
                f"{error.message}: it is not to be seen where {self._connection.hosts} has its "
                "files; nothing was locked",
                hint="grant the built-in roles clusterMonitor and hostManager",
            ) from error
        storage = parsed.get("storage", {})
        others = [*hello.get("hosts", ()), *hello.get("passives", ())]
        return NodeFacts(
            node=str(hello.get("me", self._profile.uri.hosts[0])),
            pid=int(status.get("pid", 0)),
            dbpath=str(storage.get("dbPath", USUAL_DBPATH)),
            layout=_layout(storage),
            server=server,
            engine=str(status.get("storageEngine", {}).get("name", "")),
            is_persistent=bool(status.get("storageEngine", {}).get("persistent", False)),
            has_journal=server.version >= JOURNAL_CHOICE_ENDS
            or bool(storage.get("journal", {}).get("enabled", True)),
            is_secondary=bool(hello.get("secondary")),
            has_secondaries=len(others) > 1,
            is_locked=self._is_locked(),
            may_lock=self._may_lock(),
            encrypted_at_rest=bool(parsed.get("security", {}).get("enableEncryption", False)),
            databases=self._databases(),
        )

    @override
    def lock(self, limit: timedelta) -> AbstractContextManager[ServerLock]:
        return locked(self._connection, self._profile, self._secrets, limit, self._watchdog)

    def _is_locked(self) -> bool:
        """Ask whether there is a lock. Source: MongoDB manual, "currentOp": ``fsyncLock``."""
        with suppress(SourceError):
            found = self._connection.command("admin", {"currentOp": 1, "$ownOps": True})
            return bool(found.get("fsyncLock", False))
        return False

    def _databases(self) -> tuple[str, ...]:
        with suppress(SourceError):
            found = self._connection.command("admin", {"listDatabases": 1, "nameOnly": True})
            return tuple(
                sorted(d["name"] for d in found["databases"] if d["name"] not in SERVER_DATABASES)
            )
        return ()

    def _may_lock(self) -> bool | None:
        try:
            found = read_privileges(self._connection)
        except MangroveError:
            return None
        return all(found.allows_on_cluster(action) for action in LOCK_ACTIONS)


def _layout(storage: Mapping[str, Any]) -> DataLayout:
    engine = storage.get("wiredTiger", {}).get("engineConfig", {})
    return DataLayout(
        bool(storage.get("directoryPerDB", False)),
        bool(engine.get("directoryForIndexes", False)),
    )
