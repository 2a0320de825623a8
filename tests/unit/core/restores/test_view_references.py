import json
from dataclasses import replace

import pytest

from fakes.vaults import entry
from mangrove.core.manifest import NamespaceEntry, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.restores.view_references import (
    moved_pipeline,
    notes_on_views,
    pipeline_references,
    view_source,
)

BLOB = StoredBlob("m", 0, "", 0)


def collection(name: str) -> NamespaceEntry:
    return entry(BLOB, (), Namespace.parse(name))


def view(name: str, on: str, *stages: object) -> NamespaceEntry:
    options = json.dumps({"viewOn": on, "pipeline": list(stages)})
    return replace(collection(name), kind="view", options=options)


def notes(moved: dict[str, str], *entries: NamespaceEntry) -> list[str]:
    return [
        *notes_on_views(entries, {Namespace.parse(a): Namespace.parse(b) for a, b in moved.items()})
    ]


@pytest.mark.parametrize(
    ("stage", "found"),
    [
        ({"$match": {"from": "users"}}, []),
        ({"$lookup": {"from": "users", "as": "u"}}, ["$lookup shop.users"]),
        ({"$lookup": {"pipeline": [{"$unionWith": "x"}], "as": "u"}}, ["$unionWith shop.x"]),
        ({"$graphLookup": {"from": "users"}}, ["$graphLookup shop.users"]),
        ({"$unionWith": "users"}, ["$unionWith shop.users"]),
        ({"$unionWith": {"coll": "users", "pipeline": []}}, ["$unionWith shop.users"]),
        ({"$merge": "users"}, ["$merge shop.users"]),
        ({"$merge": {"into": "users"}}, ["$merge shop.users"]),
        ({"$merge": {"into": {"db": "d", "coll": "c"}}}, ["$merge d.c"]),
        ({"$out": {"db": "d", "coll": "c"}}, ["$out d.c"]),
        ({"$facet": {"a": [{"$lookup": {"from": "deep"}}]}}, ["$lookup shop.deep"]),
        ({"$set": {"a": {"$literal": {"$lookup": {"from": "users"}}}}}, []),
        ({"$lookup": {"from": {"$no": 1}}}, []),
    ],
)
def test_pipelines_are_searched_for_names(stage: object, found: list[str]) -> None:
    references = pipeline_references(view("shop.v", "a", stage))

    assert [f"{r.stage} {r.namespace}" for r in references] == found


def test_only_a_view_stands_on_something() -> None:
    assert view_source(view("shop.v", "users")) == Namespace("shop", "users")
    assert view_source(collection("shop.users")) is None
    assert pipeline_references(replace(collection("shop.a"), options='{"pipeline":[]}')) == ()


def test_what_moves_as_a_whole_needs_no_note() -> None:
    moved = {"shop.v": "copy.v", "shop.a": "copy.a", "shop.users": "copy.users"}
    v = view("shop.v", "a", {"$lookup": {"from": "users"}})

    assert notes(moved, v, collection("shop.a"), collection("shop.users")) == []


def test_a_renamed_source_is_followed_without_a_note() -> None:
    assert notes({"shop.v": "copy.v", "shop.a": "copy.b"}, view("shop.v", "a")) == []


def test_a_view_reads_under_the_new_names_what_moves_with_it() -> None:
    nested = {"$lookup": {"from": "a", "pipeline": [{"$unionWith": "users"}]}}
    literal = {"$match": {"$expr": {"$eq": ["$x", {"$literal": {"$lookup": {"from": "users"}}}]}}}
    stages = [{"$lookup": {"from": "users"}}, {"$facet": {"x": [nested]}}, literal]
    left = {"$graphLookup": {"from": "elsewhere"}}
    v = view("shop.v", "users", *stages, left)
    moved = {"shop.v": "copy.v", "shop.a": "copy.b", "shop.users": "copy.people"}
    places = {Namespace.parse(a): Namespace.parse(b) for a, b in moved.items()}
    places[Namespace("shop", "elsewhere")] = Namespace("other", "elsewhere")

    within = {source: goes for source, goes in places.items() if goes.database == "copy"}
    options = json.loads(moved_pipeline(v, within))

    followed = {"$lookup": {"from": "b", "pipeline": [{"$unionWith": "people"}]}}
    assert options["pipeline"] == [
        {"$lookup": {"from": "people"}},
        {"$facet": {"x": [followed]}},
        literal,
        left,
    ]
    (note,) = notes_on_views([v], places)
    assert "reads in $graphLookup shop.elsewhere, which goes to other.elsewhere" in note


def test_a_view_that_reads_what_keeps_its_name_keeps_its_text() -> None:
    v = replace(view("shop.v", "a", {"$unionWith": "users"}), options='{ "viewOn" : "a" }')

    assert moved_pipeline(v, {Namespace("shop", "a"): Namespace("copy", "a")}) == v.options


def test_a_source_in_another_database_or_left_behind_is_reported() -> None:
    (away,) = notes({"shop.v": "x.v", "shop.a": "y.a"}, view("shop.v", "a"))
    behind = notes({"shop.v": "x.v"}, view("shop.v", "a", {"$lookup": {"from": "users"}}))

    assert "goes to y.a" in away
    assert behind == [
        "the view x.v stands on a, which is not restored with it",
        "the view x.v reads in $lookup users, which is not restored with it",
    ]
