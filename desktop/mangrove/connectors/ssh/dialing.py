"""Signing in to an SSH server: what a tunnel and a vault behind SFTP do alike."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
from typing_extensions import override

from mangrove.connectors.ssh.error_map import opening, reading_key
from mangrove.connectors.ssh.host_keys import HOST_KEY_ALGORITHMS, HostKeys, read_host_keys
from mangrove.core.errors import TunnelError
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec

CONNECT_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 3.0
# A link that died without a word is noticed after the third question without an answer.
KEEPALIVE_S = 10.0
KEEPALIVE_COUNT = 3
AGENT_VARIABLE = "SSH_AUTH_SOCK"


class Dialer:
    """Signs in to one server, as often as it is asked to; the host key is checked each time.

    Only what ``spec`` names is used: ``~/.ssh/config`` is not read.

    Raises:
        TunnelError: If the file of known hosts or the private key cannot be used, or there is
            no password.
    """

    def __init__(self, spec: TunnelSpec, secret: Secret | None) -> None:
        logging.getLogger("asyncssh").setLevel(logging.WARNING)  # below it, it names users, hosts
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # a broken line warns at each write
        self._spec = spec
        self._keys = read_host_keys(spec)
        self._login = _login(spec, secret)

    @asynccontextmanager
    async def connecting(
        self, target: str, on_lost: Callable[[], None]
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """Connect, and turn into our errors what goes wrong while the block lasts.

        The block is the first thing done with the connection: if it fails, the connection goes.

        Args:
            target: What the connection is for, as errors name it.
            on_lost: Called when the connection ends, on the loop's thread.

        Raises:
            UnknownHostKeyError, ChangedHostKeyError: Before anything was sent.
            TunnelError: The server cannot be reached, or refuses.
        """
        with opening(self._spec, self._keys, target):
            async with asyncio.timeout(CONNECT_TIMEOUT_S), _agent_keys(self._spec) as agent_keys:
                connection = await asyncssh.connect(
                    self._spec.host,
                    self._spec.port,
                    username=self._spec.user,
                    known_hosts=self._keys.match,
                    server_host_key_algs=HOST_KEY_ALGORITHMS,
                    client_factory=lambda: _Client(self._keys, on_lost),
                    config=None,
                    agent_path=None,
                    gss_host=None,
                    keepalive_interval=KEEPALIVE_S,
                    keepalive_count_max=KEEPALIVE_COUNT,
                    **self._login,
                    **agent_keys,
                )
                try:
                    yield connection
                except BaseException:
                    connection.abort()
                    raise


class _Client(asyncssh.SSHClient):
    """Notes which key the server presents, and the end of the connection."""

    def __init__(self, keys: HostKeys, on_lost: Callable[[], None]) -> None:
        self._keys, self._on_lost = keys, on_lost

    @override
    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Called for a key that is not among the known ones: it is never accepted."""
        self._keys.presented = key
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Called before the local connections are closed, so that nobody wonders why."""
        self._on_lost()


def _login(spec: TunnelSpec, secret: Secret | None) -> dict[str, Any]:
    """Return the options of asyncssh that say how to sign in, and rule out every other way."""
    text = secret.reveal() if secret else None
    match spec.auth:
        case TunnelAuth.AGENT:
            return {"preferred_auth": ("publickey",)}
        case TunnelAuth.KEY_FILE:
            with reading_key(spec):
                key = asyncssh.read_private_key(Path(spec.key_file).expanduser(), text)
            return {"preferred_auth": ("publickey",), "client_keys": [key]}
        case TunnelAuth.PASSWORD:
            if text is None:
                raise TunnelError(
                    f"there is no password for {spec.address}; nothing was sent",
                    hint="type it into the profile's tunnel",
                )
            ways = ("password", "keyboard-interactive")
            return {"preferred_auth": ways, "client_keys": None, "password": text}


@asynccontextmanager
async def _agent_keys(spec: TunnelSpec) -> AsyncIterator[dict[str, Any]]:
    """Borrow the keys of the person's SSH agent, where the tunnel asks for them."""
    if spec.auth is not TunnelAuth.AGENT:
        yield {}
        return
    hint = "start an agent and add a key with ssh-add, or use a key file or a password"
    try:
        agent = await asyncssh.connect_agent(os.environ.get(AGENT_VARIABLE, ""))
        keys = await agent.get_keys()
    except (OSError, ValueError) as error:
        raise TunnelError("no SSH agent answers; nothing was sent", hint=hint) from error
    try:
        if not keys:
            raise TunnelError("the SSH agent holds no key; nothing was sent", hint=hint)
        yield {"client_keys": keys}
    finally:
        agent.close()


async def hang_up(connection: asyncssh.SSHClientConnection) -> None:
    """Close a connection; one that is stuck is cut off."""
    connection.close()
    with suppress(TimeoutError, OSError, asyncssh.Error):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.wait_closed()
            return
    connection.abort()
