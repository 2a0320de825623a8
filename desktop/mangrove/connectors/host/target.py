"""A folder on this machine that a server's files are restored into, each named once it is whole."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from typing_extensions import override

from mangrove.core.errors import SnapshotCommandError, TargetNotEmptyError
from mangrove.core.ports.snapshot import FilesTarget

MARK, GUIDE, DATA, PART = ".mangrove-restore.json", "RESTORE.txt", "data", ".part"
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class FolderTarget(FilesTarget):
    """An empty folder, or one that an unfinished restore of the same was begun in.

    Raises:
        TargetNotEmptyError: If anything else lies there; nothing was touched.
        SnapshotCommandError: If it cannot be written to.
    """

    def __init__(self, folder: str, what: str) -> None:
        self._folder = Path(folder)
        self._had_folder = self._folder.exists()
        self._what = what
        try:
            self._claim()
        except OSError as error:
            raise _unusable(folder, error) from error

    @property
    @override
    def data(self) -> str:
        return str(self._folder / DATA)

    @override
    def has(self, path: str, size_bytes: int) -> bool:
        file = self._folder / DATA / path
        return file.is_file() and file.stat().st_size == size_bytes

    @override
    def write(self, path: str, chunks: Iterable[bytes]) -> int:
        file = self._folder / DATA / path
        part = file.with_name(file.name + PART)
        size = 0
        try:
            file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with open(  # noqa: PTH123 - to set the permissions before the first byte
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb"
            ) as out:
                for chunk in chunks:
                    size += out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        except OSError as error:
            raise _unusable(str(file), error) from error
        return size

    @override
    def finish(self, guide: str) -> str:
        place = self._folder / GUIDE
        try:
            place.write_text(guide, encoding="utf-8")
            (self._folder / MARK).unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(str(place), error) from error
        return str(place)

    @override
    def discard(self) -> None:
        shutil.rmtree(self._folder / DATA, ignore_errors=True)
        (self._folder / MARK).unlink(missing_ok=True)
        if not self._had_folder and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _claim(self) -> None:
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        mark = self._folder / MARK
        if mark.exists() and json.loads(mark.read_text()).get("what") == self._what:
            return
        if any(self._folder.iterdir()):
            raise TargetNotEmptyError(
                f"{self._folder} is not empty; nothing was touched",
                hint="name a folder that is empty or not there yet",
            )
        mark.write_text(json.dumps({"what": self._what}))
        (self._folder / DATA).mkdir(mode=FOLDER_MODE)


def _unusable(path: str, error: OSError) -> SnapshotCommandError:
    return SnapshotCommandError(
        f"{path} cannot be written: {error.strerror or type(error).__name__}",
        hint="check free space and permissions, then run it again: it goes on where it was",
    )
