"""A server that the tests of a session share, one after the other, and that each finds empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from mangrove.connectors.embedded.mongod import EmbeddedMongod

SYSTEM_DATABASES = frozenset({"admin", "config", "local"})


@dataclass(frozen=True, slots=True)
class SharedServer:
    """A server of the session, and a client that takes away what a test made there.

    Only what a server keeps of itself stays: its oplog tells of every test before.

    Attributes:
        known: The users that were there from the beginning.
    """

    mongod: EmbeddedMongod
    client: MongoClient[dict[str, Any]]
    known: frozenset[str] = frozenset()

    @contextmanager
    def lent(self) -> Iterator[EmbeddedMongod]:
        """Lend the server to one test."""
        yield self.mongod
        self.empty()

    def empty(self) -> None:
        """Drop all databases, users and roles, and what was left in ``admin``."""
        client, admin = self.client, self.client.admin
        for name in set(client.list_database_names()) - SYSTEM_DATABASES:
            client.drop_database(name)
        for user in admin["system.users"].find():
            if user["_id"] not in self.known:
                client[user["db"]].command("dropUser", user["user"])
        for role in admin["system.roles"].find():
            client[role["db"]].command("dropRole", role["role"])
        for name in admin.list_collection_names():
            if not name.startswith("system."):
                admin.drop_collection(name)
