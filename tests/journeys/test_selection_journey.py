"""Selection on the command line, from a filtered backup to filling up what was lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from journeys.command_line import CommandLine
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService
from servers.mongod import mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
SHOP = "selection_shop"
STRANGE = "mangrove_verify_0123456789abcdef"


@pytest.fixture
def server(replica_set: EmbeddedMongod) -> Iterator[MongoClient[dict[str, Any]]]:
    """The server seen directly; everything a test made goes at the end."""
    with MongoClient[dict[str, Any]](replica_set.uri) as client:
        before = set(client.list_database_names())
        client[SHOP].orders.insert_many({"_id": n, "open": n % 2 == 0} for n in range(10))
        client[SHOP].orders.create_index("open")
        client[SHOP]["tmp_1"].insert_one({"_id": 1})
        yield client
        for name in set(client.list_database_names()) - before:
            client.drop_database(name)


@pytest.fixture
def mangrove(
    tmp_path: Path, secret_service: SecretService, replica_set: EmbeddedMongod
) -> CommandLine:
    """The program with an empty home, a real keyring, the profile ``shop`` and a vault."""
    line = CommandLine(
        tmp_path / "home",
        variables={"MANGROVE_MONGOD": str(mongod_binary()), **secret_service.env},
        secret="",
    )
    assert line("profile", "add", "Shop", "--uri", replica_set.uri).code == 0
    url = (tmp_path / "vault").as_uri()
    assert line("vault", "add", "Local", "--url", url).code == 0
    return line


def test_a_filtered_backup_is_marked_wherever_it_is_shown(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    query = f'{SHOP}.orders={{"open": true}}'
    backup = ("backup", "shop", "--vault", "local", "--include", f"{SHOP}.*")
    explained = mangrove(*backup, "--query", query, "--explain")
    assert "mongodump" in explained.out

    taken = mangrove.json(*backup, "--exclude", "*.tmp_*", "--query", query)["run"]

    assert taken["figures"]["documents"] == 5
    assert "filtered" in taken["summary"]
    (row,) = mangrove.json("backups")["backups"]
    assert row["is_filtered"]
    assert "filtered" in mangrove("backups").out
    shown = mangrove("show", "latest")
    assert "FILTERED" in shown.out
    assert '{"open":true}' in shown.out
    assert "(1 filtered)" in mangrove("status").out
    assert server[SHOP].orders.count_documents({}) == 10


@pytest.mark.usefixtures("server")
def test_a_selection_that_cannot_be_meant_is_a_usage_error(mangrove: CommandLine) -> None:
    choices: dict[str, tuple[str, str]] = {
        "matches no collection": ("--exclude", f"{SHOP}.nothing"),
        "at character 1": ("--query", f"{SHOP}.orders={{open: 1}}"),
        "no document": ("--query", f"{SHOP}.orders=[]"),
        "does not take the query": ("--query", f'{SHOP}.orders={{"$no": 1}}'),
    }

    refused = {
        words: mangrove("backup", "shop", "--vault", "local", "--db", SHOP, *options)
        for words, options in choices.items()
    }

    assert {words: ended.code for words, ended in refused.items()} == dict.fromkeys(choices, 2)
    assert all(words in ended.err for words, ended in refused.items()), refused


def test_what_was_lost_is_filled_up_under_patterns(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    assert mangrove("backup", "shop", "--vault", "local", "--db", SHOP).code == 0
    server[SHOP].orders.delete_many({"_id": {"$lt": 3}})
    server[SHOP].orders.update_one({"_id": 9}, {"$set": {"mine": 1}})
    restore = ("restore", "latest", "--to", "shop")
    fill = (*restore, "--rename", f"{SHOP}={SHOP}", "--only-missing", "--stop-on-error")

    planned = mangrove(*fill, "--dry-run")
    assert (planned.code, "filled up" in planned.out, "note: " in planned.out) == (0, True, True)
    assert "mongorestore" in mangrove(*fill, "--explain").out
    filled = mangrove.json(*fill)["run"]
    assert filled["figures"]["documents"] == 3
    assert filled["figures"]["documents_already_there"] == 8
    assert server[SHOP].orders.find_one({"_id": 9}) == {"_id": 9, "open": False, "mine": 1}

    moved = mangrove.json(*restore, "--rename", "*.*=dev_*.*_new", "--print-indexes")
    (command,) = map(json.loads, moved["index_commands"])
    assert command["createIndexes"] == "orders_new"
    assert set(server[f"dev_{SHOP}"]["orders_new"].index_information()) == {"_id_"}
    refused = mangrove(*restore, "--rename", "*.*=nodot*")
    assert refused.code == 2
    clash = mangrove(*restore, "--rename", f"{SHOP}.orders=x.y", "--rename", f"{SHOP}.tmp_1=x.y")
    assert "both become x.y" in clash.err


def test_a_dump_in_files_is_explained_and_foretold_and_nothing_is_done(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    assert mangrove("backup", "shop", "--vault", "local", "--db", SHOP).code == 0
    folder = str(tmp_path / "dump")
    assert mangrove("export", "latest", folder, "--gzip").code == 0
    before = server.list_database_names()
    restore = ("restore", folder, "--to", "shop", "--drop")

    explained = mangrove(*restore, "--explain")
    foretold = mangrove(*restore, "--dry-run", "--print-indexes", "--json")
    refused = mangrove(*restore, "--json")
    clash = mangrove(*restore, "--only-missing")

    assert (explained.code, explained.out.splitlines()[-1].split()[0]) == (0, "mongorestore")
    assert f"--gzip --drop {folder}" in explained.out
    assert foretold.code == refused.code == 5
    plan, commands = foretold.document["plan"], foretold.document["index_commands"]
    assert plan["unconfirmed"] == [SHOP]
    assert plan["forecast"]["space"]["room"] == "enough"  # even for the most that can come
    assert plan["forecast"]["time"]["likely_seconds"] is None
    assert plan["forecast"]["privileges"]["allowed"] is True
    assert len(commands) == 1
    assert refused.document["run"]["problem"]["code"] == "target-not-empty"
    assert (clash.code, "leave out one of the two" in clash.err) == (2, True)
    assert server.list_database_names() == before

    server[SHOP].orders.insert_one({"_id": "later"})
    confirm = ("--yes-replace", SHOP, "--no-safety-backup")
    assert mangrove.json(*restore, *confirm)["run"]["targets"] == [SHOP]
    assert server[SHOP].orders.count_documents({}) == 10


def test_a_copy_takes_the_same_choices_as_a_restore(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    there = ("--rename", f"{SHOP}={SHOP}_b")
    copy = ("copy", "shop", "--to", "shop", "--db", SHOP, *there)
    query = ("--query", f'{SHOP}.orders={{"open": true}}')

    explained = mangrove(*copy, "--explain")
    copied = mangrove.json(*copy, *query, "--limit-rate", "50MB/s", "--no-indexes")["run"]
    filled = mangrove.json(*copy, "--only-missing")["run"]

    assert [line.split()[0] for line in explained.out.splitlines() if line[0] != "#"] == [
        "mongodump",
        "mongorestore",
    ]
    assert copied["figures"]["documents"] == 6
    assert filled["figures"]["documents"] == 5
    assert server[f"{SHOP}_b"].orders.count_documents({}) == 10


def test_what_a_restore_left_is_listed_and_removed_on_request(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    server[SHOP]["mangrove_0badc0de0_orders"].insert_one({"_id": 1})
    server[SHOP]["mangrove_0badc0de1_gone"].insert_one({"_id": 1})
    server[STRANGE]["copy"].insert_one({"_id": 1})

    tested = mangrove("profile", "test", "shop")
    listed = mangrove("profile", "clean", "shop")
    applied = mangrove.json("profile", "clean", "shop", "--apply")

    assert "mangrove profile clean shop" in tested.err
    assert "was to replace" in listed.out
    assert "may be its only copy" in listed.out
    assert "Nothing was removed" in listed.out
    assert f"{STRANGE}: 1 collection" in listed.out
    assert [x["database"] for x in applied["unknown"] if x["database"] == STRANGE] == [STRANGE]
    assert STRANGE in server.list_database_names()
    assert applied["removed"] == [f"{SHOP}.mangrove_0badc0de0_orders"]
    names = server[SHOP].list_collection_names()
    assert "mangrove_0badc0de0_orders" not in names
    assert "mangrove_0badc0de1_gone" in names
