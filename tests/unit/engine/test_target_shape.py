from dataclasses import replace

import bson
import pytest

from fakes.vaults import USERS, entry
from mangrove.core.manifest import StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.target_shape import (
    from_recorded,
    lost_in_a_dump,
    recorded,
    target_info,
)

ENTRY = entry(StoredBlob("m", 0, "", 0), (), USERS)
TARGET = Namespace("copy", "people")
INDEX = {"v": 2, "key": {"a": 1, "b": -1}, "name": "a_1_b_-1", "unique": True}


def view(view_on: str) -> bytes:
    return bson.encode(
        {
            "viewOn": view_on,
            "pipeline": [{"$match": {"viewOn": "users"}}],
            "collation": {"locale": "de"},
        }
    )


def test_options_and_indexes_come_back_as_they_were() -> None:
    options = bson.encode({"capped": True, "size": 4096.0})
    described = replace(
        ENTRY, options=to_canonical(options), indexes=(to_canonical(bson.encode(INDEX)),)
    )

    info = target_info(described, TARGET, {USERS: TARGET})

    assert (info.namespace, info.kind, info.uuid) == (TARGET, "collection", None)
    assert info.options == options
    assert info.indexes == (bson.encode(INDEX),)
    assert (info.estimated_documents, info.estimated_bytes) == (3, 0)


@pytest.mark.parametrize(
    "literal", [{"$oid": "0" * 24}, {"$oid": "x", "$date": 5}, {"$numberInt": "1"}, {"a": 1}]
)
def test_what_would_be_read_as_something_else_comes_back_to_the_byte(
    literal: dict[str, object],
) -> None:
    options = bson.encode({"validator": {"$expr": {"$eq": ["$a", {"$literal": literal}]}}})
    is_odd = "a" not in literal
    described = replace(ENTRY, options=recorded(options), indexes=())

    assert from_recorded(described.options) == options
    assert target_info(described, TARGET, {}).options == options
    assert lost_in_a_dump(described) is is_odd


def test_no_options_are_an_empty_document() -> None:
    assert target_info(ENTRY, TARGET, {}).options == bson.encode({})


def test_a_view_follows_what_it_stands_on_and_nothing_else_changes() -> None:
    described = replace(ENTRY, kind="view", options=to_canonical(view("users")), indexes=())

    info = target_info(described, TARGET, {USERS: Namespace("copy", "renamed ä")})

    assert info.options == view("renamed ä")


def test_a_view_on_what_stays_keeps_its_source() -> None:
    described = replace(ENTRY, kind="view", options=to_canonical(view("elsewhere")), indexes=())

    info = target_info(described, TARGET, {USERS: Namespace("copy", "renamed")})

    assert info.options == view("elsewhere")


def test_a_collection_with_an_option_of_that_name_is_left_alone() -> None:
    options = bson.encode({"viewOn": "users"})
    described = replace(ENTRY, options=to_canonical(options))

    assert target_info(described, TARGET, {USERS: TARGET}).options == options
