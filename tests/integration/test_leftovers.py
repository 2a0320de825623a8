"""What a restore left that did not end is listed, explained, and removed on request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, Workstation, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import RestoreRequest, SafetyBackup, Selection
from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.leftovers import Leftover
from mangrove.core.namespace import Namespace
from mangrove.core.run import Phase, RunStatus

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
WORKING = "mangrove_0badc0de0_orders"
ONLY_COPY = "mangrove_0badc0de1_gone"


@pytest.fixture
def desk(tmp_path: Path, replica_set: EmbeddedMongod) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        opened.add_vault()
        opened.add_profile(replica_set.uri)
        yield opened


@pytest.fixture
def client(replica_set: EmbeddedMongod, database_name: str) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as opened:
        opened[database_name]["orders"].insert_many({"_id": n} for n in range(50))
        yield opened
        opened.drop_database(database_name)


def ours(desk: Workstation, database: str) -> list[Leftover]:
    """Return the leftovers of the test's own database: others share the server."""
    found = desk.services.leftovers.of(PROFILE)
    return [x for x in found if x.namespace.database == database]


def test_leftovers_are_listed_and_removed_and_nothing_else(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    database = client[database_name]
    for name in (WORKING, ONLY_COPY, "mangrove_of_mine"):
        database[name].insert_one({"_id": 1})
    left = desk.services.leftovers

    found = {
        x.namespace.collection: x for x in left.of(PROFILE) if x.namespace.database == database_name
    }
    wanted = [Namespace(database_name, n) for n in (WORKING, "orders", "mangrove_of_mine")]
    removed = left.remove(PROFILE, wanted)

    assert {name: x.is_only_copy for name, x in found.items()} == {WORKING: False, ONLY_COPY: True}
    assert removed == (Namespace(database_name, WORKING),)
    assert sorted(database.list_collection_names()) == [
        ONLY_COPY,
        "mangrove_of_mine",
        "orders",
    ]


def test_a_restore_that_runs_keeps_its_collections(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = desk.backup(selection=Selection(databases=(database_name,)))
    assert taken.backup is not None
    refused: list[str] = []
    seen: list[str] = []

    def look(_status: RunStatus) -> None:
        own = [
            x for x in desk.services.leftovers.of(PROFILE) if x.namespace.database == database_name
        ]
        seen.extend(x.meant_for for x in own)
        with pytest.raises(ConfirmationMissingError) as caught:
            desk.services.leftovers.remove(PROFILE, [x.namespace for x in own])
        refused.append(caught.value.message)

    happened = desk.at_phase(Phase.COMPARE, look)
    status = desk.restore(taken.backup, replace=(database_name,), safety=SafetyBackup.SKIP)

    assert happened.is_set()
    assert status.result is not None, status.problem
    assert status.result.losses == ()
    assert seen == [f"{database_name}.orders"]
    assert "nothing was removed" in refused[0]
    assert client[database_name].list_collection_names() == ["orders"]


def test_the_next_restore_there_says_that_something_was_left(
    desk: Workstation, client: MongoClient[Any], database_name: str
) -> None:
    taken = desk.backup(selection=Selection(databases=(database_name,)))
    assert taken.backup is not None
    client[database_name][WORKING].insert_one({"_id": 1})

    request = RestoreRequest(taken.backup, PROFILE, replace=(database_name,))
    plan = desk.services.restores.preview(request)

    assert any(f"mangrove profile clean {PROFILE}" in note for note in plan.notes)
