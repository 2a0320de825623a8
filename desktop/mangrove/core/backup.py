"""Backups: their names, what they take, and how they are asked for."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from mangrove.core.accounts import PlainCredentials, UsersAndRoles
from mangrove.core.errors import InvalidSelectionError
from mangrove.core.globs import database_of, matches_any
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp

SAFETY_MARK = " (safety)"
"""Ends the name that a safety backup carries; its folder is the deployment's own."""
IMPORT_SLUG = "imported-"
"""Begins the folder of what was imported from another tool's dump."""
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
class CollectionQuery:
    """Which documents of one collection are meant; ``text`` is canonical extended JSON."""

    namespace: Namespace
    text: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which namespaces are meant; with nothing chosen, all of them.

    Attributes:
        databases: Whole databases.
        collections: Single namespaces, besides the databases.
        exclude: Globs on ``database.collection`` taken away from the rest (see ``core/globs``).
        include: Globs on ``database.collection``, besides databases and collections.
        queries: Of these collections only some documents; at most one query each.
        users_and_roles: Whether those of the databases, or of all with nothing chosen, go along.
    """

    databases: tuple[str, ...] = ()
    collections: tuple[Namespace, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    queries: tuple[CollectionQuery, ...] = ()
    users_and_roles: UsersAndRoles = UsersAndRoles.LEAVE_OUT

    @property
    def is_whole(self) -> bool:
        """Whether everything is meant, with every document."""
        return not (self.is_chosen or self.exclude or self.queries)

    @property
    def is_chosen(self) -> bool:
        """Whether anything was named; if not, everything is meant but what is excluded."""
        return bool(self.databases or self.collections or self.include)

    @property
    def is_filtered(self) -> bool:
        """Whether of some collection only some documents are meant."""
        return bool(self.queries)

    def matches(self, namespace: Namespace) -> bool:
        """Whether this namespace is meant."""
        chosen = (
            not self.is_chosen
            or namespace.database in self.databases
            or namespace in self.collections
            or matches_any(self.include, str(namespace))
        )
        return chosen and not matches_any(self.exclude, str(namespace))

    @property
    def scope(self) -> str:
        """A short mark that only the same selection has, queries included."""
        parts = (
            sorted(self.databases),
            sorted(map(str, self.collections)),
            sorted(self.exclude),
            sorted(self.include),
            sorted((str(q.namespace), q.text) for q in self.queries),
            str(self.users_and_roles),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def may_concern(self, database: str) -> bool:
        """Whether anything in this database could be meant."""
        if matches_any(self.exclude, f"{database}."):
            return False
        if not self.is_chosen or database in self.databases:
            return True
        if any(n.database == database for n in self.collections):
            return True
        return any(database_of(p) in (None, database) for p in self.include)

    def describe(self) -> str:
        """Say in one phrase what is meant; queries are counted, for they may hold user data."""
        if self.is_whole:
            return "the whole deployment"
        chosen = [*self.databases, *map(str, self.collections), *self.include]
        without = f" without {', '.join(self.exclude)}" if self.exclude else ""
        filtered = ", ".join(str(q.namespace) for q in self.queries)
        only = f" (filtered: only some documents of {filtered})" if filtered else ""
        return ", ".join(chosen or ["the whole deployment"]) + without + only


def selection_of(
    databases: tuple[str, ...],
    collections: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    queries: tuple[CollectionQuery, ...] = (),
) -> Selection:
    """Build a selection from what a person typed.

    Raises:
        InvalidSelectionError: If a database name holds a dot, a collection is no namespace, a
            pattern is empty, or a collection has two queries.
    """
    for name in databases:
        if not name or "." in name:
            raise InvalidSelectionError(f"'{name}' is not a database name")
    if not all((*exclude, *include)):
        raise InvalidSelectionError("an empty pattern matches nothing; nothing was read")
    queried = [query.namespace for query in queries]
    if twice := [n for n in queried if queried.count(n) > 1]:
        raise InvalidSelectionError(f"{twice[0]} has two queries; nothing was read")
    named = tuple(map(Namespace.parse, collections))
    return Selection(databases, named, exclude, include, queries)


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
    """What a backup run shall do.

    Attributes:
        limit_bytes_per_s: How fast the vault is written and read at most; None for no limit.
    """

    profile: str
    vault: str
    selection: Selection = Selection()
    consistency: Consistency = Consistency.AUTO
    compression: Compression | None = None
    plain_credentials: PlainCredentials = PlainCredentials.REFUSE
    limit_bytes_per_s: int | None = None


class IndexChoice(StrEnum):
    """When a restore builds indexes."""

    AFTER = "after"
    BEFORE = "before"
    NEVER = "never"


class OnRefusal(StrEnum):
    """What a restore does when a document is refused or an index fails."""

    GO_ON = "go-on"
    STOP = "stop"


class OnExisting(StrEnum):
    """What a restore does about collections that exist at the target.

    ``DROP`` replaces like ``REPLACE``, and nothing goes into a copy: databases without a renaming
    keep their names, as with ``mongorestore --drop``.
    """

    REPLACE = "replace"
    DROP = "drop"
    ONLY_MISSING = "only-missing"


class SafetyBackup(StrEnum):
    """Whether a restore backs up the collections it will drop before it drops them."""

    TAKE = "take"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Rename:
    """One renaming, ``FROM=TO``: databases, namespaces or patterns (see ``core/renaming``)."""

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
        indexes: When secondary indexes are built.
        safety: Whether what would be dropped is backed up first, into the backup's own vault.
        on_refusal: Whether the first refused document or failed index ends the run.
        on_existing: Whether existing collections are replaced, or only get what they lack.
        users_and_roles: Whether those of databases that keep their names are merged in.
        limit_bytes_per_s: How fast the vault is read at most; None for no limit.
        rewind_to: Replay the captured oplog up to and without this entry; None for the backup
            as it is.
        rewind_of: Of which profile, when ``backup`` is "": its best base is chosen then.
    """

    backup: BackupId
    profile: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    renames: tuple[Rename, ...] = ()
    replace: tuple[str, ...] = ()
    indexes: IndexChoice = IndexChoice.AFTER
    safety: SafetyBackup = SafetyBackup.TAKE
    on_refusal: OnRefusal = OnRefusal.GO_ON
    on_existing: OnExisting = OnExisting.REPLACE
    users_and_roles: UsersAndRoles = UsersAndRoles.LEAVE_OUT
    limit_bytes_per_s: int | None = None
    rewind_to: OplogTimestamp | None = None
    rewind_of: str = ""
