"""Sessions with an SFTP server: signed in when needed, kept for the next call, ended when stuck."""

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import asyncssh

from mangrove.core.errors import (
    ChangedHostKeyError,
    ChangedStorageHostError,
    MangroveError,
    StalledError,
    StorageDeniedError,
    StorageFullError,
    StorageUnavailableError,
    TunnelError,
    UnknownHostKeyError,
    UnknownStorageHostError,
    VaultError,
)
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelSpec
from mangrove.vault.storage.waiting import Line, Waiting

T = TypeVar("T")
SftpFault = (asyncssh.Error, OSError, EOFError)
"""Everything that a call of asyncssh may raise."""

_DENIED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_LOST = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.ConnectionLost,
    asyncssh.DisconnectError,
    OSError,
    EOFError,
)


class SshDial(Protocol):
    """Signs in to one SSH server."""

    def connecting(
        self, target: str, on_lost: Callable[[], None]
    ) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        """Connect; raises TunnelError for what goes wrong while the block lasts."""
        ...


DialTo = Callable[[TunnelSpec, Secret | None], SshDial]


@dataclass(slots=True)
class Session:
    """A connection with an SFTP client in it, and the line that its calls wait on."""

    line: Line
    connection: asyncssh.SSHClientConnection
    client: asyncssh.SFTPClient
    lost: threading.Event

    def wait(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Wait for one call."""
        return self.line.wait(begin)

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        self.connection.abort()
        with suppress(*SftpFault, MangroveError):
            self.line.wait(self.connection.wait_closed)
        self.line.close()


class Sessions:
    """The sessions with one server; each is used by one thread at a time.

    The loop of a session runs only while somebody waits, so no thread is kept. They are closed
    with this object.

    Args:
        spec: The server, and how to sign in.
        secret: The password or the passphrase.
        dial_to: How a server is reached.
        waiting: How long calls may take, and who ends them.
    """

    def __init__(
        self, spec: TunnelSpec, secret: Secret | None, dial_to: DialTo, waiting: Waiting
    ) -> None:
        self._spec, self._secret, self._dial_to = spec, secret, dial_to
        self._waiting = waiting
        self._dial: SshDial | None = None
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a session; one in which anything but an answer went wrong is not used again.

        Raises:
            UnknownStorageHostError, ChangedStorageHostError: Before anything was sent.
            StorageDeniedError, StorageUnavailableError: The server refuses or is not there.
        """
        lent = self._take() or self._connected()
        try:
            yield lent
        except asyncssh.SFTPError as error:
            self._give_back(lent, is_sound=not is_lost(error))
            raise
        except VaultError as error:
            self._give_back(lent, is_sound=not isinstance(error, StorageUnavailableError))
            raise
        except BaseException:
            self._give_back(lent, is_sound=False)
            raise
        self._give_back(lent, is_sound=True)

    def _take(self) -> Session | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                taken = self._idle.pop()
            if not taken.lost.is_set():
                return taken
            taken.close()

    def _give_back(self, lent: Session, *, is_sound: bool) -> None:
        if is_sound and not lent.lost.is_set() and not self._waiting.is_aborted:
            with self._lock:
                self._idle.append(lent)
        else:
            lent.close()

    def _connected(self) -> Session:
        line, lost = self._waiting.line(), threading.Event()

        async def connect() -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
            dial = self._dialer()
            async with dial.connecting("its files", lost.set) as connection:
                client = await connection.start_sftp_client()
            # Only looking up the server's name took a thread; nothing after it does.
            await asyncio.get_running_loop().shutdown_default_executor()
            return connection, client

        try:
            connection, client = line.wait(connect)
        except BaseException as error:
            line.close()
            if isinstance(error, TunnelError):
                raise _of_vault(error) from error
            raise
        return Session(line, connection, client, lost)

    def _dialer(self) -> SshDial:
        with self._lock:
            if self._dial is None:
                self._dial = self._dial_to(self._spec, self._secret)
            return self._dial


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the connection is gone, so that a new one may do."""
    return isinstance(error, _LOST) and not isinstance(error, StalledError)


def _of_vault(error: TunnelError) -> VaultError:
    """Say of a storage what was said of a tunnel."""
    kind: type[VaultError] = StorageUnavailableError
    if isinstance(error, UnknownHostKeyError):
        kind = UnknownStorageHostError
    elif isinstance(error, ChangedHostKeyError):
        kind = ChangedStorageHostError
    elif isinstance(error.__cause__, asyncssh.PermissionDenied) or "path" in error.details:
        kind = StorageDeniedError
    return kind(error.message, hint=error.hint, **error.details)


def from_sftp(
    error: BaseException, name: str, where: str, seems_full: Callable[[], bool]
) -> VaultError:
    """Turn what asyncssh raised about a blob, or the root when the name is empty, into ours.

    Version 3 of the protocol, OpenSSH's, has one word for every failure, a full disk included;
    so it is asked how much room is left.
    """
    subject = f"'{name}'" if name else "the vault's folder"
    if isinstance(error, _DENIED):
        return StorageDeniedError(
            f"the SFTP server {where} refuses access to {subject}",
            hint="check the owner and the permissions of the vault's folder there",
            blob=name,
        )
    if isinstance(error, _FULL) or seems_full():
        return StorageFullError(
            f"the disk of {where} is full: {subject} was not written",
            hint="free space or choose another vault, then run it again",
            blob=name,
        )
    reason = str(getattr(error, "reason", "") or getattr(error, "strerror", "") or "")
    tail = f": {reason.strip('.').lower()}" if reason else ""
    return StorageUnavailableError(
        f"the SFTP server {where} did not do what was asked at {subject}{tail}",
        hint="check the server and the network, then run it again",
        blob=name,
    )


def _close_all(idle: list[Session]) -> None:
    """Close sessions, wherever the garbage collector happens to call this."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _close_each(idle)
        return
    closing = threading.Thread(target=_close_each, args=(idle,), name="mangrove-sftp-close")
    closing.start()  # a thread that runs one loop cannot run another
    closing.join()


def _close_each(idle: list[Session]) -> None:
    while idle:
        idle.pop().close()
