"""Looks at a deployment step by step, so that a person sees which one fails."""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from pymongo.uri_parser import parse_uri

from mangrove.connectors.mongo import listing, privileges, topology
from mangrove.connectors.mongo.client import Connection, check_options, open_along
from mangrove.connectors.mongo.error_map import connecting
from mangrove.connectors.mongo.route import open_route
from mangrove.connectors.mongo.sizes import EstimatedSize, estimated_size
from mangrove.core.deployment import (
    CollectionSize,
    DatabaseSize,
    DeploymentReport,
    PrivilegeFinding,
    Topology,
)
from mangrove.core.errors import (
    AuthenticationFailedError,
    MangroveError,
    ServerUnreachableError,
    SourceError,
)
from mangrove.core.namespace import SERVER_DATABASES, Namespace
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri
from mangrove.core.wording import counted

CONNECT_TIMEOUT_S = 10.0
DEFAULT_PORT = 27017
Found = TypeVar("Found")
Address = tuple[str, int]


def probe(
    profile: Profile,
    secrets: SecretStore,
    password: Secret | None,
    on_step: StepListener,
    tunnel_secret: Secret | None = None,
) -> DeploymentReport:
    """Connect and look at everything a person wants to know beforehand.

    Through a tunnel, name and port are the SSH server's to find; opening it tries both.

    Errors: the ConnectError of the step that failed; what may not be looked at is left empty.
    """
    check_options(profile.uri)
    with ExitStack() as stack:
        enter_route = partial(stack.enter_context, open_route(profile, secrets, tunnel_secret))
        if profile.tunnel is None:
            addresses = _step(on_step, "name", lambda: _resolve(profile.uri), _resolved_text)
            _step(on_step, "port", lambda: _open_port(addresses), _answers_text)
            route = enter_route()
        else:
            route = _step(on_step, "tunnel", enter_route, lambda r: f"leads to {r.hosts}")
        login = password or _stored_password(profile, secrets, on_step)
        enter = open_along(route, profile, secrets, login)
        connection = _enter(stack, enter, on_step, is_tls=profile.uri.uses_tls)
        return _look(connection, on_step, is_tls=profile.uri.uses_tls)


def _stored_password(
    profile: Profile, secrets: SecretStore, on_step: StepListener
) -> Secret | None:
    """Fetch the password in a step of its own: a keyring may be locked, or not be there."""
    ref = profile.password
    if ref is None:
        return None
    return _step(on_step, "password", lambda: secrets.fetch(ref), lambda _: "found")


def _enter(
    stack: ExitStack,
    way: AbstractContextManager[Connection],
    on_step: StepListener,
    *,
    is_tls: bool,
) -> Connection:
    secured = "trusted" if is_tls else "not used"
    on_step("tls", "")
    try:
        connection = stack.enter_context(way)
    except AuthenticationFailedError as error:
        on_step("tls", secured)
        on_step("sign-in", error.message)
        raise
    except MangroveError as error:
        on_step("tls", error.message)
        raise
    on_step("tls", secured)
    return connection


def _look(connection: Connection, on_step: StepListener, *, is_tls: bool) -> DeploymentReport:
    found = _step(
        on_step, "sign-in", lambda: privileges.read_privileges(connection), _signed_in_text
    )
    facts = topology.server_facts(connection)
    in_set = facts.topology is Topology.REPLICA_SET
    latency = _round_trip(connection)
    sizes = _step(on_step, "sizes", lambda: database_sizes(connection), _sizes_text)
    names = tuple(d.name for d in sizes if d.name not in SERVER_DATABASES)
    findings = _step(
        on_step,
        "privileges",
        lambda: privileges.findings(
            found, names, has_oplog=in_set, series=_doubtful_series(connection, found, names)
        ),
        lambda all_: ", ".join(f"{f.purpose}: {_answer(f)}" for f in all_),
    )
    oplog = _step(
        on_step,
        "oplog",
        lambda: topology.oplog_window(connection) if in_set else None,
        lambda w: f"covers {w.length}" if w else "not to be seen" if in_set else "none",
    )
    return DeploymentReport(
        version=facts.version_text,
        feature_version=facts.feature_version,
        topology=facts.topology,
        replica_set=facts.replica_set,
        members=topology.members(connection) if in_set else (),
        oplog=oplog,
        privileges=findings,
        databases=sizes,
        user=found.user,
        latency=latency,
        tls=is_tls,
    )


def _doubtful_series(
    connection: Connection, found: privileges.Privileges, names: Sequence[str]
) -> tuple[Namespace, ...]:
    """Return the time series of databases in which not just any buckets may be read."""
    doubtful = [name for name in names if privileges.sees_no_buckets(found, name)]
    return tuple(n for name in doubtful for n in listing.time_series(connection, name))


def _answer(finding: PrivilegeFinding) -> str:
    if finding.some:
        return "some"
    return "yes" if finding.allowed else "no"


def _step(
    on_step: StepListener,
    name: str,
    work: Callable[[], Found],
    say: Callable[[Found], str],
) -> Found:
    on_step(name, "")
    try:
        result = work()
    except MangroveError as error:
        on_step(name, error.message)
        raise
    on_step(name, say(result))
    return result


def _resolve(uri: MongoUri) -> tuple[Address, ...]:
    """Return the addresses whose names are known; SRV records are followed."""
    hosts = ", ".join(uri.hosts)
    with connecting(hosts):
        nodes: list[tuple[str, int | None]] = parse_uri(uri.text())["nodelist"]
    named = [(host, port or DEFAULT_PORT) for host, port in nodes]
    known = tuple(a for a in named if _is_known(a))
    if not known:
        raise ServerUnreachableError(
            f"the name {hosts} could not be resolved", hint="check the host name", host=hosts
        )
    return known


def _is_known(address: Address) -> bool:
    if address[0].endswith(".sock"):
        return True
    try:
        return bool(socket.getaddrinfo(*address, type=socket.SOCK_STREAM))
    except OSError:
        return False


def _open_port(addresses: tuple[Address, ...]) -> Address:
    for address in addresses:
        if address[0].endswith(".sock"):
            return address
        with suppress(OSError), socket.create_connection(address, CONNECT_TIMEOUT_S):
            return address
    shown = ", ".join(f"{host}:{port}" for host, port in addresses)
    raise ServerUnreachableError(
        f"no server answers at {shown}",
        hint="check host, port, firewall and that the server runs",
        host=shown,
    )


def _round_trip(connection: Connection) -> timedelta:
    begun = time.perf_counter()
    connection.command("admin", {"ping": 1})
    return timedelta(seconds=time.perf_counter() - begun)


def database_sizes(connection: Connection) -> tuple[DatabaseSize, ...]:
    """Return each database with its sizes; zeros where they may not be read."""
    with suppress(SourceError):
        return tuple(_database_size(connection, n) for n in listing.list_databases(connection))
    return ()


def _database_size(connection: Connection, name: str) -> DatabaseSize:
    try:
        stats = connection.command(name, {"dbStats": 1})
    except SourceError:  # the built-in role backup may not ask for dbStats
        return _summed_size(connection, name)
    keys = ("collections", "objects", "dataSize", "storageSize", "indexSize")
    return DatabaseSize(name, *(int(stats.get(key, 0)) for key in keys))


def _summed_size(connection: Connection, name: str) -> DatabaseSize:
    rows: list[CollectionSize] = []
    with suppress(SourceError):
        rows = _rows(connection, name)
    documents, data_bytes = sum(r.documents for r in rows), sum(r.data_bytes for r in rows)
    return DatabaseSize(name, len(rows), documents, data_bytes, 0, 0)


def collection_sizes(connection: Connection) -> tuple[CollectionSize, ...]:
    """Return every collection with estimated sizes, the server's own databases apart."""
    rows: list[CollectionSize] = []
    for database in listing.list_databases(connection):
        if database in ("config", "local"):
            continue
        with suppress(SourceError):
            rows += _rows(connection, database)
    return tuple(rows)


def _rows(connection: Connection, database: str) -> list[CollectionSize]:
    rows = []
    found = listing.list_collections(connection, database)
    for listed in sorted(found, key=lambda c: c.namespace):
        name = listed.namespace.collection
        if name.startswith("system."):
            continue
        is_view = listed.kind == listing.VIEW
        size = EstimatedSize() if is_view else estimated_size(connection, listed.data_namespace)
        rows.append(CollectionSize(database, name, listed.kind, size.documents, size.data_bytes))
    return rows


def _resolved_text(addresses: tuple[Address, ...]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in addresses)


def _answers_text(address: Address) -> str:
    return f"{address[0]}:{address[1]} answers"


def _signed_in_text(found: privileges.Privileges) -> str:
    if found.user:
        return f"as {found.user}"
    return "not needed" if found.unlimited else "nobody signed in"


def _sizes_text(sizes: tuple[DatabaseSize, ...]) -> str:
    return counted(len(sizes), "database") if sizes else "not to be seen"
