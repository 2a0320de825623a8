"""A connection, a source and a sink on the session's servers, and a client that looks on."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import Connection, open_uri
from mangrove.connectors.mongo.dump_source import MongoDumpSource
from mangrove.connectors.mongo.restore_sink import MongoRestoreSink
from mangrove.core.uri import parse_uri


@pytest.fixture
def connection(replica_set: EmbeddedMongod) -> Iterator[Connection]:
    """Our own connection to the replica set."""
    with open_uri(parse_uri(replica_set.uri).uri) as opened:
        yield opened


@pytest.fixture
def source(connection: Connection) -> MongoDumpSource:
    """A dump source on the replica set."""
    return MongoDumpSource(connection)


@pytest.fixture
def sink(connection: Connection) -> MongoRestoreSink:
    """A restore sink on the replica set."""
    return MongoRestoreSink(connection)


@pytest.fixture
def onlooker(replica_set: EmbeddedMongod, database_name: str) -> Iterator[MongoClient[Any]]:
    """A plain client to the replica set; the test's databases are dropped afterwards."""
    with MongoClient[Any](replica_set.uri) as client:
        yield client
        for name in client.list_database_names():
            if name.startswith(database_name):
                client.drop_database(name)
