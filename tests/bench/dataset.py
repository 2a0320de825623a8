"""A data set for measuring: order-like documents of about 700 bytes in four collections."""

import random
import struct
from collections.abc import Iterator
from typing import Any

from bson import BSON, ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

DATABASE = "bench"
COLLECTIONS = ("orders", "events", "users", "invoices")
INDEXES = (("customer", 1), ("status", 1), ("created", -1))
BATCH = 2_000
TEMPLATES = 6_000
_VOCABULARY = (
    "amber basin cedar delta ember fjord grove harbor inlet jetty kelp lagoon marsh nectar "
    "orchid pine quartz reef shoal tide umber vale willow xylem yarrow zephyr"
)
_WORDS = _VOCABULARY.split()


def fill(client: MongoClient[Any], megabytes: int, seed: int = 7) -> int:
    """Insert about ``megabytes`` of BSON, spread evenly; returns the bytes inserted."""
    inserted = 0
    share = megabytes * 1_000_000 // len(COLLECTIONS)
    for number, name in enumerate(COLLECTIONS):
        collection = client[DATABASE].get_collection(name)
        taken = 0
        for batch in _batches(random.Random(seed + number)):
            collection.insert_many(batch, ordered=False)
            taken += sum(len(d.raw) for d in batch)
            if taken >= share:
                break
        for field, direction in INDEXES:
            collection.create_index([(field, direction)])
        inserted += taken
    return inserted


def _batches(rng: random.Random) -> Iterator[list[RawBSONDocument]]:
    templates = [_template(rng) for _ in range(TEMPLATES)]
    counter = 0
    while True:
        batch = []
        for _ in range(BATCH):
            head, tail = rng.choice(templates)
            counter += 1
            fresh = struct.pack("<q", rng.getrandbits(62))
            parts = (head, ObjectId().binary, tail[:3], fresh, tail[11:])
            batch.append(RawBSONDocument(b"".join(parts)))
        yield batch


def _template(rng: random.Random) -> tuple[bytes, bytes]:
    """Return a document cut before and after its ``_id``; the next field is an int64."""
    document = BSON.encode(
        {
            "_id": ObjectId(),
            "n": rng.getrandbits(62) | (1 << 61),
            "customer": f"{rng.choice(_WORDS)}.{rng.choice(_WORDS)}@{rng.choice(_WORDS)}.example",
            "status": rng.choice(["new", "paid", "sent", "back"]),
            "created": rng.getrandbits(40),
            "note": " ".join(rng.choices(_WORDS, k=24)),
            "items": [
                {
                    "sku": f"{rng.choice(_WORDS)}-{rng.randrange(10_000)}",
                    "quantity": rng.randrange(1, 9),
                    "price": rng.random() * 100,
                    "tags": rng.choices(_WORDS, k=3),
                }
                for _ in range(3)
            ],
        }
    )
    return document[:9], document[21:]
