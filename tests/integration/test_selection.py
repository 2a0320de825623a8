"""Selection on a real server: patterns, queries, renames, and filling up what is missing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, Workstation, content, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import (
    BackupId,
    CollectionQuery,
    IndexChoice,
    OnExisting,
    OnRefusal,
    Rename,
    RestoreRequest,
    Selection,
)
from mangrove.core.errors import InvalidSelectionError, NamespaceConflictError
from mangrove.core.figures.lights import Light
from mangrove.core.namespace import Namespace
from mangrove.core.run import RunState, RunStatus
from mangrove.engine.extended_json_read import from_extended
from mangrove.services.queries import collection_query

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
DAY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def client(replica_set: EmbeddedMongod) -> Iterator[MongoClient[Any]]:
    """A client that leaves the server as empty as it was."""
    with MongoClient[Any](replica_set.uri) as opened:
        before = set(opened.list_database_names())
        yield opened
        for name in set(opened.list_database_names()) - before:
            opened.drop_database(name)


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    """A workstation with a vault and the profile of the server."""
    with workstation(tmp_path) as opened:
        opened.add_vault()
        opened.add_profile(replica_set.uri)
        yield opened


@pytest.fixture
def shop(client: MongoClient[Any], database_name: str) -> str:
    """Orders, a bracketed and a starred name, a view on a view, and a time series."""
    shop = client[database_name]
    shop["orders"].insert_many({"_id": n, "state": "open" if n % 2 else "paid"} for n in range(20))
    shop["orders"].create_index("state")
    shop["log[1]"].insert_one({"_id": 1})
    shop["a*b"].insert_one({"_id": 1})
    shop["axb"].insert_one({"_id": 1})
    shop.create_collection("paid", viewOn="orders", pipeline=[{"$match": {"state": "paid"}}])
    joined = [{"$lookup": {"from": "axb", "localField": "_id", "foreignField": "_id", "as": "x"}}]
    shop.create_collection("few", viewOn="paid", pipeline=joined)
    series = {"timeField": "t", "metaField": "sensor"}
    shop.create_collection("heat", timeseries=series)
    shop["heat"].insert_many(
        {"t": DAY, "sensor": {"room": n % 3}, "value": n, "_id": n} for n in range(9)
    )
    return database_name


def good(status: RunStatus) -> RunStatus:
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    return status


def taken(desk: Workstation, selection: Selection) -> BackupId:
    backup = good(desk.backup(selection=selection)).backup
    assert backup is not None
    return backup


def names_in(desk: Workstation, backup: BackupId) -> set[str]:
    manifest = desk.services.backups.explain(backup).manifest
    return {entry.namespace.collection for entry in manifest.namespaces}


def refused(status: RunStatus) -> str:
    assert status.state is RunState.FAILED, status
    assert status.problem is not None
    assert not status.problem.is_bug, status.problem
    return status.problem.message


def query(database: str, collection: str, **fields: object) -> CollectionQuery:
    return collection_query(Namespace(database, collection), json.dumps(fields))


# --- patterns ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("{}.*",), (), {"orders", "log[1]", "a*b", "axb", "paid", "few", "heat"}),
        (("{}.a*b",), (), {"a*b", "axb"}),
        ((r"{}.a\*b",), (), {"a*b"}),
        (("{}.log[1]",), (), {"log[1]"}),
        (("{}.*",), ("*.p*", "*.a*", "{}.heat"), {"orders", "log[1]", "few"}),
    ],
    ids=["all", "glob", "escaped star", "literal brackets", "excluded"],
)
def test_patterns_choose_what_is_dumped(
    desk: Workstation, shop: str, include: list[str], exclude: list[str], expected: set[str]
) -> None:
    selection = Selection(
        include=tuple(p.replace("{}", shop) for p in include),
        exclude=tuple(p.replace("{}", shop) for p in exclude),
    )

    assert names_in(desk, taken(desk, selection)) == expected


@pytest.mark.parametrize(
    "patterns", [{"include": ("{}.ordres",)}, {"exclude": ("{}.system.buckets.heat",)}], ids=str
)
def test_a_pattern_that_matches_nothing_fails_by_name(
    desk: Workstation, shop: str, patterns: dict[str, tuple[str, ...]]
) -> None:
    chosen: dict[str, Any] = {
        k: tuple(p.replace("{}", shop) for p in v) for k, v in patterns.items()
    }

    message = refused(desk.backup(selection=Selection(databases=(shop,), **chosen)))

    assert "matches no collection; nothing was read" in message
    assert desk.services.backups.all() == ()


# --- queries -----------------------------------------------------------------------------


def test_a_query_filters_one_collection_and_marks_the_backup_everywhere(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    selection = Selection(databases=(shop,), queries=(query(shop, "orders", state="paid"),))

    backup = taken(desk, selection)

    found = desk.services.backups.explain(backup)
    documents = {e.namespace.collection: e.documents for e in found.manifest.namespaces}
    assert (documents["orders"], documents["axb"]) == (10, 1)
    assert found.record.is_filtered
    assert not found.record.is_whole
    assert "It is FILTERED" in found.text
    assert found.manifest.selection.queries[0].text == '{"state":"paid"}'
    (exposure,) = desk.services.figures.overview().profiles
    assert (exposure.light, exposure.newest, exposure.filtered) == (Light.EXPOSED, None, 1)
    good(desk.restore(backup, include=(f"{shop}.orders",), renames=(Rename(shop, f"{shop}_b"),)))
    assert {d["state"] for d in client[f"{shop}_b"]["orders"].find()} == {"paid"}
    client.drop_database(f"{shop}_b")


def test_a_whole_deployment_with_a_query_is_no_full_protection(
    desk: Workstation, shop: str
) -> None:
    backup = taken(desk, Selection(queries=(query(shop, "orders", state="paid"),)))

    assert not desk.services.backups.find(backup).is_whole
    assert desk.services.figures.overview().profiles[0].newest is None


def test_field_order_and_types_of_a_query_reach_the_server(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    client[shop]["pairs"].insert_many(
        [{"_id": 1, "k": {"a": 1, "b": 2}}, {"_id": 2, "k": {"b": 2, "a": 1}}, {"_id": 3, "k": DAY}]
    )
    text = '{"$or":[{"k":{"b":2,"a":1}},{"k":{"$date":"2026-01-01T00:00:00Z"}}]}'
    chosen = collection_query(Namespace(shop, "pairs"), text)

    backup = taken(desk, Selection(collections=(chosen.namespace,), queries=(chosen,)))

    good(desk.restore(backup, renames=(Rename(shop, f"{shop}_b"),)))
    assert sorted(d["_id"] for d in client[f"{shop}_b"]["pairs"].find()) == [2, 3]
    client.drop_database(f"{shop}_b")


def test_a_time_series_is_filtered_by_its_meta_field(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    chosen = collection_query(Namespace(shop, "heat"), '{"sensor.room":{"$in":[0,2]}}')

    backup = taken(desk, Selection(collections=(chosen.namespace,), queries=(chosen,)))

    good(desk.restore(backup, renames=(Rename(f"{shop}.heat", f"{shop}_b.zzz"),)))
    assert sorted(d["value"] for d in client[f"{shop}_b"]["zzz"].find()) == [0, 2, 3, 5, 6, 8]
    client.drop_database(f"{shop}_b")


@pytest.mark.parametrize(
    ("collection", "text", "words"),
    [
        ("paid", "{}", "is a view"),
        ("heat", '{"value":1}', "by its metaField sensor only"),
        ("heat", '{"$and":[{"sensor":1}]}', "by its metaField sensor only"),
        ("heat", '{"sensors":1}', "by its metaField sensor only"),
        ("orders", '{"$nonsense":1}', "does not take the query"),
        ("nothing", "{}", "not selected"),
    ],
)
def test_a_query_that_does_not_fit_fails_before_anything_is_read(
    desk: Workstation, shop: str, collection: str, text: str, words: str
) -> None:
    chosen = collection_query(Namespace(shop, collection), text)

    message = refused(desk.backup(selection=Selection(databases=(shop,), queries=(chosen,))))

    assert words in message
    assert "nothing was read" in message
    assert [*desk.files()] == ["vault.json"]


def test_matching_documents_can_be_counted_beforehand(desk: Workstation, shop: str) -> None:
    count = desk.services.backups.count

    assert count(PROFILE, Namespace(shop, "orders"), '{"state":"paid"}') == 10
    assert count(PROFILE, Namespace(shop, "heat"), '{"sensor.room":1}') == 3
    with pytest.raises(InvalidSelectionError, match="is a view"):
        count(PROFILE, Namespace(shop, "paid"), "{}")
    with pytest.raises(InvalidSelectionError, match="character 1"):
        count(PROFILE, Namespace(shop, "orders"), "{state:1}")


def test_a_count_that_takes_too_long_ends_without_a_number(
    desk: Workstation, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mangrove.services.backups.COUNT_LIMIT_MS", 50)
    slow = '{"$where":"sleep(100) || true"}'

    assert desk.services.backups.count(PROFILE, Namespace(shop, "orders"), slow) is None


# --- renames -----------------------------------------------------------------------------


def test_patterns_rename_and_views_follow_with_their_pipelines(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    backup = taken(desk, Selection(databases=(shop,)))
    target = f"{shop}_dev"
    renames = (Rename(f"{shop}.*", f"{target}.*_new"), Rename("$d$.log[1]", f"{target}.$d$_log"))
    request = desk.services.restores.preview
    plan = request(_request(backup, renames))

    good(desk.restore(backup, renames=renames))

    assert set(content(client)[target]) == {
        "orders_new",
        "a*b_new",
        "axb_new",
        "paid_new",
        "few_new",
        "heat_new",
        f"{shop}_log",
    }
    assert client[target]["paid_new"].count_documents({}) == 10
    assert client[target]["few_new"].count_documents({}) == 10  # a view on a view
    assert client[target]["heat_new"].count_documents({}) == 9
    views = [
        v["options"]["pipeline"] for v in client[target].list_collections(filter={"type": "view"})
    ]
    assert [s["$lookup"]["from"] for stages in views for s in stages if "$lookup" in s] == [
        "axb_new"
    ]
    assert not [note for note in plan.notes if "$lookup" in note]
    client.drop_database(target)


def test_two_sources_for_one_target_are_refused_by_name(desk: Workstation, shop: str) -> None:
    backup = taken(desk, Selection(databases=(shop,)))
    renames = (Rename(f"{shop}.a*b", f"{shop}_x.one*"), Rename(f"{shop}.axb", f"{shop}_x.one*b"))
    clash = (Rename(f"{shop}.orders", f"{shop}_x.one"), Rename(f"{shop}.axb", f"{shop}_x.one"))

    with pytest.raises(InvalidSelectionError, match="stars"):
        desk.services.restores.preview(_request(backup, renames))
    with pytest.raises(NamespaceConflictError, match="would both become"):
        desk.services.restores.preview(_request(backup, clash))


# --- filling up --------------------------------------------------------------------------


def _request(backup: BackupId, renames: tuple[Rename, ...], **choices: Any) -> RestoreRequest:
    return RestoreRequest(backup, PROFILE, renames=renames, **choices)


def everything_of(client: MongoClient[Any], database: str) -> dict[str, Any]:
    """Return what dbHash says, and indexes with options of everything."""
    hashes = client[database].command("dbHash")["collections"]
    hashes.pop("system.views", None)  # it holds the database's name
    shapes = {
        entry["name"]: (
            bson.encode(entry["options"]),
            []
            if entry["type"] == "view"
            else [bson.encode(i) for i in client[database][entry["name"]].list_indexes()],
        )
        for entry in client[database].list_collections()
        if not entry["name"].startswith("system.")
    }
    return {"hashes": hashes, "shapes": shapes}


def test_only_missing_inserts_what_is_absent_and_touches_nothing_else(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    backup = taken(desk, Selection(databases=(shop,)))
    before = everything_of(client, shop)
    client[shop]["orders"].delete_many({"_id": {"$in": [3, 4, 5]}})
    client[shop]["orders"].update_one({"_id": 7}, {"$set": {"state": "CHANGED"}})
    client[shop]["orders"].drop_index("state_1")
    client[shop]["orders"].create_index("own")
    client[shop]["orders"].insert_one({"_id": 99, "mine": True})
    client[shop]["axb"].drop()
    untouched = list(client[shop]["orders"].find().sort("_id"))

    status = good(
        desk.restore(backup, renames=(Rename(shop, shop),), on_existing=OnExisting.ONLY_MISSING)
    )

    orders = {d["_id"]: d for d in client[shop]["orders"].find()}
    assert all(orders[d["_id"]] == d for d in untouched)
    assert sorted(set(orders) - {d["_id"] for d in untouched}) == [3, 4, 5]
    assert orders[7]["state"] == "CHANGED"
    assert set(client[shop]["orders"].index_information()) == {"_id_", "own_1"}
    assert client[shop]["axb"].count_documents({}) == 1
    after = everything_of(client, shop)
    for name in before["hashes"].keys() - {"orders", "axb"}:
        assert after["hashes"][name] == before["hashes"][name], name
    assert after["shapes"]["paid"] == before["shapes"]["paid"]
    result = status.result
    assert result is not None
    assert dict(result.figures)["documents"] == 4
    assert dict(result.figures)["documents_already_there"] == 17 + 2 + 3
    assert "were not compared" in result.summary
    assert result.losses == ()


def test_only_missing_still_reports_another_unique_key(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    users = client[database_name]["users"]
    users.insert_many([{"_id": 1, "mail": "a"}, {"_id": 2, "mail": "b"}])
    users.create_index("mail", unique=True)
    backup = taken(desk, Selection(databases=(database_name,)))
    users.delete_one({"_id": 1})
    users.insert_one({"_id": 9, "mail": "a"})

    status = desk.restore(
        backup,
        renames=(Rename(database_name, database_name),),
        on_existing=OnExisting.ONLY_MISSING,
    )

    assert status.state is RunState.SUCCEEDED_WITH_WARNINGS
    assert status.result is not None
    (loss,) = status.result.losses
    assert (loss.count, loss.ids) == (1, ('{"_id":{"$numberInt":"1"}}',))
    assert sorted(d["_id"] for d in users.find()) == [2, 9]


def test_only_missing_never_adds_to_what_is_capped_or_of_another_kind(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    backup = taken(desk, Selection(collections=(Namespace(shop, "axb"),)))
    kinds: tuple[dict[str, Any], ...] = (
        {"capped": True, "size": 4096},
        {"viewOn": "orders", "pipeline": []},
    )
    for options in kinds:
        client[shop]["axb"].drop()
        client[shop].create_collection("axb", **options)
        with pytest.raises(NamespaceConflictError, match=f"{shop}.axb is "):
            desk.services.restores.preview(
                _request(backup, (Rename(shop, shop),), on_existing=OnExisting.ONLY_MISSING)
            )


# --- refusals and indexes ----------------------------------------------------------------


def test_indexes_built_before_come_back_the_same(
    desk: Workstation, client: MongoClient[Any], shop: str
) -> None:
    backup = taken(desk, Selection(databases=(shop,)))
    target = f"{shop}_b"

    status = good(desk.restore(backup, renames=(Rename(shop, target),), indexes=IndexChoice.BEFORE))

    assert "indexes were compared" in (status.result.summary if status.result else "")
    assert everything_of(client, target)["hashes"] == everything_of(client, shop)["hashes"]
    assert "state_1" in client[target]["orders"].index_information()
    client.drop_database(target)


def test_a_refused_document_ends_the_run_only_when_asked(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    users = client[database_name]["users"]
    users.insert_many([{"_id": 1, "mail": "a"}, {"_id": 2, "mail": "b"}])
    backup = taken(desk, Selection(databases=(database_name,)))
    users.delete_one({"_id": 1})
    users.create_index("mail", unique=True)
    users.insert_one({"_id": 9, "mail": "a"})

    message = refused(
        desk.restore(
            backup,
            renames=(Rename(database_name, database_name),),
            on_existing=OnExisting.ONLY_MISSING,
            on_refusal=OnRefusal.STOP,
        )
    )

    assert "duplicate key in index mail_1" in message
    assert "stops at the first refusal" in message


def test_index_commands_are_those_that_would_run(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    places = client[database_name]["places"]
    places.insert_one({"_id": 1, "at": "nowhere"})
    places.create_index([("at", "2dsphere")], partialFilterExpression={"_id": {"$gt": 5}})
    backup = taken(desk, Selection(databases=(database_name,)))
    target = f"{database_name}_b"
    renames = (Rename(database_name, target),)

    (text,) = desk.services.restores.index_commands(_request(backup, renames))

    good(desk.restore(backup, renames=renames, indexes=IndexChoice.NEVER))
    assert set(client[target]["places"].index_information()) == {"_id_"}
    command = bson.decode(from_extended(text))
    assert client[command.pop("$db")].command(command)["ok"] == 1
    (_, there) = client[target]["places"].list_indexes()
    (_, original) = places.list_indexes()
    assert there == original
    client.drop_database(target)
