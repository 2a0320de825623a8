import pytest

from mangrove.core.errors import InvalidProfileError
from mangrove.core.secret import SecretRef
from mangrove.core.tunnel import (
    TunnelAuth,
    TunnelSpec,
    check_tunnel,
    far_end,
    near_end,
    parse_server,
)
from mangrove.core.uri import parse_uri

BY_KEY = TunnelSpec("jump", "ann", auth=TunnelAuth.KEY_FILE, key_file="/id", secret=SecretRef("r"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ann@jump", ("ann", "jump", 22)),
        (" ann@jump:2222 ", ("ann", "jump", 2222)),
        ("ann@[::1]:2222", ("ann", "::1", 2222)),
        ("ann@corp@jump", ("ann@corp", "jump", 22)),
    ],
)
def test_a_server_is_taken_apart(text: str, parts: tuple[str, str, int]) -> None:
    assert parse_server(text) == parts


@pytest.mark.parametrize("text", ["", "jump", "@jump", "ann@", "ann@a b", "ann@jump:0", "ann@j:x"])
def test_a_malformed_server_is_refused(text: str) -> None:
    with pytest.raises(InvalidProfileError):
        parse_server(text)


@pytest.mark.parametrize("text", ["ann@jump", "ann@jump:2222", "ann@[::1]", "ann@[::1]:2222"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    user, host, port = parse_server(text)

    assert TunnelSpec(host, user, port).address == text


@pytest.mark.parametrize(
    ("hosts", "end"),
    [
        ("db", ("db", 27017)),
        ("db:1", ("db", 1)),
        ("[::1]", ("::1", 27017)),
        ("[::1]:2", ("::1", 2)),
    ],
)
def test_the_far_end_is_the_one_host(hosts: str, end: tuple[str, int]) -> None:
    assert far_end(parse_uri(f"mongodb://{hosts}/").uri) == end


@pytest.mark.parametrize(
    ("host", "near"),
    [("db", "127.0.0.1:5"), ("localhost:1", "localhost:5"), ("127.0.0.1", "127.0.0.1:5")],
)
def test_the_near_end_keeps_the_name_that_a_certificate_can_be_checked_against(
    host: str, near: str
) -> None:
    assert near_end(parse_uri(f"mongodb://{host}/?tls=true").uri, 5) == near


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mongodb://a,b/", "one host"),
        ("mongodb+srv://a.example.net/", "one host"),
        ("mongodb://%2Ftmp%2Fmongodb.sock/", "socket file"),
        ("mongodb://db/?tls=true", "cannot be checked"),
        ("mongodb://db/?tlsCAFile=/ca.pem", "cannot be checked"),
    ],
)
def test_what_cannot_go_through_is_refused(uri: str, words: str) -> None:
    with pytest.raises(InvalidProfileError, match=words):
        check_tunnel(BY_KEY, parse_uri(uri).uri)


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://db/",
        "mongodb://db:1/?replicaSet=r",
        "mongodb://localhost/?tls=true",
        "mongodb://db/?tls=true&tlsAllowInvalidHostnames=true",
        "mongodb://db/?tls=true&tlsAllowInvalidCertificates=true",
        "mongodb://db/?tls=false",
    ],
)
def test_one_host_goes_through(uri: str) -> None:
    check_tunnel(BY_KEY, parse_uri(uri).uri)


@pytest.mark.parametrize(
    "spec",
    [TunnelSpec("jump", ""), TunnelSpec("", "ann"), TunnelSpec("j", "a", 22, TunnelAuth.KEY_FILE)],
)
def test_an_incomplete_tunnel_is_refused(spec: TunnelSpec) -> None:
    with pytest.raises(InvalidProfileError, match="lacks"):
        check_tunnel(spec, parse_uri("mongodb://db/").uri)


def test_a_secret_stays_with_its_key_and_a_password_with_its_account() -> None:
    moved = TunnelSpec("other", "bob", auth=TunnelAuth.KEY_FILE, key_file="/id")
    password = TunnelSpec("jump", "ann", auth=TunnelAuth.PASSWORD)

    assert moved.takes_same_secret(BY_KEY)
    assert not TunnelSpec("jump", "bob", auth=TunnelAuth.PASSWORD).takes_same_secret(password)
    assert not password.takes_same_secret(BY_KEY)
    assert not password.takes_same_secret(None)
