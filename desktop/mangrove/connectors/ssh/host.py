"""A machine behind SSH: runs commands there, streams what they print, and serves from there."""

import asyncio
import secrets as random
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import asyncssh
from typing_extensions import override

from mangrove.connectors.host.words import ended_badly, leashed, too_slow
from mangrove.connectors.ssh.dialing import Dialer, hang_up
from mangrove.connectors.ssh.loop_thread import LoopThread
from mangrove.core.errors import TunnelError
from mangrove.core.patience import STALL_S
from mangrove.core.ports.snapshot import Ran, Served, SnapshotHost
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec

HERE = "127.0.0.1"
CHUNK_BYTES = 1 << 20
SHOWN_BYTES = 4096
END_WITHIN_S = 30.0
FIRST_PORT, PORTS = 20000, 12000  # below the range that Linux gives to outgoing connections
# Whatever the login shell is; file system programs are often not in the path of a session.
_SHELL = 'PATH="$PATH:/usr/sbin:/sbin"; LC_ALL=C; export PATH LC_ALL; exec "$@"'
Process = asyncssh.SSHClientProcess[bytes]


@contextmanager
def open_ssh_host(spec: TunnelSpec, secret: Secret | None) -> Iterator["SshHost"]:
    """Sign in to a machine while the block lasts; its host key is checked.

    Raises:
        UnknownHostKeyError, ChangedHostKeyError: Before anything was sent.
        TunnelError: The machine cannot be reached, or refuses.
    """
    dialer = Dialer(spec, secret)
    with LoopThread("ssh-host") as thread:
        connection = thread.call(_connected(dialer, spec.address))
        try:
            yield SshHost(thread, connection, spec)
        finally:
            thread.call(hang_up(connection))


async def _connected(dialer: Dialer, address: str) -> asyncssh.SSHClientConnection:
    async with dialer.connecting(address, lambda: None) as connection:
        return connection


class SshHost(SnapshotHost):
    """A machine behind SSH. Threads: safe for several."""

    def __init__(
        self, thread: LoopThread, connection: asyncssh.SSHClientConnection, spec: TunnelSpec
    ) -> None:
        self._thread = thread
        self._connection = connection
        self._spec = spec

    @property
    @override
    def name(self) -> str:
        return self._spec.address

    @override
    def run(self, command: Sequence[str], limit_s: float) -> Ran:
        with self._on_the_way():
            return self._thread.call(self._run(command, limit_s))

    @override
    def stream(self, command: Sequence[str]) -> Iterator[bytes]:
        with self._on_the_way():
            process = self._thread.call(self._begin(command))
            try:
                while chunk := self._thread.call(_read(process.stdout, CHUNK_BYTES)):
                    yield chunk
                complaint = self._thread.call(_read(process.stderr, SHOWN_BYTES))
                self._thread.call(process.wait_closed())
                status = process.returncode
                if status != 0:
                    said = complaint.decode(errors="replace")
                    raise ended_badly(command, Ran(status or -1, "", said).last_words)
            finally:
                with suppress(asyncssh.Error, OSError, RuntimeError):
                    self._thread.call(_close(process))

    @contextmanager
    @override
    def serve(self, command: Sequence[str]) -> Iterator[Served]:
        port = FIRST_PORT + random.randbelow(PORTS)
        with self._on_the_way():
            process = self._thread.call(self._begin(leashed(command, port)))
            listener = self._thread.call(self._forward(port))
        try:
            yield Served(listener.get_port(), process.stdout.at_eof)
        finally:
            with suppress(asyncssh.Error, OSError, RuntimeError):
                self._thread.call(_unleash(process, listener))

    @override
    def abort(self) -> None:
        self._thread.call(self._abort())

    async def _run(self, command: Sequence[str], limit_s: float) -> Ran:
        process = await self._begin(command)
        try:
            async with asyncio.timeout(limit_s):
                process.stdin.write_eof()
                out, err = await process.communicate()
        except TimeoutError:
            with suppress(asyncssh.Error, OSError):
                process.kill()
            process.close()
            raise too_slow(command, limit_s) from None
        status = process.returncode
        return Ran(-1 if status is None else status, _text(out), _text(err))

    async def _begin(self, command: Sequence[str]) -> Process:
        text = shlex.join(["sh", "-c", _SHELL, "sh", *command])
        return await self._connection.create_process(text, encoding=None)

    async def _forward(self, port: int) -> asyncssh.SSHListener:
        return await self._connection.forward_local_port(HERE, 0, HERE, port)

    async def _abort(self) -> None:
        self._connection.abort()

    @contextmanager
    def _on_the_way(self) -> Iterator[None]:
        try:
            yield
        except (asyncssh.Error, OSError) as error:
            raise TunnelError(
                f"the SSH connection to {self.name} broke: {getattr(error, 'reason', '') or error}",
                hint="try again once the machine answers",
                host=self._spec.host,
            ) from error


async def _read(reader: asyncssh.SSHReader[bytes], size: int) -> bytes:
    async with asyncio.timeout(STALL_S):
        return await reader.read(size)


async def _close(process: Process) -> None:
    process.close()


async def _unleash(process: Process, listener: asyncssh.SSHListener) -> None:
    listener.close()
    process.stdin.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(END_WITHIN_S):
            await process.wait_closed()
    process.close()


def _text(data: bytes | str | None) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else data or ""
