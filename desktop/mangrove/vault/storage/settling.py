"""Makes many files durable at once: each fsync of its own costs more than a small file's bytes."""

import ctypes
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

BEGIN_EVERY = 8 << 20
_BINARY = getattr(os, "O_BINARY", 0)  # Windows only
_BEGIN_ONLY = 2  # SYNC_FILE_RANGE_WRITE
# Before 5.8 syncfs did not tell of data that could not be written. Source: syncfs(2).
_TELLS_SINCE = (5, 8)


class Unsettled:
    """Which files were written and may still be lost with the power; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: set[Path] = set()

    def note(self, path: Path) -> None:
        """Remember a file that was written and not flushed."""
        with self._lock:
            self._files.add(path)

    def forget(self, path: Path) -> None:
        """Forget a file that was removed again."""
        with self._lock:
            self._files.discard(path)

    def settle(self, root: Path) -> None:
        """Return once every remembered file is on the disk, with the folders it is in.

        Errors: OSError; what was remembered is remembered still.
        """
        with self._lock:
            files = set(self._files)
        if not files:
            return
        if not _flush_file_system(root):
            for path in sorted(files):
                _flush(path)
            for folder in sorted({parent for path in files for parent in _above(path, root)}):
                sync_folder(folder)
        with self._lock:
            self._files -= files


def begin_writing(descriptor: int, start: int, size: int) -> None:
    """Let the system begin to write a part of a file, so that less is left when it is settled.

    Source: sync_file_range(2): SYNC_FILE_RANGE_WRITE waits for nothing and promises nothing.
    """
    begin = _library_call("sync_file_range")
    if begin is not None:
        begin(descriptor, ctypes.c_int64(start), ctypes.c_int64(size), _BEGIN_ONLY)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    if os.name == "nt":
        return  # Windows has no handle to flush a folder with
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_file_system(root: Path) -> bool:
    """Flush the whole file system that a folder is on, in one go, where that can be trusted."""
    flush = _library_call("syncfs")
    if flush is None or _kernel() < _TELLS_SINCE:
        return False
    descriptor = os.open(root, os.O_RDONLY)
    try:
        if flush(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(root))
    finally:
        os.close(descriptor)
    return True


def _kernel() -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def _library_call(name: str) -> Callable[..., int] | None:
    """Return a call of the C library; None where the system is not Linux or has it not."""
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    return found


def _flush(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | _BINARY)
    except FileNotFoundError:  # taken back meanwhile
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _above(path: Path, root: Path) -> tuple[Path, ...]:
    """Return the folders between a file and the root, the root too, as far as they are there."""
    folders = [folder for folder in path.parents if folder == root or root in folder.parents]
    return tuple(folder for folder in folders if folder.is_dir())
