"""Vaults in every kind of place, made, looked at and forgotten from the command line."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import bson
import pytest

from journeys.command_line import CommandLine
from servers.azure import AzureContainer
from servers.google import Google
from servers.keyring_service import SecretService
from servers.object_stores import ObjectStore, admin_of
from servers.sshd import Sshd

DEAD_LOCK = json.dumps(
    {
        "format": "mangrove lock",
        "version": 1,
        "mode": "exclusive",
        "purpose": "prune of safe",
        "since": "2026-01-01T00:00:00.000000Z",
        "refreshed_at": "2026-01-01T00:00:00.000000Z",
        "host": "another",
        "user": "ann",
        "pid": 4711,
        "birth": "",
        "workstation": "",
    }
)
pytestmark = [pytest.mark.keyring, pytest.mark.slow, pytest.mark.journey, pytest.mark.storage]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vault shall be, the options that say so, and the secret on standard input."""

    options: tuple[str, ...]
    secret: str
    telling: str
    server_pid: int = 0  # of a server that is told its key by its environment


def s3(get: Callable[[str], object], _folder: Path) -> Place:
    store = get("moto_s3")
    assert isinstance(store, ObjectStore)
    options = ("--url", store.url, "--access-key", store.access_key, "--secret-key-stdin")
    return Place(options, f"{store.secret_key}\n", store.secret_key)


def azure(get: Callable[[str], object], _folder: Path) -> Place:
    container = get("azure")
    assert isinstance(container, AzureContainer)
    key = container.server.key
    return Place(("--url", container.url, "--secret-stdin"), f"{key}\n", key, container.server.pid)


def google(get: Callable[[str], object], _folder: Path) -> Place:
    bucket = get("google")
    assert isinstance(bucket, Google)
    telling = bucket.service_account.partition("\\n")[2][:40]
    return Place(("--url", bucket.url, "--secret-stdin"), bucket.service_account, telling)


def sftp(get: Callable[[str], object], folder: Path) -> Place:
    server = get("sshd")
    assert isinstance(server, Sshd)
    spec = server.with_key(server.locked_key)
    url = f"sftp://{spec.address}{folder}/new?key={spec.key_file}&known_hosts={spec.known_hosts}"
    return Place(("--url", url, "--secret-stdin"), f"{server.passphrase}\n", server.passphrase)


def rclone(_get: Callable[[str], object], folder: Path) -> Place:
    word = secrets.token_hex(12)
    section = f"[disk]\ntype = alias\nremote = {folder}\n# {word}\n"
    return Place(("--url", "rclone://disk/vault", "--secret-stdin"), section, word)


@pytest.mark.parametrize("kind", [s3, azure, google, sftp, rclone], ids=lambda k: str(k.__name__))
def test_a_vault_is_tried_made_and_used_and_its_secret_stays_in_the_keyring(
    kind: Callable[..., Place],
    secret_service: SecretService,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    place = kind(request.getfixturevalue, tmp_path)
    mangrove = CommandLine(
        tmp_path / "home", variables=dict(secret_service.env), secret=place.telling
    )

    tried = mangrove("vault", "add", "far", *place.options, "--test", stdin=place.secret)
    assert tried.code == 0, tried
    assert "read back: the same bytes" in tried.err + tried.out
    assert mangrove.json("vault", "list")["vaults"] == []
    added = mangrove("vault", "add", "far", *place.options, stdin=place.secret)
    health = mangrove.json("vault", "check", "far")["health"]
    again = mangrove("vault", "add", "other", *place.options, stdin=place.secret)

    assert added.code == 0, added
    assert (health["reachable"], health["problem"], health["debris"]) == (True, "", [])
    assert again.code == 5
    assert "a vault is there already" in again.err
    assert mangrove.seen_in <= {f"environ of {place.server_pid}"}
    assert mangrove.files_with(place.telling) == []
    assert place.telling not in "".join(mangrove.printed)


def test_a_server_that_nobody_knows_is_refused_with_its_fingerprint_and_nothing_is_made(
    secret_service: SecretService, tmp_path: Path, sshd: Sshd
) -> None:
    mangrove = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    spec = sshd.with_known_hosts("")
    url = f"sftp://{spec.address}{tmp_path}/new?key={spec.key_file}"
    url += f"&known_hosts={quote(spec.known_hosts)}"

    refused = mangrove("vault", "add", "far", "--url", url)

    assert refused.code == 7
    assert "SHA256:" in refused.err
    assert mangrove.json("vault", "list")["vaults"] == []
    assert not (tmp_path / "new").exists()


def test_what_is_refused_leaves_nothing_behind(
    secret_service: SecretService, tmp_path: Path, moto_s3: ObjectStore
) -> None:
    mangrove = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    folder = tmp_path / "vault"
    file = tmp_path / "file"
    file.write_text("x")
    place = ("--url", folder.as_uri())

    keyless = mangrove("vault", "add", "far", "--url", moto_s3.url, "--access-key", "AK1")
    nobody = mangrove("vault", "add", "wo", *place, "--write-only")
    unlocked = mangrove("vault", "add", "lk", *place, "--object-lock-days", "30")
    ageless = mangrove("vault", "add", "lk", *place, "--object-lock-days", "-1")
    no_folder = mangrove("vault", "add", "etc", "--url", file.as_uri())
    tried = mangrove("vault", "add", "try", *place, "--test")

    assert (keyless.code, "secret key is missing" in keyless.err) == (2, True), keyless
    assert (nobody.code, "needs a recipient" in nobody.err) == (2, True), nobody
    assert (unlocked.code, "locks no objects" in unlocked.err) == (7, True), unlocked
    assert (ageless.code, "1 to 36,500 days" in ageless.err) == (2, True), ageless
    assert (no_folder.code, "is a file" in no_folder.err) == (2, True), no_folder
    assert tried.code == 0, tried
    assert not folder.exists()
    assert mangrove.json("vault", "list")["vaults"] == []


def dumped(folder: Path) -> tuple[str, ...]:
    """Write a dump of one document, and return how it is imported."""
    (folder / "dump" / "shop").mkdir(parents=True)
    (folder / "dump" / "shop" / "orders.bson").write_bytes(bson.encode({"_id": 1}))
    return ("import", str(folder / "dump"), "--name", "shop", "--vault")


def test_a_bucket_that_locks_is_said_to_and_locks_what_is_written(
    secret_service: SecretService, tmp_path: Path, locked_s3: ObjectStore
) -> None:
    mangrove = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    keys = ("--access-key", locked_s3.access_key, "--secret-stdin")
    lock = ("--object-lock-days", "30", "--object-lock-mode", "compliance")
    added = mangrove(
        "vault", "add", "safe", "--url", locked_s3.url, *keys, *lock, stdin=locked_s3.secret_key
    )
    assert added.code == 0, added
    assert "keeps earlier versions" in added.out
    assert "versions, locked 30 days" in mangrove("vault", "list").out

    taken = mangrove.json(*dumped(tmp_path), "safe")

    checked = mangrove.json("vault", "check", "safe")
    assert checked["report"]["hidden"]["versions"] > 0
    assert checked["health"]["keeping"]["has_lock"]
    with admin_of(locked_s3) as owner:
        backup = taken["run"]["backup"]
        found = owner.list_objects_v2(Bucket=locked_s3.bucket)["Contents"]
        modes = {
            owner.head_object(Bucket=locked_s3.bucket, Key=entry["Key"])["ObjectLockMode"]
            for entry in found
            if backup in entry["Key"]
        }
    assert modes == {"COMPLIANCE"}


def test_the_lock_of_a_dead_mangrove_is_broken_when_asked(
    secret_service: SecretService, tmp_path: Path
) -> None:
    mangrove = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    folder = tmp_path / "vault"
    assert mangrove("vault", "add", "local", "--url", folder.as_uri()).code == 0
    (folder / "_locks").mkdir()
    dead = folder / "_locks" / f"exclusive-{'0' * 16}-000001.json"
    dead.write_text(DEAD_LOCK)
    os.utime(dead, (0, 0))
    command = (*dumped(tmp_path), "local")

    refused = mangrove(*command)
    taken = mangrove(*command, "--break-lock")

    assert refused.code == 1, refused
    assert "--break-lock" in refused.err
    assert taken.code == 0, taken
    assert not dead.exists()


def test_a_vault_that_is_away_is_told_everywhere_until_it_is_back(
    secret_service: SecretService, tmp_path: Path
) -> None:
    mangrove = CommandLine(tmp_path / "home", variables=dict(secret_service.env))
    folder = tmp_path / "disk"
    assert mangrove("vault", "add", "attic", "--url", folder.as_uri()).code == 0
    mirror = ("vault", "mirror", "add", "attic", "cellar", "--url", (tmp_path / "usb").as_uri())
    assert mangrove(*mirror).code == 0
    folder.rename(tmp_path / "unplugged")

    copied = mangrove("vault", "mirror", "sync", "attic")
    checked = mangrove("vault", "check", "attic")
    listed, status = mangrove("vault", "list"), mangrove("status")
    (tmp_path / "unplugged").rename(folder)

    assert copied.code == 7, copied
    assert "the vault attic cannot be read" in copied.err + copied.out
    assert "lost: " not in copied.err + copied.out
    assert checked.code != 0
    assert "NOT REACHABLE" in listed.out
    assert "The vault attic could not be reached at the last attempt." in status.out
    assert mangrove("vault", "check", "attic").code == 0
    assert mangrove.json("vault", "list")["vaults"][0]["reachable"] is True
    assert "could not be reached" not in mangrove("status").out
