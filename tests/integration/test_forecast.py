"""What a restore needs is told before it begins, and the run then agrees."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, Workstation, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import (
    BackupId,
    IndexChoice,
    Rename,
    RestoreRequest,
    SafetyBackup,
    Selection,
)
from mangrove.core.copy import CopyRequest
from mangrove.core.restores.forecast import Forecast, Room
from mangrove.core.run import RunState
from servers.mongod import GuardedServer

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        opened.add_vault()
        yield opened


@pytest.fixture
def database(replica_set: EmbeddedMongod, desk: Workstation, database_name: str) -> Iterator[str]:
    """A database with one collection and two indexes, backed up as the only backup."""
    desk.add_profile(replica_set.uri)
    with MongoClient[Any](replica_set.uri) as client:
        fill(client, database_name, 6)  # small ones are not measured
        client[database_name]["big"].create_index("group")
        client.admin.command("fsync")  # sizes are those of the last checkpoint
        yield database_name
        for name in client.list_database_names():
            if name.startswith(database_name):
                client.drop_database(name)


def taken(desk: Workstation, database: str) -> BackupId:
    status = desk.backup(selection=Selection(databases=(database,)))
    assert status.backup is not None, status.problem
    return status.backup


def forecast(desk: Workstation, backup: BackupId, **choices: Any) -> Forecast:
    found = desk.services.restores.preview(RestoreRequest(backup, PROFILE, **choices)).forecast
    assert found is not None
    return found


def test_space_is_known_from_the_source_and_time_from_the_last_restore(
    desk: Workstation, database: str
) -> None:
    backup = taken(desk, database)

    first = forecast(desk, backup)
    restored = desk.restore(backup)
    second = forecast(desk, backup, indexes=IndexChoice.NEVER)

    assert (first.collections, first.documents, first.indexes) == (1, 300, 1)
    assert first.space.measured == 1
    assert first.space.data_bytes > 1_000_000
    assert first.space.index_bytes >= 2 * 4096
    assert first.space.room is Room.ENOUGH
    assert first.time.sentence == f"unknown: no restore to {PROFILE} was measured yet"
    assert first.privileges.allowed
    assert restored.state is RunState.SUCCEEDED, (restored.problem, restored.result)
    assert second.time.likely is not None
    assert second.time.likely.total_seconds() > 0
    assert f"measured by 1 restore to {PROFILE}" in second.time.sentence
    assert second.indexes == 0
    assert second.space.index_bytes < first.space.index_bytes


def test_what_is_replaced_needs_its_space_until_the_end(desk: Workstation, database: str) -> None:
    backup = taken(desk, database)

    found = forecast(desk, backup, replace=(database,), safety=SafetyBackup.SKIP)

    assert found.space.replaced_bytes > 1_000_000
    assert "become free at the end" in found.space.sentence


def test_a_copy_is_foretold_from_the_living_source(desk: Workstation, database: str) -> None:
    restore = RestoreRequest(BackupId(""), PROFILE, renames=(Rename(database, f"{database}_b"),))
    request = CopyRequest(PROFILE, Selection(databases=(database,)), restore)

    found = desk.services.copies.preview(request).forecast
    commands = desk.services.copies.index_commands(request)
    official = desk.services.copies.official(request)

    assert found is not None
    assert (found.space.measured, found.indexes) == (1, 1)
    assert found.space.data_bytes > 1_000_000
    assert len(commands) == 1
    assert f'"$db":"{database}_b"' in commands[0]
    assert [line[0] for line in official.lines] == ["mongodump", "mongorestore"]


def test_a_user_who_may_not_read_is_told_before_anything_is_written(
    desk: Workstation, database: str, mongod_with_auth: GuardedServer
) -> None:
    server = mongod_with_auth
    backup = taken(desk, database)
    with MongoClient[Any](server.uri_for(server.root)) as root:
        root["admin"].command("createUser", database, pwd="p" * 12, roles=["restore"])
        uri = server.uri.replace("mongodb://", f"mongodb://{database}@")
        desk.add_profile(uri + "&authSource=admin", "guarded", "p" * 12)

        plan = desk.services.restores.preview(RestoreRequest(backup, "guarded"))
        status = desk.restore(backup, "guarded")

        assert plan.forecast is not None
        assert plan.forecast.privileges.allowed is False
        assert plan.forecast.privileges.role == "readAnyDatabase"
        assert "MISSING: find on" in plan.forecast.allowance
        assert status.problem is not None
        assert status.problem.code == "missing-privilege"
        assert "readAnyDatabase" in status.problem.hint
        assert not [n for n in root.list_database_names() if n.startswith(database)]
