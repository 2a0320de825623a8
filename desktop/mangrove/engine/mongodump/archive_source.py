"""Where an archive's plain bytes are while it is open: in its own file, or unpacked beside."""

import io
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

from typing_extensions import override

from mangrove.core.errors import UnusableDumpError
from mangrove.engine.mongodump.dump_file import READ_BYTES, starts_gzip, unpacked
from mangrove.engine.mongodump.error_map import from_reading

_HEAD_BYTES: Final = 4
_SCAN_BYTES: Final = 4 << 20


class ArchiveSource:
    """The plain bytes of an archive, read once from front to back and then at any place.

    A plain file is read where it is. Gzip (of one or several members), and what cannot be read
    twice, such as a pipe, is copied unpacked to a temporary file while it is scanned: readable
    by nobody else (mode 0600), in the folder for temporary files, without a name where the
    system allows that, and gone when the source is closed or the process ends.

    Threads: ``read_at`` may be called by several at a time.

    Raises:
        UnusableDumpError: If the path cannot be opened or is neither file nor pipe.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open_files = ExitStack()
        try:
            self._file = self._open_files.enter_context(_opened(path))
            head = self._file.read(_HEAD_BYTES)
            self._is_gzip = starts_gzip(head)
            self._is_spooled = self._is_gzip or not self._file.seekable()
            self._input = self._rewound(head)
            if self._is_spooled:
                spool = tempfile.TemporaryFile(prefix="mangrove-archive-")  # noqa: SIM115 - kept open, closed with the source
                self._file = self._open_files.enter_context(spool)
        except OSError as error:
            self.close()
            raise from_reading(error, path) from error
        except BaseException:
            self.close()
            raise

    def first_reader(self) -> Callable[[], bytes]:
        """Return what yields the plain bytes piece by piece, b"" at the end; usable once."""
        pieces = self._pieces()
        return lambda: next(pieces, b"")

    def read_at(self, offset: int, size: int) -> bytes:
        """Return plain bytes; fewer than asked for only at the end."""
        try:
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), size, offset)
            with self._lock:
                self._file.seek(offset)
                return self._file.read(size)
        except OSError as error:
            raise from_reading(error, self._path) from error

    def close(self) -> None:
        """Let go of the file and of what was unpacked."""
        self._open_files.close()

    def _rewound(self, head: bytes) -> BinaryIO:
        if not self._file.seekable():
            return io.BufferedReader(_Rejoined(head, self._file), READ_BYTES)
        self._file.seek(0)
        return self._file

    def _pieces(self) -> Iterator[bytes]:
        if not self._is_spooled:
            yield from iter(self._read_input, b"")
            return
        label = str(self._path)
        for piece in unpacked(self._input, label, self._path, is_gzip=self._is_gzip):
            try:
                self._file.write(piece)
            except OSError as error:
                raise from_reading(error, self._path) from error
            yield piece
        try:
            self._file.flush()
        except OSError as error:
            raise from_reading(error, self._path) from error

    def _read_input(self) -> bytes:
        try:
            return self._input.read(_SCAN_BYTES)
        except OSError as error:
            raise from_reading(error, self._path) from error


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: "memoryview", /) -> int:  # type: ignore[override]  # narrower
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _opened(path: Path) -> BinaryIO:
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise UnusableDumpError(
            f"{str(path)!r} is no archive file",
            hint="choose the file that mongodump wrote, or a folder as a directory dump",
            file=str(path),
        )
    return path.open("rb")
