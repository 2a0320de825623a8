"""Puts the sample shop into a server, with collections and indexes of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, HASHED, TEXT, IndexModel, MongoClient
from pymongo.collation import Collation
from pymongo.database import Database

from mangrove.app.demo_shop import Document, Shop

DATABASE = "shop"
ORDERS = "orders"
BATCH = 2000
SESSION_DAYS_S = 30 * 86_400
AUDIT_BYTES = 4 * 1024 * 1024
TIMEOUT_MS = 10_000
ORDER_SCHEMA = {
    "bsonType": "object",
    "required": ["customer_id", "status", "placed_at", "total"],
    "properties": {
        "total": {"bsonType": "decimal"},
        "status": {"enum": ["open", "paid", "shipped", "delivered", "cancelled"]},
    },
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was put into the server."""

    documents: int
    collections: int
    indexes: int


def load_shop(uri: str, shop: Shop) -> Loaded:
    """Fill the database ``shop``; indexes are built at the end, which is faster."""
    with _connected(uri) as client:
        database = client[DATABASE]
        _create(database)
        documents = sum(_insert(database, name, rows) for name, rows in _contents(shop))
        indexes = 0
        for name, models in _indexes().items():
            indexes += len(database[name].create_indexes(models))
        names = [n for n in database.list_collection_names() if not n.startswith("system.")]
        return Loaded(documents, len(names), indexes)


def lose_half_the_orders(uri: str) -> tuple[int, int]:
    """Play the accident: a clean-up script with the wrong sign; returns counts before and after."""
    with _connected(uri) as client:
        orders = client[DATABASE][ORDERS]
        before = orders.count_documents({})
        orders.delete_many({"_id": {"$mod": [2, 0]}})
        return before, orders.count_documents({})


def count_orders(uri: str, database: str) -> int:
    """Count the orders of one database, by looking at each."""
    with _connected(uri) as client:
        return client[database][ORDERS].count_documents({})


def _connected(uri: str) -> MongoClient[Document]:
    return MongoClient[Document](uri, serverSelectionTimeoutMS=TIMEOUT_MS)


def _create(database: Database[Document]) -> None:
    database.create_collection(
        ORDERS, validator={"$jsonSchema": ORDER_SCHEMA}, validationLevel="moderate"
    )
    database.create_collection("audit_log", capped=True, size=AUDIT_BYTES)
    database.create_collection(
        "page_times", timeseries={"timeField": "at", "metaField": "page", "granularity": "seconds"}
    )
    waiting: list[dict[str, Any]] = [
        {"$match": {"status": "open"}},
        {"$project": {"customer_id": 1, "total": 1, "placed_at": 1}},
    ]
    database.create_collection("open_orders", viewOn=ORDERS, pipeline=waiting)


def _contents(shop: Shop) -> tuple[tuple[str, Iterator[Document]], ...]:
    return (
        ("customers", shop.customers()),
        ("products", shop.products()),
        (ORDERS, shop.orders()),
        ("order_events", shop.order_events()),
        ("reviews", shop.reviews()),
        ("carts", shop.carts()),
        ("inventory", shop.inventory()),
        ("sessions", shop.sessions()),
        ("page_times", shop.page_times()),
        ("audit_log", shop.audit_log()),
    )


def _insert(database: Database[Document], name: str, rows: Iterator[Document]) -> int:
    collection, count = database[name], 0
    while batch := list(islice(rows, BATCH)):
        collection.insert_many(batch, ordered=False)
        count += len(batch)
    return count


def _indexes() -> dict[str, list[IndexModel]]:
    german = Collation(locale="de", strength=2)
    return {
        "customers": [
            IndexModel([("email", ASCENDING)], unique=True),
            IndexModel([("name", ASCENDING)], name="name_de", collation=german),
            IndexModel([("address.location", GEOSPHERE)]),
            IndexModel([("referrer", ASCENDING)], sparse=True),
        ],
        "products": [
            IndexModel([("name", TEXT), ("description", TEXT)], weights={"name": 10}),
            IndexModel([("attributes.$**", ASCENDING)]),
            IndexModel([("tags", ASCENDING)]),
        ],
        ORDERS: [
            IndexModel([("customer_id", ASCENDING), ("placed_at", DESCENDING)]),
            IndexModel(
                [("placed_at", ASCENDING)],
                name="still_open",
                partialFilterExpression={"status": "open"},
            ),
        ],
        "order_events": [IndexModel([("order_id", HASHED)])],
        "reviews": [
            IndexModel([("product_id", ASCENDING)]),
            IndexModel([("rating", ASCENDING)], hidden=True),
        ],
        "sessions": [IndexModel([("last_seen_at", ASCENDING)], expireAfterSeconds=SESSION_DAYS_S)],
    }
