"""Restores to single moments: just before, at and after an operation; in a copy and in place."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson.timestamp import Timestamp
from pymongo import MongoClient

from fakes.workstation import PROFILE, WAIT_S, Workstation, workstation
from mangrove.app.clock import SystemClock
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import BackupId, Consistency, Rename, RestoreRequest
from mangrove.core.errors import PointNotReachableError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.planning import GapReason
from mangrove.core.run import RunState, RunStatus


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with workstation(tmp_path, clock=SystemClock()) as opened:
        opened.add_profile(replica_set.uri)
        opened.add_vault()
        yield opened


@pytest.fixture
def client(replica_set: EmbeddedMongod, database_name: str) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as opened:
        yield opened
        for name in opened.list_database_names():
            if name.startswith(database_name):
                opened.drop_database(name)


def newest(client: MongoClient[Any], database: str) -> OplogTimestamp:
    """Return the place of a database's newest operation; majority-committed, one node."""
    own = client.local["oplog.rs"].find({"ns": {"$regex": rf"^{database}\."}})
    (entry,) = own.sort("$natural", -1).limit(1)
    ts: Timestamp = entry["ts"]
    return OplogTimestamp(ts.time, ts.inc)


def rewind(
    desk: Workstation, limit: OplogTimestamp, database: str, target: str, **choices: Any
) -> RunStatus:
    request = RestoreRequest(
        BackupId(""),
        PROFILE,
        include=(f"{database}.*",),
        renames=(Rename(database, target),),
        rewind_to=limit,
        **choices,
    )
    run_id = desk.services.restores.start(request)
    status = desk.services.activity.wait(run_id, WAIT_S)
    assert status.state is RunState.SUCCEEDED, status.problem
    return status


def test_each_moment_comes_back_exactly(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    shop = client[database_name]
    shop["orders"].insert_many({"_id": n, "state": "new"} for n in range(30))
    shop["orders"].create_index("state")
    assert desk.backup().state is RunState.SUCCEEDED
    shop["orders"].update_many({"_id": {"$lt": 10}}, {"$set": {"state": "paid"}})
    shop["late"].insert_one({"_id": "made after the backup"})
    good = newest(client, database_name).following
    shop["late"].create_index("when")
    shop["orders"].drop()
    bad = newest(client, database_name)
    shop["orders"].insert_one({"_id": "afterwards"})
    desk.capture()

    before = rewind(desk, bad, database_name, f"{database_name}_before")
    rewind(desk, bad.following, database_name, f"{database_name}_after")
    rewind(desk, good, database_name, f"{database_name}_good")

    orders = client[f"{database_name}_before"]["orders"]
    assert orders.count_documents({"state": "paid"}) == 10
    assert orders.count_documents({}) == 30
    assert set(orders.index_information()) == {"_id_", "state_1"}
    late = client[f"{database_name}_before"]["late"]
    assert late.count_documents({}) == 1
    assert set(late.index_information()) == {"_id_", "when_1"}
    assert "orders" not in client[f"{database_name}_after"].list_collection_names()
    good_late = client[f"{database_name}_good"]["late"]
    assert set(good_late.index_information()) == {"_id_"}  # the index came right after
    assert before.result is not None
    assert "as it was before" in before.result.summary


def test_of_many_operations_in_one_second_the_chosen_one_decides(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    counter = client[database_name]["counter"]
    counter.insert_one({"_id": 0, "value": 0})
    desk.backup()
    places = []
    for _ in range(200):
        counter.update_one({"_id": 0}, {"$inc": {"value": 1}})
        places.append(newest(client, database_name))
    desk.capture()
    chosen = random.Random(1).randrange(200)

    rewind(desk, places[chosen], database_name, f"{database_name}_then")

    then = client[f"{database_name}_then"]["counter"].find_one()
    assert then == {"_id": 0, "value": chosen}


def test_a_restore_in_place_makes_a_hole_until_the_next_backup(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    notes = client[database_name]["notes"]
    notes.insert_many({"_id": n} for n in range(10))
    desk.backup()
    notes.delete_many({"_id": {"$lt": 5}})
    kept = newest(client, database_name)
    notes.delete_many({})
    desk.capture()

    rewind(desk, kept.following, database_name, database_name, replace=(database_name,))

    assert sorted(d["_id"] for d in notes.find()) == [5, 6, 7, 8, 9]
    client[database_name]["later"].insert_one({})
    wanted = newest(client, database_name).following
    desk.capture()
    timeline = desk.services.points.timeline(PROFILE)
    assert timeline.gaps[-1].reason is GapReason.RESTORED_IN_PLACE
    with pytest.raises(PointNotReachableError, match="restored in place"):
        desk.services.points.plan(PROFILE, wanted)
    desk.services.vaults.rebuild_catalog("attic")
    assert desk.services.points.timeline(PROFILE).gaps[-1] == timeline.gaps[-1]
    desk.backup()
    client[database_name]["later"].insert_one({})
    desk.capture()
    assert len(desk.services.points.timeline(PROFILE).windows) == 2


def test_a_moment_outside_every_window_is_refused_before_anything(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    client[database_name]["notes"].insert_one({"_id": 1})
    desk.backup()
    before = client.list_database_names()

    with pytest.raises(PointNotReachableError, match="never captured"):
        rewind(
            desk,
            OplogTimestamp(newest(client, database_name).seconds + 90, 0),
            database_name,
            "nowhere",
        )

    assert client.list_database_names() == before


def test_a_backup_with_its_own_oplog_is_a_base_too(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    notes = client[database_name]["notes"]
    notes.insert_many({"_id": n} for n in range(10))
    assert desk.backup(consistency=Consistency.OPLOG).state is RunState.SUCCEEDED
    notes.update_many({"_id": {"$lt": 5}}, {"$set": {"seen": True}})
    then = newest(client, database_name).following
    notes.drop()
    desk.capture()

    rewind(desk, then, database_name, f"{database_name}_then")

    found = client[f"{database_name}_then"]["notes"]
    assert (found.count_documents({}), found.count_documents({"seen": True})) == (10, 5)
