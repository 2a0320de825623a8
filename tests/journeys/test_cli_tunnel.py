"""A deployment behind an SSH server, from the command line."""

import os
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from journeys.command_line import CommandLine
from servers.keyring_service import SecretService
from servers.mongod import GuardedServer, mongod_binary
from servers.sshd import Sshd

pytestmark = [pytest.mark.mongod, pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey]


@pytest.fixture
def mangrove(tmp_path: Path, secret_service: SecretService, sshd: Sshd) -> CommandLine:
    """The program with an empty home and a real keyring; it watches for the passphrase."""
    variables = {"MANGROVE_MONGOD": str(mongod_binary()), **secret_service.env}
    return CommandLine(tmp_path / "home", variables=variables, secret=sshd.passphrase)


def fill(server: GuardedServer, database: str) -> None:
    with MongoClient[Any](server.uri_for(server.root)) as client:
        client[database].orders.insert_many({"_id": n} for n in range(100))


def test_a_deployment_behind_an_ssh_server_is_added_tested_and_backed_up(
    mangrove: CommandLine,
    mongod_with_auth: GuardedServer,
    sshd: Sshd,
    tmp_path: Path,
    database_name: str,
) -> None:
    fill(mongod_with_auth, database_name)
    uri = mongod_with_auth.uri_for(mongod_with_auth.backup)
    way = ["--ssh", sshd.spec.address, "--ssh-key", os.path.relpath(sshd.locked_key)]
    trust = ["--ssh-known-hosts", str(sshd.known_hosts)]

    added = mangrove(
        *("profile", "add", "Far", "--uri", "-", *way, *trust, "--ssh-password-stdin"),
        stdin=f"{uri}\n{sshd.passphrase}\n",
    )
    assert added.code == 0, added
    assert mangrove("vault", "add", "Local", "--url", (tmp_path / "vault").as_uri()).code == 0
    tested = mangrove("profile", "test", "far")
    backed_up = mangrove("backup", "far", "--vault", "local", "--db", database_name)
    shown = mangrove.json("profile", "show", "far")["profile"]["tunnel"]

    assert tested.code == 0, tested
    assert "tunnel: leads to" in tested.err + tested.out
    assert backed_up.code == 0, backed_up
    assert shown == {
        "host": sshd.spec.host,
        "port": sshd.port,
        "user": sshd.spec.user,
        "auth": "key-file",
        "key_file": str(sshd.locked_key),
        "known_hosts": str(sshd.known_hosts),
        "has_secret": True,
    }
    assert f"{sshd.spec.address} with the key" in mangrove("profile", "show", "far").out
    assert mangrove.seen_in == set()
    assert mangrove.files_with(sshd.passphrase) == []
    assert sshd.passphrase not in "".join(mangrove.printed)


def test_an_edit_keeps_changes_and_removes_the_tunnel(mangrove: CommandLine, sshd: Sshd) -> None:
    uri = ("--uri", "mongodb://db.example.net/")
    key = ("--ssh-key", str(sshd.key))
    assert mangrove("profile", "add", "Far", *uri, "--ssh", "ann@jump:2222", *key).code == 0

    kept = mangrove.json("profile", "edit", "far", "--colour", "red")["profile"]
    moved = mangrove.json("profile", "edit", "far", "--ssh", "bob@[::1]")["profile"]
    gone = mangrove.json("profile", "edit", "far", "--no-ssh")["profile"]

    assert (kept["tunnel"]["user"], kept["tunnel"]["port"]) == ("ann", 2222)
    assert (moved["tunnel"]["user"], moved["tunnel"]["host"]) == ("bob", "::1")
    assert moved["tunnel"]["key_file"] == str(sshd.key)
    assert gone["tunnel"] is None


def test_what_cannot_go_through_a_tunnel_ends_with_the_number_that_says_why(
    mangrove: CommandLine, mongod_with_auth: GuardedServer, sshd: Sshd
) -> None:
    far, key = ("--ssh", sshd.spec.address), ("--ssh-key", str(sshd.key))
    uri = mongod_with_auth.uri
    assert mangrove("profile", "add", "Far", "--uri", uri, *far, *key).code == 0

    unknown = mangrove("profile", "test", "far")
    two = mangrove("profile", "add", "Two", "--uri", "mongodb://a,b/", *far)
    shapeless = mangrove("profile", "add", "Odd", "--uri", uri, "--ssh", "jump")
    without = mangrove("profile", "add", "Odd", "--uri", uri, *key)

    assert (unknown.code, two.code, shapeless.code, without.code) == (7, 2, 2, 2)
    assert "SHA256:" in unknown.err
    assert "one host" in two.err
