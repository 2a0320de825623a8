"""The address of one node keeps everything that was said of the whole deployment."""

import pytest

from mangrove.connectors.mongo.client import check_options, direct_to
from mangrove.core.errors import InvalidUriError
from mangrove.core.uri import parse_uri


def test_address_of_one_node_keeps_user_and_options_and_drops_the_set() -> None:
    text = "mongodb://ann@a,b/app?replicaSet=r&readPreference=secondary&tls=true&authSource=x"

    pinned = direct_to(parse_uri(text).uri, "b:27018")

    assert (pinned.hosts, pinned.user, pinned.database) == (("b:27018",), "ann", "app")
    assert dict(pinned.options) == {"tls": "true", "authSource": "x", "directConnection": "true"}


def test_tls_is_seen_in_a_connection_string() -> None:
    expected = {
        "mongodb://a/": False,
        "mongodb://a/?tls=true": True,
        "mongodb://a/?ssl=true": True,
        "mongodb://a/?tlsCAFile=/ca.pem": True,
        "mongodb+srv://a/": True,
        "mongodb+srv://a/?tls=false": False,
    }

    assert {text: parse_uri(text).uri.uses_tls for text in expected} == expected


def test_unknown_option_is_named_before_anything_is_contacted() -> None:
    uri = parse_uri("mongodb://db1/?readPreference=nearest&retryReeds=true").uri

    with pytest.raises(InvalidUriError, match="'retryReeds'; nothing was contacted") as caught:
        check_options(uri)

    assert "retryreads" in caught.value.hint


def test_options_of_ordinary_connection_strings_are_known() -> None:
    text = "mongodb://db1/?ssl=true&w=majority&retryWrites=true&appName=x&authSource=admin"

    check_options(parse_uri(text).uri)
