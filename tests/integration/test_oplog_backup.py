"""Oplog-consistent backups on a real replica set: taken under writers, replayed on restore."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern

from fakes.workstation import Workstation, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Consistency, Rename
from mangrove.core.run import RunState

ACCOUNTS, BALANCE = 300, 100


@pytest.fixture
def client(replica_set: EmbeddedMongod) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as client:
        for name in client.list_database_names():
            if name not in ("admin", "config", "local"):
                client.drop_database(name)
        yield client


@pytest.fixture
def place(replica_set: EmbeddedMongod, tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as place:
        place.add_profile(replica_set.uri)
        place.add_vault()
        yield place


class Bank:
    """Moves money between accounts in transactions, and does much else, for as long as it lasts."""

    def __init__(self, client: MongoClient[Any]) -> None:
        self._client = client
        self.bank = client["bank"]
        self.bank.accounts.insert_many([{"_id": n, "b": BALANCE} for n in range(ACCOUNTS)])
        self.bank.accounts.create_index("b")
        self.bank.side.insert_many([{"_id": n, "pad": "x" * 900} for n in range(4000)])
        client["other"].c.insert_many([{"_id": n} for n in range(50)])
        self._stop, self.rounds = threading.Event(), 0
        self._thread = threading.Thread(target=self._work, name="bank")

    def __enter__(self) -> "Bank":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with self._client.start_session() as session:
            while not self._stop.is_set():
                self.rounds += 1
                n = self.rounds
                with session.start_transaction(write_concern=WriteConcern("majority")):
                    for account, change in ((n % ACCOUNTS, -1), ((n * 7) % ACCOUNTS, 1)):
                        self.bank.accounts.update_one(
                            {"_id": account}, {"$inc": {"b": change}}, session=session
                        )
                self.bank.journal.insert_one({"_id": n})
                if n % 20 == 0:  # what mongodump gives up at
                    self.bank.journal.aggregate([{"$out": "report"}])
                    self.bank.command("create", f"t{n}")
                    self._client.admin.command(
                        "renameCollection", f"bank.t{n}", to="bank.newest", dropTarget=True
                    )


def total(client: MongoClient[Any], database: str) -> int:
    return sum(d["b"] for d in client[database].accounts.find())


@pytest.mark.mongod
def test_a_backup_under_writers_comes_back_at_one_moment(
    client: MongoClient[Any], place: Workstation
) -> None:
    with Bank(client) as bank:
        taken = place.backup(consistency=Consistency.OPLOG)
        assert bank.rounds

    assert taken.state is RunState.SUCCEEDED, taken.problem
    assert taken.backup
    ended = place.restore(taken.backup, renames=(Rename("bank", "copy"),), include=("bank.*",))

    assert ended.state is RunState.SUCCEEDED, (ended.problem, ended.result)
    assert total(client, "copy") == ACCOUNTS * BALANCE
    journal = sorted(d["_id"] for d in client["copy"].journal.find())
    assert journal == list(range(1, len(journal) + 1))  # no hole, and nothing after the end
    assert "b_1" in client["copy"].accounts.index_information()
    names = set(client["copy"].list_collection_names())
    assert not [n for n in names if n.startswith(("tmp", "mangrove_"))]
