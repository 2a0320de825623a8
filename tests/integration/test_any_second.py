"""The proof: writers, kills and elections go on, and every moment comes back exactly."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

import bson
import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient, WriteConcern
from pymongo.errors import AutoReconnect, PyMongoError

from fakes import capture_process
from fakes.workstation import PROFILE, VAULT, WAIT_S, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.core.backup import BackupId, Rename, RestoreRequest
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.run import RunState
from mangrove.engine.stages.compress import decompressed
from servers.mongod import ThreeNodes

DATABASE, NAME = "proof", "counters"
WRITERS, BETWEEN_S = 3, 0.02
ROUND = 25


@dataclass
class Writers:
    """Count upwards from several threads; note what a majority acknowledged."""

    uri: str
    acknowledged: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> "Writers":
        self._threads = [
            threading.Thread(target=self._write, args=(n,), name=f"writer-{n}")
            for n in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Return once so many more writes were acknowledged."""
        with self.changed:
            wanted = len(self.acknowledged) + more
            assert self.changed.wait_for(lambda: len(self.acknowledged) >= wanted, WAIT_S)

    def _write(self, thread: int) -> None:
        concern = WriteConcern("majority", wtimeout=5000)
        with MongoClient[Any](self.uri, serverSelectionTimeoutMS=2000) as client:
            counters = client[DATABASE].get_collection(NAME, write_concern=concern)
            number = 0
            while not self.over.wait(BETWEEN_S):
                number += 1
                name = f"{thread}-{number}"
                with suppress(PyMongoError):  # then nobody promised anything
                    counters.insert_one({"_id": name})
                    with self.changed:
                        self.acknowledged.append(name)
                        self.changed.notify_all()


@pytest.fixture
def desk(tmp_path: Path, three_node_replica_set: ThreeNodes) -> Iterator[Workstation]:
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_profile(three_node_replica_set.uri)
        opened.add_vault()
        yield opened


def slices_of(desk: Workstation) -> list[OplogSlice]:
    found = desk.services.points._slices.slices(PROFILE)
    return sorted(found, key=lambda piece: piece.last)


def stored_entries(desk: Workstation) -> list[Timestamp]:
    """Return the timestamps of all captured entries, each once, and prove that slices join."""
    vault = desk.services.points._tools.keeper.open(desk.services.vaults.find(VAULT))
    slices = slices_of(desk)
    assert len(slices) > 2  # from several processes
    assert all(later.continues(earlier) for earlier, later in pairwise(slices))
    found: list[Timestamp] = []
    for piece in slices:
        plain = b"".join(decompressed(vault.read(piece.blob), piece.compression))
        stamps = [entry["ts"] for entry in bson.decode_all(plain)]
        found += stamps[1:] if found else stamps
    return found


def oplog_of(nodes: ThreeNodes) -> dict[Timestamp, dict[str, Any]]:
    """Return the entries that stay, by their timestamps, oldest first.

    What counts is the primary's oplog: another node may hold an entry for a while that is about
    to be rolled back. A primary that joined by copying the data has no entries from before;
    there another node's count.
    """
    primary = nodes.primary()
    own = _entries(primary.uri)
    begins = min(own)
    for node in nodes.nodes:
        own |= {ts: entry for ts, entry in _entries(node.uri).items() if ts < begins}
    return dict(sorted(own.items()))


def _entries(uri: str) -> dict[Timestamp, dict[str, Any]]:
    fields = {"ts": 1, "op": 1, "ns": 1, "o._id": 1}
    with MongoClient[Any](uri) as client:
        return {entry["ts"]: entry for entry in client.local["oplog.rs"].find({}, fields)}


def kill(desk: Workstation, capture: Popen[str]) -> None:
    """Kill a capture that still goes on; one that ended by itself says why."""
    if capture.poll() is not None:
        newest = desk.services.activity.recent(1)[0]
        log = [line.text for line in desk.services.activity.log(newest.run_id)]
        raise AssertionError(f"capture ended by itself: {newest.problem}, {newest.note}, {log}")
    capture_process.end(capture)


def disturb(desk: Workstation, nodes: ThreeNodes, writers: Writers) -> None:
    """Let everything happen that a capture must survive, while writes go on."""
    with ExitStack() as stack:
        _disturb(desk, nodes, writers, stack)


def _disturb(desk: Workstation, nodes: ThreeNodes, writers: Writers, stack: ExitStack) -> None:
    capture = capture_process.start(desk, PROFILE, VAULT, 1)
    stack.callback(capture_process.give_back, capture)
    writers.wait_for(ROUND)
    kill(desk, capture)  # SIGKILL of capture
    writers.wait_for(ROUND)
    capture = capture_process.start(desk, PROFILE, VAULT, 1)
    stack.callback(capture_process.give_back, capture)
    writers.wait_for(ROUND)
    with MongoClient[Any](nodes.primary().uri) as client, suppress(AutoReconnect):
        client.admin.command("replSetStepDown", 30, secondaryCatchUpPeriodSecs=10)
    writers.wait_for(ROUND)
    killed = nodes.primary()
    killed.kill()  # SIGKILL of mongod: a real fail-over
    writers.wait_for(ROUND)
    killed.start()
    writers.wait_for(ROUND)
    kill(desk, capture)
    writers.wait_for(ROUND)


def test_every_moment_has_exactly_the_acknowledged_writes_up_to_it(
    desk: Workstation, three_node_replica_set: ThreeNodes
) -> None:
    nodes = three_node_replica_set
    with MongoClient[Any](nodes.uri) as client:
        client[DATABASE][NAME].insert_one({"_id": "first"})
    assert desk.backup().state is RunState.SUCCEEDED

    with Writers(nodes.uri) as writers:
        disturb(desk, nodes, writers)
    nodes.wait_until_steady()
    assert desk.capture().state is RunState.SUCCEEDED

    stored = stored_entries(desk)
    oplog = oplog_of(nodes)
    assert stored == [ts for ts in oplog if stored[0] <= ts <= stored[-1]]
    happened = {
        entry["o"]["_id"]: ts
        for ts, entry in oplog.items()
        if (entry["ns"], entry["op"]) == (f"{DATABASE}.{NAME}", "i")
    }
    with MongoClient[Any](nodes.uri) as client:
        assert {"first", *writers.acknowledged} <= happened.keys()
        (window,) = desk.services.points.timeline(PROFILE).windows
        after = sorted(t for t in happened.values() if t.time > window.start.seconds)
        for number, moment in enumerate([*random.Random(7).sample(after, 2), after[-1]]):
            limit = OplogTimestamp(moment.time, moment.inc)
            copy = f"{DATABASE}_{number}"
            restore(desk, limit, copy)
            found = {document["_id"] for document in client[copy][NAME].find()}
            assert found == {name for name, ts in happened.items() if ts < moment}


def restore(desk: Workstation, limit: OplogTimestamp, copy: str) -> None:
    request = RestoreRequest(
        BackupId(""),
        PROFILE,
        include=(f"{DATABASE}.*",),
        renames=(Rename(DATABASE, copy),),
        rewind_to=limit,
    )
    status = desk.services.activity.wait(desk.services.restores.start(request), WAIT_S)
    assert status.state is RunState.SUCCEEDED, status.problem
