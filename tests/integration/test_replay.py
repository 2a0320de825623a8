"""Replays of the golden oplogs on a real server: every moment, every case."""

import gzip
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import json_util
from bson.timestamp import Timestamp
from pymongo import MongoClient

from fakes.clock import FakeClock
from format.mongodump_golden import unpack as unpack_dump
from format.oplog_golden import (
    PIT_BASE,
    PIT_SLICE,
    CutOff,
    cases,
    cut_offs,
    state_of,
    unpack,
    wanted_state,
)
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.errors import MangroveError, MissingPrivilegeError
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.ports.restore import RestoreSink
from mangrove.core.replay import OpenEntries, ReplayBase, ReplayMapping, ReplayOutcome, ReplayWindow
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.core.uri import parse_uri
from mangrove.engine.framing import document_chunks, iter_documents
from mangrove.engine.mongodump.opening import open_dump
from mangrove.jobs.context import RunContext
from mangrove.jobs.restores.replay import replay
from servers.mongod import Account, GuardedServer

CASES = cases()
REFUSED_BEFORE_ANYTHING = {
    "commit_without_prepare_in_slice",
    "txn_slice_starts_in_the_middle",
    "insert_into_missing_collection_fails",
    "unknown_command_aborts",
    "truncated_tail",
}
REFUSED_BY_THE_SERVER = {"update_delta_wrong_section_order_rejected"}


def context() -> RunContext:
    first = RunStatus(
        RunId("r"), RunKind.RESTORE, "a replay", "", "", None, RunState.RUNNING, FakeClock().now()
    )
    return RunContext(
        first, FakeClock(), lambda _: None, lambda _: None, (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
    )


@pytest.fixture
def client(replica_set: EmbeddedMongod) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as client:
        yield client


@pytest.fixture
def sink(replica_set: EmbeddedMongod) -> Iterator[RestoreSink]:
    with open_uri(parse_uri(replica_set.uri).uri) as connection:
        yield MongoRestoreSink(connection)


def loaded(sink: RestoreSink, path: Path) -> list[ReplayBase]:
    """Load a dump without its secondary indexes."""
    base = []
    with open_dump(path) as dump:
        for collection in dump.collections:
            info = collection.info()
            sink.create(info)
            for chunk in dump.read(collection):
                assert not sink.insert(info.namespace, [*iter_documents(chunk)]).refused
            base.append(
                ReplayBase(
                    info.namespace,
                    info.namespace,
                    info.kind,
                    info.options,
                    info.uuid,
                    info.indexes,
                )
            )
        return base


def replayed(
    sink: RestoreSink,
    entries: OpenEntries,
    base: list[ReplayBase],
    limit: OplogTimestamp | None = None,
    mapping: ReplayMapping | None = None,
    failing: tuple[str, ...] = (),
) -> ReplayOutcome:
    """Replay, and build the indexes."""
    mapping = mapping or ReplayMapping(lambda name: name)
    outcome = replay(context(), sink, entries, base, mapping, ReplayWindow(limit=limit))
    failed = [f.name for info in infos_of(outcome) for f in sink.build_indexes(info)]
    assert failed == list(failing)
    return outcome


def infos_of(outcome: ReplayOutcome) -> Iterator[CollectionInfo]:
    for item in outcome.collections:
        yield CollectionInfo(item.target, item.kind, item.options, item.indexes, None)
        buckets = Namespace(item.target.database, f"system.buckets.{item.target.collection}")
        if item.bucket_indexes:
            yield CollectionInfo(buckets, "collection", item.options, item.bucket_indexes, None)


def oplog_of(path: Path) -> Iterator[bytes]:
    with open_dump(path) as dump:
        yield from dump.read_oplog()


def drop_all(client: MongoClient[Any]) -> None:
    for name in client.list_database_names():
        if name not in ("admin", "config", "local"):
            client.drop_database(name)


@pytest.mark.mongod
@pytest.mark.parametrize("cut_off", cut_offs(), ids=lambda c: c.name)
def test_every_moment_of_a_story_comes_out_as_it_was(
    client: MongoClient[Any], sink: RestoreSink, cut_off: CutOff
) -> None:
    drop_all(client)
    slice_ = gzip.decompress(PIT_SLICE.read_bytes())
    base = loaded(sink, PIT_BASE)
    limit = OplogTimestamp.parse(cut_off.limit) if cut_off.limit else None

    outcome = replayed(sink, lambda: document_chunks([slice_]), base, limit)

    found = {name: state_of(client, name) for name in cut_off.state}
    assert found == {name: wanted_state(state) for name, state in cut_off.state.items()}
    assert outcome.losses == ()


@pytest.mark.mongod
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_small_oplog_does_what_it_should(
    client: MongoClient[Any], sink: RestoreSink, name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    drop_all(client)
    folder = unpack(case, tmp_path)
    base = _prepared(client, sink, case, folder)
    limit = _limit(case["mongorestore_args"])

    if name in REFUSED_BEFORE_ANYTHING | REFUSED_BY_THE_SERVER:
        before = state_of(client, "ocase")
        with pytest.raises(MangroveError):
            replayed(sink, lambda: oplog_of(folder), base, limit)
        assert state_of(client, "ocase") == before
        return
    failing = ("a_1",) if name == "unique_violation_only_fails_at_index_build" else ()
    replayed(sink, lambda: oplog_of(folder), base, limit, failing=failing)

    assert state_of(client, "ocase") == _wanted(name, case)


def _prepared(
    client: MongoClient[Any], sink: RestoreSink, case: dict[str, Any], path: Path
) -> list[ReplayBase]:
    for command in case["pre_commands_on_target"]:
        client["ocase"].command(json_util.loads(json.dumps(command)))
    there = [ReplayBase(i.namespace, i.namespace) for i in sink.existing("ocase")]
    return [*there, *loaded(sink, path)]


def _limit(arguments: list[str]) -> OplogTimestamp | None:
    if "--oplogLimit" not in arguments:
        return None
    seconds, _, increment = arguments[arguments.index("--oplogLimit") + 1].partition(":")
    limit = OplogTimestamp(int(seconds), int(increment or 0))
    return limit if limit.seconds else None


def _wanted(name: str, case: dict[str, Any]) -> dict[str, Any]:
    """Return the recorded state, or what is wanted instead of the tool's mistake."""
    state = wanted_state(case["mongorestore"]["state"])
    own_id = {"_id_": {"v": {"$numberInt": "2"}, "key": {"_id": {"$numberInt": "1"}}}}
    own_id["_id_"] |= {"name": "_id_"}
    match name:
        case "collMod_index_unknown_to_catalog_fails":
            state["c"]["indexes"]["a_1"] |= {"hidden": True}
        case "dropIndexes_not_applied_to_server_index":
            del state["c"]["indexes"]["a_1"]
        case "createIndexes_then_rename" | "rename_moves_data_but_not_indexes":
            moved = state.pop("c")["indexes"]
            assert moved.keys() > own_id.keys()
            state["c2"]["indexes"] |= moved
        case _:
            pass
    return state


@pytest.mark.mongod
def test_replaying_needs_two_built_in_roles_and_says_so(mongod_with_auth: GuardedServer) -> None:
    roles = {"poor": ["restore"], "able": ["restore", "readWriteAnyDatabase"]}
    with MongoClient[Any](mongod_with_auth.uri_for(mongod_with_auth.root)) as root:
        for name, granted in roles.items():
            root.admin.command("createUser", name, pwd=PASSWORD, roles=granted)
        root.drop_database("guarded")
        root["guarded"].create_collection("c")
    renamed = {"renameCollection": "guarded.c", "to": "guarded.e"}
    entries = [
        {"op": "i", "ns": "guarded.c", "o": {"_id": 1}},
        {"op": "u", "ns": "guarded.c", "o": {"_id": 1, "a": 1}, "o2": {"_id": 1}},
        {"op": "c", "ns": "guarded.$cmd", "o": renamed},
        {"op": "i", "ns": "guarded.system.views", "o": {"_id": "guarded.v", "viewOn": "e"}},
    ]
    stream = b"".join(bson.encode({**e, "ts": Timestamp(1, n)}) for n, e in enumerate(entries))
    c = Namespace("guarded", "c")

    with (
        guarded_sink(mongod_with_auth, "poor") as sink,
        pytest.raises(MissingPrivilegeError, match=r"applyOps.*update on guarded") as refused,
    ):
        sink.replaying().check_privileges(["guarded"])
    assert "readWriteAnyDatabase" in refused.value.hint
    with guarded_sink(mongod_with_auth, "able") as sink:
        sink.replaying().check_privileges(["guarded"])
        outcome = replayed(sink, lambda: [stream], [ReplayBase(c, c)])

        assert outcome.operations == len(entries)
        assert {i.namespace.collection for i in sink.existing("guarded")} == {"e", "v"}


PASSWORD = secrets.token_hex(24)


@contextmanager
def guarded_sink(server: GuardedServer, user: str) -> Iterator[RestoreSink]:
    uri = parse_uri(server.uri_for(Account(user, PASSWORD)))
    with open_uri(uri.uri, uri.password) as connection:
        yield MongoRestoreSink(connection)


@pytest.mark.mongod
def test_a_batch_that_arrived_twice_comes_to_the_same(
    client: MongoClient[Any], sink: RestoreSink
) -> None:
    """What a lost connection makes of a batch: some of it was applied, then all of it again."""
    drop_all(client)
    client["twice"].create_collection("c")
    operations = [
        bson.encode(o)
        for o in (
            {"op": "i", "ns": "twice.c", "o": {"_id": 1, "a": 0}},
            {"op": "u", "ns": "twice.c", "o": {"$v": 2, "diff": {"u": {"a": 5}}}, "o2": {"_id": 1}},
            {"op": "i", "ns": "twice.c", "o": {"_id": 2}},
            {"op": "d", "ns": "twice.c", "o": {"_id": 2}},
            {"op": "i", "ns": "twice.c", "o": {"_id": 2, "again": True}},
        )
    ]

    sink.replaying().apply(operations[:3])
    sink.replaying().apply(operations)
    sink.replaying().apply(operations)

    assert list(client["twice"].c.find()) == [{"_id": 1, "a": 5}, {"_id": 2, "again": True}]


@pytest.mark.mongod
def test_a_replay_goes_on_after_the_server_went_away(
    fresh_replica_set: EmbeddedMongod,
) -> None:
    server = fresh_replica_set
    entries = [
        {"op": "i", "ns": "away.c", "o": {"_id": n}, "ts": Timestamp(1, n + 1)}
        for n in range(9_000)
    ]
    chunks = [bson.encode(e) for e in entries]
    killed = []

    def opened() -> Iterator[bytes]:
        for n, chunk in enumerate(chunks):
            if n == 6_000 and killed:  # the second pass: one batch is applied by now
                server.kill()
                threading.Thread(target=server.start).start()
                killed.clear()
            yield chunk
        killed.append(True)

    with MongoClient[Any](server.uri) as client, open_uri(parse_uri(server.uri).uri) as connection:
        client["away"].create_collection("c")
        c = Namespace("away", "c")
        outcome = replayed(MongoRestoreSink(connection), opened, [ReplayBase(c, c)])

        assert outcome.operations == len(entries)
        assert client["away"].c.count_documents({}) == len(entries)


@pytest.mark.mongod
def test_a_dump_under_a_writer_that_moved_money_is_whole_again(
    client: MongoClient[Any], sink: RestoreSink, tmp_path: Path
) -> None:
    drop_all(client)
    folder = unpack_dump("oplog_full", tmp_path)
    base = loaded(sink, folder)

    replayed(sink, lambda: oplog_of(folder), base)

    bank = client["bank"]
    assert sum(d["bal"] for d in bank.accounts.find()) == 391_000
    counts = {name: bank[name].count_documents({}) for name in ("accounts", "items", "journal")}
    assert counts == {"accounts": 391, "items": 2336, "journal": 266}
