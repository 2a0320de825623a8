import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from journeys.command_line import CommandLine
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService
from servers.mongod import GuardedServer, mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]

ORDERS = 3_000
LARGE_DOCUMENTS = 120
MEGABYTE = 1 << 20
SHOP, LARGE = "journey_shop", "journey_large"


@pytest.fixture
def mangrove(
    tmp_path: Path, secret_service: SecretService, mongod_with_auth: GuardedServer
) -> CommandLine:
    """The program with an empty home, a real keyring, and the profile ``shop``."""
    line = CommandLine(
        tmp_path / "home",
        variables={"MANGROVE_MONGOD": str(mongod_binary()), **secret_service.env},
        secret=mongod_with_auth.root.password,
    )
    uri = mongod_with_auth.uri_for(mongod_with_auth.root)
    assert line("profile", "add", "Shop", "--uri", "-", stdin=uri + "\n").code == 0
    url = (tmp_path / "vault").as_uri()
    assert line("vault", "add", "Local", "--url", url).code == 0
    return line


@pytest.fixture
def server(mongod_with_auth: GuardedServer) -> Iterator[MongoClient[dict[str, Any]]]:
    """The server seen directly, with a small shop; everything a test made goes at the end."""
    with MongoClient[dict[str, Any]](mongod_with_auth.uri_for(mongod_with_auth.root)) as client:
        orders = [{"_id": n, "customer": n % 50, "note": f"order {n}"} for n in range(ORDERS)]
        client[SHOP].orders.insert_many(orders)
        client[SHOP].orders.create_index("customer")
        client[SHOP].customers.insert_many([{"_id": n} for n in range(50)])
        yield client
        for name in client.list_database_names():
            if name not in ("admin", "config", "local"):
                client.drop_database(name)


def test_a_person_backs_up_proves_and_restores_without_a_window(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    tested = mangrove("profile", "test", "shop")
    assert tested.code == 0, tested
    assert "may dump" in tested.out

    taken = mangrove.json("backup", "shop", "--vault", "local", "--db", SHOP)["run"]
    backup = taken["backup"]
    assert taken["state"] == "succeeded"
    assert taken["figures"]["documents"] == ORDERS + 50

    assert [b["backup"] for b in mangrove.json("backups")["backups"]] == [backup]
    shown = mangrove("show", backup[:18])
    assert (shown.code, f"{SHOP}.orders" in shown.out) == (0, True)

    for level in ("stored", "decoded", "restored"):
        verified = mangrove("verify", "latest", "--level", level)
        assert verified.code == 0, verified
    assert "restored on trial" in mangrove("show", "latest").out
    on_profile = mangrove("verify", "latest", "--on", "shop")
    assert on_profile.code == 0, on_profile
    assert not [n for n in server.list_database_names() if "mangrove" in n]

    _restores_as_asked(mangrove, server)
    assert mangrove.json("status")["status"]["profiles"][0]["profile_name"] == "Shop"

    listed = mangrove.json("backups")
    assert mangrove.json("vault", "rebuild-catalog", "local") == {"backups": len(listed["backups"])}
    assert mangrove.json("backups") == listed

    _flip_a_byte(next((tmp_path / "vault").glob(f"*/{backup}/{SHOP}/orders.0000.*")))
    for level in ("stored", "restored"):
        bad = mangrove("verify", backup, "--level", level)
        assert bad.code == 6, bad
    refused = mangrove("restore", backup, "--to", "shop")
    assert refused.code == 6, refused
    assert not [n for n in server.list_database_names() if "_restored_" in n]

    assert mangrove.seen_in == set()
    assert mangrove.files_with(mangrove.secret) == []
    assert mangrove.secret not in "".join(mangrove.printed)


def _restores_as_asked(mangrove: CommandLine, server: MongoClient[dict[str, Any]]) -> None:
    copied = mangrove.json("restore", "latest", "--to", "shop")["run"]
    (copy,) = copied["targets"]
    assert copy.startswith(f"{SHOP}_restored_")
    assert server[copy].orders.count_documents({}) == ORDERS
    assert "customer_1" in server[copy].orders.index_information()
    server.drop_database(copy)

    renamed = mangrove("restore", "latest", "--to", "shop", "--rename", f"{SHOP}=other")
    assert renamed.code == 0, renamed
    assert server["other"].orders.count_documents({}) == ORDERS

    server[SHOP].orders.delete_many({"_id": {"$gte": 100}})
    planned = mangrove(
        "restore", "latest", "--to", "shop", "--rename", f"{SHOP}=other", "--dry-run"
    )
    assert (planned.code, "REPLACED" in planned.out) == (5, True), planned
    refused = mangrove("restore", "latest", "--to", "shop", "--rename", f"{SHOP}={SHOP}", "--json")
    assert refused.code == 5, refused
    assert refused.document["error"]["code"] == "target-not-empty"
    assert server[SHOP].orders.count_documents({}) == 100

    replaced = mangrove("restore", "latest", "--to", "shop", "--yes-replace", SHOP)
    assert replaced.code == 0, replaced
    assert server[SHOP].orders.count_documents({}) == ORDERS
    assert len(mangrove.json("backups")["backups"]) == 2, "a safety backup was taken first"


def test_what_cannot_work_ends_with_the_number_that_says_why(
    mangrove: CommandLine, mongod_with_auth: GuardedServer
) -> None:
    wrong = mongod_with_auth.uri_for(mongod_with_auth.root).replace(mangrove.secret, "wrong")
    assert mangrove("profile", "add", "Wrong", "--uri", "-", stdin=wrong + "\n").code == 0

    codes = {
        "wrong password": mangrove("profile", "test", "wrong").code,
        "wrong password in a run": mangrove("backup", "wrong", "--vault", "local").code,
        "unknown profile": mangrove("backup", "nobody", "--vault", "local").code,
        "unknown vault": mangrove("backup", "shop", "--vault", "nowhere").code,
        "unknown backup": mangrove("show", "20200101").code,
        "bad URI": mangrove("profile", "add", "Bad", "--uri", "http://host").code,
        "unknown option": mangrove("backups", "--colour-blind").code,
    }

    assert codes == {
        "wrong password": 7,
        "wrong password in a run": 7,
        "unknown profile": 4,
        "unknown vault": 4,
        "unknown backup": 4,
        "bad URI": 2,
        "unknown option": 2,
    }


def test_a_password_in_the_arguments_is_taken_and_warned_about(
    mangrove: CommandLine,
) -> None:
    uri = "mongodb://someone:s3cr3t-in-argv@127.0.0.1:1/"

    added = mangrove("profile", "add", "Argv", "--uri", uri)

    assert added.code == 0, added
    assert "process list" in added.err
    assert "s3cr3t-in-argv" not in added.out + added.err
    assert mangrove.files_with("s3cr3t-in-argv") == []


def test_terminal_is_asked_for_the_name_of_a_database_that_holds_data(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    assert mangrove("backup", "shop", "--vault", "local", "--db", SHOP).code == 0
    server[SHOP].orders.delete_many({})
    arguments = ("restore", "latest", "--to", "shop", "--rename", f"{SHOP}={SHOP}")

    refused = mangrove.on_terminal(*arguments, typed="yes\n")
    assert refused.code == 5, refused
    assert server[SHOP].orders.count_documents({}) == 0

    agreed = mangrove.on_terminal(*arguments, "--no-safety-backup", typed=f"{SHOP}\n")
    assert agreed.code == 0, agreed
    assert "Type its name" in agreed.err
    assert server[SHOP].orders.count_documents({}) == ORDERS


def test_second_ctrl_c_leaves_a_frozen_server_at_once(
    mangrove: CommandLine, fresh_replica_set: EmbeddedMongod
) -> None:
    with MongoClient[dict[str, Any]](fresh_replica_set.uri) as client:
        _fill_large(client)
    assert mangrove("profile", "add", "Frozen", "--uri", fresh_replica_set.uri).code == 0
    assert fresh_replica_set.pid is not None

    backup = ("backup", "frozen", "--vault", "local")
    with mangrove.started_until(backup, "read and store") as process:
        os.kill(fresh_replica_set.pid, signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            mangrove.wait_until_told(process, "cancelling")
            process.send_signal(signal.SIGINT)
            process.wait(20)  # the server would be given up much later
        finally:
            os.kill(fresh_replica_set.pid, signal.SIGCONT)

    assert process.returncode == 130
    assert "interrupted" in mangrove("backups").err


def test_ctrl_c_in_the_middle_of_a_backup_leaves_nothing(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    _fill_large(server)
    before = _blobs(tmp_path / "vault")
    arguments = ("backup", "shop", "--vault", "local", "--db", LARGE)

    with mangrove.started_until(arguments, "read and store") as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert "cancelling" in err
    assert _blobs(tmp_path / "vault") == before
    assert mangrove.json("backups")["backups"] == []


def test_a_killed_backup_is_told_at_the_next_start_and_its_debris_removed(
    mangrove: CommandLine, server: MongoClient[dict[str, Any]]
) -> None:
    _fill_large(server)
    arguments = ("backup", "shop", "--vault", "local", "--db", LARGE)
    with mangrove.started_until(arguments, "re-read and compare") as process:
        process.kill()

    told = mangrove("backups")
    assert "interrupted" in told.err, told
    assert "--remove-debris" in told.err
    assert mangrove("backups").err == "", "it is told once"
    assert mangrove.json("runs")["runs"][0]["state"] == "interrupted"

    noted = mangrove("backup", "shop", "--vault", "local", "--db", SHOP)
    assert noted.code == 0
    assert "1 backup that did not finish left" in noted.out
    assert "mangrove vault check Local --remove-debris" in noted.out

    assert len(mangrove.json("vault", "check", "local")["health"]["debris"]) == 1
    cleaned = mangrove.json("vault", "check", "local", "--remove-debris")
    assert cleaned["freed_bytes"] > MEGABYTE
    assert cleaned["health"]["debris"] == []
    again = mangrove("backup", "shop", "--vault", "local", "--db", SHOP)
    assert again.code == 0
    assert "did not finish" not in again.out


def _fill_large(server: MongoClient[dict[str, Any]]) -> None:
    """Make a database that takes seconds to store: it cannot be compressed."""
    with Path("/dev/urandom").open("rb") as noise:
        for _ in range(LARGE_DOCUMENTS // 20):
            batch = [{"noise": noise.read(MEGABYTE)} for _ in range(20)]
            server[LARGE].noise.insert_many(batch)


def _blobs(vault: Path) -> list[str]:
    return sorted(str(p.relative_to(vault)) for p in vault.rglob("*") if p.is_file())


def _flip_a_byte(blob: Path) -> None:
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 0x01
    blob.chmod(0o600)
    blob.write_bytes(content)
