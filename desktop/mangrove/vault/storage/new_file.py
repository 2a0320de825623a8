"""A file on its way into a folder: it gets its name once it is whole, and never over another.

Where the system can, it has no name at all until then: nothing is left of one whose writer died,
and a name is made once instead of twice. Elsewhere it is a ``.part-…`` file meanwhile.
"""

import errno
import os
import secrets
from pathlib import Path
from typing import Final

from mangrove.vault.blob_name import TEMPORARY_PREFIX

_MODE = 0o600
_BINARY = getattr(os, "O_BINARY", 0)  # Windows only
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_NAMELESS: Final[int | None] = getattr(os, "O_TMPFILE", None)  # Linux only
# Source: open(2), O_TMPFILE: a file system or kernel that does not know it says one of these.
_NOT_NAMELESS = frozenset({errno.EOPNOTSUPP, errno.ENOTSUP, errno.EISDIR, errno.EINVAL})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_OWN_FILES = Path("/proc/self/fd")


class NewFile:
    """A file that is being written; ``appear`` or ``forget`` ends that.

    Attributes:
        descriptor: Open for writing.
    """

    def __init__(self, descriptor: int, path: Path | None) -> None:
        self.descriptor = descriptor
        self._path = path  # the name it has meanwhile, if any
        self._is_open = True

    def write(self, chunk: bytes) -> None:
        """Write all of a chunk; raises OSError."""
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]

    def appear(self, target: Path) -> None:
        """Close the file and give it its name.

        Raises:
            FileExistsError: If something has that name.
            OSError: As the system says.
        """
        if self._path is None:
            _link_nameless(self.descriptor, target)
            self._close()
            return
        self._close()  # Windows renames no file that is open
        try:
            os.link(self._path, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _rename(self._path, target)

    def forget(self) -> None:
        """Close the file, and remove the name it had meanwhile; raises OSError."""
        self._close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self.descriptor)


def open_new(folder: Path) -> NewFile:
    """Begin a file in a folder.

    Raises:
        FileNotFoundError: If the folder is not there.
        OSError: As the system says.
    """
    if _NAMELESS is not None and _OWN_FILES.is_dir():
        try:
            return NewFile(os.open(folder, os.O_WRONLY | _NAMELESS, _MODE), None)
        except OSError as error:
            if error.errno not in _NOT_NAMELESS:
                raise
    path = folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    return NewFile(os.open(path, _CREATE, _MODE), path)


def _link_nameless(descriptor: int, target: Path) -> None:
    """Source: open(2), O_TMPFILE, the example with ``/proc/self/fd``.

    Naming a descriptor for the source makes Python call linkat(2), which can follow the link;
    an absolute path does not look at it.
    """
    source = _OWN_FILES / str(descriptor)
    os.link(source, target, src_dir_fd=descriptor, follow_symlinks=True)


def _rename(path: Path, target: Path) -> None:
    """Rename where the file system has no hard links (exFAT, some network shares)."""
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    path.rename(target)
