"""A person takes users along, loses them, and gets them back, on the command line."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from journeys.command_line import CommandLine
from mangrove.connectors.embedded.mongod import EmbeddedMongod
from servers.keyring_service import SecretService
from servers.mongod import Account, GuardedServer, mongod_binary

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]
SHOP, ODD = "journey_users", "usér/with%odd"


@pytest.fixture
def clerk(mongod_with_auth: GuardedServer) -> Iterator[Account]:
    """A user of the shop with a role of its own; both go at the end."""
    account = Account(ODD, secrets.token_hex(20))
    with _root(mongod_with_auth) as client:
        client[SHOP].orders.insert_many([{"_id": n} for n in range(10)])
        client[SHOP].command("createRole", "clerk", privileges=[], roles=["read"])
        client[SHOP].command("createUser", ODD, pwd=account.password, roles=["clerk"])
        yield account
        _forget_everybody(client)
        client.drop_database(SHOP)


@pytest.fixture
def mangrove(
    tmp_path: Path, secret_service: SecretService, mongod_with_auth: GuardedServer, clerk: Account
) -> CommandLine:
    """The program with the profile ``shop``; it looks for the clerk's password everywhere."""
    line = CommandLine(
        tmp_path / "home",
        variables={"MANGROVE_MONGOD": str(mongod_binary()), **secret_service.env},
        secret=clerk.password,
    )
    uri = mongod_with_auth.uri_for(mongod_with_auth.root)
    assert line("profile", "add", "Shop", "--uri", "-", stdin=uri + "\n").code == 0
    assert line("vault", "add", "Local", "--url", (tmp_path / "vault").as_uri()).code == 0
    return line


def _root(server: GuardedServer) -> MongoClient[dict[str, Any]]:
    return MongoClient[dict[str, Any]](server.uri_for(server.root))


def _forget_everybody(client: MongoClient[dict[str, Any]]) -> None:
    client[SHOP].command("dropAllUsersFromDatabase")
    client[SHOP].command("dropAllRolesFromDatabase")


def _signs_in(server: GuardedServer, account: Account) -> bool:
    uri = server.uri_for(account).replace("authSource=admin", f"authSource={SHOP}")
    with MongoClient[dict[str, Any]](uri) as client:
        try:
            return client[SHOP].orders.count_documents({}) == 10
        except OperationFailure:
            return False


def test_users_go_along_and_come_back_only_when_asked_for(
    mangrove: CommandLine, mongod_with_auth: GuardedServer, clerk: Account, tmp_path: Path
) -> None:
    asked = ("backup", "shop", "--vault", "local", "--db", SHOP, "--users-and-roles")
    assert mangrove(*asked).code == 0
    shown = mangrove("show", "latest")
    assert "1 user and 1 role of journey_users" in shown.out, shown
    held = mangrove.json("show", "latest")["manifest"]["users_and_roles"]
    assert held == {"databases": [SHOP], "users": 1, "roles": 1}
    assert mangrove("verify", "latest").code == 0

    copy = mangrove("restore", "latest", "--to", "shop", "--users-and-roles")
    assert (copy.code, "another name" in copy.err + copy.out) == (2, True), copy

    with _root(mongod_with_auth) as client:
        _forget_everybody(client)
        client.drop_database(SHOP)
    back = ("restore", "latest", "--to", "shop", "--yes-replace", SHOP)
    assert mangrove(*back).code == 0
    assert not _signs_in(mongod_with_auth, clerk)

    again = (*back, "--users-and-roles", "--no-safety-backup")
    planned = mangrove(*again, "--dry-run")
    assert planned.code == 0, planned
    assert f"would be added: user {ODD}@{SHOP}" in planned.out
    names = mangrove.json(*again, "--dry-run")["plan"]["users_and_roles"]
    assert [a["name"] for a in names["added"]] == ["clerk", ODD]
    run = mangrove.json(*again)["run"]
    assert (run["figures"]["users_added"], run["figures"]["roles_added"]) == (1, 1)
    assert _signs_in(mongod_with_auth, clerk)

    assert mangrove.seen_in == set()
    assert mangrove.files_with(clerk.password) == []
    assert clerk.password not in "".join(mangrove.printed)
    vault = (p for p in (tmp_path / "vault").rglob("*") if p.is_file())
    assert not any(clerk.password.encode() in p.read_bytes() for p in vault)


def test_a_copy_takes_users_along_only_when_asked_for(
    mangrove: CommandLine, replica_set: EmbeddedMongod
) -> None:
    assert mangrove("profile", "add", "Staging", "--uri", replica_set.uri).code == 0
    copy = ("copy", "shop", "--to", "staging", "--db", SHOP)
    here = (*copy, "--rename", f"{SHOP}={SHOP}", "--no-safety-backup")
    with MongoClient[dict[str, Any]](replica_set.uri) as target:
        assert mangrove(*here).code == 0
        assert target.admin["system.users"].count_documents({"db": SHOP}) == 0

        renamed = mangrove(*copy, "--users-and-roles")
        assert (renamed.code, "another name" in renamed.err + renamed.out) == (2, True), renamed
        again = (*here, "--yes-replace", SHOP, "--users-and-roles")
        explained = mangrove(*again, "--explain")
        assert f"--db={SHOP} --dumpDbUsersAndRoles" in explained.out, explained
        assert f"--db={SHOP} --restoreDbUsersAndRoles --drop dump/{SHOP}" in explained.out
        planned = mangrove(*again, "--dry-run")
        assert f"would be added: user {ODD}@{SHOP}" in planned.out, planned
        run = mangrove.json(*again)["run"]
        assert (run["figures"]["users_added"], run["figures"]["roles_added"]) == (1, 1)
        found = target.admin["system.users"].find_one({"db": SHOP}) or {}
        assert found["roles"] == [{"role": "clerk", "db": SHOP}]

        _forget_everybody(target)
        target.drop_database(SHOP)
    assert mangrove.seen_in == set()


def test_an_unencrypted_vault_is_refused_without_a_clear_word(
    mangrove: CommandLine, tmp_path: Path
) -> None:
    url = (tmp_path / "plain").as_uri()
    assert mangrove("vault", "add", "Plain", "--url", url, "--unencrypted").code == 0
    asked = ("backup", "shop", "--vault", "plain", "--db", SHOP, "--users-and-roles")

    refused = mangrove(*asked, "--json")
    agreed = mangrove(*asked, "--yes-unencrypted-credentials")

    assert refused.code == 5, refused
    assert "--yes-unencrypted-credentials" in refused.out + refused.err
    assert agreed.code == 0, agreed
