"""How large a collection is, as the server's own counters say: quickly, or with its disk use."""

from dataclasses import dataclass

from pymongo.errors import OperationFailure

from mangrove.connectors.mongo.client import Connection
from mangrove.core.deployment import DiskUse
from mangrove.core.namespace import Namespace

CLOSER_LOOK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class EstimatedSize:
    """The storage's own counters; zeros where they may not be read."""

    documents: int = 0
    data_bytes: int = 0

    @property
    def is_worth_a_closer_look(self) -> bool:
        """Whether its use of the disk matters; asking costs more than a small one's dump."""
        return self.data_bytes >= CLOSER_LOOK_BYTES


def estimated_size(connection: Connection, data: Namespace) -> EstimatedSize:
    """Return documents and bytes from the counters that the server keeps for each collection.

    Nothing is scanned, and no statistics are gathered: $collStats takes up to 20 ms for each
    collection with three indexes.

    Source: MongoDB manual, "dataSize": estimate; for a whole collection the size is its counter.
    """
    try:
        found = connection.run(data.database, {"dataSize": str(data), "estimate": True})
    except OperationFailure:
        return EstimatedSize()
    return EstimatedSize(int(found.get("numObjects", 0)), int(found.get("size", 0)))


def disk_use(connection: Connection, data: Namespace) -> DiskUse | None:
    """Return what a collection takes on the server's disk; None where that may not be read.

    Source: MongoDB manual, "$collStats": storageStats, one document per shard.
    """
    fields = {"d": "storageSize", "i": "totalIndexSize"}
    pipeline = [
        {"$collStats": {"storageStats": {}}},
        {"$project": {name: f"$storageStats.{field}" for name, field in fields.items()}},
    ]
    command = {"aggregate": data.collection, "pipeline": pipeline, "cursor": {}}
    try:
        found = connection.run(data.database, command)["cursor"]["firstBatch"]
    except OperationFailure:
        return None
    totals = {name: sum(int(d.get(name, 0)) for d in found) for name in fields}
    return DiskUse(totals["d"], totals["i"])
