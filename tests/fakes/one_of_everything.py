"""One of everything that a server of a given version can hold, and how to compare two of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, GEO2D, GEOSPHERE, HASHED, TEXT, IndexModel, MongoClient
from pymongo.collation import Collation
from pymongo.database import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
# Source: MongoDB manual, "Time Series Collections", "Clustered Collections", "geoHaystack Indexes".
TIME_SERIES_SINCE = (5, 0)
CLUSTERED_SINCE = (5, 3)
HAYSTACK_BEFORE = (5, 0)
Shape = tuple[str, dict[str, Any], list[dict[str, Any]]]

INDEXES = {
    "unique": IndexModel([("email", ASCENDING)], unique=True, name="unique"),
    "partial": IndexModel(
        [("age", ASCENDING)], partialFilterExpression={"age": {"$gt": 17}}, name="partial"
    ),
    "sparse": IndexModel([("nick", DESCENDING)], sparse=True, name="sparse"),
    "ttl": IndexModel([("seen", ASCENDING)], expireAfterSeconds=315_360_000, name="ttl"),
    "text": IndexModel([("name", TEXT), ("bio", TEXT)], weights={"name": 5}, name="text"),
    "2d": IndexModel([("spot", GEO2D)], name="flat", min=-200, max=200),
    "2dsphere": IndexModel([("place", GEOSPHERE)], name="geo"),
    "hashed": IndexModel([("email", HASHED)], name="hashed"),
    "hidden": IndexModel([("age", DESCENDING)], hidden=True, name="hidden"),
    "wildcard": IndexModel([("extra.$**", ASCENDING)], name="wildcard"),
    "compound": IndexModel([("age", ASCENDING), ("name", DESCENDING)], name="compound"),
    "collated": IndexModel(
        [("name", ASCENDING)], collation=Collation("de", strength=2), name="collated"
    ),
}


def version_of(client: MongoClient[Any]) -> tuple[int, ...]:
    """Return a server's version as numbers."""
    return tuple(client.server_info()["versionArray"][:3])


def build(client: MongoClient[Any], name: str) -> None:
    """Make one of everything that this server knows."""
    database, version = client[name], version_of(client)
    _build_people(database)
    _build_options(database)
    _build_views(database)
    if version < HAYSTACK_BEFORE:
        haystack = {"key": {"spot": "geoHaystack", "kind": 1}, "name": "haystack", "bucketSize": 1}
        database.command("createIndexes", "people", indexes=[haystack])
    if version >= TIME_SERIES_SINCE:
        _build_time_series(database)
    if version >= CLUSTERED_SINCE:
        clustered = {"key": {"_id": 1}, "unique": True, "name": "by id"}
        database.create_collection("clustered", clusteredIndex=clustered)
        database["clustered"].insert_many({"_id": n} for n in range(20))
        database["clustered"].create_index("other")


def _build_people(database: Database[Any]) -> None:
    people = [
        {
            "_id": n,
            "email": f"{n}@example.org",
            "age": n % 60,
            "name": f"Mänty {n}",
            "bio": "swamp trees",
            "seen": START,
            "place": {"type": "Point", "coordinates": [n % 90, n % 45]},
            "spot": [n % 90, n % 45],
            "kind": n % 3,
            "extra": {"k": n},
        }
        for n in range(300)
    ]
    database["people"].insert_many(people)
    database["people"].create_indexes([*INDEXES.values()])


def _build_options(database: Database[Any]) -> None:
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
    database.create_collection("empty", storageEngine={"wiredTiger": {}})
    database["odd/name %2F äö.bson"].insert_one({"_id": 1})


def _build_views(database: Database[Any]) -> None:
    database.create_collection(
        "adults", viewOn="people", pipeline=[{"$match": {"age": {"$gt": 17}}}]
    )
    database.create_collection("adults_by_name", viewOn="adults", pipeline=[{"$sort": {"name": 1}}])


def _build_time_series(database: Database[Any]) -> None:
    series = {"timeField": "at", "metaField": "sensor", "granularity": "minutes"}
    database.create_collection("weather", timeseries=series, expireAfterSeconds=315_360_000)
    database["weather"].insert_many(
        {"at": START + timedelta(minutes=n), "sensor": n % 3, "value": n / 7} for n in range(200)
    )
    database["weather"].create_index([("sensor", ASCENDING), ("at", ASCENDING)])


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
