"""The way to single servers and to throw-away ones: the port ``SnapshotGate`` on MongoDB."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from mangrove.connectors.mongo import topology
from mangrove.connectors.mongo.client import Connection, direct_to, open_connection, open_uri
from mangrove.connectors.mongo.error_map import explain, working
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.connectors.mongo.snapshots.node import MongoNode
from mangrove.core.errors import ConnectError, ServerUnreachableError
from mangrove.core.manifest import OPLOG_NAMESPACE
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.snapshot import Opened, SnapshotGate
from mangrove.core.profile import Profile
from mangrove.core.uri import MongoUri, parse_uri
from mangrove.core.verification import Finding

ANSWER_WITHIN_MS = 1500
SHOWN_ERRORS = 3


class MongoSnapshotGate(SnapshotGate):
    """Opens single servers of a deployment, and throw-away ones.

    Args:
        secrets: Where passwords are.
        find_mongod: Finds the server program of this machine.
        watchdog: The command that starts a watchdog.
    """

    def __init__(
        self,
        secrets: SecretStore,
        find_mongod: Callable[[], Path],
        watchdog: Sequence[str],
    ) -> None:
        self._secrets = secrets
        self._find_mongod = find_mongod
        self._watchdog = watchdog

    @override
    def nodes(self, profile: Profile) -> tuple[str, ...]:
        if profile.tunnel is not None or profile.uri.option("directConnection") == "true":
            return profile.uri.hosts
        with open_connection(profile, self._secrets) as connection:
            found = [m for m in topology.members(connection) if m.state in _WITH_DATA]
        found.sort(key=lambda member: _WITH_DATA.index(member.state))
        return tuple(member.host for member in found) or profile.uri.hosts

    @contextmanager
    @override
    def open_node(self, profile: Profile, node: str) -> Iterator[MongoNode]:
        straight = replace(profile, uri=direct_to(profile.uri, node or profile.uri.hosts[0]))
        with open_connection(straight, self._secrets) as connection:
            yield MongoNode(connection, straight, self._secrets, self._watchdog)

    @override
    def answers(self, port: int) -> bool:
        with suppress(ConnectError), open_uri(_uri_of(port)):
            return True
        return False

    @override
    def look(self, port: int, each: Callable[[str], None]) -> Opened:
        with open_uri(_uri_of(port), shown_as="the throw-away server") as connection:
            return _look(connection, each)

    @override
    def newest(self, port: int) -> OplogTimestamp | None:
        with open_uri(_uri_of(port)) as connection:
            return topology.newest_entry(connection)

    @contextmanager
    @override
    def open_sink(self, port: int) -> Iterator[RestoreSink]:
        with open_uri(_uri_of(port), shown_as="the restored server") as connection:
            yield MongoRestoreSink(connection)

    @override
    def find_mongod(self) -> str:
        return str(self._find_mongod())


def _uri_of(port: int) -> MongoUri:
    limit = f"serverSelectionTimeoutMS={ANSWER_WITHIN_MS}"
    return parse_uri(f"mongodb://127.0.0.1:{port}/?directConnection=true&{limit}").uri


_WITH_DATA = ("SECONDARY", "PRIMARY")


def _look(connection: Connection, each: Callable[[str], None]) -> Opened:
    version = topology.server_facts(connection).version_text
    findings: list[Finding] = []
    documents = collections = 0
    newest = topology.newest_entry(connection)
    for database, name in _collections(connection):
        namespace = f"{database}.{name}"
        each(namespace)
        result = _validated(connection, database, name)
        collections += 1
        documents += int(result.get("nrecords", 0))
        if not result.get("valid", False):
            findings.append(Finding(namespace, _problem(result)))
    return Opened(newest, collections, documents, tuple(findings), version)


def _collections(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what holds documents; the oplog grows and shrinks by itself and is left out."""
    with working(connection.hosts):
        for database in sorted(connection.client.list_database_names()):
            listed = connection.client[database].list_collections(filter={"type": "collection"})
            for name in sorted(str(entry["name"]) for entry in listed):
                if Namespace(database, name) != OPLOG_NAMESPACE:
                    yield database, name


def _validated(connection: Connection, database: str, name: str) -> dict[str, Any]:
    """Run ``validate``. Source: MongoDB manual, "validate": ``valid``, ``errors``, ``nrecords``."""
    try:
        return connection.long_command(database, {"validate": name})
    except OperationFailure as error:
        return {"valid": False, "errors": [f"validate was refused: {explain(error)}"]}
    except PyMongoError as error:
        raise ServerUnreachableError(
            f"the throw-away server ended while it looked at {database}.{name}",
            hint="the copy may be damaged; look at its log",
        ) from error


def _problem(result: dict[str, Any]) -> str:
    errors = [str(text) for text in result.get("errors", ())][:SHOWN_ERRORS]
    return "; ".join(errors) or "validate says that it is not valid"
