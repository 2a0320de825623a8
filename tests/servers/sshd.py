"""A real OpenSSH server for tests, and a second one that takes a password."""

import asyncio
import getpass
import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from typing_extensions import override

from mangrove.core.tunnel import TunnelAuth, TunnelSpec
from servers.process import HOST, descendants, free_port, is_listening, running

SSHD = Path("/usr/sbin/sshd")
PRIVILEGE_FOLDER = Path("/run/sshd")  # sshd of Debian wants it when root starts it
START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd that lets this user in with two keys, and the files around it."""

    port: int
    pid: int
    folder: Path
    passphrase: str = field(repr=False)

    @property
    def key(self) -> Path:
        """A private key without a passphrase."""
        return self.folder / "id"

    @property
    def locked_key(self) -> Path:
        """A private key with the passphrase."""
        return self.folder / "id-locked"

    @property
    def strange_key(self) -> Path:
        """A private key that the server does not know."""
        return self.folder / "id-strange"

    @property
    def known_hosts(self) -> Path:
        """The file that names the server's key, hashed as Debian's ssh does it."""
        return self.folder / "known_hosts"

    @property
    def host_key(self) -> Path:
        """The server's own key."""
        return self.folder / "host"

    @property
    def spec(self) -> TunnelSpec:
        """The tunnel through this server, with the key that has no passphrase."""
        return TunnelSpec(
            host=HOST,
            user=getpass.getuser(),
            port=self.port,
            auth=TunnelAuth.KEY_FILE,
            key_file=str(self.key),
            known_hosts=str(self.known_hosts),
        )

    def with_key(self, key: Path) -> TunnelSpec:
        """Return the tunnel with another key."""
        return replace(self.spec, key_file=str(key))

    def with_known_hosts(self, text: str) -> TunnelSpec:
        """Return the tunnel with another file of known hosts."""
        path = self.folder / f"known-{secrets.token_hex(4)}"
        path.write_text(text)
        return replace(self.spec, known_hosts=str(path))

    def line_for(self, public_key: Path) -> str:
        """Return the line that makes a key this server's."""
        return f"[{HOST}]:{self.port} {public_key.with_suffix('.pub').read_text()}"

    def sessions(self) -> list[int]:
        """Return the processes that serve connections."""
        return descendants(self.pid)

    def hang_up(self) -> None:
        """Kill what serves connections; the server takes new ones."""
        kill_all(self.sessions())

    def kill(self) -> None:
        """Kill the server and everything it serves, as a machine does that loses its power."""
        kill_all([*self.sessions(), self.pid])

    def freeze(self) -> None:
        """Stop what serves connections without closing them, as a dead link does."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGSTOP)


@dataclass(frozen=True, slots=True)
class PasswordServer:
    """An SSH server that takes one user with a password; it speaks asyncssh."""

    port: int
    user: str
    password: str = field(repr=False)
    known_hosts: Path

    @property
    def spec(self) -> TunnelSpec:
        """The tunnel through this server."""
        return TunnelSpec(
            host=HOST,
            user=self.user,
            port=self.port,
            auth=TunnelAuth.PASSWORD,
            known_hosts=str(self.known_hosts),
        )


def kill_all(pids: Iterable[int]) -> None:
    """Kill processes; those that ended by themselves meanwhile are no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def make_key(path: Path, passphrase: str = "") -> Path:
    """Make a key pair with the real ssh-keygen."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-a", "4", "-C", "test", "-f", str(path)]
    subprocess.run([*command, "-N", passphrase], check=True)
    return path


@contextmanager
def running_sshd(folder: Path, *settings: str) -> Iterator[Sshd]:
    """Run sshd on a free loopback port; every path is absolute, or it resets connections."""
    if not SSHD.exists():
        pytest.fail("no sshd here; run: python3 packaging/dev.py setup")
    if os.geteuid() == 0:
        PRIVILEGE_FOLDER.mkdir(exist_ok=True)
    passphrase = secrets.token_hex(8)
    for name in ("host", "id", "id-strange"):
        make_key(folder / name)
    make_key(folder / "id-locked", passphrase)
    authorized = "".join((folder / f"{name}.pub").read_text() for name in ("id", "id-locked"))
    (folder / "authorized_keys").write_text(authorized)
    port = free_port()
    config = folder / "sshd_config"
    config.write_text("\n".join((*_settings(folder, port), *settings, "")))
    command = [SSHD, "-D", "-e", "-f", config]
    with running(command, lambda: is_listening(port), log=folder / "sshd.log") as pid:
        server = Sshd(port, pid, folder, passphrase)
        server.known_hosts.write_text(server.line_for(server.host_key))
        hashing = ["ssh-keygen", "-q", "-H", "-f", str(server.known_hosts)]
        subprocess.run(hashing, check=True, capture_output=True)
        try:
            yield server
        finally:
            kill_all(server.sessions())


def _settings(folder: Path, port: int) -> tuple[str, ...]:
    return (
        f"Port {port}",
        f"ListenAddress {HOST}",
        f"HostKey {folder / 'host'}",
        f"PidFile {folder / 'sshd.pid'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "Subsystem sftp internal-sftp",
    )


@contextmanager
def running_password_server(folder: Path) -> Iterator[PasswordServer]:
    """Run the server in a thread; sshd could take passwords of the system's own users only."""
    account = {"ann": secrets.token_hex(8)}
    host_key = make_key(folder / "host")
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    port = free_port()
    connections: list[asyncssh.SSHServerConnection] = []

    async def serve() -> None:
        server = await asyncssh.create_server(
            lambda: _PasswordOnly(account, connections),
            HOST,
            port,
            server_host_keys=[str(host_key)],
            sftp_factory=True,
        )
        ready.set()
        await stop.wait()
        server.close()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(START_TIMEOUT_S)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[{HOST}]:{port} {host_key.with_suffix('.pub').read_text()}")
    try:
        ((user, password),) = account.items()
        yield PasswordServer(port, user, password, known_hosts)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class _PasswordOnly(asyncssh.SSHServer):
    def __init__(
        self, account: Mapping[str, str], connections: list[asyncssh.SSHServerConnection]
    ) -> None:
        self._account = account
        self._connections = connections

    @override
    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    @override
    def begin_auth(self, username: str) -> bool:
        return True

    @override
    def password_auth_supported(self) -> bool:
        return True

    @override
    def validate_password(self, username: str, password: str) -> bool:
        return self._account.get(username) == password

    @override
    def connection_requested(self, *_address: Any) -> bool:
        return True


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An SSH server for the whole session."""
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def own_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An SSH server of the test's own, which it may kill."""
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def closed_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An SSH server that lets nobody tunnel."""
    folder = tmp_path_factory.mktemp("sshd")
    with running_sshd(folder, "AllowTcpForwarding no") as server:
        yield server


@pytest.fixture
def password_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PasswordServer]:
    """An SSH server that takes a password."""
    with running_password_server(tmp_path_factory.mktemp("password")) as server:
        yield server
