"""Fixtures with a real mongod: replica sets, a standalone, access control, TLS."""

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod, find_mongod
from servers.certificates import new_authority, write_authority, write_identity
from servers.shared import SharedServer

SOURCE_TREE = Path(__file__).resolve().parents[2]
PEERS = SOURCE_TREE / ".peers"
NEWEST = "6.0.5"
# One folder for each version, because all wheels put the server at the same path.
FOLDERS = {
    version: PEERS / folder / "fiftyone" / "db" / "bin"
    for version, folder in {"4.4.2": "m44", "5.0.4": "m50", NEWEST: "m60"}.items()
}
VERSIONS = tuple(FOLDERS)

THREE_NODES = "three"
ELECTION_TIMEOUT_S = 90.0  # about a second where nothing else runs
POLL_S = 0.05
READER_DATABASE = "shop"
CLIENT_NAME, CLIENT_ORGANIZATION = "alice", "mangrove-tests-clients"


def mongod_binary(version: str = NEWEST) -> Path:
    """Return the server program of that version, as ``packaging/dev.py setup`` fetched it.

    MANGROVE_MONGOD may name another program than the newest, but not than a chosen older one.
    """
    program = FOLDERS[version] / "mongod"
    if not program.exists():
        pytest.fail(f"no mongod {version} here; run: python3 packaging/dev.py setup")
    return find_mongod([program.parent]) if version == NEWEST else program


@dataclass(frozen=True, slots=True)
class Account:
    """A database user; the password is new in every session and long enough to search for."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GuardedServer:
    """A one-node replica set with access control, and its users, all in ``admin``."""

    mongod: EmbeddedMongod
    root: Account  # role root
    backup: Account  # role backup: reads everything including the oplog, writes nothing
    reader: Account  # role read, on READER_DATABASE only

    @property
    def uri(self) -> str:
        """Return the connection string without a user."""
        return self.mongod.uri

    def uri_for(self, account: Account) -> str:
        """Return the connection string with user and password."""
        credentials = f"{quote(account.user, safe='')}:{quote(account.password, safe='')}@"
        return self.uri.replace("mongodb://", f"mongodb://{credentials}") + "&authSource=admin"


@dataclass(frozen=True, slots=True)
class SharedGuarded:
    """The session's server with access control, and how it is emptied."""

    server: GuardedServer
    shared: SharedServer


@dataclass(frozen=True, slots=True)
class TlsServer:
    """A one-node replica set that speaks TLS only, with the files a client needs."""

    mongod: EmbeddedMongod
    ca_file: Path
    client_file: Path  # certificate and key of a client
    client_subject: str  # its subject in RFC 4514 form, MongoDB's name for an X.509 user
    stranger_ca_file: Path  # an authority that did not sign the server's certificate

    @property
    def uri(self) -> str:
        """Return a connection string that trusts the right authority."""
        return self.mongod.uri

    @property
    def bare_uri(self) -> str:
        """Return the address alone, for those who bring their own TLS options."""
        return f"mongodb://127.0.0.1:{self.mongod.port}/?directConnection=true"


@dataclass(frozen=True, slots=True)
class ThreeNodes:
    """A three-node replica set that elects within about a second."""

    nodes: tuple[EmbeddedMongod, ...]

    @property
    def uri(self) -> str:
        """Return the connection string of the whole set."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"mongodb://{hosts}/?replicaSet={THREE_NODES}"

    def primary(self) -> EmbeddedMongod:
        """Return the node that accepts writes, waiting for an election if there is one."""
        deadline = time.monotonic() + ELECTION_TIMEOUT_S
        while time.monotonic() < deadline:
            for node in self._running():
                if _hello(node)["isWritablePrimary"]:
                    return node
            threading.Event().wait(POLL_S)
        raise AssertionError("no node became primary")

    def wait_until_steady(self) -> None:
        """Wait until there is a primary and every other running node has caught up with it.

        Before that, a node is in its initial sync and could not take over.
        Source: MongoDB manual, "Replica Set Member States" (STARTUP2).
        """
        primary = self.primary()
        deadline = time.monotonic() + ELECTION_TIMEOUT_S
        while time.monotonic() < deadline:
            others = [_hello(node) for node in self._running() if node is not primary]
            if all(hello["secondary"] for hello in others):
                return
            threading.Event().wait(POLL_S)
        raise AssertionError("not every node became a secondary")

    def _running(self) -> list[EmbeddedMongod]:
        return [node for node in self.nodes if node.pid is not None]


class ServersByVersion:
    """One one-node replica set for each version, started when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[str, EmbeddedMongod] = {}

    def empty(self) -> None:
        """Take away what a test made on those that run."""
        for server in self._running.values():
            with MongoClient[dict[str, Any]](server.uri) as client:
                SharedServer(server, client).empty()

    def __getitem__(self, version: str) -> EmbeddedMongod:
        if version not in self._running:
            # The older ones want OpenSSL 1.1; the newest must not see it.
            libraries = {"LD_LIBRARY_PATH": str(PEERS / "ssl11")} if version != NEWEST else {}
            server = EmbeddedMongod(mongod_binary(version), environment=libraries)
            self._stack.callback(_discard, server)
            server.start()
            self._running[version] = server
        return self._running[version]


def _hello(node: EmbeddedMongod) -> Mapping[str, Any]:
    with MongoClient[dict[str, Any]](node.uri) as client:
        return client.admin.command("hello")


@pytest.fixture
def replica_set(replica_set_of_session: SharedServer) -> Iterator[EmbeddedMongod]:
    """A one-node replica set that all tests share, one after the other; each finds it empty."""
    with replica_set_of_session.lent() as server:
        yield server


@pytest.fixture
def standalone(standalone_of_session: SharedServer) -> Iterator[EmbeddedMongod]:
    """A standalone server that all tests share, one after the other; each finds it empty."""
    with standalone_of_session.lent() as server:
        yield server


@pytest.fixture
def servers_by_version(
    servers_by_version_of_session: ServersByVersion,
) -> Iterator[ServersByVersion]:
    """One-node replica sets of MongoDB 4.4, 5.0 and 6.0; each test finds them empty."""
    yield servers_by_version_of_session
    servers_by_version_of_session.empty()


@pytest.fixture
def mongod_with_auth(mongod_with_auth_of_session: SharedGuarded) -> Iterator[GuardedServer]:
    """A one-node replica set with a key file and three users; each test finds no more than that."""
    with mongod_with_auth_of_session.shared.lent():
        yield mongod_with_auth_of_session.server


@pytest.fixture(scope="session")
def replica_set_of_session() -> Iterator[SharedServer]:
    """The replica set behind ``replica_set``, for the whole session."""
    yield from _shared(EmbeddedMongod(mongod_binary()))


@pytest.fixture(scope="session")
def servers_by_version_of_session() -> Iterator[ServersByVersion]:
    """The servers behind ``servers_by_version``, for the whole session."""
    with ExitStack() as stack:
        yield ServersByVersion(stack)


@pytest.fixture
def fresh_replica_set() -> Iterator[EmbeddedMongod]:
    """An empty one-node replica set of the test's own, which it may stop, kill and start."""
    yield from _one(EmbeddedMongod(mongod_binary()))


@pytest.fixture(scope="session")
def standalone_of_session() -> Iterator[SharedServer]:
    """The server behind ``standalone``, for the whole session."""
    yield from _shared(EmbeddedMongod(mongod_binary(), replica_set=None))


@pytest.fixture
def database_name() -> str:
    """A database name that no other test uses."""
    return f"test_{secrets.token_hex(6)}"


@pytest.fixture
def three_node_replica_set() -> Iterator[ThreeNodes]:
    """Three nodes of the test's own; the first one is preferred as primary."""
    extra = ("--replSet", THREE_NODES)
    with ExitStack() as stack:
        nodes = tuple(
            EmbeddedMongod(mongod_binary(), replica_set=None, extra_args=extra) for _ in range(3)
        )
        for node in nodes:
            stack.callback(_discard, node)
        for node in nodes:
            node.start()
        _initiate(nodes)
        whole = ThreeNodes(nodes)
        whole.wait_until_steady()
        yield whole


@pytest.fixture(scope="session")
def mongod_with_auth_of_session(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SharedGuarded]:
    """The server behind ``mongod_with_auth``, for the whole session."""
    key_file = tmp_path_factory.mktemp("keyfile") / "key"
    key_file.write_text(secrets.token_hex(64))
    key_file.chmod(0o400)
    server = EmbeddedMongod(mongod_binary(), extra_args=["--keyFile", str(key_file)])
    root, backup, reader = (Account(u, secrets.token_hex(24)) for u in ("root", "backup", "reader"))
    for mongod in _one(server):
        guarded = GuardedServer(mongod, root, backup, reader)
        # Source: MongoDB manual, "Localhost Exception": it ends with the first user.
        _create_user(guarded.uri, root, "root", "admin")
        _create_user(guarded.uri_for(root), backup, "backup", "admin")
        _create_user(guarded.uri_for(root), reader, "read", READER_DATABASE)
        known = frozenset(f"admin.{account.user}" for account in (root, backup, reader))
        with MongoClient[dict[str, Any]](guarded.uri_for(root)) as client:
            yield SharedGuarded(guarded, SharedServer(mongod, client, known))


@pytest.fixture(scope="session")
def mongod_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """A one-node replica set that refuses connections without TLS."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = new_authority("Mangrove test authority")
    ca_file = write_authority(authority, folder / "ca.pem")
    stranger = write_authority(new_authority("A stranger"), folder / "stranger.pem")
    server_file, client_file = folder / "server.pem", folder / "client.pem"
    write_identity(authority, server_file, "localhost", "mangrove-tests-servers")
    client = write_identity(authority, client_file, CLIENT_NAME, CLIENT_ORGANIZATION)
    arguments = {"--tlsMode": "requireTLS", "--tlsCAFile": ca_file}
    arguments |= {"--tlsCertificateKeyFile": server_file}
    server = EmbeddedMongod(
        mongod_binary(),
        extra_args=[
            *(str(part) for pair in arguments.items() for part in pair),
            "--tlsAllowConnectionsWithoutCertificates",
        ],
        uri_options={"tls": "true", "tlsCAFile": str(ca_file)},
    )
    for mongod in _one(server):
        subject = client.subject.rfc4514_string()
        yield TlsServer(mongod, ca_file, client_file, subject, stranger)


def _shared(server: EmbeddedMongod) -> Iterator[SharedServer]:
    for mongod in _one(server):
        with MongoClient[dict[str, Any]](mongod.uri) as client:
            yield SharedServer(mongod, client)


def _one(server: EmbeddedMongod) -> Iterator[EmbeddedMongod]:
    try:
        server.start()
        yield server
    finally:
        _discard(server)


def _discard(server: EmbeddedMongod) -> None:
    server.kill()  # nobody wants the data, and a clean shutdown takes a second
    server.close()


def _initiate(nodes: tuple[EmbeddedMongod, ...]) -> None:
    # Defaults wait 10 s for an election. Source: MongoDB manual, "Replica Set Configuration".
    settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}
    members = [
        {"_id": number, "host": f"127.0.0.1:{node.port}", "priority": 10 if number == 0 else 1}
        for number, node in enumerate(nodes)
    ]
    with MongoClient[dict[str, Any]](nodes[0].uri) as client:
        config = {"_id": THREE_NODES, "members": members, "settings": settings}
        client.admin.command("replSetInitiate", config)


def _create_user(uri: str, account: Account, role: str, database: str) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        roles = [{"role": role, "db": database}]
        client.admin.command("createUser", account.user, pwd=account.password, roles=roles)
