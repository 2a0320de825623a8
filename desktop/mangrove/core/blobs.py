"""The single objects in a storage: which one is meant, and what the storage says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from mangrove.core.backup import Compression
from mangrove.core.namespace import Namespace

BlobName = NewType("BlobName", str)


class BlobRole(StrEnum):
    """What a blob of a backup holds."""

    SEGMENT = "segment"
    METADATA = "metadata"
    PRELUDE = "prelude"
    OPLOG = "oplog"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Which blob of a backup is meant; the vault turns it into a name.

    Attributes:
        namespace: For a prelude only its ``database`` counts, for an oplog nothing; for a file
            its ``collection`` is the path.
        number: Counts the segments of a namespace or oplog from 0.
    """

    role: BlobRole
    namespace: Namespace
    compression: Compression
    number: int = 0


@dataclass(frozen=True, slots=True)
class BlobReceipt:
    """What a storage took: full name, size and SHA-256 of the stored bytes."""

    name: BlobName
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """One entry of a storage's listing."""

    name: BlobName
    size_bytes: int
    modified_at: datetime | None
