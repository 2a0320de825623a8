"""Every kind of collection and index goes through a backup and comes back the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Code
from pymongo import ASCENDING, DESCENDING, GEOSPHERE, HASHED, TEXT, IndexModel, MongoClient
from pymongo.collation import Collation

from fakes.workstation import Workstation, content, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import BackupId, Consistency, IndexChoice, Rename, SafetyBackup, Selection
from mangrove.core.run import RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
START = datetime(2026, 1, 1, tzinfo=UTC)
SERVERS = ["replica_set", "standalone"]
Shape = tuple[str, dict[str, Any], list[dict[str, Any]]]

INDEXES = {
    "unique": IndexModel([("email", ASCENDING)], unique=True, name="unique"),
    "partial": IndexModel(
        [("age", ASCENDING)], partialFilterExpression={"age": {"$gt": 17}}, name="partial"
    ),
    "sparse": IndexModel([("nick", DESCENDING)], sparse=True, name="sparse"),
    "ttl": IndexModel([("seen", ASCENDING)], expireAfterSeconds=315_360_000, name="ttl"),
    "text": IndexModel([("name", TEXT), ("bio", TEXT)], weights={"name": 5}, name="text"),
    "2dsphere": IndexModel([("place", GEOSPHERE)], name="geo"),
    "hashed": IndexModel([("email", HASHED)], name="hashed"),
    "hidden": IndexModel([("age", DESCENDING)], hidden=True, name="hidden"),
    "wildcard": IndexModel([("extra.$**", ASCENDING)], name="wildcard"),
    "compound": IndexModel([("age", ASCENDING), ("name", DESCENDING)], name="compound"),
    "collated": IndexModel(
        [("name", ASCENDING)], collation=Collation("de", strength=2), name="collated"
    ),
}


def build(client: MongoClient[Any], name: str) -> None:
    """Make one of everything."""
    database = client[name]
    people = [
        {
            "_id": n,
            "email": f"{n}@example.org",
            "age": n % 60,
            "name": f"Mänty {n}",
            "bio": "swamp trees",
            "seen": START,
            "place": {"type": "Point", "coordinates": [n % 90, n % 45]},
            "extra": {"k": n},
        }
        for n in range(300)
    ]
    database["people"].insert_many(people)
    database["people"].create_indexes([*INDEXES.values()])
    database.create_collection("capped", capped=True, size=100_000, max=500)
    database["capped"].insert_many({"_id": -n, "line": "x" * 30} for n in range(200))
    database.create_collection("collated", collation=Collation("sv", strength=1))
    database["collated"].insert_many({"_id": letter} for letter in "åäö")
    database["collated"].create_index([("n", ASCENDING)], name="inherits")
    database["collated"].create_index(
        [("m", ASCENDING)], name="simple", collation=Collation("simple")
    )
    database["validated"].insert_one({"_id": 1, "age": "breaks the rule that came later"})
    database.command(
        "collMod",
        "validated",
        validator={"$jsonSchema": {"properties": {"age": {"bsonType": "int"}}}},
        validationLevel="moderate",
        validationAction="error",
    )
    clustered = {"key": {"_id": 1}, "unique": True, "name": "by id"}
    database.create_collection("clustered", clusteredIndex=clustered)
    database["clustered"].insert_many({"_id": n} for n in range(20))
    database["clustered"].create_index("other")
    series = {"timeField": "at", "metaField": "sensor", "granularity": "minutes"}
    database.create_collection("weather", timeseries=series, expireAfterSeconds=315_360_000)
    database["weather"].insert_many(
        {"at": START + timedelta(minutes=n), "sensor": n % 3, "value": n / 7} for n in range(200)
    )
    database["weather"].create_index([("sensor", ASCENDING), ("at", ASCENDING)])
    database.create_collection("empty", storageEngine={"wiredTiger": {}})
    database.create_collection(
        "adults", viewOn="people", pipeline=[{"$match": {"age": {"$gt": 17}}}]
    )
    database.create_collection("adults_by_name", viewOn="adults", pipeline=[{"$sort": {"name": 1}}])
    database["odd/name %2F äö.bson"].insert_one({"_id": 1})


def shape(client: MongoClient[Any], name: str) -> dict[str, Shape]:
    """Return what listCollections and listIndexes say of each collection, without UUIDs."""
    found = {}
    for entry in client[name].list_collections():
        own = entry["name"]
        if own.startswith("system."):
            continue
        is_view = entry["type"] == "view"
        indexes = [] if is_view else [dict(i) for i in client[name][own].list_indexes()]
        ordered = sorted(indexes, key=lambda i: str(i["name"]))
        found[own] = (entry["type"], dict(entry.get("options", {})), ordered)
    return found


def everything(client: MongoClient[Any], name: str) -> dict[str, list[Any]]:
    """Return all documents in natural order for the capped collection, sorted for the others."""
    found = {}
    for own in client[name].list_collection_names():
        if not own.startswith("system."):
            documents = list(client[name][own].find())
            found[own] = documents if own == "capped" else sorted(documents, key=repr)
    return found


@pytest.fixture(params=SERVERS)
def client(request: pytest.FixtureRequest) -> Iterator[MongoClient[Any]]:
    """A client to each kind of server, which leaves it as empty as it was."""
    server: EmbeddedMongod = request.getfixturevalue(request.param)
    with MongoClient[Any](server.uri, tz_aware=True) as opened:
        before = set(opened.list_database_names())
        yield opened
        for name in set(opened.list_database_names()) - before:
            opened.drop_database(name)


@pytest.fixture
def desk(tmp_path: Path, client: MongoClient[Any], database_name: str) -> Iterator[Workstation]:
    """A workstation whose profile leads to that server, with one of everything in a database."""
    build(client, database_name)
    with workstation(tmp_path) as opened:
        opened.add_vault()
        host, port = next(iter(client.nodes))
        opened.add_profile(f"mongodb://{host}:{port}/?directConnection=true")
        yield opened


def good(status: RunStatus) -> RunStatus:
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    return status


def backed_up(desk: Workstation, database: str) -> BackupId:
    status = good(desk.backup(selection=Selection(databases=(database,))))
    assert status.backup is not None
    return status.backup


def test_a_copy_is_the_same_in_every_option_index_and_document(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken))

    assert status.result is not None
    (copy,) = status.result.targets
    assert copy.startswith(f"{database_name}_restored_")
    assert shape(client, copy) == shape(client, database_name)
    assert everything(client, copy) == everything(client, database_name)


def test_functions_kept_on_the_server_are_copied_and_never_replaced(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    client[database_name]["system.js"].insert_one({"_id": "f", "value": Code("function() {}")})
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken))
    refused = desk.restore(taken, replace=(database_name,))

    assert status.result is not None
    (copy,) = status.result.targets
    assert client[copy]["system.js"].find_one() == client[database_name]["system.js"].find_one()
    assert refused.problem is not None
    assert refused.problem.code == "namespace-conflict"


def test_a_restore_under_another_name_is_the_same(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    named = f"{database_name}_named"
    good(desk.restore(taken, renames=(Rename(database_name, named),)))

    assert shape(client, named) == shape(client, database_name)
    assert everything(client, named) == everything(client, database_name)


def test_a_view_follows_its_renamed_collection(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)
    copy = f"{database_name}_moved"
    renames = (
        Rename(database_name, copy),
        Rename(f"{database_name}.people", f"{copy}.persons"),
    )

    good(desk.restore(taken, renames=renames))

    kind, options, _ = shape(client, copy)["adults"]
    assert (kind, options["viewOn"]) == ("view", "persons")
    assert client[copy]["adults"].count_documents({}) == 210
    assert client[copy]["adults_by_name"].count_documents({}) == 210
    assert shape(client, copy)["persons"] == shape(client, database_name)["people"]


def test_a_restore_without_indexes_has_all_data_and_no_secondary_index(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken, indexes=IndexChoice.NEVER))

    assert status.result is not None
    (copy,) = status.result.targets
    restored = shape(client, copy)
    assert [i["name"] for i in restored["people"][2]] == ["_id_"]
    assert restored["capped"][1] == shape(client, database_name)["capped"][1]
    assert everything(client, copy) == everything(client, database_name)


def test_replacing_everything_in_place_brings_the_old_state_back(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    shapes, documents = shape(client, database_name), everything(client, database_name)
    taken = backed_up(desk, database_name)
    client[database_name]["people"].update_many({}, {"$set": {"age": -1}})
    client[database_name]["people"].drop_index("unique")
    client[database_name]["weather"].delete_many({"sensor": 1})
    client[database_name]["adults"].drop()
    client[database_name].create_collection("adults", viewOn="capped", pipeline=[])
    client[database_name]["capped"].insert_one({"_id": "late"})

    good(desk.restore(taken, replace=(database_name,)))

    assert shape(client, database_name) == shapes
    assert everything(client, database_name) == documents
    safety = desk.services.backups.find("latest")
    assert safety.backup != taken


def test_every_kind_can_take_the_place_of_every_other(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    shapes, documents = shape(client, database_name), everything(client, database_name)
    taken = backed_up(desk, database_name)
    client[database_name]["people"].drop()
    client[database_name].create_collection("people", viewOn="capped", pipeline=[])
    for name in ("adults", "weather"):
        client[database_name][name].drop()
        client[database_name][name].insert_one({"_id": "a plain collection now"})

    good(desk.restore(taken, replace=(database_name,), safety=SafetyBackup.SKIP))

    assert shape(client, database_name) == shapes
    assert everything(client, database_name) == documents


def test_a_trial_restore_proves_every_kind_of_collection(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)
    before = content(client)

    status = good(desk.verify(VerifyRequest(taken, Level.RESTORED, "shop")))

    assert status.result is not None
    assert status.result.losses == ()
    assert content(client) == before
    proven = desk.services.backups.find(taken).proven
    assert proven is not None
    assert proven.level is Level.RESTORED


def test_the_consistency_is_what_the_topology_allows(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    is_replica_set = "setName" in client.admin.command("hello")

    taken = backed_up(desk, database_name)

    expected = Consistency.SNAPSHOT if is_replica_set else Consistency.NONE
    assert desk.services.backups.find(taken).achieved is expected
