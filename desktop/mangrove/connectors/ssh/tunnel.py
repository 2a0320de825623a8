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
AGENT_VARIABLE = "SSH_AUTH_SOCK"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A standing tunnel.

    Attributes:
        port: On 127.0.0.1. Other programs of this machine may use it while the block lasts;
            they still have to sign in to the deployment.
        is_lost: Whether the SSH connection broke.
    """

    port: int
    is_lost: Callable[[], bool]


@contextmanager
def open_tunnel(
    spec: TunnelSpec, target: tuple[str, int], secret: Secret | None
) -> Iterator[Tunnel]:
    """Connect to the SSH server and open a local port that leads to the target.

    The way is tried to its end before the block begins. Only what ``spec`` names is used:
    ``~/.ssh/config`` is not read.

    Args:
        spec: The SSH server, and how to sign in.
        target: Host and port as the SSH server knows them.
        secret: The password, or the passphrase of the key file.

    Raises:
        UnknownHostKeyError, ChangedHostKeyError: Before anything was sent.
        TunnelError: The server or the target cannot be reached, or refuses.
    """
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # below it, it names users and hosts
    keys, login = read_host_keys(spec), _login(spec, secret)
    lost = threading.Event()
    with LoopThread("ssh-tunnel") as thread:
        connection, port = thread.call(_opened(spec, target, _Options(keys, login, lost)))
        try:
            yield Tunnel(port, lost.is_set)
        finally:
            thread.call(_closed(connection))


@dataclass(frozen=True, slots=True)
class _Options:
    """What a connection is made with besides its address."""

    keys: HostKeys
    login: dict[str, Any]
    lost: threading.Event


class _Client(asyncssh.SSHClient):
    """Notes which key the server presents, and the end of the connection."""

    def __init__(self, options: _Options) -> None:
        self._options = options

    @override
    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Called for a key that is not among the known ones: it is never accepted."""
        self._options.keys.presented = key
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._options.lost.set()


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


async def _opened(
    spec: TunnelSpec, target: tuple[str, int], options: _Options
) -> tuple[asyncssh.SSHClientConnection, int]:
    """Connect, sign in, go all the way to the target once, and listen."""
    with opening(spec, options.keys, f"{target[0]}:{target[1]}"):
        async with asyncio.timeout(CONNECT_TIMEOUT_S), _agent_keys(spec) as agent_keys:
            connection = await asyncssh.connect(
                spec.host,
                spec.port,
                username=spec.user,
                known_hosts=options.keys.match,
                server_host_key_algs=HOST_KEY_ALGORITHMS,
                client_factory=lambda: _Client(options),
                config=None,
                agent_path=None,
                gss_host=None,
                keepalive_interval=KEEPALIVE_S,
                keepalive_count_max=KEEPALIVE_COUNT,
                **options.login,
                **agent_keys,
            )
            try:
                _, writer = await connection.open_connection(*target)
                writer.close()
                listener = await connection.forward_local_port(HERE, 0, *target)
            except BaseException:
                connection.abort()
                raise
            return connection, listener.get_port()


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
    """Close the port and the connection; what is stuck is cut off."""
    connection.close()
    with suppress(TimeoutError, OSError, asyncssh.Error):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.wait_closed()
            return
    connection.abort()
