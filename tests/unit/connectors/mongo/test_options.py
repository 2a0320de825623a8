"""Options of a connection string, looked at without connecting."""

import pytest

from mangrove.connectors.mongo.client import check_options
from mangrove.core.errors import InvalidUriError
from mangrove.core.uri import parse_uri


def check(options: str) -> None:
    check_options(parse_uri(f"mongodb://db.example.net/?{options}").uri)


@pytest.mark.parametrize(
    "options",
    [
        "readPreference=bogus",
        "connectTimeoutMS=soon",
        "tls=perhaps",
        "authMechanism=NONE-SUCH",
    ],
)
def test_a_value_that_the_driver_refuses_is_refused_by_name(options: str) -> None:
    with pytest.raises(InvalidUriError, match=f"option '{options.partition('=')[0]}'"):
        check(options)


def test_an_unknown_option_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidUriError, match="'replcaSet'") as caught:
        check("replcaSet=rs0")

    assert "replicaset" in caught.value.hint


@pytest.mark.parametrize(
    "options",
    [
        "replicaSet=rs0&readPreference=secondary&readPreferenceTags=dc:a&readPreferenceTags=",
        "authSource=admin&authMechanism=SCRAM-SHA-256&retryWrites=true&w=majority",
        "tls=true&tlsCAFile=/not/there/yet.pem",
        "authMechanism=GSSAPI&authMechanismProperties=SERVICE_NAME:mongo",
        "appName=x&maxPoolSize=5&connectTimeoutMS=1000&directConnection=true&loadBalanced=false",
        "compressors=zlib&zlibCompressionLevel=3&localThresholdMS=20&uuidRepresentation=standard",
    ],
)
def test_what_the_driver_takes_is_taken(options: str) -> None:
    check(options)
