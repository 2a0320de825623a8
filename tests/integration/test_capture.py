"""Capture against a real replica set: what is stored joins, and is exactly what the oplog had."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient

from fakes.workstation import PROFILE, VAULT, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.run import RunState
from mangrove.engine.stages.compress import decompressed


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_profile(replica_set.uri)
        opened.add_vault()
        yield opened


@pytest.fixture
def client(replica_set: EmbeddedMongod) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as opened:
        yield opened


def slices_of(desk: Workstation) -> tuple[OplogSlice, ...]:
    """Return the slices as the vault has them."""
    spec = desk.services.vaults.find(VAULT)
    tools = desk.services.points._tools
    return tuple(sorted(tools.keeper.open(spec).slices().all(), key=lambda s: s.last))


def entries_in(desk: Workstation, piece: OplogSlice) -> list[dict[str, Any]]:
    """Decrypt a slice and decode its entries."""
    vault = desk.services.points._tools.keeper.open(desk.services.vaults.find(VAULT))
    plain = b"".join(decompressed(vault.read(piece.blob), piece.compression))
    return bson.decode_all(plain)


def place(ts: OplogTimestamp) -> Timestamp:
    return Timestamp(ts.seconds, ts.increment)


def test_slices_hold_exactly_what_the_oplog_held(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    notes = client[database_name]["notes"]
    notes.insert_one({"_id": 0})
    assert desk.backup().state is RunState.SUCCEEDED

    for round_number in range(1, 4):
        notes.insert_many({"_id": round_number * 100 + n} for n in range(50))
        assert desk.capture().state is RunState.SUCCEEDED

    slices = slices_of(desk)
    first, last = place(slices[0].first.ts), place(slices[-1].last.ts)
    there = list(client.local["oplog.rs"].find({"ts": {"$gte": first, "$lte": last}}))
    kept = entries_in(desk, slices[0])
    for earlier, later in itertools.pairwise(slices):
        assert later.continues(earlier)
        assert later.previous == earlier.blob.sha256
        shared, *news = entries_in(desk, later)
        assert shared == kept[-1]
        kept += news
    assert kept == there
    assert len(slices) >= 3  # a busy machine stores one that is due in between


def test_a_window_begins_at_a_backup_that_was_taken_before_capture(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    client[database_name]["notes"].insert_one({"_id": 0})
    backup = desk.backup().backup
    client[database_name]["notes"].insert_many({"n": n} for n in range(20))

    desk.capture()

    timeline = desk.services.points.timeline(PROFILE)
    (window,) = timeline.windows
    assert [base.backup for base in window.bases] == [backup]
    assert window.start == timeline.bases[0].stands_at
    oldest = client["local"]["oplog.rs"].find_one({}, sort=[("$natural", 1)])
    assert oldest is not None
    assert timeline.headroom is not None
    reach = window.end.seconds - oldest["ts"].time
    # An oplog that is not full loses nothing yet; a full one what is older than it reaches.
    assert timeline.headroom.total_seconds() >= reach
