"""Single files and folders on an SFTP server, within one session; errors are asyncssh's."""

from contextlib import suppress
from functools import partial

import asyncssh

from mangrove.core.errors import StalledError, VaultError
from mangrove.vault.storage.sftp_session import Session, SftpFault

CHUNK_BYTES = 1 << 20
FILE, FOLDER = asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_DIRECTORY
NOT_THERE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory)


def create(session: Session, path: str) -> None:
    """Make an empty file that only we may read; raises if there is one already."""

    async def make() -> None:
        attrs = asyncssh.SFTPAttrs(permissions=0o600)
        await (await session.client.open(path, "xb", attrs)).close()

    session.wait(make)


def make_folders(session: Session, root: str, folder: str) -> None:
    """Make a folder below the root, and those between; what is there already stays."""
    made = root
    for part in folder.removeprefix(root).strip("/").split("/"):
        made = f"{made}/{part}"
        with suppress(asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            attrs = asyncssh.SFTPAttrs(permissions=0o700)
            session.wait(partial(session.client.mkdir, made, attrs))


def remove_empty(session: Session, root: str, folder: str) -> None:
    """Remove a folder and those it is in, up to the root, as long as they are empty."""
    with suppress(asyncssh.SFTPError):  # not empty, or gone already
        while folder.startswith(f"{root}/"):
            session.wait(partial(session.client.rmdir, folder))
            folder = folder.rpartition("/")[0]


def is_there(session: Session, path: str) -> bool:
    """Whether there is anything at a path."""
    try:
        session.wait(lambda: session.client.lstat(path))
    except NOT_THERE:
        return False
    return True


def entries_of(session: Session, path: str) -> tuple[asyncssh.SFTPName, ...]:
    """Return what is in a folder."""

    async def read() -> tuple[asyncssh.SFTPName, ...]:
        return tuple([entry async for entry in session.client.scandir(path)])

    return session.wait(read)


def free_bytes_at(session: Session, root: str) -> int:
    """Return the space left for us on a folder's file system."""
    found = session.wait(lambda: session.client.statvfs(root))
    return int(found.bavail) * int(found.frsize)


class opened:  # noqa: N801 - used as a function
    """A file for as long as a block lasts; a lost connection closes it by itself."""

    def __init__(self, session: Session, path: str, mode: str) -> None:
        self._session, self._path, self._mode = session, path, mode

    def __enter__(self) -> "asyncssh.SFTPClientFile":
        client = self._session.client
        self._file = self._session.wait(lambda: client.open(self._path, self._mode))
        return self._file

    def __exit__(self, *_: object) -> None:
        with suppress(*SftpFault, VaultError, StalledError):
            self._session.wait(self._file.close)


async def piece_of(file: "asyncssh.SFTPClientFile", offset: int) -> bytes:
    """Read the next piece of a file; b"" at its end."""
    read: bytes = await file.read(CHUNK_BYTES, offset)
    return read
