"""Copies from one real deployment to another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import WAIT_S, Workstation, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import Rename, RestoreRequest, SafetyBackup, Selection
from mangrove.core.copy import CopyRequest
from mangrove.core.run import Phase, RunState, RunStatus

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture
def desk(
    tmp_path: Path, replica_set: EmbeddedMongod, standalone: EmbeddedMongod
) -> Iterator[Workstation]:
    with workstation(tmp_path) as desk:
        desk.add_profile(replica_set.uri)
        desk.add_profile(standalone.uri, "staging")
        yield desk


def copied(desk: Workstation, name: str, **choices: Any) -> RunStatus:
    request = CopyRequest("shop", Selection((name,)), RestoreRequest("", "staging", **choices))
    return desk.services.activity.wait(desk.services.copies.start(request), WAIT_S)


def test_a_copy_is_the_same_and_compared(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 3)
        source[database_name]["big"].create_index("group")
        copy = f"{database_name}_copy"

        status = copied(desk, database_name, renames=(Rename(database_name, copy),))

        assert status.state is RunState.SUCCEEDED, status.problem
        assert status.result is not None
        assert "compared" in status.result.summary
        assert list(target[copy]["big"].find()) == list(source[database_name]["big"].find())
        assert "group_1" in target[copy]["big"].index_information()
        target.drop_database(copy)


def test_a_copy_over_data_is_refused_until_it_is_confirmed(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 0.2)
        target[database_name]["big"].insert_one({"_id": "old"})
        here = (Rename(database_name, database_name),)

        refused = copied(desk, database_name, renames=here)
        without_vault = copied(desk, database_name, replace=(database_name,))
        declined = copied(desk, database_name, replace=(database_name,), safety=SafetyBackup.SKIP)

        assert refused.problem is not None
        assert refused.problem.code == "target-not-empty"
        assert without_vault.problem is not None
        assert without_vault.problem.code == "confirmation-missing"
        assert declined.state is RunState.SUCCEEDED
        assert target[database_name]["big"].find_one({"_id": "old"}) is None
        target.drop_database(database_name)


def test_a_cancelled_copy_leaves_nothing(
    desk: Workstation, replica_set: EmbeddedMongod, standalone: EmbeddedMongod, database_name: str
) -> None:
    with MongoClient[Any](replica_set.uri) as source, MongoClient[Any](standalone.uri) as target:
        fill(source, database_name, 20)
        desk.at_phase(Phase.LOAD, desk.cancel, half_way=True)

        status = copied(desk, database_name)

        assert status.state is RunState.CANCELLED
        left = [n for n in target.list_database_names() if n.startswith(database_name)]
        assert left == []
