"""Data sets for measuring: order-like documents, in collections of several shapes."""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bson import BSON, ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel, MongoClient

DATABASE = "bench"
INDEXES = (("customer", 1), ("status", 1), ("created", -1))
BATCH = 2_000
TEMPLATES = 6_000
_VOCABULARY = (
    "amber basin cedar delta ember fjord grove harbor inlet jetty kelp lagoon marsh nectar "
    "orchid pine quartz reef shoal tide umber vale willow xylem yarrow zephyr"
)
_WORDS = _VOCABULARY.split()


@dataclass(frozen=True, slots=True)
class Shape:
    """How a data set is cut.

    Attributes:
        collections: How many, of equal size.
        items: Order lines of each document, about 115 bytes each.
        words: Words of the note, about 6 bytes each.
    """

    collections: int = 4
    items: int = 3
    words: int = 41


SHAPES = {
    "4 collections, 700 B": Shape(),
    "1 collection, 700 B": Shape(collections=1),
    "2,000 collections, 700 B": Shape(collections=2_000),
    "4 collections, 200 B": Shape(items=0, words=8),
    "4 collections, 20 kB": Shape(items=150, words=400),
}


def fill(client: MongoClient[Any], megabytes: int, shape: Shape, seed: int = 7) -> int:
    """Insert about ``megabytes`` of BSON, spread evenly; returns the bytes inserted."""
    inserted = 0
    share = megabytes * 1_000_000 // shape.collections
    rng = random.Random(seed)
    templates = [_template(rng, shape) for _ in range(TEMPLATES * 3 // max(3, shape.items))]
    for number in range(shape.collections):
        collection = client[DATABASE].get_collection(f"c{number:04}")
        taken = 0
        while taken < share:
            batch = list(_batch(rng, templates, share - taken))
            collection.insert_many(batch, ordered=False)
            taken += sum(len(d.raw) for d in batch)
        collection.create_indexes([IndexModel([pair]) for pair in INDEXES])
        inserted += taken
    return inserted


def _batch(
    rng: random.Random, templates: list[tuple[bytes, bytes]], room: int
) -> Iterator[RawBSONDocument]:
    for _ in range(BATCH):
        head, tail = rng.choice(templates)
        fresh = struct.pack("<q", rng.getrandbits(62))
        parts = (head, ObjectId().binary, tail[:3], fresh, tail[11:])
        yield RawBSONDocument(b"".join(parts))
        room -= len(head) + len(tail) + 12
        if room <= 0:
            return


def _template(rng: random.Random, shape: Shape) -> tuple[bytes, bytes]:
    """Return a document cut before and after its ``_id``; the next field is an int64."""
    document = BSON.encode(
        {
            "_id": ObjectId(),
            "n": rng.getrandbits(62) | (1 << 61),
            "customer": f"{rng.choice(_WORDS)}.{rng.choice(_WORDS)}@{rng.choice(_WORDS)}.example",
            "status": rng.choice(["new", "paid", "sent", "back"]),
            "created": rng.getrandbits(40),
            "note": " ".join(rng.choices(_WORDS, k=shape.words)),
            "items": [
                {
                    "sku": f"{rng.choice(_WORDS)}-{rng.randrange(10_000)}",
                    "quantity": rng.randrange(1, 9),
                    "price": rng.random() * 100,
                    "tags": rng.choices(_WORDS, k=3),
                }
                for _ in range(shape.items)
            ],
        }
    )
    return document[:9], document[21:]
