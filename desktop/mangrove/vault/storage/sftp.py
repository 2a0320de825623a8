"""A storage on an SFTP server: as a folder, but at the far end of an SSH connection."""

import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import asyncssh
from typing_extensions import override

from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    BlobNotFoundError,
    StalledError,
    StorageUnavailableError,
    VaultError,
)
from mangrove.core.patience import STALL_S
from mangrove.core.secret import Secret
from mangrove.core.tunnel import TunnelAuth, TunnelSpec, parse_server
from mangrove.core.vaults.url import StorageAddress
from mangrove.vault.blob_name import TEMPORARY_PREFIX, checked, is_safe_part
from mangrove.vault.storage.distant_folder import DistantFolder
from mangrove.vault.storage.error_map import already_there
from mangrove.vault.storage.gathering import gathered
from mangrove.vault.storage.sftp_files import (
    CHUNK_BYTES,
    FILE,
    FOLDER,
    NOT_THERE,
    create,
    entries_of,
    free_bytes_at,
    is_there,
    make_folders,
    opened,
    piece_of,
    remove_empty,
)
from mangrove.vault.storage.sftp_session import (
    DialTo,
    Session,
    Sessions,
    SftpFault,
    from_sftp,
    is_lost,
)
from mangrove.vault.storage.waiting import Waiting

log = logging.getLogger(__name__)
PAUSES_S = (0.5, 2.0, 8.0)
_TRIES = 5
_ALMOST_FULL_BYTES = 4 << 20


def server_of(address: StorageAddress, *, has_secret: bool) -> tuple[TunnelSpec, str]:
    """Return the SSH server of an address, and the folder on it; without secrets.

    A key file in the address is used; otherwise a secret is the password, and without either the
    SSH agent is asked.
    """
    server, _, path = address.root.partition("/")
    user, host, port = parse_server(server)
    key_file = address.option("key") or ""
    usual = TunnelAuth.PASSWORD if has_secret else TunnelAuth.AGENT
    auth = TunnelAuth.KEY_FILE if key_file else TunnelAuth(address.option("auth") or usual)
    known_hosts = address.option("known_hosts") or ""
    spec = TunnelSpec(host, user, port, auth, key_file=key_file, known_hosts=known_hosts)
    return spec, path.removeprefix("~/") if path.startswith("~/") else f"/{path}"


class SftpStorage(DistantFolder):
    """Blobs as files below one folder of a server.

    A connection that is lost in the middle of a blob is opened again, and the blob goes on
    where it was: what the server confirmed is not sent again.

    Errors: a blob that could not be written whole leaves nothing; one whose connection or
        process died leaves a file ``.part-…``, which ``leftovers`` finds and ``delete`` removes.
    Source: draft-ietf-secsh-filexfer-02, section 6.5: a rename over an existing file is an error.
    """

    def __init__(
        self,
        address: StorageAddress,
        secret: Secret | None,
        dial_to: DialTo,
        stall_s: float = STALL_S,
    ) -> None:
        spec, self._root = server_of(address, has_secret=bool(secret))
        self._where = spec.address
        self._waiting = Waiting(stall_s)
        self._sessions = Sessions(spec, secret, dial_to, self._waiting)

    def prepare(self) -> None:
        """Make a new vault's folder, but not the folders it is in.

        Raises:
            StorageUnavailableError: If the folder it would be in is not there.
        """
        try:
            with self._sessions.session() as session:
                if not session.wait(lambda: session.client.isdir(self._root)):
                    session.wait(lambda: session.client.mkdir(self._root))
        except SftpFault as error:
            raise self._fault(error, "") from error

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        target = self._path(checked(name))
        folder = target.rpartition("/")[0]
        temporary = f"{folder}/{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
        self._begin(temporary, target, name)
        try:
            size = self._send(temporary, chunks, name)
            self._appear(temporary, target, name)
        except BaseException:
            self._clean_up(temporary)
            raise
        return size

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one.

        A connection that is lost is opened again, and the same file read on.
        """
        path = self._path(checked(name))
        try:
            with self._sessions.session() as session:
                self._ensure_root(session)
                found = session.wait(lambda: session.client.lstat(path))
        except NOT_THERE as error:
            raise _missing(name) from error
        except SftpFault as error:
            raise self._fault(error, name) from error
        if found.type != FILE:
            raise _missing(name)
        return self._read(path, name, found)

    def abort(self) -> None:
        """End transfers that block in other threads; later calls are given a moment each."""
        self._waiting.abort()

    def free_bytes(self) -> int | None:
        """Return the space left for us on the folder's file system, if the server tells."""
        try:
            with self._sessions.session() as session:
                self._ensure_root(session)
                return free_bytes_at(session, self._root)
        except asyncssh.SFTPOpUnsupported:
            return None
        except SftpFault as error:
            raise self._fault(error, "") from error

    # --- writing -------------------------------------------------------------------------

    def _begin(self, temporary: str, target: str, name: str) -> None:
        """Make the temporary file and the folders it is in; refuse an existing target."""
        try:
            with self._sessions.session() as session:
                if is_there(session, target):
                    raise already_there(name)
                for attempt in range(_TRIES):
                    try:
                        create(session, temporary)
                    except NOT_THERE:  # or another writer's clean-up removed the empty folder
                        if attempt == _TRIES - 1:
                            raise
                        self._ensure_root(session)
                        make_folders(session, self._root, temporary.rpartition("/")[0])
                    else:
                        return
        except SftpFault as error:
            raise self._fault(error, name) from error

    def _send(self, path: str, chunks: Iterable[bytes], name: str) -> int:
        """Send everything; what the server confirmed is never sent again."""
        done = 0
        parts = gathered(chunks, CHUNK_BYTES)
        part = next(parts, None)
        pauses = iter(PAUSES_S)
        while True:
            try:
                with self._sessions.session() as session, opened(session, path, "r+b") as file:
                    while part is not None:
                        session.wait(partial(file.write, part, done))
                        done += len(part)
                        pauses = iter(PAUSES_S)
                        part = _pulled(parts)
                    with suppress(asyncssh.SFTPOpUnsupported):
                        session.wait(file.fsync)
                    return done
            except _SourceError as failed:
                raise failed.error from None
            except SftpFault as error:
                self._pause_or_raise(error, name, pauses)
                log.info("sending on blob=%s from=%d why=%s", name, done, type(error).__name__)

    def _pause_or_raise(self, error: BaseException, name: str, pauses: Iterator[float]) -> None:
        pause_s = next(pauses, None) if is_lost(error) and not self._waiting.is_aborted else None
        if pause_s is None:
            raise self._fault(error, name) from error
        with self._waiting.line() as line:
            line.pause(pause_s)

    def _appear(self, temporary: str, target: str, name: str) -> None:
        try:
            with self._sessions.session() as session:
                try:
                    session.wait(lambda: session.client.rename(temporary, target))
                except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                    if is_there(session, target):
                        raise already_there(name) from None
                    raise
        except SftpFault as error:
            raise self._fault(error, name) from error

    def _clean_up(self, temporary: str) -> None:
        try:
            with self._sessions.session() as session:
                with suppress(*NOT_THERE):
                    session.wait(lambda: session.client.remove(temporary))
                remove_empty(session, self._root, temporary.rpartition("/")[0])
        except (*SftpFault, VaultError, StalledError) as error:
            log.info("left behind path=%s why=%s", temporary, type(error).__name__)

    # --- removing and reading ------------------------------------------------------------

    @property
    @override
    def _is_aborted(self) -> bool:
        return self._waiting.is_aborted

    @override
    def _delete(self, name: BlobName) -> None:
        path = self._path(name)
        try:
            with self._sessions.session() as session:
                self._ensure_root(session)
                try:
                    session.wait(lambda: session.client.remove(path))
                except NOT_THERE:
                    return
                except asyncssh.SFTPFailure:
                    if is_there(session, path):
                        raise
                    return
                remove_empty(session, self._root, path.rpartition("/")[0])
        except SftpFault as error:
            raise self._fault(error, name) from error

    def _read(self, path: str, name: str, expected: asyncssh.SFTPAttrs) -> Iterator[bytes]:
        done, pauses = 0, iter(PAUSES_S)
        while True:
            try:
                with self._sessions.session() as session, opened(session, path, "rb") as file:
                    found = session.wait(file.stat)
                    if (found.size, found.mtime) != (expected.size, expected.mtime):
                        raise _changed(name)
                    while chunk := session.wait(partial(piece_of, file, done)):
                        done += len(chunk)
                        pauses = iter(PAUSES_S)
                        yield chunk
                    return
            except NOT_THERE as error:
                raise _missing(name) from error
            except SftpFault as error:
                self._pause_or_raise(error, name, pauses)
                log.info("reading on blob=%s from=%d why=%s", name, done, type(error).__name__)

    @override
    def _walk(self, prefix: str) -> Iterator[BlobInfo]:
        folder = prefix.rpartition("/")[0]
        if folder and not all(map(is_safe_part, folder.split("/"))):
            return
        pending = [f"{folder}/" if folder else ""]
        while pending:
            base = pending.pop()
            for entry in self._entries(base):
                name = base + str(entry.filename)
                if not is_safe_part(str(entry.filename)):
                    continue
                if entry.attrs.type == FOLDER:
                    if f"{name}/".startswith(prefix) or prefix.startswith(f"{name}/"):
                        pending.append(f"{name}/")
                elif entry.attrs.type == FILE and name.startswith(prefix):
                    yield _info(name, entry.attrs)

    def _entries(self, base: str) -> "tuple[asyncssh.SFTPName, ...]":
        path = f"{self._root}/{base}".rstrip("/")
        try:
            with self._sessions.session() as session:
                if not base:
                    self._ensure_root(session)
                return entries_of(session, path)
        except NOT_THERE:
            return ()
        except SftpFault as error:
            raise self._fault(error, base) from error

    def _ensure_root(self, session: Session) -> None:
        if not session.wait(lambda: session.client.isdir(self._root)):
            raise StorageUnavailableError(
                f"the vault's folder {self._root} is not there on {self._where}",
                hint="connect or mount the server's disk, or correct the vault's URL",
            )

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _fault(self, error: BaseException, name: str) -> VaultError:
        return from_sftp(error, name, self._where, seems_full=lambda: self._seems_full(error))

    def _seems_full(self, error: BaseException) -> bool:
        if type(error) is not asyncssh.SFTPFailure or self._waiting.is_aborted:
            return False
        try:
            with self._sessions.session() as session:
                return free_bytes_at(session, self._root) < _ALMOST_FULL_BYTES
        except (*SftpFault, VaultError, StalledError):
            return False


class _SourceError(Exception):
    """Carries what the chunks raised past what is done about a lost connection."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _pulled(parts: Iterator[bytes]) -> bytes | None:
    try:
        return next(parts, None)
    except SftpFault as error:
        raise _SourceError(error) from error


def _info(name: str, attrs: asyncssh.SFTPAttrs) -> BlobInfo:
    at = datetime.fromtimestamp(attrs.mtime, UTC) if attrs.mtime is not None else None
    return BlobInfo(BlobName(name), attrs.size or 0, at)


def _missing(name: str) -> BlobNotFoundError:
    return BlobNotFoundError(f"'{name}' is not in the storage", blob=name)


def _changed(name: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        f"'{name}' was changed on the server while it was read",
        hint="find out what else writes to this folder",
        blob=name,
    )
