import json
from dataclasses import replace

import pytest

from fakes.vaults import entry
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.manifest import StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.restores.version_conflicts import (
    Effect,
    VersionConflict,
    effective_version,
    version_conflicts,
)

HERE = Namespace("copy", "a")
SERIES = {"timeseries": {"timeField": "t", "metaField": "m"}}
NONE, INDEX, CHANGED = Effect.NOT_CREATED, Effect.INDEX_MISSING, Effect.CHANGED
Found = tuple[tuple[Effect, str], ...]


def server(version: str, feature: str = "") -> ServerFacts:
    numbers = tuple(int(n) for n in version.split("."))
    return ServerFacts(version, numbers, feature or version[:3], Topology.REPLICA_SET, "rs")


def conflicts(
    target: ServerFacts,
    options: object = "",
    *indexes: dict[str, object],
    kind: str = "collection",
) -> tuple[VersionConflict, ...]:
    source = entry(StoredBlob("m", 0, "", 0), (), Namespace("shop", "a"))
    text = json.dumps(options) if options else ""
    described = replace(
        source, kind=kind, options=text, indexes=tuple(json.dumps(i) for i in indexes)
    )
    return version_conflicts([(described, HERE)], target)


def effects(found: tuple[VersionConflict, ...]) -> Found:
    return tuple((c.effect, c.since) for c in found)


@pytest.mark.parametrize(
    ("target", "options", "kind", "expected"),
    [
        ("4.4.2", SERIES, "timeseries", ((NONE, "5.0"),)),
        ("5.0.4", SERIES, "timeseries", ()),
        (
            "6.0.5",
            {"timeseries": {"timeField": "t", "bucketRoundingSeconds": 60}},
            "timeseries",
            ((NONE, "6.3"),),
        ),
        ("5.0.4", {"clusteredIndex": {"unique": True}}, "collection", ((CHANGED, "5.3"),)),
        ("6.0.5", {"clusteredIndex": {"unique": True}}, "collection", ()),
        ("5.0.4", {"encryptedFields": {}}, "collection", ((CHANGED, "6.0"),)),
        ("5.0.4", {"changeStreamPreAndPostImages": {}}, "collection", ((CHANGED, "6.0"),)),
        ("6.0.5", {"changeStreamPreAndPostImages": {}}, "collection", ()),
        ("4.4.2", {"capped": True, "collation": {"locale": "de"}}, "collection", ()),
    ],
)
def test_options_that_a_server_does_not_know(
    target: str, options: object, kind: str, expected: Found
) -> None:
    assert effects(conflicts(server(target), options, kind=kind)) == expected


@pytest.mark.parametrize(
    ("target", "stage", "since"),
    [
        ("4.4.2", {"$setWindowFields": {}}, "5.0"),
        ("5.0.4", {"$setWindowFields": {}}, None),
        ("5.0.4", {"$project": {"x": {"$sortArray": {}}}}, "5.2"),
        ("5.0.4", {"$densify": {}}, "5.1"),
        ("5.0.4", {"$fill": {}}, "5.3"),
        ("6.0.5", {"$group": {"_id": 1, "x": {"$median": {}}}}, "7.0"),
        ("6.0.5", {"$match": {"a": "$median"}}, None),
        ("4.4.2", {"$unionWith": "c"}, None),
    ],
)
def test_a_view_uses_what_a_server_does_not_know(
    target: str, stage: dict[str, object], since: str | None
) -> None:
    options = {"viewOn": "c", "pipeline": [stage]}

    found = effects(conflicts(server(target), options, kind="view"))

    assert found == (() if since is None else ((NONE, since),))


@pytest.mark.parametrize(
    ("target", "index", "options", "expected"),
    [
        ("5.0.4", {"key": {"p": "geoHaystack", "t": 1}}, "", ((INDEX, ""),)),
        ("4.4.2", {"key": {"p": "geoHaystack", "t": 1}}, "", ()),
        ("6.0.5", {"key": {"a": 1, "b.$**": 1}}, "", ((INDEX, "7.0"),)),
        ("6.0.5", {"key": {"$**": 1}}, "", ()),
        ("4.2.0", {"key": {"a": 1, "b": "hashed"}}, "", ((INDEX, "4.4"),)),
        ("4.2.0", {"key": {"a": 1}, "hidden": True}, "", ((CHANGED, "4.4"),)),
        ("5.0.4", {"key": {"a": 1}, "prepareUnique": True}, "", ((CHANGED, "6.0"),)),
        (
            "5.0.4",
            {"key": {"a": 1}, "partialFilterExpression": {"$or": [{"a": 1}]}},
            "",
            ((INDEX, "6.0"),),
        ),
        ("5.0.4", {"key": {"a": 1}, "partialFilterExpression": {"a": {"$gt": 1}}}, "", ()),
        ("6.0.5", {"key": {"t": 1}, "expireAfterSeconds": 9}, {"capped": True}, ((INDEX, "7.1"),)),
        ("5.0.4", {"key": {"t": 1}, "expireAfterSeconds": 9}, {"capped": True}, ()),
    ],
)
def test_indexes_that_a_server_does_not_build(
    target: str, index: dict[str, object], options: object, expected: Found
) -> None:
    found = conflicts(server(target), options, {"name": "x", **index})

    assert effects(found) == expected
    assert all(c.subject == "copy.a index x" for c in found)


@pytest.mark.parametrize(
    ("index", "since"),
    [
        ({"key": {"value": 1}}, "6.0"),
        ({"key": {"m": 1}, "partialFilterExpression": {"m": 1}}, "6.0"),
        ({"key": {"m.place": 1, "t": -1}}, None),
    ],
)
def test_indexes_of_a_time_series(index: dict[str, object], since: str | None) -> None:
    found = conflicts(server("5.0.4"), SERIES, {"name": "x", **index}, kind="timeseries")

    assert effects(found) == (() if since is None else ((INDEX, since),))


def test_of_a_collection_that_is_not_created_no_index_is_named() -> None:
    haystack = {"name": "x", "key": {"p": "geoHaystack"}}

    found = conflicts(server("4.4.2"), SERIES, haystack, kind="timeseries")

    assert [c.subject for c in found] == ["copy.a"]


def test_the_lower_of_version_and_feature_version_counts() -> None:
    assert effective_version(server("6.0.5", "5.0")) == (5, 0)
    assert effective_version(server("6.0.5", "")) == (6, 0)
    assert effective_version(replace(server("6.0.5"), feature_version="odd")) == (6, 0)
    assert conflicts(server("6.0.5", "5.0"), {"clusteredIndex": {}})


def test_what_cannot_be_read_has_no_conflicts() -> None:
    source = entry(StoredBlob("m", 0, "", 0), (), Namespace("shop", "a"))
    odd = replace(source, options="[" * 100_000, indexes=("{", "3", '{"key":3}'))

    assert version_conflicts([(odd, HERE)], server("4.4.2")) == ()


@pytest.mark.parametrize(("target", "expected"), [("4.4.2", ["y"]), ("5.0.4", [])])
def test_a_second_index_on_the_same_fields(target: str, expected: list[str]) -> None:
    one = {"name": "x", "key": {"a": 1}}
    other = {"name": "y", "key": {"a": 1}, "partialFilterExpression": {"b": {"$gt": 1}}}
    collated = {"name": "z", "key": {"a": 1}, "collation": {"locale": "de"}}

    found = conflicts(server(target), "", one, other, collated)

    assert [c.subject.rpartition(" ")[2] for c in found] == expected


def test_an_index_that_is_not_built_is_in_no_other_ones_way() -> None:
    wide = {"name": "wide", "key": {"p": 1}, "partialFilterExpression": {"$or": []}}
    plain = {"name": "plain", "key": {"p": 1}}

    (only,) = conflicts(server("4.4.2"), "", wide, plain)

    assert only.subject == "copy.a index wide"
