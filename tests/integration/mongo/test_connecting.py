"""What goes wrong on the way into a deployment is named for what it is."""

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from fakes.secrets import MemorySecrets
from mangrove.connectors.mongo.client import open_connection, open_uri
from mangrove.core.errors import (
    AuthenticationFailedError,
    MangroveError,
    ServerUnreachableError,
    TlsError,
)
from mangrove.core.profile import Colour, Profile, ProfileId, password_ref
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri, parse_uri
from servers.mongod import GuardedServer, TlsServer

pytestmark = pytest.mark.mongod

QUICK = ("serverSelectionTimeoutMS", "500")


def _profile(uri: MongoUri) -> Profile:
    identity = ProfileId("p1")
    ref = password_ref(identity)
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return Profile(identity, "Shop", "shop", uri, ref, None, Colour.GREY, made)


def test_stored_password_opens_the_deployment(mongod_with_auth: GuardedServer) -> None:
    parsed = parse_uri(mongod_with_auth.uri_for(mongod_with_auth.backup))
    secrets = MemorySecrets()
    assert parsed.password is not None
    secrets.store(password_ref(ProfileId("p1")), parsed.password)

    with open_connection(_profile(parsed.uri), secrets) as connection:
        status = connection.command("admin", {"connectionStatus": 1})

    assert status["authInfo"]["authenticatedUsers"][0]["user"] == "backup"


def test_wrong_password_is_refused_without_being_repeated(mongod_with_auth: GuardedServer) -> None:
    uri = parse_uri(mongod_with_auth.uri_for(mongod_with_auth.backup)).uri
    wrong = Secret("not-the-password")

    with (
        pytest.raises(AuthenticationFailedError) as caught,
        open_connection(_profile(uri), MemorySecrets(), wrong),
    ):
        pass

    _says_no_secret(caught.value, "not-the-password")


def test_user_without_a_password_is_refused_by_ourselves(mongod_with_auth: GuardedServer) -> None:
    uri = parse_uri(mongod_with_auth.uri_for(mongod_with_auth.backup)).uri

    with pytest.raises(AuthenticationFailedError, match="none is stored"), open_uri(uri):
        pass


def _says_no_secret(error: MangroveError, secret: str) -> None:
    assert secret not in f"{error} {error.hint} {error.details}"


def test_silent_host_is_given_up_in_time_and_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        uri = parse_uri(f"mongodb://127.0.0.1:{port}").uri.with_option(*QUICK)
        begun = time.monotonic()

        with pytest.raises(ServerUnreachableError, match=f"127.0.0.1:{port}"), open_uri(uri):
            pass

    assert time.monotonic() - begun < 8  # where nothing is said, ten are waited


def test_server_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        uri = parse_uri(f"mongodb://127.0.0.1:{port}/?connectTimeoutMS=500").uri

        with (
            pytest.raises(ServerUnreachableError, match=str(port)),
            open_uri(uri.with_option("serverSelectionTimeoutMS", "1000")),
        ):
            pass


def test_unknown_name_is_unreachable() -> None:
    uri = parse_uri("mongodb://no-such-host.invalid/").uri.with_option(*QUICK)

    with pytest.raises(ServerUnreachableError, match=r"no-such-host\.invalid"), open_uri(uri):
        pass


def test_trusted_certificate_opens_the_deployment(mongod_with_tls: TlsServer) -> None:
    with open_uri(parse_uri(mongod_with_tls.uri).uri) as connection:
        assert connection.command("admin", {"ping": 1})["ok"] == 1.0


def test_client_certificate_signs_nobody_in_by_itself(mongod_with_tls: TlsServer) -> None:
    uri = parse_uri(mongod_with_tls.uri).uri
    uri = uri.with_option("tlsCertificateKeyFile", str(mongod_with_tls.client_file))

    with open_uri(uri) as connection:
        assert connection.command("admin", {"ping": 1})["ok"] == 1.0


def test_encrypted_client_key_is_opened_with_the_stored_password(
    mongod_with_tls: TlsServer, tmp_path: Path
) -> None:
    uri = parse_uri(mongod_with_tls.uri).uri
    locked = _with_locked_key(mongod_with_tls.client_file, tmp_path / "locked.pem", b"open sesame")
    uri = uri.with_option("tlsCertificateKeyFile", str(locked))

    with open_uri(uri, None, Secret("open sesame")) as connection:
        assert connection.command("admin", {"ping": 1})["ok"] == 1.0
    with pytest.raises(TlsError), open_uri(uri.with_option(*QUICK), None, Secret("wrong")):
        pass


def _with_locked_key(source: Path, target: Path, password: bytes) -> Path:
    pem = source.read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    certificate = x509.load_pem_x509_certificate(pem)
    encoding = serialization.Encoding.PEM
    shape = serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(password)
    locked = key.private_bytes(encoding, shape, lock)
    target.write_bytes(certificate.public_bytes(encoding) + locked)
    return target


def test_untrusted_certificate_is_a_tls_error(mongod_with_tls: TlsServer) -> None:
    uri = parse_uri(mongod_with_tls.bare_uri).uri.with_option("tls", "true").with_option(*QUICK)
    stranger = uri.with_option("tlsCAFile", str(mongod_with_tls.stranger_ca_file))

    with pytest.raises(TlsError, match="CERTIFICATE_VERIFY_FAILED"), open_uri(stranger):
        pass


def test_missing_authority_file_is_a_tls_error(mongod_with_tls: TlsServer) -> None:
    uri = parse_uri(mongod_with_tls.bare_uri).uri.with_option("tls", "true")

    with (
        pytest.raises(TlsError, match="could not be read"),
        open_uri(uri.with_option("tlsCAFile", "/no/such/file.pem")),
    ):
        pass


def test_plain_connection_to_a_tls_server_gets_a_hint(mongod_with_tls: TlsServer) -> None:
    uri = parse_uri(mongod_with_tls.bare_uri).uri.with_option(*QUICK)

    with pytest.raises(ServerUnreachableError) as caught, open_uri(uri):
        pass

    assert "TLS" in caught.value.hint


def test_certificate_for_another_name_is_a_tls_error(mongod_with_tls: TlsServer) -> None:
    uri = parse_uri(mongod_with_tls.uri).uri.with_option(*QUICK)
    other = replace(uri, hosts=(f"127.0.0.2:{mongod_with_tls.mongod.port}",))

    with pytest.raises((TlsError, ServerUnreachableError)), open_uri(other):
        pass
