"""The place a dump is written to: under a partial name first, under its own when it is whole."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from mangrove.core.dump import STANDARD_OUTPUT
from mangrove.core.errors import UnusableDumpError
from mangrove.engine.mongodump.error_map import from_writing

PARTIAL_SUFFIX: Final = ".partial"
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class TargetPlace:
    """Where a dump will appear.

    Attributes:
        final: The path that the person chose.
        partial: Beside it, while the dump is not whole.
    """

    final: Path

    @property
    def is_stream(self) -> bool:
        """Whether it goes to another program as it comes, and cannot be taken back."""
        return str(self.final) == STANDARD_OUTPUT

    @property
    def partial(self) -> Path:
        """Where it is written until it is whole."""
        if self.is_stream:
            return self.final
        return self.final.with_name(self.final.name + PARTIAL_SUFFIX)

    def make_folder(self) -> None:
        """Make the partial folder, readable by nobody else.

        Raises:
            UnusableDumpError: If either name is taken; an empty folder may take the final one.
        """
        self._check_free(is_folder=True)
        try:
            self.partial.mkdir(mode=0o700)
        except FileExistsError as error:
            raise self._left_over() from error
        except OSError as error:
            raise from_writing(error, self.partial) from error

    def make_file(self) -> BinaryIO:
        """Make the partial file, readable by nobody else; a stream is there already.

        Raises:
            UnusableDumpError: If either name is taken.
        """
        if self.is_stream:
            return os.fdopen(os.dup(1), "wb", buffering=0)
        self._check_free(is_folder=False)
        try:
            return os.fdopen(os.open(self.partial, _CREATE, 0o600), "wb", buffering=0)
        except FileExistsError as error:
            raise self._left_over() from error
        except OSError as error:
            raise from_writing(error, self.partial) from error

    def appear(self) -> None:
        """Give the partial folder or file its final name.

        Raises:
            UnusableDumpError: If that was taken meanwhile.
        """
        if self.is_stream:
            return
        self._check_free(is_folder=self.partial.is_dir())
        try:
            if self.partial.is_dir():
                if self.final.is_dir():
                    self.final.rmdir()
                self.partial.rename(self.final)
            else:
                self._link()
            sync_folder(self.final.parent)
        except FileExistsError as error:
            raise self._taken() from error
        except OSError as error:
            raise from_writing(error, self.final) from error

    def settle(self, file: BinaryIO) -> None:
        """Make what was written last; raises OSError."""
        if not self.is_stream:
            os.fsync(file.fileno())

    def discard(self) -> None:
        """Remove what is partial, as far as it can be removed."""
        if self.is_stream:
            return
        if self.partial.is_dir():
            shutil.rmtree(self.partial, ignore_errors=True)
        else:
            self.partial.unlink(missing_ok=True)

    def _check_free(self, *, is_folder: bool) -> None:
        try:
            is_there = self.final.is_symlink() or self.final.exists()
            if not is_there or (is_folder and _is_empty_folder(self.final)):
                return
        except OSError as error:
            raise from_writing(error, self.final) from error
        raise self._taken()

    def _link(self) -> None:
        """Give the file its name, never over another one where the file system can tell."""
        try:
            os.link(self.partial, self.final)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links, such as exFAT
            self.partial.rename(self.final)
        else:
            self.partial.unlink()

    def _taken(self) -> UnusableDumpError:
        return UnusableDumpError(
            f"{str(self.final)!r} exists already and was not touched",
            hint="choose a new name, or an empty folder",
            file=str(self.final),
        )

    def _left_over(self) -> UnusableDumpError:
        return UnusableDumpError(
            f"{str(self.partial)!r} is in the way: another export writes it, or one was broken off",
            hint="remove it if no export is running",
            file=str(self.partial),
        )


def create_file(path: Path) -> BinaryIO:
    """Create a file that nobody else can read.

    Raises:
        UnusableDumpError: If the file system takes its name for another one's.
    """
    try:
        return os.fdopen(os.open(path, _CREATE, 0o600), "wb", buffering=0)
    except FileExistsError as error:
        raise UnusableDumpError(
            f"this file system does not tell {path.name!r} from another file of the dump",
            hint="export to an archive, or to a disk that tells upper from lower case",
            file=str(path),
        ) from error
    except OSError as error:
        raise from_writing(error, path) from error


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write every byte to an unbuffered file."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    if os.name == "nt":
        return  # Windows has no handle to flush a folder with
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
