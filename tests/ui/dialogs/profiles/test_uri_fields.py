import pytest

from mangrove.core.errors import InvalidUriError
from mangrove.core.uri import parse_uri
from mangrove.ui.dialogs.profiles.uri_fields import UriFields, fields_of, uri_of

STRINGS = (
    "mongodb://localhost:27017",
    "mongodb://backup@a:27017,b:27018/shop?replicaSet=rs0&authSource=admin&tls=true",
    "mongodb+srv://u@cluster.example.net/?retryWrites=false&tls=false",
    "mongodb://[::1]:27017/?directConnection=true&readPreference=secondaryPreferred",
    "mongodb://h/?ssl=true&tlsCAFile=/ca.pem&tlsCertificateKeyFile=/me.pem",
    "mongodb://h/?tls=true&tlsAllowInvalidHostnames=true&tlsAllowInvalidCertificates=true",
)


@pytest.mark.parametrize("uri_text", STRINGS)
def test_fields_put_together_again_give_the_same_string(uri_text: str) -> None:
    uri = parse_uri(uri_text).uri

    again = uri_of(fields_of(uri), uri)

    assert again == uri


def test_options_without_a_field_are_kept_when_a_field_changes() -> None:
    before = parse_uri("mongodb://a/?replicaSet=rs0&appName=x").uri

    after = uri_of(UriFields(hosts="b:1, c:2"), before)

    assert after.hosts == ("b:1", "c:2")
    assert (after.option("replicaSet"), after.option("appName")) == ("rs0", "x")


def test_tls_is_written_only_where_the_scheme_does_not_say_so_already() -> None:
    srv = uri_of(UriFields(is_srv=True, hosts="c.example.net", has_tls=True))
    plain = uri_of(UriFields(hosts="h", has_tls=True))
    off = uri_of(UriFields(is_srv=True, hosts="c.example.net", has_tls=False))

    assert srv.option("tls") is None
    assert plain.option("tls") == "true"
    assert off.option("tls") == "false"


def test_malformed_hosts_are_refused() -> None:
    with pytest.raises(InvalidUriError):
        uri_of(UriFields(hosts="a b"))
    with pytest.raises(InvalidUriError):
        uri_of(UriFields(hosts=""))
