"""Collections are read byte for byte, at one moment, and from one and the same collection."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.write_concern import WriteConcern
from typing_extensions import override

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.batch_reader import TARGET_BYTES
from mangrove.connectors.mongo.client import Connection, Entry, open_uri
from mangrove.connectors.mongo.dump_source import MongoDumpSource
from mangrove.connectors.mongo.raw_reply import OpaqueDocument
from mangrove.core.backup import Consistency, Selection, selection_of
from mangrove.core.documents import document_of, split_documents
from mangrove.core.errors import (
    ConnectionLostError,
    InvalidSelectionError,
    NamespaceChangedError,
    SnapshotLostError,
    UnsupportedTopologyError,
)
from mangrove.core.ports.dump import CollectionInfo, OpenDump
from mangrove.core.uri import parse_uri

pytestmark = pytest.mark.mongod

EVERYTHING_ODD = [
    document_of(bson.encode({"_id": 1})[4:-1], b"\x02s\0\x03\0\0\0\xff\xfe\0"),  # no UTF-8
    document_of(bson.encode({"_id": 2})[4:-1], b"\x10a\0\1\0\0\0", b"\x10a\0\2\0\0\0"),  # a twice
    document_of(bson.encode({"_id": 3})[4:-1], b"\x06u\0"),  # undefined
    document_of(bson.encode({"_id": 4})[4:-1], b"\x0es\0\x02\0\0\0x\0"),  # symbol
    document_of(bson.encode({"_id": 5})[4:-1], b"\x0cp\0\x02\0\0\0c\0" + b"\7" * 12),  # DBPointer
    document_of(bson.encode({"_id": 6})[4:-1], b"\x01n\0\x01\0\0\0\0\0\xf8\xff"),  # NaN, payload
    document_of(bson.encode({"_id": 7})[4:-1], b"\x09d\0" + b"\xff" * 7 + b"\x7f"),  # far future
    document_of(bson.encode({"_id": 8})[4:-1], b"\x0br\0^a\0xi\0"),  # regex options unsorted
    bson.encode({"_id": 9, "": 1, "a.b": {"$set": 1}, "ü": [[], {}]}),
]


def _whole(dump: OpenDump, info: CollectionInfo) -> bytes:
    return b"".join(dump.read(info))


def _only(dump: OpenDump) -> CollectionInfo:
    (info,) = dump.collections
    return info


def _fill(client: MongoClient[Any], database: str, name: str, count: int, pad: int = 0) -> None:
    documents = [{"_id": n, "pad": "x" * pad} for n in range(count)]
    client[database][name].insert_many(documents)


def test_reader_returns_odd_documents_byte_for_byte(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    odd = [OpaqueDocument(d) for d in EVERYTHING_ODD]
    onlooker[database_name].command({"insert": "odd", "documents": odd})

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        read = split_documents(_whole(dump, _only(dump)))

    assert read == EVERYTHING_ODD


def test_reader_returns_every_document_of_several_collections_in_threads(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    for number, count in enumerate((0, 1, 101, 102, 5000)):
        onlooker[database_name].create_collection(f"c{number}")
        if count:
            _fill(onlooker, database_name, f"c{number}", count, pad=number * 50)

    with (
        source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump,
        ThreadPoolExecutor(4) as pool,
    ):
        contents = dict(
            zip(
                dump.collections, pool.map(lambda i: _whole(dump, i), dump.collections), strict=True
            )
        )

    for info, content in contents.items():
        ids = [bson.decode(d)["_id"] for d in split_documents(content)]
        expected = (0, 1, 101, 102, 5000)[int(info.namespace.collection[1:])]
        assert ids == list(range(expected))
    assert dump.collections[0].namespace.collection == "c4"  # the largest first


def test_chunks_hold_whole_documents_and_stay_near_their_size(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    _fill(onlooker, database_name, "c", 20_000, pad=1000)

    with source.open(selection_of((database_name,), ()), Consistency.NONE) as dump:
        sizes = [len(chunk) for chunk in dump.read(_only(dump))]

    assert sum(sizes) == 20_000 * len(bson.encode({"_id": 1, "pad": "x" * 1000}))
    assert all(size <= TARGET_BYTES * 1.1 for size in sizes)
    assert len(sizes) <= sum(sizes) // TARGET_BYTES + 3  # neither many small replies


def test_reader_copes_with_documents_of_sixteen_megabytes(
    standalone: EmbeddedMongod, database_name: str
) -> None:
    size = 16 * 1024 * 1024 - 64  # a member of a set would need room for its oplog entry as well

    with (
        MongoClient[Any](standalone.uri) as client,
        open_uri(parse_uri(standalone.uri).uri) as connection,
    ):
        for number in range(3):
            client[database_name]["huge"].insert_one({"_id": number, "b": b"\0" * size})
        client[database_name]["huge"].insert_many([{"_id": n} for n in range(10, 400)])
        selection = selection_of((database_name,), ())
        with MongoDumpSource(connection).open(selection, Consistency.AUTO) as dump:
            read = split_documents(_whole(dump, _only(dump)))
        client.drop_database(database_name)

    assert [len(d) > size for d in read] == [True] * 3 + [False] * 390


def test_snapshot_does_not_show_what_was_written_during_the_read(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    _fill(onlooker, database_name, "a", 3000, pad=3000)
    _fill(onlooker, database_name, "b", 10)

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        large, small = dump.collections
        chunks = dump.read(large)
        first = next(chunks)
        onlooker[database_name]["a"].delete_many({"_id": {"$gt": 2900}})
        onlooker[database_name]["a"].insert_one({"_id": 5000})
        onlooker[database_name]["b"].delete_many({})
        rest = b"".join(chunks)

        assert len(split_documents(first + rest)) == 3000
        assert len(split_documents(_whole(dump, small))) == 10
    assert (dump.achieved, dump.consistent_at is not None) == (Consistency.SNAPSHOT, True)
    assert "one cluster time" in dump.reason


def test_collection_made_a_moment_ago_is_not_read_as_empty(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    for number in range(5):
        onlooker[database_name][f"new{number}"].insert_one({"_id": 1})

        with source.open(selection_of((database_name,), ()), Consistency.SNAPSHOT) as dump:
            assert all(len(_whole(dump, info)) > 0 for info in dump.collections)


@pytest.mark.parametrize("consistency", [Consistency.SNAPSHOT, Consistency.NONE])
@pytest.mark.parametrize("recreated", [False, True], ids=["dropped", "recreated"])
@pytest.mark.parametrize("begun", [False, True], ids=["before the read", "during the read"])
def test_collection_changed_under_the_reader_is_noticed(
    source: MongoDumpSource,
    onlooker: MongoClient[Any],
    database_name: str,
    consistency: Consistency,
    recreated: bool,
    begun: bool,
) -> None:
    _fill(onlooker, database_name, "c", 3000, pad=3000)

    with source.open(selection_of((database_name,), ()), consistency) as dump:
        chunks = dump.read(_only(dump))
        if begun:
            next(chunks)
        onlooker[database_name].drop_collection("c")
        if recreated:
            onlooker[database_name]["c"].insert_one({"_id": 1})

        with pytest.raises(NamespaceChangedError, match=database_name):
            list(chunks)


def test_reader_that_stops_early_leaves_no_cursor_behind(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    _fill(onlooker, database_name, "c", 3000, pad=3000)

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        chunks = dump.read(_only(dump))
        next(chunks)
        assert _open_cursors(onlooker, database_name) == 1
        assert isinstance(chunks, Iterator)
        chunks.close()  # type: ignore[attr-defined]  # the port promises an iterator only

        assert _open_cursors(onlooker, database_name) == 0


def _open_cursors(client: MongoClient[Any], database: str) -> int:
    pipeline: list[dict[str, Any]] = [
        {"$currentOp": {"idleCursors": True, "allUsers": True}},
        {"$match": {"ns": f"{database}.c", "cursor": {"$exists": True}}},
    ]
    return len(list(client["admin"].aggregate(pipeline)))


@pytest.mark.slow
def test_server_killed_in_the_middle_is_a_lost_connection(
    fresh_replica_set: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client:
        _fill(client, database_name, "c", 3000, pad=3000)
    uri = parse_uri(fresh_replica_set.uri).uri.with_option("serverSelectionTimeoutMS", "500")

    with (
        open_uri(uri) as connection,
        MongoDumpSource(connection).open(selection_of((database_name,), ()), Consistency.AUTO) as d,
    ):
        chunks = d.read(_only(d))
        next(chunks)
        fresh_replica_set.kill()

        with pytest.raises(ConnectionLostError, match="in the middle"):
            list(chunks)


@pytest.mark.slow
def test_moment_that_the_server_forgot_is_a_lost_snapshot(
    fresh_replica_set: EmbeddedMongod, database_name: str
) -> None:
    with (
        MongoClient[Any](fresh_replica_set.uri) as client,
        open_uri(parse_uri(fresh_replica_set.uri).uri) as connection,
    ):
        _fill(client, database_name, "c", 10)
        selection = selection_of((database_name,), ())
        with MongoDumpSource(connection).open(selection, Consistency.AUTO) as dump:
            client.admin.command({"setParameter": 1, "minSnapshotHistoryWindowInSeconds": 0})

            with pytest.raises(SnapshotLostError) as caught:
                _read_until_forgotten(dump, client[database_name]["other"])

    assert "minSnapshotHistoryWindowInSeconds" in caught.value.hint


def _read_until_forgotten(dump: OpenDump, other: Any) -> None:
    for _ in range(300):
        other.insert_one({})  # history moves on with writes only
        _whole(dump, _only(dump))
        threading.Event().wait(0.05)


def test_capped_collection_is_read_outside_the_snapshot_and_said_to_be(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    onlooker[database_name].create_collection("log", capped=True, size=1 << 20)
    _fill(onlooker, database_name, "log", 500)
    _fill(onlooker, database_name, "c", 500)

    with source.open(selection_of((database_name,), ()), Consistency.SNAPSHOT) as dump:
        counts = [len(split_documents(_whole(dump, info))) for info in dump.collections]

    assert counts == [500, 500]
    assert dump.achieved is Consistency.SNAPSHOT
    assert f"no capped collection at a cluster time ({database_name}.log)" in dump.reason


def test_capped_collections_alone_have_no_snapshot(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    onlooker[database_name].create_collection("log", capped=True, size=1 << 20)
    selection = selection_of((database_name,), ())

    with source.open(selection, Consistency.AUTO) as dump:
        assert (dump.achieved, dump.consistent_at) == (Consistency.OPLOG, None)
    with (
        pytest.raises(UnsupportedTopologyError, match="capped"),
        source.open(selection, Consistency.SNAPSHOT),
    ):
        pass


def test_time_series_is_read_from_its_buckets_and_view_by_its_definition(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    db = onlooker[database_name]
    db.create_collection("heat", timeseries={"timeField": "t", "metaField": "m"})
    moment = bson.ObjectId().generation_time
    db["heat"].insert_many([{"t": moment, "m": n % 2, "v": n} for n in range(10)])
    db.create_collection("hot", viewOn="heat", pipeline=[{"$match": {"v": {"$gt": 5}}}])

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        infos = {c.namespace.collection: c for c in dump.collections}
        buckets = split_documents(_whole(dump, infos["heat"]))

        assert _whole(dump, infos["hot"]) == b""
    assert len(buckets) == 2
    assert all("control" in bson.decode(b) for b in buckets)
    assert {n: (i.kind, i.indexes) for n, i in infos.items()} == {
        "heat": ("timeseries", ()),
        "hot": ("view", ()),
    }
    assert bson.decode(infos["hot"].options)["viewOn"] == "heat"
    assert [n.what for n in dump.not_included] == [f"users and roles of {database_name}"]


def test_excluded_collection_is_reported_and_not_read(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    _fill(onlooker, database_name, "a", 1)
    _fill(onlooker, database_name, "b", 1)

    with source.open(selection_of((database_name,), (), ("*.b",)), Consistency.AUTO) as dump:
        names = [c.namespace.collection for c in dump.collections]

    assert names == ["a"]
    users = f"users and roles of {database_name}"
    assert [n.what for n in dump.not_included] == [f"{database_name}.b", users]


def test_selection_of_a_missing_database_is_refused_by_name(source: MongoDumpSource) -> None:
    with (
        pytest.raises(InvalidSelectionError, match="no_such_database"),
        source.open(selection_of(("no_such_database",), ()), Consistency.AUTO),
    ):
        pass


def test_selection_of_a_missing_collection_is_refused_by_name(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    _fill(onlooker, database_name, "a", 1)
    missing = f"{database_name}.missing"

    with (
        pytest.raises(InvalidSelectionError, match=missing),
        source.open(selection_of((), (missing,)), Consistency.AUTO),
    ):
        pass


def test_standalone_is_read_without_a_snapshot_and_says_why(
    standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](standalone.uri) as client:
        _fill(client, database_name, "a", 500)
        selection = selection_of((database_name,), ())
        with open_uri(parse_uri(standalone.uri).uri) as connection:
            with MongoDumpSource(connection).open(selection, Consistency.AUTO) as dump:
                count = len(split_documents(_whole(dump, _only(dump))))
            for wanted in (Consistency.SNAPSHOT, Consistency.OPLOG):
                with (
                    pytest.raises(UnsupportedTopologyError),
                    MongoDumpSource(connection).open(selection, wanted),
                ):
                    pass
        client.drop_database(database_name)

    assert count == 500
    assert (dump.achieved, dump.consistent_at) == (Consistency.NONE, None)
    assert "standalone" in dump.reason


def test_a_standalone_server_has_no_oplog_and_the_way_out_is_said(
    standalone: EmbeddedMongod,
) -> None:
    with (
        open_uri(parse_uri(standalone.uri).uri) as connection,
        pytest.raises(UnsupportedTopologyError, match="keeps no oplog") as caught,
        MongoDumpSource(connection).open(Selection(), Consistency.OPLOG),
    ):
        pass

    assert "consistency none" in caught.value.hint


@pytest.mark.slow
def test_secondary_is_read_through_one_node(three_node_replica_set: Any) -> None:
    three = three_node_replica_set
    with MongoClient[Any](three.uri) as client:
        everywhere = WriteConcern(w=3)
        client["shop"].get_collection("c", write_concern=everywhere).insert_many(
            [{"_id": n, "pad": "x" * 3000} for n in range(5000)]
        )
    uri = parse_uri(three.uri).uri.with_option("readPreference", "secondary")

    with open_uri(uri) as connection:
        hello = connection.command("admin", {"hello": 1})
        selection = selection_of(("shop",), ())
        with MongoDumpSource(connection).open(selection, Consistency.AUTO) as dump:
            read = split_documents(_whole(dump, _only(dump)))

    assert hello["secondary"]
    assert len(read) == 5000
    assert dump.achieved is Consistency.SNAPSHOT


@pytest.mark.slow
def test_writers_do_not_keep_a_dump_from_starting(
    source: MongoDumpSource, onlooker: MongoClient[Any], database_name: str
) -> None:
    stop = threading.Event()
    onlooker[database_name]["busy"].insert_one({"_id": "start"})

    def write() -> None:
        while not stop.wait(0.001):
            onlooker[database_name]["busy"].insert_one({})

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
                twice = [_whole(dump, _only(dump)) for _ in range(2)]
        finally:
            stop.set()
            writing.result()

    assert twice[0] == twice[1]


class LateConnection(Connection):
    """Drops a collection just before it is described."""

    def __init__(self, entry: Entry, onlooker: MongoClient[Any], name: str) -> None:
        super().__init__(entry)
        self._onlooker, self._name = onlooker, name

    @override
    def raw_command(
        self, database: str, command: Mapping[str, Any], session: ClientSession | None = None
    ) -> RawBSONDocument:
        if command.get("listIndexes") == self._name:
            self._onlooker[database].drop_collection(self._name)
        return super().raw_command(database, command, session)


@pytest.mark.parametrize("consistency", [Consistency.SNAPSHOT, Consistency.NONE])
def test_a_collection_dropped_before_it_is_described_is_found_gone_when_it_is_read(
    replica_set: EmbeddedMongod,
    onlooker: MongoClient[Any],
    database_name: str,
    consistency: Consistency,
) -> None:
    for name in ("kept", "gone"):
        _fill(onlooker, database_name, name, 10)
    entry = Entry(parse_uri(replica_set.uri).uri)
    with closing(LateConnection(entry, onlooker, "gone")) as late:
        opened = MongoDumpSource(late).open(selection_of((database_name,), ()), consistency)
        with opened as dump:
            infos = {info.namespace.collection: info for info in dump.collections}

            assert _whole(dump, infos["kept"])
            with pytest.raises(NamespaceChangedError, match="gone was dropped"):
                _whole(dump, infos["gone"])
