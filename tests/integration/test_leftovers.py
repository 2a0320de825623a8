"""What a restore left that did not end is listed, explained, and removed on request."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.workstation import PROFILE, Workstation, fill, workstation
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from mangrove.core.backup import RestoreRequest, SafetyBackup, Selection
from mangrove.core.errors import ConfirmationMissingError
from mangrove.core.namespace import Namespace
from mangrove.core.restores.leftovers import Leftover
from mangrove.core.run import Phase, RunStatus

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
WORKING = "mangrove_0badc0de0_orders"
ONLY_COPY = "mangrove_0badc0de1_gone"
TESTS = Path(__file__).resolve().parents[1]
CHILD = """
import json, os, signal, sqlite3, sys
from mangrove.app.clock import SystemClock
from mangrove.app.container import Parts, open_services
from mangrove.app.paths import app_paths
from mangrove.connectors.secrets.session_only import SessionSecrets
from mangrove.core.backup import Rename, RestoreRequest
from mangrove.core.secret import Secret, SecretRef

home, backup, source, target = sys.argv[1:]
secrets = SessionSecrets()
for name, value in json.loads(sys.stdin.readline()).items():
    secrets.store(SecretRef(name), Secret(value))
with open_services(app_paths({"MANGROVE_HOME": home}), Parts(secrets, SystemClock())) as services:
    rename = Rename(source, target)
    request = RestoreRequest(backup, "shop", renames=(rename,), limit_bytes_per_s=1_500_000)
    run = services.restores.start(request)
    state = sqlite3.connect(app_paths({"MANGROVE_HOME": home}).state / "state.sqlite")
    unknown = "SELECT count(*) FROM making WHERE identity = ''"
    while not (status := services.activity.wait(run, 0.05)).state.is_over:
        if status.documents > 100 and state.execute(unknown).fetchone() == (0,):
            print("half way", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)  # at once: nobody is waited for meanwhile
    print(status.problem, flush=True)
"""


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


def killed_half_way(desk: Workstation, source: str, target: str) -> None:
    """Restore a database under another name in a process that is killed while it loads."""
    taken = desk.backup(selection=Selection(databases=(source,)))
    assert taken.backup is not None
    kept = {ref.name: secret.reveal() for ref, secret in desk.secrets._kept.items()}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(desk.folder / "home"), taken.backup, source, target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent / "desktop")},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(kept) + "\n")
        process.stdin.flush()
        said = process.stdout.readline().strip()
    assert said == "half way"


def test_a_killed_restore_is_listed_with_what_it_made_and_that_goes_with_its_database(
    desk: Workstation, client: MongoClient[Any], database_name: str, tmp_path: Path
) -> None:
    target = f"{database_name}_x"
    fill(client, database_name, 9)
    whole = client[database_name]["big"].estimated_document_count()

    killed_half_way(desk, database_name, target)

    with workstation(tmp_path) as later:
        (left,) = [x for x in ours(later, target) if x.namespace.collection == "big"]
        here = client[target]["big"].estimated_document_count()
        assert 0 < here < whole
        assert left.sentence == f"{target}.big: incomplete: {here:,} of {whole:,} documents"
        removed = later.services.leftovers.remove(
            PROFILE, [x.namespace for x in ours(later, target)]
        )
        assert left.namespace in removed
        assert target not in client.list_database_names()
        assert ours(later, target) == []
    assert client[database_name]["big"].estimated_document_count() == whole


def test_what_somebody_made_in_place_of_a_killed_restores_collection_stays(
    desk: Workstation, client: MongoClient[Any], database_name: str, tmp_path: Path
) -> None:
    target = f"{database_name}_x"
    fill(client, database_name, 9)
    killed_half_way(desk, database_name, target)
    client[target]["big"].drop()
    client[target]["big"].insert_one({"_id": "somebody's"})

    with workstation(tmp_path) as later:
        left = [x.namespace for x in ours(later, target)]
        removed = later.services.leftovers.remove(PROFILE, [*left, Namespace(target, "big")])

    assert Namespace(target, "big") not in removed
    assert client[target].list_collection_names() == ["big"]
    client.drop_database(target)
