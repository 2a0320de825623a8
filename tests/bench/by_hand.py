"""The fastest insertion by hand that we know how to write: what a restore is measured against."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

from pymongo import MongoClient, WriteConcern

from bench.dataset import DATABASE
from bench.watch import Figures, watched
from mangrove.connectors.mongo.raw_reply import OpaqueDocument
from mangrove.engine.framing import document_chunks
from mangrove.jobs.restores.loading import BATCH_BYTES

THREADS = 4  # two collections with two batches each, as the restore does
TARGET = f"{DATABASE}_by_hand"
Batch = tuple[str, bytes]


def insert_by_hand(uri: str) -> Figures:
    """Insert documents that lie ready in memory: no storage, no decoding, no check, no index."""
    with MongoClient[Any](uri) as client:
        batches = list(_batches(client))
        target = client.get_database(TARGET)

        def insert(batch: Batch) -> int:
            name, documents = batch
            # One piece for all of them: nothing that pymongo encodes one by one is as fast.
            command = {"insert": name, "documents": [OpaqueDocument(documents)], "ordered": False}
            return int(target.command({**command, "writeConcern": {"w": 1}})["n"])

        def insert_all() -> Figures:
            with ThreadPoolExecutor(THREADS) as threads:
                inserted = sum(threads.map(insert, batches))
            # The restore, too, is done only when a majority has everything.
            target.get_collection("last", write_concern=WriteConcern("majority")).insert_one({})
            return {"documents": inserted}

        try:
            return watched(uri, insert_all)
        finally:
            client.drop_database(TARGET)


def _batches(client: MongoClient[Any]) -> Iterator[Batch]:
    """Yield batches of all collections in turn, so that the threads do not meet in one."""
    names = client[DATABASE].list_collection_names()
    for batches in zip_longest(*(_of_one(client, name) for name in names)):
        yield from (batch for batch in batches if batch is not None)


def _of_one(client: MongoClient[Any], name: str) -> Iterator[Batch]:
    replies = client[DATABASE][name].find_raw_batches()
    return ((name, chunk) for chunk in document_chunks(replies, BATCH_BYTES))
