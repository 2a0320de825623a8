"""Connects: profile and secrets become a connection, the password added at the last moment."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeAlias

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.common import VALIDATORS, validate
from pymongo.errors import ConfigurationError as DriverConfigurationError
from pymongo.errors import InvalidOperation, PyMongoError
from pymongo.uri_parser import parse_uri

from mangrove.connectors.mongo.breaker import Breaker
from mangrove.connectors.mongo.error_map import connecting, working
from mangrove.connectors.mongo.route import Route, open_route
from mangrove.core.errors import ConnectionLostError, InvalidUriError
from mangrove.core.patience import STALL_S
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri

_OF_FILES = frozenset({"tlscafile", "tlscertificatekeyfile", "tlscrlfile"})
Client: TypeAlias = MongoClient[dict[str, Any]]
RAW = CodecOptions(
    document_class=RawBSONDocument,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
# Database.command ignores the client's own options. Replies may repeat invalid UTF-8 and dates
# far away (the key of a duplicate, a validator), which must not raise.
DECODED = CodecOptions[dict[str, Any]](
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
# Nothing hangs for ever: each holds unless the connection string says otherwise.
DEFAULTS: Mapping[str, str | int | bool] = {
    "serverSelectionTimeoutMS": 10_000,
    "connectTimeoutMS": 10_000,
    "appname": "Mangrove",
}
LONG_WORK_S = 7 * 24 * 3600.0
CLOSE_S = 1.0
AGAIN_S = 3.0
# For what is cleaned up after a cancel, and for looking for a node that took over.
HASTY: Mapping[str, str | int | bool] = {
    "serverSelectionTimeoutMS": 1200,
    "connectTimeoutMS": 1200,
    "socketTimeoutMS": 20_000,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """How a deployment is entered, as often as need be.

    Attributes:
        shown_as: What a person is told of the address; "" for its hosts.
        stall_s: Without a byte for so long, a call fails.
    """

    uri: MongoUri
    password: Secret | None = None
    certificate_password: Secret | None = None
    shown_as: str = ""
    stall_s: float = STALL_S

    @property
    def hosts(self) -> str:
        """Return what a person is told of the address."""
        return self.shown_as or ", ".join(self.uri.hosts)

    def enter(self, limits: Mapping[str, str | int | bool] | None = None) -> "Entered":
        """Connect, sign in, and stay with one node where reads could else change nodes.

        Args:
            limits: Options that go before those of the address.
        """
        entered = self.begin(limits)
        try:
            with connecting(entered.hosts):
                entered.client.admin.command("ping")
                pinned = _pinned_uri(entered.client, self.uri)
            if pinned is None:
                return entered
            entered.close()
            other = replace(self, uri=pinned, shown_as="")
            return replace(other.enter(limits), pinned=pinned)
        except BaseException:
            entered.close()
            raise

    def begin(self, limits: Mapping[str, str | int | bool] | None = None) -> "Entered":
        """Make a client; nothing is sent before its first use."""
        with connecting(self.hosts):
            breaker = Breaker()
            return Entered(_client(self, breaker, limits or {}), self.hosts, breaker)


@dataclass(frozen=True, slots=True)
class Entered:
    """One client, and where it leads.

    Attributes:
        pinned: The address of the one node it stays with; None if the driver chooses.
    """

    client: Client
    hosts: str
    breaker: Breaker
    pinned: MongoUri | None = None

    def answers(self) -> bool:
        """Whether a node that may be asked answers soon."""
        try:
            with pymongo.timeout(AGAIN_S):
                self.client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def close(self) -> None:
        """Close it; a server that does not answer is not waited for."""
        with pymongo.timeout(CLOSE_S):
            self.client.close()

    def break_off(self) -> None:
        """End every call that goes on, and close."""
        self.breaker.break_all()
        self.close()


class Connection:
    """An open client and the name of where it leads; safe for several threads."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._held = entry.enter()
        self._lock = threading.Lock()
        self._searching = threading.Lock()
        self._is_aborted = False

    @property
    def client(self) -> Client:
        """Return the driver's client, for as long as the call lasts: it may be another later."""
        return self._held.client

    @property
    def hosts(self) -> str:
        """Return what a person is told of where it leads."""
        return self._held.hosts

    def abort(self) -> None:
        """End calls that block in other threads; later ones give up after a second or two."""
        with self._lock:
            if self._is_aborted:
                return
            self._is_aborted = True
            held = self._held
            pinned = held.pinned or self._entry.uri
            hasty = replace(self._entry, uri=pinned, shown_as=held.hosts).begin(HASTY)
            self._held = replace(hasty, pinned=held.pinned)
        held.break_off()

    def reconnect(self) -> str:
        """Find the deployment again after a lost connection.

        Returns:
            A sentence if another node is asked from now on, else "".

        Raises:
            ConnectError: If none that may be asked answers.
        """
        with self._searching:
            lost = self._held
            if lost.answers():
                return ""
            if lost.pinned is None or self._is_aborted:
                raise ConnectionLostError(f"{lost.hosts} does not answer", host=lost.hosts)
            found = self._entry.enter({n: v for n, v in HASTY.items() if n != "socketTimeoutMS"})
            with self._lock:
                is_ours = self._held is lost
                if is_ours:
                    self._held = found
            (lost if is_ours else found).close()
            if not is_ours:  # aborted meanwhile
                raise ConnectionLostError(f"{lost.hosts} was given up", host=lost.hosts)
        if found.hosts == lost.hosts:
            return ""
        return f"{lost.hosts} went away, so {found.hosts} is read from now on"

    def close(self) -> None:
        """Close the client."""
        self._held.close()

    def command(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """Run one command and return its decoded reply.

        Errors: as ``error_map.working`` says.
        """
        with working(self.hosts):
            return self.run(database, command)

    def run(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """Run one command and return its decoded reply; errors are the driver's own."""
        return self.client[database].command(dict(command), codec_options=DECODED)

    def raw_command(
        self,
        database: str,
        command: Mapping[str, Any],
        session: ClientSession | None = None,
    ) -> RawBSONDocument:
        """Run one command and return its reply undecoded; errors are the driver's own."""
        return self.client[database].command(dict(command), codec_options=RAW, session=session)

    def long_command(self, database: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """Run a command that may rightly be silent for hours; errors are the driver's own.

        The stall limit of the socket does not hold here; that the node is alive is seen by the
        driver's monitor, which breaks the connection when its heartbeats time out.
        """
        with pymongo.timeout(LONG_WORK_S):
            return self.run(database, command)


def check_options(uri: MongoUri) -> None:
    """Refuse options that the driver does not know, which it would pass over with a warning.

    Raises:
        InvalidUriError: Naming the first one, or the first whose value it does not take.
    """
    known = {name.lower() for name in VALIDATORS}
    for name, value in uri.options:
        if name.lower() not in known:
            alike = get_close_matches(name.lower(), known, n=1)
            raise InvalidUriError(
                f"the connection string has an unknown option '{name}'; nothing was contacted",
                hint=f"edit the profile; maybe you meant {alike[0]}"
                if alike
                else "edit the profile",
            )
        if name.lower() in _OF_FILES:  # they may come later; connecting says what is wrong
            continue
        try:
            # Source: pymongo, common.validate: the one place that knows each option's values.
            validate(name.lower(), value)
        except (ValueError, TypeError, DriverConfigurationError) as error:
            raise InvalidUriError(
                f"the connection string's option '{name}' has a value that it cannot have;"
                " nothing was contacted",
                hint="look it up in MongoDB's manual, Connection String Options",
            ) from error


@contextmanager
def open_connection(
    profile: Profile,
    secrets: SecretStore,
    password: Secret | None = None,
    stall_s: float = STALL_S,
) -> Iterator[Connection]:
    """Connect and sign in, through the profile's tunnel if it has one, while the block lasts.

    Args:
        profile: Where to; TLS files are named by its options.
        secrets: Asked for the password, unless one is given.
        password: Used instead of the stored one.
        stall_s: Without a byte for so long, a call fails.

    Raises:
        ServerUnreachableError, AuthenticationFailedError, TlsError, InvalidUriError, TunnelError.
    """
    check_options(profile.uri)
    with (
        open_route(profile, secrets) as route,
        open_along(route, profile, secrets, password, stall_s) as connection,
    ):
        yield connection


@contextmanager
def open_along(
    route: Route,
    profile: Profile,
    secrets: SecretStore,
    password: Secret | None = None,
    stall_s: float = STALL_S,
) -> Iterator[Connection]:
    """Connect and sign in on a way that stands already."""
    login = password or (secrets.fetch(profile.password) if profile.password else None)
    key = profile.certificate_password
    certificate = secrets.fetch(key) if key else None
    with open_uri(route.uri, login, certificate, route.hosts, stall_s) as connection:
        yield connection


@contextmanager
def open_uri(
    uri: MongoUri,
    password: Secret | None = None,
    certificate_password: Secret | None = None,
    shown_as: str = "",
    stall_s: float = STALL_S,
) -> Iterator[Connection]:
    """Connect to an address; the nodes are tried before the block begins."""
    connection = Connection(Entry(uri, password, certificate_password, shown_as, stall_s))
    try:
        yield connection
    finally:
        connection.close()


def _client(entry: Entry, breaker: Breaker, limits: Mapping[str, str | int | bool]) -> Client:
    defaults = {**DEFAULTS, "socketTimeoutMS": round(entry.stall_s * 1000)}
    options: dict[str, Any] = {n: v for n, v in defaults.items() if entry.uri.option(n) is None}
    if entry.certificate_password is not None:
        options["tlsCertificateKeyFilePassword"] = entry.certificate_password.reveal()
    return MongoClient(
        _with_limits(entry.uri, limits).with_password(entry.password).reveal(),
        # A write is sent once: what came of it is for the caller to find out, and retryable
        # writes fail on the database local (MongoDB manual, "Retryable Writes").
        retryWrites=False,
        _pool_class=breaker.make_pool,
        **(options | dict(limits)),
    )


def _with_limits(uri: MongoUri, limits: Mapping[str, str | int | bool]) -> MongoUri:
    """Return the address without what is given otherwise: in the driver it would win."""
    for name in limits:
        uri = uri.with_option(name, None)
    return uri


def _pinned_uri(client: Client, uri: MongoUri) -> MongoUri | None:
    """Return the address of one node where a cursor's reads could otherwise change nodes."""
    if uri.option("directConnection") == "true":
        return None
    preference = client.read_preference
    hello = client.admin.command("hello", read_preference=preference)
    if hello.get("msg") == "isdbgrid":
        return _one_router(client, uri)
    if preference.mode == pymongo.ReadPreference.PRIMARY.mode or "me" not in hello:
        return None
    return direct_to(uri, str(hello["me"]))


def _one_router(client: Client, uri: MongoUri) -> MongoUri | None:
    try:
        client.address  # noqa: B018 - asks whether there is one router only
    except InvalidOperation:
        host, port = min(client.nodes)
        return direct_to(uri, f"{host}:{port}")
    return None


def direct_to(uri: MongoUri, host: str) -> MongoUri:
    """Return an address that leads to one node only, with what DNS said about the others."""
    pinned = replace(uri, scheme="mongodb", hosts=(host,)).with_option("directConnection", "true")
    pinned = pinned.with_option("replicaSet", None).with_option("readPreference", None)
    pinned = pinned.with_option("readPreferenceTags", None)
    pinned = pinned.with_option("maxStalenessSeconds", None)
    if uri.scheme != "mongodb+srv":
        return pinned
    resolved = parse_uri(uri.text())["options"]
    if uri.option("tls") is None and uri.option("ssl") is None:
        pinned = pinned.with_option("tls", "true")
    if uri.option("authSource") is None and "authSource" in resolved:
        pinned = pinned.with_option("authSource", str(resolved["authSource"]))
    return pinned
