"""Backups: their names, what they take, and how they are asked for."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NewType

from mangrove.core.errors import InvalidSelectionError
from mangrove.core.namespace import Namespace

BackupId = NewType("BackupId", str)
_ID = re.compile(r"(?P<at>\d{8}T\d{6}Z)-(?P<slug>[a-z0-9-]+)-(?P<tail>[0-9a-f]{4})")


class Consistency(StrEnum):
    """How the collections of a backup relate in time (DESIGN.md section 5)."""

    AUTO = "auto"
    SNAPSHOT = "snapshot"
    OPLOG = "oplog"
    NONE = "none"


class Compression(StrEnum):
    """How blobs are packed before they are encrypted."""

    ZSTD = "zstd"
    GZIP = "gzip"
    NONE = "none"

    @property
    def suffix(self) -> str:
        """The file name suffix that says so."""
        return {Compression.ZSTD: ".zst", Compression.GZIP: ".gz", Compression.NONE: ""}[self]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which namespaces are meant; with nothing chosen, all of them.

    Attributes:
        databases: Whole databases.
        collections: Single namespaces, besides the databases.
        exclude: Globs on ``database.collection`` taken away from the rest.
    """

    databases: tuple[str, ...] = ()
    collections: tuple[Namespace, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything is meant."""
        return not (self.databases or self.collections or self.exclude)

    def matches(self, namespace: Namespace) -> bool:
        """Whether this namespace is meant."""
        chosen = (
            not (self.databases or self.collections)
            or namespace.database in self.databases
            or namespace in self.collections
        )
        return chosen and not any(fnmatchcase(str(namespace), glob) for glob in self.exclude)

    def describe(self) -> str:
        """Say in one phrase what is meant."""
        if self.is_whole:
            return "the whole deployment"
        chosen = [*self.databases, *map(str, self.collections)] or ["the whole deployment"]
        without = f" without {', '.join(self.exclude)}" if self.exclude else ""
        return ", ".join(chosen) + without


def selection_of(
    databases: tuple[str, ...], collections: tuple[str, ...], exclude: tuple[str, ...] = ()
) -> Selection:
    """Build a selection from what a person typed.

    Raises:
        InvalidSelectionError: If a database name holds a dot or a collection is no namespace.
    """
    for name in databases:
        if not name or "." in name:
            raise InvalidSelectionError(f"'{name}' is not a database name")
    return Selection(databases, tuple(map(Namespace.parse, collections)), exclude)


def backup_id(started_at: datetime, slug: str, tail: str) -> BackupId:
    """Name a backup: ``<UTC yyyymmddThhmmssZ>-<profile slug>-<4 hex>`` (DESIGN.md section 2).

    Args:
        started_at: Aware, in UTC.
        slug: The profile's folder name.
        tail: Four random lower-case hex digits.
    """
    return BackupId(f"{started_at:%Y%m%dT%H%M%SZ}-{slug}-{tail}")


def slug_in(name: BackupId) -> str | None:
    """Return the profile slug inside a backup's id, or None if it is no such id."""
    match = _ID.fullmatch(name)
    return match["slug"] if match else None


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """What a backup run shall do."""

    profile: str
    vault: str
    selection: Selection = Selection()
    consistency: Consistency = Consistency.AUTO
    compression: Compression | None = None


class IndexChoice(StrEnum):
    """When a restore builds indexes."""

    AFTER = "after"
    NEVER = "never"


class SafetyBackup(StrEnum):
    """Whether a restore backs up the collections it will drop before it drops them."""

    TAKE = "take"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Rename:
    """One renaming: ``FROM=TO`` where both are databases, or both are namespaces."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What a restore run shall do.

    Attributes:
        backup: The backup to read.
        profile: The deployment to write to.
        include, exclude: Globs on the source's ``database.collection``; empty include means all.
        renames: Where things go; databases without one go to their copy
            (``<db>_restored_<timestamp>``) unless named in ``replace`` or mapped to themselves.
        replace: Target databases whose colliding collections may be dropped: the typed names.
            A source database named here goes back to its own name.
        indexes: Whether secondary indexes are built.
        safety: Whether what would be dropped is backed up first, into the backup's own vault.
    """

    backup: BackupId
    profile: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    renames: tuple[Rename, ...] = ()
    replace: tuple[str, ...] = ()
    indexes: IndexChoice = IndexChoice.AFTER
    safety: SafetyBackup = SafetyBackup.TAKE
