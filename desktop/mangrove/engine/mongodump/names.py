"""Names inside dumps: of databases, of collections in file names, and of the special parts.

Source: mongo-tools 100.x `common/util` (EscapeCollectionName, ValidateDBName) and
`common/intents`; MongoDB manual, "Naming Restrictions".
"""

import re
from typing import Final
from urllib.parse import quote_plus

from mangrove.core.errors import MalformedDumpError
from mangrove.core.namespace import DUMP_STEM_LIMIT, dump_file_stem

BUCKETS_PREFIX: Final = "system.buckets."
DATABASE_SPECIAL_PREFIX: Final = "$admin."
"""What the users, roles and version files of a single database start with, not escaped."""

_FORBIDDEN_IN_DATABASES: Final = frozenset('/\\. "$\0')
_MAX_DATABASE_BYTES: Final = 63
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
_LEGACY_SYSTEM: Final = {
    "system.profile": "the profiler's own collection cannot be restored",
    "system.indexes": "indexes come from the metadata files",
    "system.namespaces": "a list that old servers kept; the metadata files have it all",
    "system.users": "users as MongoDB 2.4 kept them, which no server since 3.0 takes",
    "system.views": "the definitions of views come from their own metadata files",
}


def is_database_name(name: str) -> bool:
    """Whether a server takes this as the name of a database."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= _MAX_DATABASE_BYTES and _FORBIDDEN_IN_DATABASES.isdisjoint(name)


def unescaped(stem: str, place: str) -> str:
    """Return the collection that a file's base name stands for.

    Args:
        stem: Base name without extension; bytes that are no UTF-8 as surrogates.
        place: The file, for the message.

    Raises:
        MalformedDumpError: For a broken escape, or bytes that make no name.
    """
    raw = stem.encode("utf-8", "surrogateescape").replace(b"+", b" ")
    position = next((m.start() for m in _ESCAPE.finditer(raw) if m[1] is None), None)
    if position is not None:
        raise _bad_name(place, f"has a broken escape at byte {position}", position)
    plain = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), raw)
    try:
        name = plain.decode()
    except UnicodeDecodeError as error:
        raise _bad_name(place, f"is not UTF-8 at byte {error.start}", error.start) from error
    if not name or "\0" in name:
        raise _bad_name(place, "stands for no collection name", 0)
    return name


def is_shortened(stem: str) -> bool:
    """Whether a file's base name is one that was cut, so that the name stands elsewhere.

    No other base name of that length can hold an escaped dollar: servers refuse it in names.
    """
    return len(stem) == DUMP_STEM_LIMIT and "%24" in stem


def special_stem(collection: str) -> str:
    """Return the base name of a data file; the special ones keep their dollar as it is."""
    if collection.startswith(DATABASE_SPECIAL_PREFIX):
        return "$" + quote_plus(collection[1:])
    return dump_file_stem(collection)


def reason_to_skip(collection: str) -> str | None:
    """Say why a collection of a dump is never restored; None for all others.

    Source: MongoDB manual, "System Collections"; servers refuse any other name that starts so.
    """
    if collection in _LEGACY_SYSTEM:
        return _LEGACY_SYSTEM[collection]
    if collection.startswith("$"):
        return "no server takes a collection of this name"
    is_of_people = collection == "system.js" or collection.startswith(BUCKETS_PREFIX)
    if collection.startswith("system.") and not is_of_people:
        return "a collection of the server's own, which it makes itself"
    return None


def _bad_name(place: str, what: str, position: int) -> MalformedDumpError:
    return MalformedDumpError(
        f"the file name of {place!r} {what}; nothing was read from it",
        file=place,
        offset=position,
    )
