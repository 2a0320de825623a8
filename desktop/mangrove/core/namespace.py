"""Namespaces, and how collection names become file names."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote_plus

from typing_extensions import override

from mangrove.core.errors import InvalidSelectionError

DUMP_STEM_LIMIT = 238
_DUMP_STEM_HEAD = 208
BLOB_STEM_LIMIT = 233  # 255 bytes of a file name less the longest suffix, ".metadata.json.zst.age"
_BLOB_STEM_HEAD = 200


MAX_NAMESPACE_BYTES = 255  # MongoDB manual, "Limits and Thresholds", since 4.4
SERVER_DATABASES = frozenset({"admin", "config", "local"})
"""What the server keeps for itself: MongoDB manual, "Databases and Collections"."""
SCRATCH = "mangrove_verify_"
"""So begin the databases of trial restores, which are gone after them."""
BUCKETS_PREFIX = "system.buckets."  # what a time series keeps its documents under


@dataclass(frozen=True, slots=True, order=True)
class Namespace:
    """One collection of one database; prints as ``database.collection``."""

    database: str
    collection: str

    @override
    def __str__(self) -> str:
        return f"{self.database}.{self.collection}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split at the first dot: database names hold none.

        Source: MongoDB manual, "Naming Restrictions": no dot in database names.

        Raises:
            InvalidSelectionError: If either part is empty.
        """
        database, dot, collection = text.partition(".")
        if not (database and dot and collection):
            raise InvalidSelectionError(
                f"'{text}' is not a namespace", hint="write it as database.collection"
            )
        return cls(database, collection)


def _shortened(escaped: str, name: str, limit: int, head: int) -> str:
    if len(escaped) <= limit:
        return escaped
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).digest()
    return f"{escaped[:head]}%24{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def dump_file_stem(collection: str) -> str:
    """Return the base name mongodump gives to a collection's files.

    Source: mongo-tools common/util/namespaces (EscapeCollectionName): form-style percent
    encoding, cut to 208 bytes plus ``%24`` and an SHA-1 when longer than 238.
    """
    return _shortened(quote_plus(collection), collection, DUMP_STEM_LIMIT, _DUMP_STEM_HEAD)


def blob_stem(collection: str) -> str:
    """Return the base name of a collection's blobs in a vault.

    The same as mongodump's wherever a file name of 255 bytes has room for our suffixes; a
    longer one is cut the same way, a little earlier. The manifest holds the true name.
    """
    return _shortened(quote_plus(collection), collection, BLOB_STEM_LIMIT, _BLOB_STEM_HEAD)


def other_case(database: str, others: Iterable[str]) -> str | None:
    """Return a name that differs from a database's only in the case of ASCII letters, if any.

    A server takes no two such databases (DatabaseDifferCase, 13297).

    Source: MongoDB manual, "Limits and Thresholds", "Database Name Case Sensitivity".
    """
    wanted = database.encode().lower()
    return next((o for o in others if o != database and o.encode().lower() == wanted), None)


def kept_name(collection: str, kind: str) -> str:
    """Return the longest name that a server keeps for a collection: a time series has buckets."""
    return BUCKETS_PREFIX + collection if kind == "timeseries" else collection


def database_room(kept: Iterable[str]) -> int:
    """Return how many bytes the name of a database may have that holds these names.

    Source: MongoDB manual, "Limits and Thresholds": a namespace has at most 255 bytes.
    """
    return MAX_NAMESPACE_BYTES - 1 - max((len(name.encode()) for name in kept), default=0)
