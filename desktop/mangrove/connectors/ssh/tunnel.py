"""Opens a local port that leads through an SSH server, for as long as a block lasts."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from typing_extensions import override

from mangrove.connectors.ssh.error_map import opening, reading_key
from mangrove.connectors.ssh.host_keys import HOST_KEY_ALGORITHMS, HostKeys, read_host_keys
from mangrove.connectors.ssh.loop_thread import LoopThread
from mangrove.core.errors import TunnelError
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec

HERE = "127.0.0.1"
CONNECT_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 3.0
# A link that died without a word is noticed after the third question without an answer.
KEEPALIVE_S = 10.0
KEEPALIVE_COUNT = 3
REOPEN_S = 1.0
AGENT_VARIABLE = "SSH_AUTH_SOCK"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A standing tunnel.

    Attributes:
        port: On 127.0.0.1. Other programs of this machine may use it while the block lasts;
            they still have to sign in to the deployment.
        is_lost: Whether the SSH connection is broken now.
    """

    port: int
    is_lost: Callable[[], bool]


@contextmanager
def open_tunnel(
    spec: TunnelSpec, target: tuple[str, int], secret: Secret | None
) -> Iterator[Tunnel]:
    """Connect to the SSH server and open a local port that leads to the target.

    The way is tried to its end before the block begins. A connection that breaks later is opened
    again at the same port, its host key checked again; what was under way in it is lost. Only
    what ``spec`` names is used: ``~/.ssh/config`` is not read.

    Args:
        spec: The SSH server, and how to sign in.
        target: Host and port as the SSH server knows them.
        secret: The password, or the passphrase of the key file.

    Raises:
        UnknownHostKeyError, ChangedHostKeyError: Before anything was sent.
        TunnelError: The server or the target cannot be reached, or refuses.
    """
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # below it, it names users and hosts
    way = _Way(spec, target, read_host_keys(spec), _login(spec, secret))
    with LoopThread("ssh-tunnel") as thread:
        try:
            yield Tunnel(thread.call(way.open()), way.is_lost.is_set)
        finally:
            thread.call(way.close())


class _Way:
    """One SSH connection after the other, and the one local port that leads into them."""

    def __init__(
        self, spec: TunnelSpec, target: tuple[str, int], keys: HostKeys, login: dict[str, Any]
    ) -> None:
        self.is_lost = threading.Event()
        self._spec, self._target = spec, target
        self._keys, self._login = keys, login
        self._connection: asyncssh.SSHClientConnection | None = None
        self._listener: asyncssh.SSHListener | None = None
        self._port = 0
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> int:
        """Connect, and stay connected until closed; returns the local port."""
        await self._connect()
        self._keeper = asyncio.create_task(self._keep())
        return self._port

    async def close(self) -> None:
        """Close port and connection; what is stuck is cut off."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait((self._keeper,))
        if self._connection is not None and self._listener is not None:
            self._listener.close()  # first, so that what was accepted is known and closed below
            await asyncio.sleep(0)
            await _closed(self._connection)

    async def _keep(self) -> None:
        while self._connection is not None:
            await self._connection.wait_closed()
            await self._reconnect()
            self.is_lost.clear()

    async def _reconnect(self) -> None:
        while True:
            await asyncio.sleep(REOPEN_S)
            with suppress(TunnelError):
                await self._connect()
                return

    async def _connect(self) -> None:
        """Connect, sign in, go all the way to the target once, and listen."""
        target = f"{self._target[0]}:{self._target[1]}"
        with opening(self._spec, self._keys, target):
            async with asyncio.timeout(CONNECT_TIMEOUT_S), _agent_keys(self._spec) as agent_keys:
                connection = await asyncssh.connect(
                    self._spec.host,
                    self._spec.port,
                    username=self._spec.user,
                    known_hosts=self._keys.match,
                    server_host_key_algs=HOST_KEY_ALGORITHMS,
                    client_factory=lambda: _Client(self._keys, self.is_lost),
                    config=None,
                    agent_path=None,
                    gss_host=None,
                    keepalive_interval=KEEPALIVE_S,
                    keepalive_count_max=KEEPALIVE_COUNT,
                    **self._login,
                    **agent_keys,
                )
                try:
                    _, writer = await connection.open_connection(*self._target)
                    writer.close()
                    listener = await connection.forward_local_port(HERE, self._port, *self._target)
                except BaseException:
                    connection.abort()
                    raise
        self._connection, self._listener = connection, listener
        self._port = listener.get_port()


class _Client(asyncssh.SSHClient):
    """Notes which key the server presents, and the end of the connection."""

    def __init__(self, keys: HostKeys, is_lost: threading.Event) -> None:
        self._keys, self._is_lost = keys, is_lost

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
        self._is_lost.set()


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


async def _closed(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    with suppress(TimeoutError, OSError, asyncssh.Error):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.wait_closed()
            return
    connection.abort()
