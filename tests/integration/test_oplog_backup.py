"""Oplog-consistent backups on a real replica set: taken under writers, replayed on restore."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern

from fakes.workstation import Workstation, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.connectors.mongo.client import open_uri
from mangrove.connectors.mongo.dump_oplog import DumpOplog
from mangrove.core.backup import BackupId, Consistency, Rename, RestoreRequest, Selection
from mangrove.core.copy import DumpRestoreRequest
from mangrove.core.dump import ExportRequest
from mangrove.core.errors import OplogRolledOverError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.run import Phase, RunState, RunStatus
from mangrove.core.uri import parse_uri
from mangrove.core.verification import Level, VerifyRequest
from servers.mongod import ServersByVersion

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
        self.bank.report.insert_one({"_id": 0})
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


@pytest.fixture
def taken(client: MongoClient[Any], place: Workstation) -> RunStatus:
    """A backup of everything, taken while the bank was open."""
    with Bank(client):
        return place.backup(consistency=Consistency.OPLOG)


def is_one_moment(client: MongoClient[Any], database: str) -> bool:
    """Whether no transfer is there by half, and the journal has neither holes nor a tail."""
    journal = sorted(d["_id"] for d in client[database].journal.find())
    return total(client, database) == ACCOUNTS * BALANCE and journal == list(
        range(1, len(journal) + 1)
    )


@pytest.mark.mongod
def test_a_trial_restore_replays_the_oplog_too(place: Workstation, taken: RunStatus) -> None:
    assert taken.backup
    verified = place.verify(VerifyRequest(taken.backup, Level.RESTORED))

    assert verified.state is RunState.SUCCEEDED, (verified.problem, verified.result)
    assert any("replayed" in line.text for line in place.services.activity.log(verified.run_id))


@pytest.mark.mongod
def test_a_restore_in_place_brings_everything_to_that_moment(
    client: MongoClient[Any], place: Workstation, taken: RunStatus
) -> None:
    assert taken.backup
    client["bank"].accounts.update_many({}, {"$set": {"b": 0}})
    client["bank"].drop_collection("journal")

    ended = place.restore(taken.backup, replace=("bank",), include=("bank.*",))

    assert ended.state is RunState.SUCCEEDED, (ended.problem, ended.result)
    assert is_one_moment(client, "bank")
    assert "b_1" in client["bank"].accounts.index_information()
    assert not [n for n in client["bank"].list_collection_names() if n.startswith("mangrove_")]


@pytest.mark.mongod
def test_one_collection_of_a_selection_ends_at_one_moment(
    client: MongoClient[Any], place: Workstation
) -> None:
    with Bank(client):
        taken = place.backup(
            consistency=Consistency.OPLOG,
            selection=Selection(include=("bank.accounts", "bank.report")),
        )
    assert taken.state is RunState.SUCCEEDED, taken.problem
    assert taken.backup

    ended = place.restore(taken.backup, renames=(Rename("bank.*", "copy.kept_*"),))

    assert ended.state is RunState.SUCCEEDED, (ended.problem, ended.result)
    assert sum(d["b"] for d in client["copy"].kept_accounts.find()) == ACCOUNTS * BALANCE
    assert set(client["copy"].list_collection_names()) == {"kept_accounts", "kept_report"}


@pytest.mark.mongod
def test_an_export_carries_the_oplog_and_a_dump_with_one_is_replayed(
    client: MongoClient[Any], place: Workstation, taken: RunStatus, tmp_path: Path
) -> None:
    assert taken.backup
    services, folder = place.services, tmp_path / "dump"
    exported = services.activity.wait(
        services.dumps.start_export(ExportRequest(taken.backup, str(folder))), 60
    )
    wanted = RestoreRequest(
        BackupId(""), "shop", include=("bank.*",), renames=(Rename("bank", "copy"),)
    )
    run = services.copies.start_dump(DumpRestoreRequest(str(folder), wanted))
    ended = services.activity.wait(run, 60)

    assert exported.state is RunState.SUCCEEDED, exported.problem
    assert (folder / "oplog.bson").stat().st_size
    assert ended.state is RunState.SUCCEEDED, (ended.problem, ended.result)
    assert is_one_moment(client, "copy")


@pytest.mark.mongod
def test_auto_keeps_the_oplog_where_the_server_has_no_snapshot(
    servers_by_version: ServersByVersion, tmp_path: Path
) -> None:
    server = servers_by_version["4.4.2"]
    with MongoClient[Any](server.uri) as client, workstation(tmp_path) as place:
        client.drop_database("bank")
        client.drop_database("copy")
        place.add_profile(server.uri)
        place.add_vault()
        with Bank(client):
            taken = place.backup()
        assert taken.backup, taken.problem
        ended = place.restore(taken.backup, renames=(Rename("bank", "copy"),), include=("bank.*",))

        assert ended.state is RunState.SUCCEEDED, (ended.problem, ended.result)
        assert is_one_moment(client, "copy")


@pytest.mark.mongod
def test_an_oplog_whose_beginning_is_gone_is_noticed_early_and_at_the_end(
    replica_set: EmbeddedMongod,
) -> None:
    with open_uri(parse_uri(replica_set.uri).uri) as connection:
        gone = DumpOplog(connection, OplogTimestamp(1_000_000_000, 7))

        for look in (gone.note_read, lambda: list(gone.read())):
            with pytest.raises(OplogRolledOverError, match=r"entry 1000000000:7 .* no longer in"):
                look()


@pytest.mark.mongod
def test_a_version_that_changes_meanwhile_ends_the_backup(
    fresh_replica_set: EmbeddedMongod, tmp_path: Path
) -> None:
    with MongoClient[Any](fresh_replica_set.uri) as client, workstation(tmp_path) as place:
        client["shop"].a.insert_one({"_id": 1})
        place.add_profile(fresh_replica_set.uri)
        place.add_vault()
        change = {"setFeatureCompatibilityVersion": "5.0"}
        place.at_phase(Phase.DUMP, lambda _: client.admin.command(change))
        ended = place.backup(consistency=Consistency.OPLOG)

        assert ended.problem
        assert "feature compatibility version was changed" in ended.problem.message
        assert not [n for n in place.files() if n.endswith(".bson.zst.age")]
