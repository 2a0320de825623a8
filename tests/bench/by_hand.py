"""The fastest insertion by hand that we know how to write: what a restore is measured against."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

from bson import decode_all
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern

from bench.dataset import DATABASE

BATCH_BYTES, BATCH_DOCUMENTS = 3 << 20, 5_000  # as the restore sends them
THREADS = 4  # two collections with two batches each, as the restore does
TARGET = f"{DATABASE}_by_hand"
RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
Batch = tuple[str, list[RawBSONDocument]]


def insert_by_hand(uri: str) -> dict[str, float]:
    """Insert documents that lie ready in memory: no storage, no decoding, no check, no index."""
    with MongoClient[Any](uri) as client:
        batches = list(_batches(client))
        target = client.get_database(TARGET)

        def insert(batch: Batch) -> int:
            name, documents = batch
            command = {"insert": name, "documents": documents, "ordered": False}
            return int(target.command({**command, "writeConcern": {"w": 1}})["n"])

        try:
            started, cpu = time.perf_counter(), time.process_time()
            with ThreadPoolExecutor(THREADS) as threads:
                inserted = sum(threads.map(insert, batches))
            # The restore, too, is done only when a majority has everything.
            target.get_collection("last", write_concern=WriteConcern("majority")).insert_one({})
            took = {"wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
        finally:
            client.drop_database(TARGET)
        return {"documents": inserted, **took}


def _batches(client: MongoClient[Any]) -> Iterator[Batch]:
    """Yield batches of all collections in turn, so that the threads do not meet in one."""
    names = client[DATABASE].list_collection_names()
    for batches in zip_longest(*(_of_one(client, name) for name in names)):
        yield from (batch for batch in batches if batch is not None)


def _of_one(client: MongoClient[Any], name: str) -> Iterator[Batch]:
    batch: list[RawBSONDocument] = []
    size = 0
    for reply in client[DATABASE][name].find_raw_batches():
        for document in decode_all(reply, RAW):
            if size + len(document.raw) > BATCH_BYTES or len(batch) >= BATCH_DOCUMENTS:
                yield name, batch
                batch, size = [], 0
            batch.append(document)
            size += len(document.raw)
    if batch:
        yield name, batch
