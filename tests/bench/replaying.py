"""How fast an oplog is replayed, beside one ``applyOps`` for each entry as mongorestore does it.

``python tests/bench/replaying.py [operations]`` measures half a million operations of the kinds
that the golden oplogs hold: inserts, deltas, replacements and deletes, of four collections.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
from bson.int64 import Int64
from bson.timestamp import Timestamp
from pymongo import MongoClient

if __name__ == "__main__":  # started by hand: find the product and the fakes
    root = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(root / "desktop"), str(root / "tests")]

from fakes.clock import FakeClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.namespace import Namespace
from mangrove.core.replay import ReplayBase, ReplayMapping, ReplayWindow
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.core.uri import parse_uri
from mangrove.engine.framing import document_chunks
from mangrove.jobs.context import RunContext
from mangrove.jobs.restores.replay import replay

DATABASE, COLLECTIONS = "replaying", ("a", "b", "c", "d")
FULL, SINGLES, ROUNDS = 500_000, 4_000, 10


@dataclass(frozen=True, slots=True)
class Speeds:
    """Operations per second."""

    batched: float
    singly: float

    @property
    def ratio(self) -> float:
        """How many times as fast the batches are."""
        return self.batched / self.singly


def operations(count: int) -> Iterator[dict[str, Any]]:
    """Yield oplog entries: of ten, five inserts, three deltas, a replacement and a delete."""
    for n in range(count):
        kind, number = n % 10, n // 10
        entry: dict[str, Any] = {
            "op": "i",
            "ns": f"{DATABASE}.{COLLECTIONS[number % 4]}",
            "o": {"_id": n, "no": n, "name": "somebody", "total": n * 1.5, "tags": ["x", "y"]},
            "ts": Timestamp(1_700_000_000 + n // 5000, n % 5000 + 1),
            "t": Int64(1),
            "v": 2,
        }
        target = number * 10 + kind % 5
        if kind in (5, 6, 7):
            entry |= {"op": "u", "o": {"$v": 2, "diff": {"u": {"total": 1.0, "no": n}}}}
            entry["o2"] = {"_id": target}
        elif kind == 8:
            entry |= {"op": "u", "o": {"_id": target, "replaced": True}, "o2": {"_id": target}}
        elif kind == 9:
            entry |= {"op": "d", "o": {"_id": target}}
        yield entry


def measure_fairly(uri: str, count: int, rounds: int = ROUNDS) -> Speeds:
    """Measure both ways in turns, so that whatever else the machine does falls on both."""
    found = [measure(uri, count // rounds, SINGLES // rounds) for _ in range(rounds)]
    return Speeds(
        rounds / sum(1 / speeds.batched for speeds in found),
        rounds / sum(1 / speeds.singly for speeds in found),
    )


def measure(uri: str, count: int, singles: int = SINGLES) -> Speeds:
    """Replay so many operations in batches, and some of them one by one."""
    stream = b"".join(bson.encode(entry) for entry in operations(count))
    with MongoClient[Any](uri) as client, open_uri(parse_uri(uri).uri) as connection:
        _empty(client)
        base = [ReplayBase(n, n) for n in (Namespace(DATABASE, c) for c in COLLECTIONS)]
        started = time.perf_counter()
        outcome = replay(
            _context(),
            MongoRestoreSink(connection),
            lambda: document_chunks([stream]),
            base,
            ReplayMapping(lambda name: name),
            ReplayWindow(),
        )
        batched = outcome.operations / (time.perf_counter() - started)
        assert outcome.operations == count
        _empty(client)
        started = time.perf_counter()
        for entry in operations(singles):
            client.admin.command("applyOps", [entry], bypassDocumentValidation=True)
        singly = singles / (time.perf_counter() - started)
        client.drop_database(DATABASE)
    return Speeds(batched, singly)


def _empty(client: MongoClient[Any]) -> None:
    client.drop_database(DATABASE)
    for name in COLLECTIONS:
        client[DATABASE].create_collection(name)


def _context() -> RunContext:
    first = RunStatus(
        RunId("r"), RunKind.RESTORE, "a replay", "", "", None, RunState.RUNNING, FakeClock().now()
    )
    return RunContext(first, FakeClock(), lambda _: None, lambda _: None, ())


def main() -> None:
    """Measure on a server of our own."""
    from servers.mongod import mongod_binary  # noqa: PLC0415 - not needed by the test

    server = EmbeddedMongod(mongod_binary())
    server.start()
    try:
        speeds = measure_fairly(server.uri, int(sys.argv[1]) if sys.argv[1:] else FULL)
    finally:
        server.stop()
    print(  # noqa: T201 - this is a script
        f"batched {speeds.batched:,.0f} operations/s, one by one {speeds.singly:,.0f}/s: "
        f"{speeds.ratio:.1f} times"
    )


if __name__ == "__main__":
    main()
