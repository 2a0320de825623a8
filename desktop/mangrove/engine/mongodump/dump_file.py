"""One file of a dump: plain or gzip as its first bytes say, and the same at every reading."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self
from zlib import error as zlib_error

from isal import igzip, igzip_lib

from mangrove.core.errors import (
    COPY_AGAIN,
    MalformedBsonError,
    MalformedDumpError,
    UnusableDumpError,
)
from mangrove.engine.framing import document_chunks
from mangrove.engine.mongodump.error_map import from_reading
from mangrove.engine.mongodump.gzip_reach import MOST_BYTES, reach_of

READ_BYTES: Final = 1 << 20
LEAVE_OUT: Final = f"{COPY_AGAIN}; without its collection (--exclude) the rest can be restored"
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_TRAILER_BYTES: Final = 8
_FRAME_BYTES: Final = 64
"""More than gzip puts around what is so small that it does not get smaller."""
_BEST_PACKED: Final = 1032
_LOOKS_LIKE_BSON: Final = b"\x1f\x8b\x08\0"
_LENGTH_LIKE_GZIP: Final = int.from_bytes(_LOOKS_LIKE_BSON, "little")
_ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # isal 1.9's stub
_DAMAGED: Final = (EOFError, igzip.BadGzipFile, zlib_error, _ISAL_ERROR)
_OPEN: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)

Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A regular file as it was when the dump was opened.

    Attributes:
        path: Where it is, with no symbolic link in it.
        label: What to call it in messages.
        identity: Device, number, size and time of change.
        is_gzip: Whether its content is gzip, whatever its name says.
        least_bytes: How long the content is at least.

    Threads: every reading opens the file anew, so that several may go on at the same time.
    """

    path: Path
    label: str
    identity: Identity
    is_gzip: bool
    least_bytes: int = 0

    @classmethod
    def look_at(cls, path: Path, label: str) -> Self:
        """Note what a file is.

        Raises:
            UnusableDumpError: If it cannot be opened or is no regular file.
        """
        try:
            with _opened(path) as file:
                identity, is_gzip = _identity(file, path), _is_gzip(file, path)
                size = identity[2]
                least = least_content(_trailer(file, size), size) if is_gzip else size
                return cls(path, label, identity, is_gzip, least)
        except OSError as error:
            raise from_reading(error, path) from error

    @property
    def stored_bytes(self) -> int:
        """What the file takes."""
        return self.identity[2]

    @property
    def plain_bytes(self) -> int | None:
        """How long the content is; None when only unpacking would tell."""
        return None if self.is_gzip else self.stored_bytes

    def open(self) -> BinaryIO:
        """Open the stored bytes.

        Raises:
            MalformedDumpError: If it is not the file any more that was looked at.
            UnusableDumpError: If it cannot be opened.
        """
        try:
            file = _opened(self.path)
        except OSError as error:
            raise from_reading(error, self.path) from error
        if _identity(file, self.path) != self.identity:
            file.close()
            raise MalformedDumpError(
                f"{self.label!r} was changed after the dump was opened",
                hint="open the dump again when nobody writes to it",
                file=self.label,
                offset=0,
            )
        return file

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, unpacked, in pieces of bounded size whose borders mean nothing.

        Shapes: gzip may have several members, one after the other (RFC 1952, section 2.2).

        Raises:
            MalformedDumpError: If gzip data are damaged, cut short or followed by something.
        """
        with self.open() as file:
            yield from unpacked(file, self.label, self.path, is_gzip=self.is_gzip)

    def documents(self) -> Iterator[bytes]:
        """Yield the content as chunks of whole BSON documents.

        Raises:
            MalformedDumpError: Where the content stops being that.
        """
        try:
            yield from document_chunks(self.chunks(), READ_BYTES)
        except MalformedDumpError as error:
            error.hint = self._way_out if error.hint == COPY_AGAIN else error.hint
            raise
        except MalformedBsonError as error:
            raise MalformedDumpError(
                f"{self.label!r} is damaged: {error.message}",
                hint=self._way_out,
                file=self.label,
                offset=error.details.get("offset"),
            ) from error

    @property
    def _way_out(self) -> str:
        """What can be done without the file; nothing replaces an oplog."""
        return COPY_AGAIN if self.label.startswith("oplog.bson") else LEAVE_OUT

    def content(self, limit: int) -> bytes:
        """Return the whole content.

        Raises:
            MalformedDumpError: If it is longer than ``limit``.
        """
        parts: list[bytes] = []
        size = 0
        for chunk in self.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise MalformedDumpError(
                    f"{self.label!r} is longer than the {limit:,} bytes such a file may have",
                    file=self.label,
                    offset=limit,
                )
        return b"".join(parts)


def unpacked(file: BinaryIO, label: str, path: Path, *, is_gzip: bool) -> Iterator[bytes]:
    """Yield what an open file holds, unpacked if it is gzip.

    Raises:
        MalformedDumpError: If gzip data are damaged, cut short or followed by something.
    """
    stream = igzip.open(file, "rb") if is_gzip else file  # type: ignore[no-untyped-call]  # isal 1.9
    done = 0
    while True:
        try:
            chunk: bytes = stream.read(READ_BYTES)
        except _DAMAGED as error:
            raise _broken(file, label, done) from error
        except OSError as error:
            raise from_reading(error, path) from error
        if not chunk:
            return
        done += len(chunk)
        yield chunk


def _broken(file: BinaryIO, label: str, done: int) -> MalformedDumpError:
    """Say where gzip data break; read again where that is quick, as they break in large steps."""
    size = file.seek(0, os.SEEK_END) if file.seekable() else None
    if size is None or size > MOST_BYTES:
        what, offset = f"damaged or cut short after {done:,} bytes of content or more", done
    else:
        reach = reach_of(file)
        offset = reach.content_bytes
        where = f"after {reach.packed_bytes:,} of {size:,} packed bytes, which are {offset:,} bytes"
        what = (
            f"cut short: they end {where} of content"
            if reach.is_cut
            else (f"damaged {where} of content")
        )
    return MalformedDumpError(f"the gzip data of {label!r} are {what}", file=label, offset=offset)


def least_content(trailer: bytes, stored_bytes: int) -> int:
    """Return how long the content of a gzip file is at least, from its last eight bytes.

    More it may be: the trailer tells the size of the last member only, and no more than its lower
    32 bits. What was packed is never much smaller than what it was packed into.

    Source: RFC 1952, section 2.3.1 (ISIZE); RFC 1951, section 3.2.4 (a stored block adds five
    bytes) and 3.2.5 (258 bytes at best from two bits).
    """
    if len(trailer) < _TRAILER_BYTES:
        return 0
    size = int.from_bytes(trailer[-4:], "little")
    if size > stored_bytes * _BEST_PACKED:
        size = 0  # no trailer of this file: it was cut short
    return max(size, stored_bytes - stored_bytes // 1000 - _FRAME_BYTES, 0)


def starts_gzip(head: bytes) -> bool:
    """Whether a stream starts the way gzip does."""
    return head.startswith(_GZIP_MAGIC)


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, _OPEN), "rb")


def _identity(file: BinaryIO, path: Path) -> Identity:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        file.close()
        raise UnusableDumpError(f"{str(path)!r} is no regular file", file=str(path))
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _trailer(file: BinaryIO, size: int) -> bytes:
    file.seek(max(size - _TRAILER_BYTES, 0))
    return file.read(_TRAILER_BYTES)


def _is_gzip(file: BinaryIO, path: Path) -> bool:
    """Tell gzip from BSON, whose first document may be as long as gzip's first bytes say.

    Then a type byte stands where mongodump's gzip has a zero, and a zero closes the document.
    """
    head = file.read(5)
    if not head.startswith(_LOOKS_LIKE_BSON) or head.endswith(b"\0") or path.suffix == ".gz":
        return starts_gzip(head)
    file.seek(_LENGTH_LIKE_GZIP - 1)
    return file.read(1) != b"\0"
