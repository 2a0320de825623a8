"""The files of a dump's folder, sorted by what they hold, with nothing outside the dump."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from mangrove.core.errors import MalformedDumpError
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.error_map import from_reading
from mangrove.engine.mongodump.foreign import ForeignNote
from mangrove.engine.mongodump.names import BUCKETS_PREFIX, is_shortened

PRELUDE_NAMES: Final = ("prelude.json", "prelude.json.gz")
OPLOG_NAMES: Final = ("oplog.bson", "oplog.bson.gz")


class Role(StrEnum):
    """What a file of a dump holds."""

    DATA = "data"
    METADATA = "metadata"


_EXTENSIONS: Final = (
    (".metadata.json", Role.METADATA),
    (".bson", Role.DATA),
    (".bin", Role.DATA),
)


def split_name(name: str) -> tuple[str, Role] | None:
    """Return base name and role of a file name; None for files that are no part of a dump.

    Source: mongorestore's list of extensions; `.bin` is a legacy one for data.
    """
    plain = name.removesuffix(".gz")
    for extension, role in _EXTENSIONS:
        if plain.endswith(extension):
            return plain.removesuffix(extension), role
    return None


@dataclass(slots=True)
class Folder:
    """What a folder holds.

    Attributes:
        files: The parts of a dump, by base name and role.
        others: Regular files that may be preludes or an oplog, by name.
        folders: Sub-folders by name, resolved.
        notes: What else is there.
    """

    path: Path
    label: str
    files: dict[tuple[str, Role], DumpFile] = field(default_factory=dict)
    others: dict[str, DumpFile] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    notes: list[ForeignNote] = field(default_factory=list)

    def oplog(self) -> DumpFile | None:
        """Return the oplog that lies beside the databases of a whole dump, if one does."""
        return next((self.others[name] for name in OPLOG_NAMES if name in self.others), None)

    def prelude(self) -> DumpFile | None:
        """Return the prelude file, if one is there."""
        return next((self.others[name] for name in PRELUDE_NAMES if name in self.others), None)


def list_folder(path: Path, root: Path, label: str = "", only: str | None = None) -> Folder:
    """Look at a folder's entries.

    Symbolic links are followed as long as they stay inside ``root``.

    Args:
        path: The folder, resolved.
        root: The dump, resolved.
        label: The folder's name in messages; "" for the dump itself.
        only: If given, the base name of the data that matter; the rest is not looked at.

    Raises:
        MalformedDumpError: If a link leads out of the dump, or two files hold the same thing.
        UnusableDumpError: If it cannot be read.
    """
    folder = Folder(path, label)
    for entry in _entries(path):
        entry_label = f"{label}/{entry.name}" if label else entry.name
        if only is not None and not _matters(entry.name, only):
            continue
        target = _inside(entry, root, entry_label)
        _sort_in(folder, entry.name, entry_label, target)
    return folder


def doubled(one: str, other: str) -> MalformedDumpError:
    """Say that two files hold the same thing."""
    return MalformedDumpError(
        f"{one!r} and {other!r} hold the same thing; nothing was read, as nobody can"
        " tell which one is meant",
        hint="remove the stale one, or dump into an empty folder",
        file=other,
        offset=0,
    )


def _matters(name: str, only: str) -> bool:
    if name in PRELUDE_NAMES:
        return True
    stem, role = split_name(name) or ("", None)
    if role is Role.METADATA and is_shortened(only):
        return True
    return role is not None and stem in (only, only.removeprefix(BUCKETS_PREFIX))


def _sort_in(folder: Folder, name: str, label: str, target: Path) -> None:
    try:
        mode = target.stat().st_mode
    except OSError as error:
        raise from_reading(error, target) from error
    if stat.S_ISDIR(mode):
        folder.folders[name] = target
        return
    if not stat.S_ISREG(mode):
        folder.notes.append(ForeignNote(label, "is neither a file nor a folder"))
        return
    parts = split_name(name)
    if name in PRELUDE_NAMES or (parts and not folder.label and name in OPLOG_NAMES):
        folder.others[name] = DumpFile.look_at(target, label)
    if parts is None:
        if name not in PRELUDE_NAMES:
            folder.notes.append(ForeignNote(label, "is no kind of file that a dump holds"))
        return
    if parts in folder.files:
        raise doubled(folder.files[parts].label, label)
    folder.files[parts] = DumpFile.look_at(target, label)


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise from_reading(error, path) from error
    yield from found


def _inside(entry: os.DirEntry[str], root: Path, label: str) -> Path:
    path = Path(entry.path)
    if not entry.is_symlink():
        return path
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise _bad_link(label, "leads nowhere") from error
    if not target.is_relative_to(root):
        raise _bad_link(label, "leads out of the dump")
    return target


def _bad_link(label: str, what: str) -> MalformedDumpError:
    return MalformedDumpError(
        f"the symbolic link {label!r} {what}; it was not followed", file=label, offset=0
    )
