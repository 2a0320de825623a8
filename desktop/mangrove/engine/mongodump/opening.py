"""Opens a dump of either form by looking at what is there."""

import os
import re
from pathlib import Path

from mangrove.core.errors import UnusableDumpError
from mangrove.engine.mongodump.archive_fields import MAGIC
from mangrove.engine.mongodump.archive_reader import open_archive
from mangrove.engine.mongodump.directory_reader import open_directory
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.foreign import ForeignDump

_NAMED = re.compile(r"(\.bson|\.metadata\.json|^prelude\.json)(\.gz)?$")


def open_dump(path: Path, database: str | None = None) -> ForeignDump:
    """Open a mongodump directory, one of its data files, or an archive.

    Args:
        path: A folder, a file, or a pipe with an archive in it.
        database: Take this database only; names the database of a lone folder or data file.

    Raises:
        UnusableDumpError: If there is none of these at the path, or no such database.
        MalformedDumpError: If it is damaged.
        StorageFullError: If there is no room to unpack an archive.
    """
    if path.is_fifo() or (path.is_file() and _is_archive(path)):
        return open_archive(path, database)
    if path.is_dir() and not _looks_like_a_dump(path):
        raise UnusableDumpError(
            f"'{path}' holds no dump: no .bson file lies in it or in a folder right below; "
            "nothing was read",
            hint="give the folder that mongodump wrote, one of its data files, or an archive",
        )
    return open_directory(path, database)


def _looks_like_a_dump(folder: Path) -> bool:
    """Whether anything there has a name that mongodump gives.

    Source: mongo-tools, ``mongodump/prepare.go``: data files are ``<db>/<collection>.bson``, what
    belongs to them ends on ``.metadata.json``, and a dump begins with ``prelude.json``.
    """
    if not os.access(folder, os.R_OK | os.X_OK):
        return True  # whoever reads it next says that it may not be read
    places = (folder, *(child for child in _inside(folder) if child.is_dir()))
    return any(_NAMED.search(file.name) for place in places for file in _inside(place))


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # what may not be read is no part of a dump that we could read
        return []


def form_of(path: Path) -> tuple[bool, bool]:
    """Tell whether a path is an archive, and whether what is there is packed with gzip."""
    if path.is_file():
        return _is_archive(path), DumpFile.look_at(path.resolve(), str(path)).is_gzip
    return path.is_fifo(), next(path.rglob("*.bson.gz"), None) is not None


def _is_archive(path: Path) -> bool:
    """Whether a file starts like an archive; no BSON document can, as its length is negative."""
    file = DumpFile.look_at(path.resolve(), str(path))
    return next(file.chunks(), b"").startswith(MAGIC)
