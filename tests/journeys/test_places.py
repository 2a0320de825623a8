"""Vaults in every kind of place, made, looked at and forgotten from the command line."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from journeys.command_line import CommandLine
from servers.azure import AzureContainer
from servers.google import Google
from servers.keyring_service import SecretService
from servers.object_stores import ObjectStore
from servers.sshd import Sshd

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
