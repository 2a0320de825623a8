"""From the first capture to the second before an accident, by the command line alone."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from journeys.command_line import CommandLine
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]


@pytest.fixture
def client(replica_set: EmbeddedMongod, database_name: str) -> Iterator[MongoClient[Any]]:
    with MongoClient[Any](replica_set.uri) as opened:
        yield opened
        for name in opened.list_database_names():
            if name.startswith(database_name):
                opened.drop_database(name)


@pytest.fixture
def mangrove(
    tmp_path: Path, secret_service: SecretService, replica_set: EmbeddedMongod
) -> CommandLine:
    line = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    assert line("profile", "add", "shop", "--uri", replica_set.uri).code == 0
    url = (tmp_path / "vault").as_uri()
    assert line("vault", "add", "attic", "--url", url).code == 0
    return line


def test_a_person_gets_back_what_was_there_before_an_accident(
    mangrove: CommandLine, client: MongoClient[Any], database_name: str
) -> None:
    orders = client[database_name]["orders"]
    orders.insert_many({"_id": n} for n in range(50))
    assert mangrove("backup", "shop", "--vault", "attic", "--db", database_name).code == 0
    assert mangrove("backup", "shop", "--vault", "attic").code == 0

    follow = ("capture", "shop", "--vault", "attic", "--follow", "--slice", "1m")
    with mangrove.started_until(follow, "capture the oplog") as following:
        second = mangrove("capture", "shop", "--vault", "attic", "--once")
        assert (second.code, "already" in second.err) == (5, True)
        orders.insert_many({"_id": n} for n in range(50, 80))
        orders.delete_many({"_id": {"$gte": 10}})  # the accident
        deleted = {"ns": orders.full_name, "op": "d", "o._id": 10}
        (accident,) = client.local["oplog.rs"].find(deleted)
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=60)
    assert (following.returncode, "captured up to" in said) == (130, True), said
    assert mangrove("capture", "shop", "--vault", "attic", "--once").code == 0

    shown = mangrove.json("windows", "shop")["windows"]
    assert [window["scope"] == "" for window in shown["windows"]].count(True) == 1
    assert "Headroom" in mangrove("windows", "shop").out
    at = f"{accident['ts'].time}:{accident['ts'].inc}"
    rename = ("--include", f"{database_name}.*", "--rename", f"{database_name}={database_name}_x")
    planned = mangrove("restore", "--to", "shop", "--before-op", at, *rename, "--dry-run")
    assert (planned.code, "Then replay" in planned.out) == (0, True), planned
    restored = mangrove("restore", "shop", "--to", "shop", "--at", at, *rename)
    assert restored.code == 0, restored
    assert client[f"{database_name}_x"]["orders"].count_documents({}) == 80

    later = mangrove("restore", "--to", "shop", "--at", "2099-01-01 UTC")
    assert (later.code, "not come that far" in later.err) == (4, True)
    unclear = mangrove("restore", "--to", "shop", "--at", "soon")
    assert (unclear.code, "is not a moment" in unclear.err) == (2, True)
    listed = mangrove.json("windows", "shop")
    assert mangrove("vault", "rebuild-catalog", "attic").code == 0
    assert mangrove.json("windows", "shop") == listed


def test_a_standalone_server_is_told_why_it_cannot_be_captured(
    mangrove: CommandLine, standalone: EmbeddedMongod
) -> None:
    assert mangrove("profile", "add", "alone", "--uri", standalone.uri).code == 0

    refused = mangrove("capture", "alone", "--vault", "attic", "--once")

    assert refused.code == 1
    assert "keeps no oplog" in refused.err
    assert "--replSet" in refused.err
