"""Which namespaces a dump takes, and which it leaves out with a reason."""

import pytest

from mangrove.connectors.mongo.listing import EMPTY_DOCUMENT, Listed, choose, databases_of
from mangrove.core.backup import Selection, selection_of
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace


def _listed(text: str, kind: str = "collection") -> Listed:
    return Listed(Namespace.parse(text), kind, EMPTY_DOCUMENT, "u", text.encode())


SERVER = [
    _listed("shop.orders"),
    _listed("shop.system.views"),
    _listed("shop.system.js"),
    _listed("shop.system.profile"),
    _listed("shop.heat", "timeseries"),
    _listed("shop.system.buckets.heat"),
    _listed("shop.open", "view"),
    _listed("admin.system.users"),
    _listed("admin.system.keys"),
    _listed("admin.notes"),
    _listed("config.settings"),
    _listed("config.transactions"),
]


def _names(selection: Selection) -> set[str]:
    return {str(c.namespace) for c in choose(selection, SERVER)[0]}


def test_whole_deployment_leaves_out_what_the_server_keeps_for_itself() -> None:
    chosen, left_out = choose(Selection(), SERVER)

    assert {str(c.namespace) for c in chosen} == {
        "shop.orders",
        "shop.system.js",
        "shop.heat",
        "shop.open",
        "admin.notes",
        "config.settings",
    }
    assert {n.what for n in left_out} == {
        "users and roles",
        "admin.system.keys",
        "config",
        "shop.system.profile",
    }


def test_excluded_collection_is_said_to_be_excluded() -> None:
    chosen, left_out = choose(selection_of(("shop",), (), ("*.orders", "*.heat")), SERVER)

    assert {str(c.namespace) for c in chosen} == {"shop.system.js", "shop.open"}
    reasons = {n.what: n.reason for n in left_out}
    assert reasons["shop.orders"] == reasons["shop.heat"] == "excluded by the selection"
    assert not any("admin" in what for what in reasons)


def test_named_collection_is_taken_even_if_it_is_the_servers_own() -> None:
    assert _names(selection_of((), ("shop.system.profile",))) == {"shop.system.profile"}


@pytest.mark.parametrize(
    "selection",
    [
        selection_of(("nowhere",), ()),
        selection_of((), ("shop.nothing",)),
        selection_of((), ("shop.system.buckets.heat",)),
        selection_of(("shop",), (), ("*",)),
    ],
    ids=Selection.describe,
)
def test_selection_of_what_is_not_there_is_refused(selection: Selection) -> None:
    with pytest.raises(InvalidSelectionError):
        choose(selection, SERVER)


def test_time_series_is_read_from_its_buckets() -> None:
    heat = next(c for c in SERVER if c.kind == "timeseries")

    assert str(heat.data_namespace) == "shop.system.buckets.heat"


def test_database_local_is_never_taken() -> None:
    assert databases_of(Selection(), ("admin", "local", "shop", "__mdb_internal_x")) == (
        "admin",
        "shop",
    )
    with pytest.raises(InvalidSelectionError, match="local"):
        databases_of(selection_of(("local",), ()), ())
