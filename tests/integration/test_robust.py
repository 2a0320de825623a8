"""Runs never hang and never end silently short: frozen, lost and busy servers and storages."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from fakes.workstation import WAIT_S, Workstation, content, fill, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.batch_reader import TARGET_BYTES
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.backup import (
    BackupId,
    BackupRequest,
    Compression,
    Rename,
    RestoreRequest,
    SafetyBackup,
    Selection,
)
from mangrove.core.copy import CopyRequest
from mangrove.core.manifest import Manifest
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunId, RunState, RunStatus
from mangrove.core.secret import Secret
from mangrove.core.uri import parse_uri
from mangrove.core.verification import Level, VerifyRequest
from servers.cut_line import cut_line
from servers.flaky_proxy import FlakyProxy, flaky_proxy
from servers.mongod import ThreeNodes
from servers.object_stores import ObjectStore

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
SHOP = Selection(databases=("shop",))
# One collection, and so one reader: what is done at its first chunk is done before it asks for
# the second, however fast the machine is.
BIG = Selection(collections=(Namespace("shop", "big"),))
COPIED = (Rename("shop", "shop_copied"),)
CANCEL_S = 12.0  # two to three on a quiet machine; without the cancel it would be minutes
PATIENCE = 5
# Quick enough, and not over before anybody is told of it.
COPIED_SLOWLY = RestoreRequest("", "staging", renames=COPIED, limit_bytes_per_s=20_000_000)
QUICK = "serverSelectionTimeoutMS=500"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    """An empty workstation with one vault."""
    with workstation(tmp_path) as opened:
        opened.add_vault()
        yield opened


@contextmanager
def thawed_at_the_end(*servers: EmbeddedMongod) -> Iterator[None]:
    """Let stopped servers go on, whatever happens."""
    try:
        yield
    finally:
        for server in servers:
            if server.pid is not None:
                os.kill(server.pid, signal.SIGCONT)


def freeze(server: EmbeddedMongod) -> Callable[[RunStatus], None]:
    def act(_: RunStatus) -> None:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)

    return act


def cancelled_within(desk: Workstation, run_id: RunId, frozen: threading.Event) -> RunStatus:
    """Cancel once the server is frozen and nothing moves; assert that it ends soon."""
    assert frozen.wait(30)
    wait_until_nothing_moves(desk, run_id)
    began_s = time.monotonic()
    desk.services.activity.cancel(run_id)
    status = desk.services.activity.wait(run_id, 30)
    assert status.state is RunState.CANCELLED, status
    assert time.monotonic() - began_s < CANCEL_S
    return status


def wait_until_nothing_moves(desk: Workstation, run_id: RunId) -> None:
    moved = threading.Event()
    forget = desk.services.activity.subscribe(lambda s: moved.set() if s.run_id == run_id else None)
    while moved.wait(0.3):
        moved.clear()
    forget()


def whole(manifest: Manifest) -> set[tuple[str, int, str]]:
    return {(str(n.namespace), n.documents, n.digest) for n in manifest.namespaces}


def manifest_of(desk: Workstation, status: RunStatus) -> Manifest:
    assert status.backup is not None, status.problem
    return desk.services.backups.explain(status.backup).manifest


def log_of(desk: Workstation, status: RunStatus) -> str:
    return "\n".join(line.text for line in desk.services.activity.log(status.run_id))


def fill_shop(uri: str, megabytes: float = 24) -> None:
    with MongoClient[Any](uri, w="majority") as client:
        fill(client, "shop", megabytes)
        fill(client, "shop", 2, "other")


# --- cancel ------------------------------------------------------------------------------


def test_a_cancel_reaches_a_backup_whose_server_is_frozen(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri, 40)
    desk.add_profile(fresh_replica_set.uri)
    with thawed_at_the_end(fresh_replica_set):
        frozen = desk.at_phase(Phase.DUMP, freeze(fresh_replica_set), half_way=True)
        run_id = desk.services.backups.start(BackupRequest("shop", "attic", SHOP))

        cancelled_within(desk, run_id, frozen)

        assert [*desk.files()] == ["vault.json"]


def test_a_cancel_reaches_a_restore_whose_server_is_frozen_and_says_what_is_left(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri, 40)
    desk.add_profile(fresh_replica_set.uri)
    taken = desk.backup(selection=SHOP).backup
    assert taken is not None
    with thawed_at_the_end(fresh_replica_set):
        frozen = desk.at_phase(Phase.LOAD, freeze(fresh_replica_set), half_way=True)
        request = RestoreRequest(taken, "shop", replace=("shop",), safety=SafetyBackup.SKIP)
        run_id = desk.services.restores.start(request)

        status = cancelled_within(desk, run_id, frozen)

        assert "cancelled; shop.mangrove_" in status.note
        assert "mangrove profile clean" in status.note
    with MongoClient[Any](fresh_replica_set.uri) as client:
        assert content(client)["shop"]["big"] == 2000


def test_a_cancel_reaches_a_backup_whose_storage_is_frozen(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod, rclone_s3: ObjectStore
) -> None:
    fill_shop(fresh_replica_set.uri, 40)
    with workstation(tmp_path) as desk, flaky_proxy(rclone_s3.endpoint) as proxy:
        add_vault_behind(proxy, rclone_s3, desk)
        desk.add_profile(fresh_replica_set.uri)
        stuck = desk.at_phase(Phase.DUMP, lambda _: proxy.mood.is_stuck.set(), half_way=True)
        run_id = desk.services.backups.start(BackupRequest("shop", "attic", SHOP))

        status = cancelled_within(desk, run_id, stuck)

        assert "left there: mangrove vault check attic --remove-debris" in status.note


# --- stalls ------------------------------------------------------------------------------


def test_a_frozen_server_ends_the_backup_at_the_stall_limit(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri, 40)
    with workstation(tmp_path, stall_s=2) as desk, thawed_at_the_end(fresh_replica_set):
        desk.add_vault()
        desk.add_profile(fresh_replica_set.uri)
        frozen = desk.at_phase(Phase.DUMP, freeze(fresh_replica_set), half_way=True)

        status = desk.backup(selection=SHOP)

        assert frozen.is_set()
        assert status.problem is not None
        assert status.problem.code == "stalled"
        assert str(fresh_replica_set.port) in status.problem.message
        assert [*desk.files()] == ["vault.json"]


def test_a_storage_that_takes_no_bytes_ends_the_backup_at_the_stall_limit(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod, rclone_s3: ObjectStore
) -> None:
    fill_shop(fresh_replica_set.uri, 40)
    with (
        workstation(tmp_path, stall_s=2) as desk,
        flaky_proxy(rclone_s3.endpoint) as proxy,
    ):
        add_vault_behind(proxy, rclone_s3, desk)
        desk.add_profile(fresh_replica_set.uri)
        desk.at_phase(Phase.DUMP, lambda _: proxy.mood.is_stuck.set(), half_way=True)

        status = desk.backup(selection=SHOP)

        assert status.problem is not None
        assert status.problem.code == "stalled"
        assert "the storage" in status.problem.message


# --- lost connections --------------------------------------------------------------------


def test_a_backup_goes_on_where_the_line_broke_and_reads_nothing_twice(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri, 30)
    with cut_line(fresh_replica_set.port) as line:
        desk.add_profile(line.uri())
        undisturbed = manifest_of(desk, desk.backup(selection=BIG))
        unbroken_bytes = line.received
        broken = desk.at_phase(Phase.DUMP, lambda _: line.cut_soon(6_000_000), half_way=True)

        status = desk.backup(selection=BIG)

        assert broken.is_set()
        assert status.state is RunState.SUCCEEDED, status.problem
        assert "going on where it broke off" in log_of(desk, status)
        assert line.received - unbroken_bytes < unbroken_bytes + 2 * TARGET_BYTES
    again = manifest_of(desk, status)
    assert whole(again) == whole(undisturbed)
    assert [n.segments[0].plain_bytes for n in again.namespaces] == [
        n.segments[0].plain_bytes for n in undisturbed.namespaces
    ]


def step_down(nodes: ThreeNodes) -> Callable[[RunStatus], None]:
    def act(_: RunStatus) -> None:
        # Older servers close the connection.
        with MongoClient[Any](nodes.primary().uri) as client, suppress(AutoReconnect):
            client.admin.command("replSetStepDown", 30, secondaryCatchUpPeriodSecs=10)

    return act


def allow_elections(nodes: ThreeNodes) -> None:
    """Let those that stepped down before become primary again."""
    for node in nodes.nodes:
        if node is not nodes.primary():
            with MongoClient[Any](node.uri) as client:
                client.admin.command("replSetFreeze", 0)


def test_elections_and_lost_nodes_leave_nothing_out(
    desk: Workstation, three_node_replica_set: ThreeNodes, standalone: EmbeddedMongod
) -> None:
    """One set for the four parts: three nodes take seconds to come up."""
    nodes = three_node_replica_set
    fill_shop(nodes.uri)
    desk.add_profile(nodes.uri)
    undisturbed = manifest_of(desk, desk.backup(selection=BIG))

    # A primary that steps down in the middle of a dump.
    stepped = desk.at_phase(Phase.DUMP, step_down(nodes), half_way=True)
    status = desk.backup(selection=BIG)
    assert stepped.is_set()
    assert status.state is RunState.SUCCEEDED, status.problem
    assert whole(manifest_of(desk, status)) == whole(undisturbed)
    assert "looking for it again" in log_of(desk, status)

    # A primary that steps down in the middle of a restore.
    nodes.wait_until_steady()
    taken = undisturbed.backup
    stepped = desk.at_phase(Phase.LOAD, step_down(nodes), half_way=True)
    status = desk.restore(taken)
    assert stepped.is_set()
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    with MongoClient[Any](nodes.uri) as client:
        (copy,) = status.result.targets if status.result else ()
        assert content(client)[copy]["big"] == content(client)["shop"]["big"]

    # A primary that steps down in the middle of a copy: another node numbers its records anew.
    nodes.wait_until_steady()
    allow_elections(nodes)
    desk.add_profile(standalone.uri, "staging")
    stepped = desk.at_phase(Phase.LOAD, step_down(nodes), half_way=True)
    request = CopyRequest("shop", BIG, COPIED_SLOWLY)
    status = desk.services.activity.wait(desk.services.copies.start(request), WAIT_S)
    assert stepped.is_set()
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    with MongoClient[Any](nodes.uri) as client, MongoClient[Any](standalone.uri) as target:
        assert content(target)["shop_copied"]["big"] == content(client)["shop"]["big"]
        target.drop_database("shop_copied")

    # The chosen secondary dies in the middle of a dump.
    nodes.wait_until_steady()
    desk.add_profile(f"{nodes.uri}&readPreference=secondary", "from-secondary")
    killed = desk.at_phase(Phase.DUMP, lambda _: kill_reader(nodes), half_way=True)
    status = desk.backup("from-secondary", selection=BIG)
    assert killed.is_set()
    assert status.state is RunState.SUCCEEDED, status.problem
    manifest = manifest_of(desk, status)
    assert whole(manifest) == whole(undisturbed)
    assert "went away, so" in manifest.consistency_reason


def kill_reader(nodes: ThreeNodes) -> None:
    """Kill the secondary that our cursor is on: the newest one, for lost ones linger."""
    opened = {at: node for node in nodes.nodes for at in cursors_opened(node)}
    node = opened[max(opened)]
    assert node is not nodes.primary()
    node.kill()


def cursors_opened(node: EmbeddedMongod) -> list[datetime]:
    """Return when the idle cursors of a node on the collection were opened."""
    pipeline = [
        {"$currentOp": {"idleCursors": True, "allUsers": True}},
        {"$match": {"ns": "shop.big", "cursor": {"$exists": True}}},
    ]
    with MongoClient[Any](node.uri) as client:
        return [op["cursor"]["createdDate"] for op in client.admin.aggregate(pipeline)]


def test_a_server_that_stays_away_fails_the_backup_with_its_reason(
    desk: Workstation, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri)
    desk.add_profile(f"{fresh_replica_set.uri}&{QUICK}")
    killed = desk.at_phase(Phase.DUMP, lambda _: fresh_replica_set.kill(), half_way=True)

    status = desk.backup(selection=SHOP)

    assert killed.is_set()
    assert status.problem is not None
    assert status.problem.code == "connection-lost"
    assert [*desk.files()] == ["vault.json"]


def test_a_batch_sent_again_counts_what_had_arrived_and_nothing_else(
    replica_set: EmbeddedMongod, database_name: str
) -> None:
    where = Namespace(database_name, "c")
    documents = [bson.encode({"_id": n, "at": bson.Timestamp(0, 0), "x": n}) for n in range(8)]
    late_id = bson.encode({"x": 1, "_id": 100})
    with (
        MongoClient[Any](replica_set.uri) as client,
        open_uri(parse_uri(replica_set.uri).uri) as connection,
    ):
        # What the lost attempt left: its timestamps replaced, and the _id moved in front.
        client[database_name]["c"].insert_many(map(bson.decode, [*documents[:4], late_id]))
        client[database_name]["c"].insert_one({"_id": 7, "x": "of somebody else"})

        outcome = MongoRestoreSink(connection).insert_again(where, [*documents, late_id])

        assert outcome.inserted == 8
        assert [bson.decode(_document(r.id_element)) for r in outcome.refused] == [{"_id": 7}]
        kept = {d["_id"]: d for d in client[database_name]["c"].find()}
        assert [kept[n]["at"] for n in range(7)] == [bson.Timestamp(0, 0)] * 7
        assert len(kept) == 9
        client.drop_database(database_name)


def _document(element: bytes) -> bytes:
    return (len(element) + 5).to_bytes(4, "little") + element + b"\0"


# --- storage -----------------------------------------------------------------------------


def add_vault_behind(proxy: FlakyProxy, store: ObjectStore, desk: Workstation) -> None:
    url = f"s3://{store.bucket}?endpoint={proxy.endpoint}&region={store.region}"
    desk.add_vault(url, access_key=store.access_key, secret_key=Secret(store.secret_key))


@pytest.mark.parametrize("status", [503, 429])
def test_a_busy_and_unsteady_storage_is_asked_again(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod, rclone_s3: ObjectStore, status: int
) -> None:
    fill_shop(fresh_replica_set.uri, 20)
    with workstation(tmp_path) as desk, flaky_proxy(rclone_s3.endpoint) as proxy:
        add_vault_behind(proxy, rclone_s3, desk)
        desk.add_profile(fresh_replica_set.uri)
        mood = proxy.mood
        mood.status, mood.retry_after_s = status, "1"
        mood.busy.update({"PUT": 2, "GET": 1, "POST": 1})
        mood.lose_answer.update({"PUT": 1})
        mood.break_early.update({"PUT": 1})
        mood.break_half_way.update({"GET": 2})

        taken = desk.backup(selection=SHOP)
        assert taken.state is RunState.SUCCEEDED, taken.problem
        assert taken.backup is not None
        checked = desk.verify(VerifyRequest(BackupId(taken.backup), Level.DECODED))

        assert checked.state is RunState.SUCCEEDED, (checked.problem, checked.result)
        assert mood.break_half_way["GET"] == 0
        assert mood.busy["PUT"] == mood.lose_answer["PUT"] == 0


# --- bandwidth ---------------------------------------------------------------------------


def test_a_limit_holds_for_backup_and_restore_and_lets_a_cancel_through(
    tmp_path: Path, fresh_replica_set: EmbeddedMongod
) -> None:
    fill_shop(fresh_replica_set.uri, 4)
    limit = 4_000_000
    with workstation(tmp_path, clock=SystemClock()) as desk:
        desk.add_vault()
        desk.add_profile(fresh_replica_set.uri)

        kept = {"limit_bytes_per_s": limit}
        taken = kept_and_used(
            limit,
            lambda: desk.backup(selection=SHOP, compression=Compression.NONE, **kept),
            lambda status: 2 * manifest_of(desk, status).stored_bytes,
        )
        manifest = manifest_of(desk, taken)
        kept_and_used(
            limit,
            lambda: desk.restore(manifest.backup, **kept),
            lambda _: 2 * manifest.stored_bytes,
        )

        request = BackupRequest("shop", "attic", SHOP, limit_bytes_per_s=20_000)
        in_dump = desk.at_phase(Phase.DUMP, lambda _: None)
        run_id = desk.services.backups.start(request)
        cancelled_within(desk, run_id, in_dump)


def kept_and_used(
    limit: int, run: Callable[[], RunStatus], moved_bytes: Callable[[RunStatus], int]
) -> RunStatus:
    """Run until a limit is used up: a busy machine makes a run slower, and none makes it faster."""
    shares: list[float] = []
    while len(shares) < PATIENCE:
        status = run()
        assert status.state is RunState.SUCCEEDED, status.problem
        shares.append(moved_bytes(status) / seconds_of(status) / limit)
        assert shares[-1] < 1.2
        if shares[-1] > 0.8:
            return status
    raise AssertionError(f"the limit was never used up: {shares}")


def seconds_of(status: RunStatus) -> float:
    assert status.started_at is not None
    assert status.ended_at is not None
    return (status.ended_at - status.started_at).total_seconds()
