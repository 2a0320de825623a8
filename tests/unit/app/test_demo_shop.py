from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from bson import Decimal128, ObjectId

from mangrove.app.demo_shop import Document, Shop, Words

DEMO = Path(__file__).resolve().parents[3] / "resources" / "demo"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLLECTIONS: list[Callable[[Shop], Iterator[Document]]] = [
    Shop.customers,
    Shop.products,
    Shop.orders,
    Shop.order_events,
    Shop.reviews,
    Shop.carts,
    Shop.inventory,
    Shop.sessions,
    Shop.page_times,
    Shop.audit_log,
]


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.read(DEMO)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_same_seed_invents_the_same_documents(
    words: Words, collection: Callable[[Shop], Iterator[Document]]
) -> None:
    first = list(islice(collection(Shop(words, NOW)), 50))

    assert first == list(islice(collection(Shop(words, NOW)), 50))
    if collection is not Shop.inventory:
        assert first != list(islice(collection(Shop(words, NOW, seed=7)), 50))


def test_order_costs_what_its_items_cost_and_belongs_to_a_customer(words: Words) -> None:
    shop = Shop(words, NOW)
    customers: set[ObjectId] = {c["_id"] for c in shop.customers()}
    prices: dict[str, Decimal128] = {p["_id"]: p["price"] for p in shop.products()}

    for order in islice(shop.orders(), 300):
        items = order["items"]
        costs = sum(i["quantity"] * prices[i["product_id"]].to_decimal() for i in items)
        assert order["total"].to_decimal() == costs
        assert order["customer_id"] in customers


def test_addresses_are_unique_so_that_the_unique_index_holds(words: Words) -> None:
    emails = [c["email"] for c in Shop(words, NOW).customers()]

    assert len(set(emails)) == len(emails)


def test_sessions_are_younger_than_their_time_to_live(words: Words) -> None:
    oldest = min(s["last_seen_at"] for s in Shop(words, NOW).sessions())

    assert NOW - oldest < timedelta(days=30)
