"""Opens a local port that leads through an SSH server, for as long as a block lasts."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import asyncssh

from mangrove.connectors.ssh.dialing import Dialer, hang_up
from mangrove.connectors.ssh.loop_thread import LoopThread
from mangrove.core.errors import TunnelError
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec

HERE = "127.0.0.1"
REOPEN_S = 1.0


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
    way = _Way(target, Dialer(spec, secret))
    with LoopThread("ssh-tunnel") as thread:
        try:
            yield Tunnel(thread.call(way.open()), way.is_lost.is_set)
        finally:
            thread.call(way.close())


class _Way:
    """One SSH connection after the other, and the one local port that leads into them."""

    def __init__(self, target: tuple[str, int], dialer: Dialer) -> None:
        self.is_lost = threading.Event()
        self._target, self._dialer = target, dialer
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
            await hang_up(self._connection)

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
        async with self._dialer.connecting(target, self.is_lost.set) as connection:
            _, writer = await connection.open_connection(*self._target)
            writer.close()
            listener = await connection.forward_local_port(HERE, self._port, *self._target)
        self._connection, self._listener = connection, listener
        self._port = listener.get_port()
