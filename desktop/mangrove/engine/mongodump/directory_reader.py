"""Opens a mongodump directory: a whole dump, one database's folder, or a single data file.

Source: mongo-tools 100.x `mongorestore/filepath.go`, `common/dumprestore` (prelude.json).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from mangrove.core.errors import MalformedDumpError, UnusableDumpError
from mangrove.core.namespace import Namespace
from mangrove.engine.mongodump.archive_fields import is_server_version
from mangrove.engine.mongodump.database_folder import (
    OPLOG_COLLECTIONS,
    DatabaseParts,
    database_parts,
)
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.error_map import from_reading
from mangrove.engine.mongodump.folder import Folder, Role, list_folder, split_name
from mangrove.engine.mongodump.foreign import (
    ForeignCollection,
    ForeignNote,
    ForeignOplog,
    ForeignSpecial,
)
from mangrove.engine.mongodump.mistaken import no_data_file
from mangrove.engine.mongodump.names import is_database_name

_MAX_PRELUDE_BYTES: Final = 64 << 10
_OPLOG_STEM: Final = "oplog"


def open_directory(path: Path, database: str | None = None) -> "DirectoryDump":
    """Open a dump that lies in files, plain and gzip in any mixture.

    Names, metadata and layout are checked now; documents are checked as they are read.

    Args:
        path: The folder of a whole dump, the folder of one database, or one data file.
        database: Of a whole dump, take this database only. A database's folder or a data file
            is taken as this database's; without it the folder's name is.

    Raises:
        UnusableDumpError: If there is no dump at the path, or no such database in it.
        MalformedDumpError: If a name, a link or a metadata file is broken or contradicts another.
    """
    try:
        root = path.resolve(strict=True)
        is_folder = root.is_dir()
    except (OSError, RuntimeError) as error:
        raise from_reading(error if isinstance(error, OSError) else OSError(), path) from error
    if not is_folder:
        return _open_data_file(root, database)
    folder = list_folder(root, root)
    below = {name: list_folder(place, root, name) for name, place in folder.folders.items()}
    full = [name for name, inner in below.items() if inner.files]
    if _is_database_folder(folder):
        if full:
            raise UnusableDumpError(
                f"{str(path)!r} holds data files of its own and a folder with data, {full[0]!r}",
                hint="open the database's own folder",
                file=str(path),
            )
        return _open_database(folder, database or root.name)
    return _open_whole(folder, below, database)


@dataclass(slots=True)
class DirectoryDump:
    """A dump in files; see ``ForeignDump``."""

    path: str
    server_version: str | None = None
    tool_version: str | None = None
    oplog: ForeignOplog | None = None
    _data: dict[Namespace, DumpFile | None] = field(default_factory=dict)
    _specials: dict[ForeignSpecial, DumpFile] = field(default_factory=dict)
    _collections: list[ForeignCollection] = field(default_factory=list)
    _notes: list[ForeignNote] = field(default_factory=list)
    _oplog_file: DumpFile | None = None

    @property
    def collections(self) -> tuple[ForeignCollection, ...]:
        """Return what can be restored, sorted by namespace."""
        return tuple(sorted(self._collections, key=lambda found: found.namespace))

    @property
    def notes(self) -> tuple[ForeignNote, ...]:
        """Return what was seen and cannot be used, with reasons."""
        return tuple(self._notes)

    @property
    def users_and_roles(self) -> tuple[ForeignSpecial, ...]:
        """Return which parts with users, roles and their version exist."""
        return tuple(self._specials)

    def read(self, collection: ForeignCollection) -> Iterator[bytes]:
        """Yield the documents of one of ``collections``; nothing for a view."""
        file = self._data[collection.namespace]
        return iter(()) if file is None else file.documents()

    def read_special(self, special: ForeignSpecial) -> Iterator[bytes]:
        """Yield the documents of one of ``users_and_roles``."""
        return self._specials[special].documents()

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog entries; nothing without an oplog."""
        return iter(()) if self._oplog_file is None else self._oplog_file.documents()

    def close(self) -> None:
        """Do nothing: files are open only while they are read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, parts: DatabaseParts) -> None:
        """Add what a database's folder holds."""
        self._notes += parts.notes
        self._specials |= parts.specials
        for collection, file in parts.collections.items():
            self._collections.append(collection)
            self._data[collection.namespace] = file
        self._take_server_oplog(parts.oplogs)

    def take_oplog(self, file: DumpFile) -> None:
        """Use this file for the oplog."""
        self._oplog_file = file
        self.oplog = ForeignOplog(file.label, None, file.stored_bytes)

    def take_prelude(self, file: DumpFile) -> None:
        """Learn the versions from a prelude file."""
        self.server_version, self.tool_version = _versions(file)

    def note(self, what: str, reason: str) -> None:
        """Remember something that is not used."""
        self._notes.append(ForeignNote(what, reason))

    def keep_only(self, source: str) -> None:
        """Forget the collections that come from other files."""
        self._collections = [found for found in self._collections if found.source == source]

    def _take_server_oplog(self, oplogs: dict[str, DumpFile]) -> None:
        if len(oplogs) == len(OPLOG_COLLECTIONS):
            labels = " and ".join(repr(file.label) for file in oplogs.values())
            raise UnusableDumpError(
                f"{labels} are two oplogs; nothing was read, as nobody can tell which one is meant",
                hint="remove one of them from a copy of the dump",
            )
        for file in oplogs.values():
            if self._oplog_file is None:
                self.take_oplog(file)
            else:
                self.note(file.label, f"stands behind {self._oplog_file.label!r}")


def _is_database_folder(folder: Folder) -> bool:
    oplog = (_OPLOG_STEM, Role.DATA)
    return any(key != oplog or not folder.oplog() for key in folder.files)


def _open_whole(folder: Folder, below: dict[str, Folder], database: str | None) -> DirectoryDump:
    dump = DirectoryDump(str(folder.path))
    for name in below:
        _checked_database(name, folder.path, MalformedDumpError)
    if database is not None and database not in below:
        raise UnusableDumpError(
            f"the dump {str(folder.path)!r} holds no database {database!r}",
            hint="choose one of: " + ", ".join(sorted(below)) if below else "",
            file=str(folder.path),
        )
    has_data = any(inner.files for inner in below.values())
    if not (has_data or folder.oplog() or folder.prelude()):
        raise UnusableDumpError(
            f"{str(folder.path)!r} holds no dump",
            hint="choose the folder that mongodump wrote to",
            file=str(folder.path),
        )
    for note in folder.notes:
        dump.note(note.what, note.reason)
    if oplog := folder.oplog():
        dump.take_oplog(oplog)
    wanted = {name: inner for name, inner in below.items() if database in (None, name)}
    for name, inner in wanted.items():
        dump.take(database_parts(inner, name))
    _take_preludes(dump, [folder, *wanted.values()])
    return dump


def _open_database(folder: Folder, database: str) -> DirectoryDump:
    _checked_database(database, folder.path, UnusableDumpError)
    dump = DirectoryDump(str(folder.path))
    dump.take(database_parts(folder, database))
    if prelude := folder.prelude() or _prelude_above(folder.path):
        dump.take_prelude(prelude)
    return dump


def _open_data_file(path: Path, database: str | None) -> DirectoryDump:
    parts = split_name(path.name)
    if parts is None or parts[1] is not Role.DATA:
        raise no_data_file(path)
    folder = list_folder(path.parent, path.parent, only=parts[0])
    dump = _open_database(folder, database or path.parent.name)
    dump.path = str(path)
    dump.keep_only(path.name)
    if not (dump.collections or dump.oplog or dump.users_and_roles):
        reasons = [note.reason for note in dump.notes if note.what == path.name]
        raise UnusableDumpError(
            f"{str(path)!r} cannot be used: it {', '.join(reasons) or 'belongs to a view'}",
            file=str(path),
        )
    return dump


def _checked_database(
    name: str, path: Path, refusal: type[MalformedDumpError | UnusableDumpError]
) -> None:
    if not is_database_name(name):
        raise refusal(
            f"{name!r} in {str(path)!r} cannot be a database's name; nothing was read",
            hint="name the database",
            file=str(path),
            offset=0,
        )


def _take_preludes(dump: DirectoryDump, folders: list[Folder]) -> None:
    """Use the dump's own prelude, else those of its databases if they agree."""
    found = [prelude for folder in folders if (prelude := folder.prelude())]
    if not found:
        return
    dump.take_prelude(found[0])
    if not folders[0].prelude():
        versions = {_versions(prelude) for prelude in found}
        if len(versions) > 1:
            dump.server_version = dump.tool_version = None
            dump.note("prelude.json", "differs between the databases, so no version is known")


def _prelude_above(path: Path) -> DumpFile | None:
    for name in ("prelude.json", "prelude.json.gz"):
        place = path.parent / name
        if place.is_file() and not place.is_symlink():
            return DumpFile.look_at(place, f"../{name}")
    return None


def _versions(file: DumpFile) -> tuple[str | None, str | None]:
    try:
        found = json.loads(file.content(_MAX_PRELUDE_BYTES))
    except (ValueError, RecursionError) as error:
        raise _bad_prelude(file) from error
    if not isinstance(found, dict):
        raise _bad_prelude(file)
    server, tool = found.get("ServerVersion"), found.get("ToolVersion")
    if not isinstance(server, str) or not isinstance(tool, str | None):
        raise _bad_prelude(file)
    if server in ("", "unknown"):
        return None, tool
    if not is_server_version(server):
        raise _bad_prelude(file)
    return server, tool


def _bad_prelude(file: DumpFile) -> MalformedDumpError:
    return MalformedDumpError(
        f"{file.label!r} does not say which server the dump comes from", file=file.label, offset=0
    )
