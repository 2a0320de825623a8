"""Opens a dump of either form by looking at what is there."""

from pathlib import Path

from mangrove.engine.mongodump.archive_fields import MAGIC
from mangrove.engine.mongodump.archive_reader import open_archive
from mangrove.engine.mongodump.directory_reader import open_directory
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.foreign import ForeignDump


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
    return open_directory(path, database)


def form_of(path: Path) -> tuple[bool, bool]:
    """Tell whether a path is an archive, and whether what is there is packed with gzip."""
    if path.is_file():
        return _is_archive(path), DumpFile.look_at(path.resolve(), str(path)).is_gzip
    return path.is_fifo(), next(path.rglob("*.bson.gz"), None) is not None


def _is_archive(path: Path) -> bool:
    """Whether a file starts like an archive; no BSON document can, as its length is negative."""
    file = DumpFile.look_at(path.resolve(), str(path))
    return next(file.chunks(), b"").startswith(MAGIC)
