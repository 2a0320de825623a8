"""Every kind of collection and index goes through a backup and comes back the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import Code
from pymongo import MongoClient

from fakes.one_of_everything import build, everything, shape
from fakes.workstation import Workstation, content, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import BackupId, Consistency, IndexChoice, Rename, SafetyBackup, Selection
from mangrove.core.run import RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
SERVERS = ["replica_set", "standalone"]


@pytest.fixture(params=SERVERS)
def client(request: pytest.FixtureRequest) -> Iterator[MongoClient[Any]]:
    """A client to each kind of server, which leaves it as empty as it was."""
    server: EmbeddedMongod = request.getfixturevalue(request.param)
    with MongoClient[Any](server.uri, tz_aware=True) as opened:
        before = set(opened.list_database_names())
        yield opened
        for name in set(opened.list_database_names()) - before:
            opened.drop_database(name)


@pytest.fixture
def desk(tmp_path: Path, client: MongoClient[Any], database_name: str) -> Iterator[Workstation]:
    """A workstation whose profile leads to that server, with one of everything in a database."""
    build(client, database_name)
    with workstation(tmp_path) as opened:
        opened.add_vault()
        host, port = next(iter(client.nodes))
        opened.add_profile(f"mongodb://{host}:{port}/?directConnection=true")
        yield opened


def good(status: RunStatus) -> RunStatus:
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    return status


def backed_up(desk: Workstation, database: str) -> BackupId:
    status = good(desk.backup(selection=Selection(databases=(database,))))
    assert status.backup is not None
    return status.backup


def test_a_copy_is_the_same_in_every_option_index_and_document(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken))

    assert status.result is not None
    (copy,) = status.result.targets
    assert copy.startswith(f"{database_name}_restored_")
    assert shape(client, copy) == shape(client, database_name)
    assert everything(client, copy) == everything(client, database_name)


def test_functions_kept_on_the_server_are_copied_and_never_replaced(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    client[database_name]["system.js"].insert_one({"_id": "f", "value": Code("function() {}")})
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken))
    refused = desk.restore(taken, replace=(database_name,))

    assert status.result is not None
    (copy,) = status.result.targets
    assert client[copy]["system.js"].find_one() == client[database_name]["system.js"].find_one()
    assert refused.problem is not None
    assert refused.problem.code == "namespace-conflict"


def test_a_restore_under_another_name_is_the_same(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    named = f"{database_name}_named"
    good(desk.restore(taken, renames=(Rename(database_name, named),)))

    assert shape(client, named) == shape(client, database_name)
    assert everything(client, named) == everything(client, database_name)


def test_a_view_follows_its_renamed_collection(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)
    copy = f"{database_name}_moved"
    renames = (
        Rename(database_name, copy),
        Rename(f"{database_name}.people", f"{copy}.persons"),
    )

    good(desk.restore(taken, renames=renames))

    kind, options, _ = shape(client, copy)["adults"]
    assert (kind, options["viewOn"]) == ("view", "persons")
    assert client[copy]["adults"].count_documents({}) == 210
    assert client[copy]["adults_by_name"].count_documents({}) == 210
    assert shape(client, copy)["persons"] == shape(client, database_name)["people"]


def test_a_restore_without_indexes_has_all_data_and_no_secondary_index(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)

    status = good(desk.restore(taken, indexes=IndexChoice.NEVER))

    assert status.result is not None
    (copy,) = status.result.targets
    restored = shape(client, copy)
    assert [i["name"] for i in restored["people"][2]] == ["_id_"]
    assert restored["capped"][1] == shape(client, database_name)["capped"][1]
    assert everything(client, copy) == everything(client, database_name)


def test_replacing_everything_in_place_brings_the_old_state_back(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    shapes, documents = shape(client, database_name), everything(client, database_name)
    taken = backed_up(desk, database_name)
    before = len(desk.services.backups.all())
    client[database_name]["people"].update_many({}, {"$set": {"age": -1}})
    client[database_name]["people"].drop_index("unique")
    client[database_name]["weather"].delete_many({"sensor": 1})
    client[database_name]["adults"].drop()
    client[database_name].create_collection("adults", viewOn="capped", pipeline=[])
    client[database_name]["capped"].insert_one({"_id": "late"})

    good(desk.restore(taken, replace=(database_name,)))

    assert shape(client, database_name) == shapes
    assert everything(client, database_name) == documents
    assert taken in {record.backup for record in desk.services.backups.all()}
    assert len(desk.services.backups.all()) == before + 1  # the safety backup


def test_every_kind_can_take_the_place_of_every_other(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    shapes, documents = shape(client, database_name), everything(client, database_name)
    taken = backed_up(desk, database_name)
    client[database_name]["people"].drop()
    client[database_name].create_collection("people", viewOn="capped", pipeline=[])
    for name in ("adults", "weather"):
        client[database_name][name].drop()
        client[database_name][name].insert_one({"_id": "a plain collection now"})

    good(desk.restore(taken, replace=(database_name,), safety=SafetyBackup.SKIP))

    assert shape(client, database_name) == shapes
    assert everything(client, database_name) == documents


def test_a_trial_restore_proves_every_kind_of_collection(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = backed_up(desk, database_name)
    before = content(client)

    status = good(desk.verify(VerifyRequest(taken, Level.RESTORED, "shop")))

    assert status.result is not None
    assert status.result.losses == ()
    assert content(client) == before
    proven = desk.services.backups.find(taken).proven
    assert proven is not None
    assert proven.level is Level.RESTORED


def test_the_consistency_is_what_the_topology_allows(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    is_replica_set = "setName" in client.admin.command("hello")

    taken = backed_up(desk, database_name)

    expected = Consistency.SNAPSHOT if is_replica_set else Consistency.NONE
    assert desk.services.backups.find(taken).achieved is expected
