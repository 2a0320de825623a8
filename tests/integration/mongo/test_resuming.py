"""A read that broke off goes on behind the last chunk, where the node is provably the same."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson.binary import Binary
from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.dump_source import MongoDumpSource
from mangrove.core.backup import Consistency, selection_of
from mangrove.core.errors import ConnectionLostError, NamespaceChangedError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo, OpenDump, ReadingPlace
from mangrove.core.uri import parse_uri
from servers.cut_line import CutLine, cut_line
from servers.mongod import NEWEST, ServersByVersion

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
MOST_OF_IT = {"sort": {"$ne": 3}}
COUNT, PAD = 2000, 6000
BATCH_SLACK = 9 << 20  # two batches: the one cut in two, and the one being sent


def documents() -> list[dict[str, Any]]:
    padding = secrets.token_bytes(PAD)
    return [{"_id": f"k{n:05}", "sort": n % 50, "pad": Binary(padding)} for n in range(COUNT)]


def fill(client: MongoClient[Any], database: str, kind: str) -> None:
    options: dict[str, Any] = {
        "ordinary": {},
        "capped": {"capped": True, "size": 64 << 20},
        "clustered": {"clusteredIndex": {"key": {"_id": 1}, "unique": True}},
        "buckets": {"timeseries": {"timeField": "at", "metaField": "sort"}},
    }[kind]
    collection = client[database].create_collection("c", **options)
    if kind != "buckets":
        collection.insert_many(documents())
        return
    start, pad = datetime(2026, 1, 1, tzinfo=UTC), secrets.token_hex(PAD)
    collection.insert_many(
        {"at": start + timedelta(days=n), "sort": n % 50, "pad": pad} for n in range(COUNT // 2)
    )


@contextmanager
def opened(
    line: CutLine, database: str, consistency: Consistency, query: dict[str, Any] | None = None
) -> Iterator[tuple[OpenDump, CollectionInfo]]:
    uri = parse_uri(line.uri()).uri
    selection = selection_of((database,), ())
    queries = {Namespace(database, "c"): bson.encode(query)} if query is not None else None
    with (
        open_uri(uri) as connection,
        MongoDumpSource(connection).open(selection, consistency, queries) as dump,
    ):
        (info,) = dump.collections
        yield dump, info


def read_a_chunk(dump: OpenDump, info: CollectionInfo, place: ReadingPlace) -> list[bytes]:
    """Read one chunk and stop, as if the line broke then."""
    return [next(dump.read(info, place))]


KINDS = [
    ("4.4.2", "ordinary"),
    ("4.4.2", "capped"),
    ("5.0.4", "ordinary"),
    ("5.0.4", "buckets"),
    *((NEWEST, kind) for kind in ("ordinary", "capped", "clustered", "buckets")),
]
CASES = [pytest.param(v, kind, None, id=f"{v} {kind}") for v, kind in KINDS]
CASES += [pytest.param(v, kind, MOST_OF_IT, id=f"{v} {kind} filtered") for v, kind in KINDS]


@pytest.mark.parametrize(("version", "kind", "query"), CASES)
def test_a_broken_read_goes_on_and_reads_nothing_twice(
    servers_by_version: ServersByVersion,
    database_name: str,
    version: str,
    kind: str,
    query: dict[str, Any] | None,
) -> None:
    server = servers_by_version[version]
    # Where the oplog is kept (4.4), what a majority does not have yet is read from there.
    with (
        MongoClient[Any](server.uri, w="majority") as client,
        cut_line(server.port) as line,
    ):
        fill(client, database_name, kind)
        with opened(line, database_name, Consistency.AUTO, query) as (dump, info):
            undisturbed = b"".join(dump.read(info))
            before, place, found = line.received, ReadingPlace(), list[bytes]()
            for _ in range(2):
                reading = dump.read(info, place)
                found.append(next(reading))
                line.cut_soon(1 << 20)
                with pytest.raises(ConnectionLostError):
                    next(reading)
                assert place.mark is not None
                dump.reconnect()
            found += dump.read(info, place)

            assert b"".join(found) == undisturbed
            assert line.received - before < len(undisturbed) + BATCH_SLACK
        client.drop_database(database_name)


def test_another_process_does_not_go_on(
    fresh_replica_set: EmbeddedMongod, database_name: str
) -> None:
    server = fresh_replica_set
    with MongoClient[Any](server.uri, w="majority", journal=True) as client:
        fill(client, database_name, "ordinary")
    with (
        cut_line(server.port) as line,
        opened(line, database_name, Consistency.NONE) as (dump, info),
    ):
        place = ReadingPlace()
        read_a_chunk(dump, info, place)
        assert place.mark is not None
        server.kill()
        server.start()
        line.cut()

        with pytest.raises(ConnectionLostError, match="cannot go on"):
            list(dump.read(info, place))

        assert place.mark is None


@pytest.mark.parametrize("consistency", [Consistency.SNAPSHOT, Consistency.NONE])
def test_a_record_that_is_gone_is_a_place_only_at_a_cluster_time(
    replica_set: EmbeddedMongod, database_name: str, consistency: Consistency
) -> None:
    with MongoClient[Any](replica_set.uri) as client, cut_line(replica_set.port) as line:
        fill(client, database_name, "ordinary")
        with opened(line, database_name, consistency) as (dump, info):
            undisturbed = b"".join(dump.read(info))
            place = ReadingPlace()
            found = read_a_chunk(dump, info, place)
            client[database_name]["c"].delete_many({})

            if consistency is Consistency.SNAPSHOT:
                found += dump.read(info, place)
                assert b"".join(found) == undisturbed
            else:
                with pytest.raises(ConnectionLostError, match="cannot go on"):
                    list(dump.read(info, place))
                assert place.mark is None
        client.drop_database(database_name)


def test_a_collection_made_anew_meanwhile_is_never_gone_on_with(
    replica_set: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as client, cut_line(replica_set.port) as line:
        fill(client, database_name, "ordinary")
        with opened(line, database_name, Consistency.NONE) as (dump, info):
            place = ReadingPlace()
            read_a_chunk(dump, info, place)
            client.drop_database(database_name)
            fill(client, database_name, "ordinary")

            with pytest.raises(NamespaceChangedError):
                list(dump.read(info, place))
        client.drop_database(database_name)


@pytest.mark.parametrize("version", ["4.4.2", "5.0.4", NEWEST])
def test_a_filtered_read_has_a_place_only_where_no_index_helps(
    servers_by_version: ServersByVersion, database_name: str, version: str
) -> None:
    server = servers_by_version[version]
    with MongoClient[Any](server.uri) as client, cut_line(server.port) as line:
        fill(client, database_name, "ordinary")
        places = []
        for indexed in (False, True):
            if indexed:
                client[database_name]["c"].create_index("sort")
            place = ReadingPlace()
            with opened(line, database_name, Consistency.NONE, {"sort": {"$gt": 1}}) as (
                dump,
                info,
            ):
                read_a_chunk(dump, info, place)
            places.append(place.mark is not None)
        assert places == [True, False]
        client.drop_database(database_name)
