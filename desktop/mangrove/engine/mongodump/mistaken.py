"""Says what a file is that was taken for a dump and is none."""

from pathlib import Path
from typing import Final

from mangrove.core.command_line import typed
from mangrove.core.errors import MalformedDumpError, UnusableDumpError
from mangrove.core.globs import literal
from mangrove.engine.mongodump.archive_fields import MAGIC
from mangrove.engine.mongodump.dump_file import DumpFile
from mangrove.engine.mongodump.folder import PRELUDE_NAMES, Role, split_name

EXPECTED: Final = (
    "expected is a .bson or .bson.gz file, a folder that mongodump wrote, or an archive "
    "(mongodump --archive)"
)


def no_data_file(path: Path) -> UnusableDumpError:
    """Return the refusal of a file that is neither data of a dump nor an archive."""
    found, hint = _found(path)
    return UnusableDumpError(
        f"{str(path)!r} is neither a data file nor an archive of a dump: {found}; nothing was read",
        hint=hint,
        file=str(path),
    )


def _found(path: Path) -> tuple[str, str]:
    stem, role = split_name(path.name) or ("", None)
    if role is Role.METADATA:
        chosen = typed("--include", literal(f"{path.parent.name}.{stem}"))
        return (
            "it describes a collection or a view and holds no documents",
            f"give the .bson file beside it, or its folder with {chosen}",
        )
    if path.name in PRELUDE_NAMES:
        return "it only says which server the dump comes from", f"give the folder, {path.parent}"
    return _content_of(path), EXPECTED


def _content_of(path: Path) -> str:
    file = DumpFile.look_at(path, str(path))
    packing = "unpacked it" if file.is_gzip else "it"
    try:
        head = next(file.chunks(), b"")[: len(MAGIC)]
    except MalformedDumpError:
        return "it is gzip that cannot be unpacked"
    if not head:
        return "it is empty"
    return f"{packing} starts with the bytes {head.hex(' ')}, an archive with {MAGIC.hex(' ')}"
