"""Connects: profile and secrets become a connection, the password added at the last moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import InvalidOperation
from pymongo.uri_parser import parse_uri

from mangrove.connectors.mongo.error_map import connecting, working
from mangrove.core.ports import SecretStore
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri

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
    "socketTimeoutMS": 120_000,
    "appname": "Mangrove",
}
LONG_WORK_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Connection:
    """An open client and the name of where it leads; safe for several threads."""

    client: Client
    hosts: str

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


@contextmanager
def open_connection(
    profile: Profile, secrets: SecretStore, password: Secret | None = None
) -> Iterator[Connection]:
    """Connect and sign in, for as long as the block lasts.

    Args:
        profile: Where to; TLS files are named by its options.
        secrets: Asked for the password, unless one is given.
        password: Used instead of the stored one.

    Raises:
        ServerUnreachableError, AuthenticationFailedError, TlsError, InvalidUriError.
    """
    login = password or (secrets.fetch(profile.password) if profile.password else None)
    key = profile.certificate_password
    certificate = secrets.fetch(key) if key else None
    with open_uri(profile.uri, login, certificate) as connection:
        yield connection


@contextmanager
def open_uri(
    uri: MongoUri, password: Secret | None = None, certificate_password: Secret | None = None
) -> Iterator[Connection]:
    """Connect to an address; the nodes are tried before the block begins."""
    hosts = ", ".join(uri.hosts)
    with connecting(hosts):
        client = _client(uri, password, certificate_password)
    try:
        with connecting(hosts):
            client.admin.command("ping")
            pinned = _pinned_uri(client, uri)
        if pinned is None:
            yield Connection(client, hosts)
            return
        with open_uri(pinned, password, certificate_password) as connection:
            yield connection
    finally:
        client.close()


def _client(uri: MongoUri, password: Secret | None, certificate_password: Secret | None) -> Client:
    options: dict[str, Any] = {n: v for n, v in DEFAULTS.items() if uri.option(n) is None}
    if certificate_password is not None:
        options["tlsCertificateKeyFilePassword"] = certificate_password.reveal()
    return MongoClient(
        uri.with_password(password).reveal(),
        # A write is sent once: what came of it is for the caller to find out, and retryable
        # writes fail on the database local (MongoDB manual, "Retryable Writes").
        retryWrites=False,
        **options,
    )


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
    return _direct(uri, str(hello["me"]))


def _one_router(client: Client, uri: MongoUri) -> MongoUri | None:
    try:
        client.address  # noqa: B018 - asks whether there is one router only
    except InvalidOperation:
        host, port = min(client.nodes)
        return _direct(uri, f"{host}:{port}")
    return None


def _direct(uri: MongoUri, host: str) -> MongoUri:
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
