"""What a sink writes is what the source held: options, indexes, documents to the byte."""

from dataclasses import replace
from typing import Any

import bson
import pytest
from bson import Int64, Timestamp
from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.bson_elements import id_element
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.dump_source import MongoDumpSource
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.backup import Consistency, selection_of
from mangrove.core.documents import DocumentBatch, document_of, split_documents
from mangrove.core.errors import ConnectionLostError, WriteRefusedError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.uri import parse_uri

pytestmark = [pytest.mark.mongod, pytest.mark.usefixtures("onlooker")]

EMPTY = b"\5\0\0\0\0"
FRENCH = {"locale": "fr", "strength": 2}
SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "capped": {"capped": True, "size": 65536, "max": 50},
    "collated": {"collation": FRENCH},
    "validated": {
        "validator": {"$jsonSchema": {"required": ["must"]}},
        "validationLevel": "moderate",
        "validationAction": "error",
    },
    "clustered": {"clusteredIndex": {"key": {"_id": 1}, "unique": True, "name": "ours"}},
    "clustered_ttl": {
        "clusteredIndex": {"key": {"_id": 1}, "unique": True},
        "expireAfterSeconds": Int64(3600),
    },
    "series": {"timeseries": {"timeField": "t", "metaField": "m", "granularity": "minutes"}},
    "series_ttl": {"timeseries": {"timeField": "t"}, "expireAfterSeconds": Int64(86400)},
    "french_series": {"timeseries": {"timeField": "t", "metaField": "m"}, "collation": FRENCH},
    "images": {"changeStreamPreAndPostImages": {"enabled": True}},
    "view": {"viewOn": "plain", "pipeline": [{"$match": {"a": {"$gt": 1}}}]},
    "collated_view": {"viewOn": "plain", "pipeline": [], "collation": FRENCH},
}
INDEXES: dict[str, list[dict[str, Any]]] = {
    "plain": [
        {"key": {"ttl": 1}, "name": "ttl_1", "expireAfterSeconds": 60},
        {"key": {"u": -1}, "name": "u", "unique": True},
        {"key": {"p": 1}, "name": "p", "partialFilterExpression": {"p": {"$gt": 5}}},
        {"key": {"pe": 1}, "name": "pe", "partialFilterExpression": {}},
        {"key": {"s": 1, "t": -1}, "name": "s", "sparse": True},
        {"key": {"txt": "text", "b": 1}, "name": "txt", "weights": {"txt": 7}},
        {"key": {"geo": "2dsphere"}, "name": "geo"},
        {"key": {"flat": "2d"}, "name": "flat", "bits": 20, "min": -90.0, "max": 90.0},
        {"key": {"h": "hashed"}, "name": "h"},
        {"key": {"_id": "hashed"}, "name": "_id_hashed"},
        {"key": {"hid": 1}, "name": "hid", "hidden": True},
        {"key": {"$**": 1}, "name": "wild", "wildcardProjection": {"a": 1}},
        {"key": {"c": 1}, "name": "c", "collation": FRENCH},
        {"key": {"one": 1.0}, "name": "one as a double"},
        {"key": {"l": Int64(1)}, "name": "one as a long"},
    ],
    "collated": [
        {"key": {"a": 1}, "name": "inherits"},
        {"key": {"b": 1}, "name": "simple", "collation": {"locale": "simple"}},
    ],
    "clustered": [{"key": {"a": 1}, "name": "a"}],
    "series": [{"key": {"m.host": 1, "t": -1}, "name": "by host"}],
    "french_series": [
        {"key": {"v": 1}, "name": "v", "partialFilterExpression": {"v": {"$gt": 5}}},
        {"key": {"m": 1}, "name": "m", "collation": {"locale": "simple"}},
    ],
}


def _info(namespace: Namespace, *indexes: dict[str, Any]) -> CollectionInfo:
    own = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    encoded = tuple(bson.encode(i) for i in (own, *indexes))
    return CollectionInfo(namespace, "collection", EMPTY, encoded, None)


def _described(sink: MongoRestoreSink, database: str) -> dict[str, Any]:
    return {i.namespace.collection: (i.kind, i.options, i.indexes) for i in sink.existing(database)}


@pytest.mark.parametrize("shape", SHAPES)
def test_options_and_indexes_come_back_as_they_were(
    shape: str,
    source: MongoDumpSource,
    sink: MongoRestoreSink,
    onlooker: MongoClient[Any],
    database_name: str,
) -> None:
    onlooker[database_name].command({"create": shape, **SHAPES[shape]})
    if shape in INDEXES:
        onlooker[database_name].command({"createIndexes": shape, "indexes": INDEXES[shape]})
    target = f"{database_name}_restored"

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        for info in dump.collections:
            moved = replace(info, namespace=Namespace(target, info.namespace.collection))
            sink.create(moved)
            assert sink.build_indexes(moved) == ()

    assert _described(sink, target) == _described(sink, database_name)
    assert shape in _described(sink, target)


def test_what_the_server_does_not_take_of_a_collection_costs_no_document(
    sink: MongoRestoreSink, database_name: str
) -> None:
    plain = _info(
        Namespace(database_name, "c"),
        {"v": 0, "key": {"old": 1}, "name": "old"},
        {"v": 1, "key": {"a": 1}, "name": "a", "dropDups": True, "safe": True, "later": 1},
    )
    options = {"validator": {"$later": 1}, "later": 1, "capped": True, "size": 8192}
    info = replace(plain, options=bson.encode(options))

    sink.create(info)
    outcome = sink.insert(info.namespace, [bson.encode({"_id": 1})])
    failed = sink.build_indexes(info)

    (found,) = sink.existing(database_name)
    assert (outcome.inserted, failed) == (1, ())
    assert bson.decode(found.options) == {"capped": True, "size": 8192}
    assert {bson.decode(i)["name"] for i in found.indexes} == {"_id_", "old", "a"}


def test_documents_come_back_to_the_byte(sink: MongoRestoreSink, database_name: str) -> None:
    documents = [
        document_of(bson.encode({"_id": 1})[4:-1], b"\x02s\0\x03\0\0\0\xff\xfe\0"),
        document_of(bson.encode({"_id": 2})[4:-1], b"\x10a\0\1\0\0\0", b"\x10a\0\2\0\0\0"),
        bson.encode({"_id": 3, "": 1, "a.b": {"$set": 1}}),
    ]
    info = _info(Namespace(database_name, "c"))
    sink.create(info)

    outcome = sink.insert(info.namespace, documents)
    sink.settle()

    assert (outcome.inserted, outcome.refused) == (3, ())
    assert split_documents(b"".join(sink.read(info))) == documents


def test_time_series_comes_back_with_the_same_buckets(
    source: MongoDumpSource,
    connection: Any,
    onlooker: MongoClient[Any],
    database_name: str,
) -> None:
    db = onlooker[database_name]
    db.create_collection("heat", timeseries={"timeField": "t", "metaField": "m"})
    moment = bson.ObjectId().generation_time
    db["heat"].insert_many([{"t": moment, "m": n % 3, "v": n} for n in range(30)])
    target = Namespace(f"{database_name}_restored", "heat")

    with source.open(selection_of((database_name,), ()), Consistency.AUTO) as dump:
        (info,) = dump.collections
        buckets = split_documents(b"".join(dump.read(info)))
        moved = replace(info, namespace=target)
        MongoRestoreSink(connection).create(moved)
        other_sink = MongoRestoreSink(connection)  # one that has not created it
        outcome = other_sink.insert(target, buckets)
        restored = split_documents(b"".join(other_sink.read(moved)))

    assert (outcome.inserted, outcome.refused) == (3, ())
    assert sorted(restored) == sorted(buckets)
    assert onlooker[target.database]["heat"].count_documents({}) == 30


def test_duplicate_is_refused_by_its_id_and_stops_no_other(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    sink.insert(info.namespace, [bson.encode({"_id": "ann", "secret": "hunter2"})])

    again = [bson.encode({"_id": i, "secret": "hunter2"}) for i in ("bob", "ann", "eve")]
    outcome = sink.insert(info.namespace, again)

    assert outcome.inserted == 2
    (refused,) = outcome.refused
    assert refused.id_element == id_element(again[1])
    assert (refused.code, refused.reason) == (11000, "duplicate key in index _id_")


def test_duplicate_with_a_key_that_is_no_utf8_is_refused_like_any_other(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    document = document_of(b"\x02_id\0\x03\0\0\0\xff\xfe\0")

    outcome = sink.insert(info.namespace, [document, document])

    assert outcome.inserted == 1
    assert [r.id_element for r in outcome.refused] == [b"\x02_id\0\x03\0\0\0\xff\xfe\0"]


def test_validator_does_not_keep_old_documents_out(
    sink: MongoRestoreSink, database_name: str
) -> None:
    options = bson.encode({"validator": {"must": {"$exists": True}}})
    info = replace(_info(Namespace(database_name, "c")), options=options)
    sink.create(info)

    outcome = sink.insert(info.namespace, [bson.encode({"_id": 1})])

    assert (outcome.inserted, outcome.refused) == (1, ())


def test_empty_timestamps_are_kept(sink: MongoRestoreSink, database_name: str) -> None:
    info = _info(Namespace(database_name, "c"))
    documents = [
        bson.encode({"_id": 1, "ts": Timestamp(0, 0), "more": "x"}),
        bson.encode({"_id": Timestamp(0, 0), "ts": Timestamp(0, 0)}),
        bson.encode({"_id": 3, "inner": {"ts": Timestamp(0, 0)}}),
        bson.encode({"_id": 4, "ts": Timestamp(7, 1)}),
    ]
    sink.create(info)

    outcome = sink.insert(info.namespace, documents)

    assert (outcome.inserted, outcome.refused) == (4, ())
    assert sorted(split_documents(b"".join(sink.read(info)))) == sorted(documents)


def test_batch_larger_than_a_message_is_sent_in_parts(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    documents = [bson.encode({"_id": n, "b": b"\0" * (7 << 20)}) for n in range(8)]

    outcome = sink.insert(info.namespace, documents)

    assert outcome.inserted == 8


@pytest.mark.parametrize("compressors", ["", "zlib"])
def test_batch_in_one_piece_is_many_documents_of_which_one_is_refused(
    replica_set: EmbeddedMongod, database_name: str, compressors: str
) -> None:
    uri = parse_uri(replica_set.uri).uri.with_option("compressors", compressors or None)
    documents = [bson.encode({"_id": n % 4_999, "n": n}) for n in range(5_000)]
    info = _info(Namespace(database_name, "c"))
    with open_uri(uri) as connection:
        sink = MongoRestoreSink(connection)
        sink.create(info)
        outcome = sink.insert(info.namespace, DocumentBatch(b"".join(documents), 5_000))
        stored = split_documents(b"".join(sink.read(info)))

    assert sorted(stored) == sorted(documents[:-1])
    assert outcome.inserted == 4_999
    assert [r.id_element for r in outcome.refused] == [id_element(documents[-1])]


def test_batch_with_more_documents_than_a_command_takes_is_sent_in_parts(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    documents = [bson.encode({"_id": n}) for n in range(100_002)]

    outcome = sink.insert(info.namespace, DocumentBatch(b"".join(documents), len(documents)))

    assert (outcome.inserted, outcome.refused) == (100_002, ())


def test_empty_timestamps_in_a_batch_of_one_piece_are_kept(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    documents = [bson.encode({"_id": n, "t": Timestamp(0, n % 2)}) for n in range(20)]

    outcome = sink.insert(info.namespace, DocumentBatch(b"".join(documents), 20))

    assert (outcome.inserted, outcome.refused) == (20, ())
    assert sorted(split_documents(b"".join(sink.read(info)))) == sorted(documents)


def test_document_that_is_too_deep_stops_no_other(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)
    deep = EMPTY
    for _ in range(250):
        deep = document_of(b"\x03a\0", deep)
    deep = document_of(bson.encode({"_id": "deep"})[4:-1], b"\x03a\0", deep)
    documents = [bson.encode({"_id": n}) for n in range(9)]

    outcome = sink.insert(info.namespace, [*documents[:5], deep, *documents[5:]])

    assert outcome.inserted == 9
    assert [r.id_element for r in outcome.refused] == [id_element(deep)]


def test_failing_unique_index_is_named_and_the_others_are_built(
    sink: MongoRestoreSink, database_name: str, onlooker: MongoClient[Any]
) -> None:
    info = _info(
        Namespace(database_name, "c"),
        {"v": 2, "key": {"a": 1}, "name": "a"},
        {"v": 2, "key": {"mail": 1}, "name": "by mail", "unique": True},
        {"v": 2, "key": {"b": 1}, "name": "b"},
    )
    sink.create(info)
    sink.insert(info.namespace, [bson.encode({"_id": n, "mail": "ann@x"}) for n in range(2)])

    failed = sink.build_indexes(info)

    assert [(f.name, f.reason) for f in failed] == [("by mail", "two documents have the same key")]
    assert set(onlooker[database_name]["c"].index_information()) == {"_id_", "a", "b"}


def test_collection_that_is_there_already_is_not_made_again(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)

    with pytest.raises(WriteRefusedError, match="NamespaceExists"):
        sink.create(info)


@pytest.mark.parametrize("shape", ["plain", "series", "view"])
def test_collection_takes_the_place_of_another(
    shape: str,
    sink: MongoRestoreSink,
    database_name: str,
    onlooker: MongoClient[Any],
) -> None:
    db = onlooker[database_name]
    moment = bson.ObjectId().generation_time
    for name, value in (("old", 1), ("new", 2)):
        db.command({"create": name, **SHAPES[shape]})
        if shape != "view":
            db[name].insert_one({"t": moment, "v": value})
    before = _described(sink, database_name)

    sink.replace(Namespace(database_name, "new"), Namespace(database_name, "old"))

    assert _described(sink, database_name) == {"old": before["new"]}
    if shape != "view":
        assert [d["v"] for d in db["old"].find()] == [2]


def test_replacing_with_what_is_not_there_leaves_the_target_alone(
    sink: MongoRestoreSink, database_name: str
) -> None:
    info = _info(Namespace(database_name, "old"))
    sink.create(info)

    with pytest.raises(WriteRefusedError, match="not there"):
        sink.replace(Namespace(database_name, "new"), info.namespace)

    assert "old" in _described(sink, database_name)


def test_dropping_may_be_repeated(sink: MongoRestoreSink, database_name: str) -> None:
    info = _info(Namespace(database_name, "c"))
    sink.create(info)

    for _ in range(2):
        sink.drop(info.namespace)
        sink.drop_database(database_name)

    assert sink.existing(database_name) == ()


@pytest.mark.slow
def test_server_killed_during_a_restore_is_a_lost_connection(
    fresh_replica_set: EmbeddedMongod, database_name: str
) -> None:
    uri = parse_uri(fresh_replica_set.uri).uri.with_option("serverSelectionTimeoutMS", "500")
    info = _info(Namespace(database_name, "c"))

    with open_uri(uri) as connection:
        sink = MongoRestoreSink(connection)
        sink.create(info)
        fresh_replica_set.kill()

        with pytest.raises(ConnectionLostError):
            sink.insert(info.namespace, [bson.encode({"_id": 1})])
