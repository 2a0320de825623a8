from collections.abc import Mapping
from dataclasses import replace

import bson
import pytest
from bson.int64 import Int64

from fakes.vaults import USERS, entry
from mangrove.core.backup import IndexChoice
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports.dump import CollectionInfo
from mangrove.engine.compare import (
    canonical_options,
    content_differences,
    index_name,
    shape_differences,
)

ENTRY = entry(StoredBlob("m", 0, "", 0), (), USERS)
ID_INDEX = bson.encode({"v": 2, "key": {"_id": 1}, "name": "_id_"})


def index(name: str, key: Mapping[str, object], **options: object) -> bytes:
    return bson.encode({"v": 2, "key": key, "name": name, **options})


def info(
    options: Mapping[str, object], *indexes: bytes, kind: str = "collection"
) -> CollectionInfo:
    return CollectionInfo(USERS, kind, bson.encode(options), (ID_INDEX, *indexes), "1" * 32)


def texts(
    expected: CollectionInfo, found: CollectionInfo, choice: IndexChoice = IndexChoice.AFTER
) -> list[str]:
    return [d.text for d in shape_differences(expected, found, choice)]


def test_the_same_content_has_no_difference() -> None:
    assert [*content_differences(ENTRY, 3, "ab" * 16)] == []


def test_a_wrong_count_is_said_before_a_wrong_digest() -> None:
    assert [*content_differences(ENTRY, 1234, "0" * 32)] == ["holds 1,234 documents, the backup 3"]
    (text,) = content_differences(ENTRY, 3, "0" * 32)
    assert "not the same ones" in text


def test_the_same_shape_has_no_difference_whatever_the_uuid() -> None:
    one = info({"capped": True, "size": 4096}, index("a_1", {"a": 1}))

    assert texts(one, replace(one, uuid="2" * 32)) == []


def test_the_order_of_options_does_not_count_and_that_inside_a_key_does() -> None:
    first = index("ab", {"a": 1, "b": 1}, unique=True, sparse=True)
    second = index("ab", {"a": 1, "b": 1}, sparse=True, unique=True)
    other = index("ab", {"b": 1, "a": 1}, unique=True, sparse=True)

    assert texts(info({}, first), info({}, second)) == []
    assert texts(info({}, first), info({}, other)) == [
        "has another definition of the index ab: key"
    ]
    assert texts(info({"size": 1, "capped": True}), info({"capped": True, "size": 1})) == []


@pytest.mark.parametrize(("typed", "kept"), [(3600.0, 3600), (3.6e8, 360_000_000), (26, Int64(26))])
def test_the_type_of_a_whole_number_does_not_count_and_its_value_does(
    typed: float, kept: int
) -> None:
    as_typed = info({"size": typed}, index("a", {"t": 1.0}, expireAfterSeconds=typed, sparse=1.0))
    as_kept = info({"size": kept}, index("a", {"t": 1}, expireAfterSeconds=kept, sparse=True))
    longer = info({"size": kept}, index("a", {"t": 1}, expireAfterSeconds=kept + 1, sparse=True))

    assert texts(as_typed, as_kept) == []
    assert texts(as_typed, longer) == ["has another definition of the index a: expireAfterSeconds"]


def test_each_difference_is_named() -> None:
    expected = info({"capped": True}, index("a_1", {"a": 1}), index("b_1", {"b": 1}))
    found = info({}, index("b_1", {"b": 1}, unique=True), index("c_1", {"c": 1}))

    assert [(d.text, d.index) for d in shape_differences(expected, found, IndexChoice.AFTER)] == [
        ("has other options than in the backup: capped", ""),
        ("lacks the index a_1", "a_1"),
        ("has another definition of the index b_1: unique", "b_1"),
    ]


def test_another_kind_is_a_difference() -> None:
    assert texts(info({}), info({}, kind="view")) == ["is a view, in the backup a collection"]


def test_indexes_that_were_not_wanted_are_not_missed() -> None:
    expected = info({}, index("a_1", {"a": 1}))

    assert texts(expected, info({}), IndexChoice.NEVER) == []


@pytest.mark.parametrize("name", ["temp", "autoIndexId", "recordIdsReplicated", "create", "flags"])
def test_options_that_no_target_is_given_are_not_compared(name: str) -> None:
    assert texts(info({"capped": True, name: True}), info({"capped": True})) == []


def test_version_and_namespace_of_an_index_are_not_compared() -> None:
    old = bson.encode({"v": 1, "key": {"a": 1}, "name": "a_1", "ns": "shop.users"})

    assert texts(info({}, old), info({}, index("a_1", {"a": 1}))) == []


def test_what_old_indexes_were_built_with_is_not_compared() -> None:
    old = index("a_1", {"a": 1}, unique=True, dropDups=True, safe=True)

    assert texts(info({}, old), info({}, index("a_1", {"a": 1}, unique=True))) == []


@pytest.mark.parametrize(("given", "kept"), [(1_000_000, 1_000_192), (1, 4096), (Int64(512), 4096)])
def test_a_capped_size_counts_as_a_server_keeps_it(given: int, kept: int) -> None:
    wanted = info({"capped": True, "size": given})

    assert texts(wanted, info({"capped": True, "size": kept})) == []
    assert texts(wanted, info({"capped": True, "size": kept + 256})) != []


def test_options_are_written_sorted() -> None:
    options = bson.encode({"size": 8192, "capped": True})

    assert canonical_options(options) == '{"capped":true,"size":8192}'


def test_the_name_of_an_index_is_found() -> None:
    assert index_name(index("ä b", {"a": 1})) == "ä b"
    assert index_name(bson.encode({"key": {"a": 1}})) == ""
    assert index_name(bson.encode({"name": 5})) == ""
