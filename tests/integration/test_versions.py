"""Backups of MongoDB 4.4, 5.0 and 6.0 come back on their own version, and on the others."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fakes.one_of_everything import START, build, everything, shape
from fakes.workstation import Workstation, workstation
from mangrove.core.backup import BackupId, Consistency, Rename, RestoreRequest, Selection
from mangrove.core.run import RunState, RunStatus
from mangrove.core.verification import Level, VerifyRequest
from servers.mongod import VERSIONS, ServersByVersion

pytestmark = [pytest.mark.mongod, pytest.mark.slow]
OLD, MIDDLE, NEW = VERSIONS


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workstation]:
    with workstation(tmp_path) as opened:
        opened.add_vault()
        yield opened


class Clients:
    """A client to each version, and the databases to drop at the end."""

    def __init__(self, servers: ServersByVersion, desk: Workstation) -> None:
        self._servers = servers
        self._desk = desk
        self._open: dict[str, MongoClient[Any]] = {}

    def __getitem__(self, version: str) -> MongoClient[Any]:
        if version not in self._open:
            uri = self._servers[version].uri
            self._desk.add_profile(uri, version)
            self._open[version] = MongoClient[Any](uri, tz_aware=True)
        return self._open[version]

    def close(self) -> None:
        for client in self._open.values():
            for name in client.list_database_names():
                if name.startswith("test_"):
                    client.drop_database(name)
            client.close()


@pytest.fixture
def clients(servers_by_version: ServersByVersion, desk: Workstation) -> Iterator[Clients]:
    opened = Clients(servers_by_version, desk)
    yield opened
    opened.close()


def backed_up(desk: Workstation, version: str, database: str) -> BackupId:
    status = desk.backup(version, selection=Selection(databases=(database,)))
    assert status.state is RunState.SUCCEEDED, (status.problem, status.result)
    assert status.backup is not None
    return status.backup


def losses(status: RunStatus, database: str) -> dict[str, str]:
    """Return each loss by the name of collection and index."""
    assert status.problem is None, status.problem
    assert status.result is not None
    return {x.subject.removeprefix(f"{database}."): x.reason for x in status.result.losses}


def copied(
    desk: Workstation, clients: Clients, way: tuple[str, str], database: str
) -> tuple[RunStatus, str]:
    """Back a database up on one version and restore it as a copy on another."""
    source, target = way
    taken = backed_up(desk, source, database)
    assert clients[target]
    copy = f"{database}_copy"
    return desk.restore(taken, target, renames=(Rename(database, copy),)), copy


@pytest.mark.parametrize("version", VERSIONS)
def test_the_probe_says_the_version(desk: Workstation, clients: Clients, version: str) -> None:
    assert clients[version]

    report = desk.services.profiles.test(version, lambda *_: None)

    assert (report.version, report.feature_version) == (version, version[:3])
    assert all(p.allowed for p in report.privileges)
    assert report.warnings == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_backup_comes_back_the_same_on_its_own_version(
    desk: Workstation, clients: Clients, version: str, database_name: str
) -> None:
    client = clients[version]
    build(client, database_name)

    taken = backed_up(desk, version, database_name)
    checked = desk.verify(VerifyRequest(taken, Level.DECODED))
    copy = f"{database_name}_copy"
    restored = desk.restore(taken, version, renames=(Rename(database_name, copy),))

    record = desk.services.backups.find(taken)
    assert record.achieved is (Consistency.OPLOG if version == OLD else Consistency.SNAPSHOT)
    assert record.consistent_at is not None
    reason = desk.services.backups.explain(taken).manifest.consistency_reason
    assert ("oplog" in reason) is (version == OLD)
    assert checked.state is RunState.SUCCEEDED
    assert losses(restored, copy) == {}
    assert shape(client, copy) == shape(client, database_name)
    assert everything(client, copy) == everything(client, database_name)


CLUSTERED_LOST = {"clustered": "lacks the index by id"}
LOST = {
    (OLD, NEW): {"people index haystack": "GeoHaystack indexes cannot be created"},
    (NEW, OLD): CLUSTERED_LOST | {"weather": "could not be created"},
    (OLD, MIDDLE): {"people index haystack": "GeoHaystack indexes cannot be created"},
    (MIDDLE, OLD): {"weather": "could not be created"},
    (MIDDLE, NEW): {},
    (NEW, MIDDLE): CLUSTERED_LOST,
}


@pytest.mark.parametrize(("source", "target"), LOST)
def test_a_backup_goes_to_another_version_and_what_that_lacks_is_named(
    desk: Workstation, clients: Clients, source: str, target: str, database_name: str
) -> None:
    build(clients[source], database_name)

    taken = backed_up(desk, source, database_name)
    assert clients[target]
    copy = f"{database_name}_copy"
    request = RestoreRequest(taken, target, renames=(Rename(database_name, copy),))
    foretold = desk.services.restores.preview(request).forecast
    restored = desk.restore(taken, target, renames=request.renames)

    expected, found = LOST[source, target], losses(restored, copy)
    assert found.keys() == expected.keys()
    assert foretold is not None
    assert {c.subject.removeprefix(f"{copy}.") for c in foretold.conflicts} == expected.keys()
    assert all(words in found[name] for name, words in expected.items())
    kept = everything(clients[source], database_name)
    kept.pop("weather" if "weather" in expected else "", None)
    assert everything(clients[target], copy) == kept
    documents = clients[target][copy]["people"].count_documents({})
    assert documents == 300


def test_what_an_old_shell_typed_is_no_difference_on_a_new_server(
    desk: Workstation, clients: Clients, database_name: str
) -> None:
    database = clients[OLD][database_name]
    database.command("create", "typed", capped=True, size=100_000.0, max=10.0)
    database["typed"].insert_one({"_id": 1})
    indexes = [
        {"key": {"a": 1.0}, "name": "a", "unique": 1, "sparse": 1.0, "background": True},
        {"key": {"t": -1.0}, "name": "t", "expireAfterSeconds": 360_000_000.0},
        {"key": {"s": "2d"}, "name": "s", "bits": 20.0, "min": -100},
        {"key": {"old": 1}, "name": "old", "v": 1},
    ]
    database.command("createIndexes", "people", indexes=indexes)

    restored, copy = copied(desk, clients, (OLD, NEW), database_name)

    assert losses(restored, copy) == {}
    assert everything(clients[NEW], copy) == everything(clients[OLD], database_name)


@pytest.mark.parametrize("target", [OLD, MIDDLE])
def test_options_that_an_old_server_does_not_know_are_named_and_cost_no_document(
    desk: Workstation, clients: Clients, target: str, database_name: str
) -> None:
    database = clients[NEW][database_name]
    database.create_collection("images", changeStreamPreAndPostImages={"enabled": True})
    database["images"].insert_one({"_id": 1})
    database["unique_soon"].create_index("a", name="a")
    index = {"name": "a", "prepareUnique": True}
    database.command("collMod", "unique_soon", index=index)

    restored, copy = copied(desk, clients, (NEW, target), database_name)

    assert losses(restored, copy) == {
        "images": "has other options than in the backup: changeStreamPreAndPostImages",
        "unique_soon": "has another definition of the index a: prepareUnique",
    }
    assert everything(clients[target], copy) == everything(clients[NEW], database_name)


def test_a_compressed_bucket_is_named_and_spoils_no_other_on_a_server_that_cannot_read_it(
    desk: Workstation, clients: Clients, database_name: str
) -> None:
    database = clients[NEW][database_name]
    database.create_collection("weather", timeseries={"timeField": "at", "metaField": "m"})
    # a bucket is full, and compressed, with a thousand measurements
    values = [{"at": START + timedelta(milliseconds=n), "m": 1, "n": n} for n in range(2500)]
    database["weather"].insert_many(values)
    buckets = database["system.buckets.weather"]
    compressed = buckets.count_documents({"control.version": 2})
    readable = sorted(
        n for b in buckets.find({"control.version": 1}) for n in b["data"]["n"].values()
    )

    restored, copy = copied(desk, clients, (NEW, MIDDLE), database_name)

    assert compressed > 0
    assert restored.result is not None
    (loss,) = restored.result.losses
    assert (loss.subject, loss.count) == (f"{copy}.weather", compressed)
    assert "compressed by MongoDB 5.2 or newer" in loss.reason
    assert sorted(d["n"] for d in clients[MIDDLE][copy]["weather"].find()) == readable
