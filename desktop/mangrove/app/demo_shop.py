"""Invents the documents of a sample shop: believable, the same for the same seed, and fast."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

from bson import Binary, Decimal128, Int64, ObjectId

SEED = 20_240_229
CUSTOMERS = 12_000
PRODUCTS = 2_400
ORDERS = 40_000
ORDER_EVENTS = 75_000
REVIEWS = 24_000
CARTS = 6_000
INVENTORY = 7_200
SESSIONS = 30_000
PAGE_TIMES = 12_000
AUDIT_LINES = 4_000
WAREHOUSES = ("hamburg", "lyon", "brno")
STATUSES = ("delivered", "delivered", "delivered", "shipped", "paid", "open", "cancelled")
EVENTS = ("placed", "paid", "packed", "shipped", "delivered")
DAY_S = 86_400
_KINDS = 16

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """The lists that names, places and sentences are drawn from."""

    lists: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``shop.json`` from the folder with the demo's resources."""
        return cls(json.loads((folder / "shop.json").read_text(encoding="utf-8")))

    def all(self, name: str) -> Sequence[Any]:
        """Return one list."""
        found: Sequence[Any] = self.lists[name]
        return found


class Shop:
    """All documents of the shop, one generator per collection.

    Each collection draws from a generator of its own, so that the order of asking is free.

    Args:
        words: What is drawn from.
        now: The moment the shop is open; everything lies before it.
    """

    def __init__(self, words: Words, now: datetime, seed: int = SEED) -> None:
        self._words = words
        self._now = now.replace(microsecond=0)
        self._seed = seed
        dice = self._dice(1)
        self._prices = [dice.randrange(490, 24_900, 10) for _ in range(PRODUCTS)]
        self._titles = [self._title(dice) for _ in range(PRODUCTS)]

    def customers(self) -> Iterator[Document]:
        """Yield customers with address, position and the odd referrer."""
        dice = self._dice(2)
        first, last = self._words.all("first_names"), self._words.all("last_names")
        streets, cities = self._words.all("streets"), self._words.all("cities")
        for number in range(CUSTOMERS):
            given, family = dice.choice(first), dice.choice(last)
            city, country, post_code, east, north = dice.choice(cities)
            position = [east + dice.uniform(-0.2, 0.2), north + dice.uniform(-0.1, 0.1)]
            document = {
                "_id": _object_id(2, number),
                "name": f"{given} {family}",
                "email": f"{_ascii(given)}.{_ascii(family)}.{number}@example.org",
                "address": {
                    "street": f"{dice.choice(streets)} {number % 180 + 1}",
                    "post_code": post_code,
                    "city": city,
                    "country": country,
                    "location": {"type": "Point", "coordinates": position},
                },
                "since": self._ago(dice, 1500),
                "newsletter": number % 3 == 0,
                "points": Int64(dice.randrange(5000)),
            }
            if number % 11 == 0:
                document["referrer"] = _object_id(2, dice.randrange(CUSTOMERS))
            yield document

    def products(self) -> Iterator[Document]:
        """Yield products with attributes that differ from one to the next."""
        dice = self._dice(3)
        colours, materials = self._words.all("colours"), self._words.all("materials")
        for number, title in enumerate(self._titles):
            yield {
                "_id": f"P{number:05d}",
                "name": title,
                "description": f"A {title.lower()}, made to be used every day.",
                "price": _money(self._prices[number]),
                "currency": "EUR",
                "tags": dice.sample(materials, 2),
                "attributes": {
                    "colour": dice.choice(colours),
                    "weight_g": dice.randrange(80, 9000),
                    f"option_{number % _KINDS}": dice.random() < 0.5,  # noqa: PLR2004 - a coin
                },
                "picture": Binary(dice.randbytes(48)),
                "rating": dice.uniform(2.5, 5.0),
            }

    def orders(self) -> Iterator[Document]:
        """Yield orders with one to four items."""
        dice = self._dice(4)
        pick = dice.random
        carriers = self._words.all("carriers")
        for number in range(ORDERS):
            items, cents = self._items(pick, 1 + number % 4)
            document = {
                "_id": Int64(100_000 + number),
                "customer_id": _object_id(2, int(pick() * CUSTOMERS)),
                "status": STATUSES[int(pick() * len(STATUSES))],
                "placed_at": self._ago(dice, 700),
                "items": items,
                "total": _money(cents),
                "shipping": {
                    "carrier": carriers[number % len(carriers)],
                    "express": number % 9 == 0,
                },
            }
            if number % 17 == 0:
                document["note"] = None
            yield document

    def order_events(self) -> Iterator[Document]:
        """Yield what happened to the orders, step by step."""
        dice = self._dice(5)
        for number in range(ORDER_EVENTS):
            step = number % len(EVENTS)
            yield {
                "_id": _object_id(5, number),
                "order_id": Int64(100_000 + number // 2 % ORDERS),
                "event": EVENTS[step],
                "at": self._ago(dice, 700),
                "by": "system" if step < 2 else WAREHOUSES[number % 3],  # noqa: PLR2004 - paid
            }

    def reviews(self) -> Iterator[Document]:
        """Yield reviews, mostly kind ones."""
        dice = self._dice(6)
        praise, complaints = self._words.all("praise"), self._words.all("complaints")
        for number in range(REVIEWS):
            is_kind = number % 5 != 0
            yield {
                "_id": _object_id(6, number),
                "product_id": f"P{int(dice.random() * PRODUCTS):05d}",
                "customer_id": _object_id(2, int(dice.random() * CUSTOMERS)),
                "rating": 4 + number % 2 if is_kind else 1 + number % 3,
                "text": f"{dice.choice(praise)} {dice.choice(praise if is_kind else complaints)}",
                "written_at": self._ago(dice, 700),
            }

    def carts(self) -> Iterator[Document]:
        """Yield carts that nobody paid for yet."""
        dice = self._dice(7)
        for number in range(CARTS):
            items, cents = self._items(dice.random, number % 5)
            yield {
                "_id": _object_id(7, number),
                "customer_id": _object_id(2, number * 2 % CUSTOMERS),
                "items": items,
                "total": _money(cents),
                "changed_at": self._ago(dice, 20),
            }

    def inventory(self) -> Iterator[Document]:
        """Yield the stock of each product in each warehouse."""
        dice = self._dice(8)
        for number in range(INVENTORY):
            house = WAREHOUSES[number % len(WAREHOUSES)]
            yield {
                "_id": {"product": f"P{number // len(WAREHOUSES):05d}", "warehouse": house},
                "on_hand": int(dice.random() * 400),
                "reserved": int(dice.random() * 20),
                "shelf": f"{chr(65 + number % 26)}-{number % 90:02d}",
                "counted_at": self._ago(dice, 90),
            }

    def sessions(self) -> Iterator[Document]:
        """Yield sessions of the last days, younger than their time to live."""
        dice = self._dice(9)
        browsers = self._words.all("browsers")
        for number in range(SESSIONS):
            yield {
                "_id": f"{dice.getrandbits(96):024x}",
                "customer_id": _object_id(2, number % CUSTOMERS) if number % 3 else None,
                "browser": browsers[number % len(browsers)],
                "last_seen_at": self._ago(dice, 10),
                "pages": number % 40,
            }

    def page_times(self) -> Iterator[Document]:
        """Yield measurements for the time series."""
        dice = self._dice(10)
        pages = self._words.all("pages")
        start = self._now - timedelta(days=2)
        for number in range(PAGE_TIMES):
            yield {
                "at": start + timedelta(seconds=number * 10),
                "page": pages[number * len(pages) // PAGE_TIMES],
                "took_ms": dice.uniform(8, 420),
            }

    def audit_log(self) -> Iterator[Document]:
        """Yield lines for the capped collection."""
        dice = self._dice(11)
        for number in range(AUDIT_LINES):
            yield {
                "_id": number,
                "who": f"clerk{number % 7}",
                "did": ("price changed", "stock counted", "order cancelled")[number % 3],
                "at": self._ago(dice, 30),
            }

    # --- inside --------------------------------------------------------------------------

    def _dice(self, number: int) -> random.Random:
        return random.Random(self._seed * 100 + number)  # noqa: S311 - a sample, not a secret

    def _ago(self, dice: random.Random, days: int) -> datetime:
        return self._now - timedelta(seconds=int(dice.random() * days * DAY_S))

    def _title(self, dice: random.Random) -> str:
        words = self._words
        first = dice.choice(words.all("adjectives")).capitalize()
        return f"{first} {dice.choice(words.all('materials'))} {dice.choice(words.all('things'))}"

    def _items(self, pick: Callable[[], float], count: int) -> tuple[list[Document], int]:
        items, cents = [], 0
        for _ in range(count):
            product = int(pick() * PRODUCTS)
            quantity = 1 + int(pick() * 3)
            cents += self._prices[product] * quantity
            items.append(
                {
                    "product_id": f"P{product:05d}",
                    "title": self._titles[product],
                    "quantity": quantity,
                    "price": _money(self._prices[product]),
                }
            )
        return items, cents


@cache
def _money(cents: int) -> Decimal128:
    return Decimal128(f"{cents // 100}.{cents % 100:02d}")


def _object_id(kind: int, number: int) -> ObjectId:
    return ObjectId(b"shop" + kind.to_bytes(2, "big") + number.to_bytes(6, "big"))


@cache
def _ascii(name: str) -> str:
    return "".join(c for c in name.lower() if c.isascii() and c.isalpha()) or "x"
