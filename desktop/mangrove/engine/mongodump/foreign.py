"""A dump that other tools made, as values, and the protocol that all its forms are read by.

Source: mongodump 100.x; which files or blocks hold what: `directory_reader` and `archive_reader`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from mangrove.core.known import Known, together
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo
from mangrove.engine.bson_walk import elements
from mangrove.engine.metadata import EMPTY_DOCUMENT, CollectionMetadata
from mangrove.engine.mongodump.names import BUCKETS_PREFIX

BEST_DEFLATED = 1032
"""No deflate stream becomes more than so many times as long. Source: zlib, "Technical Details"."""


class ForeignKind(StrEnum):
    """What a namespace of a dump is restored as; the words of listCollections."""

    COLLECTION = "collection"
    VIEW = "view"
    TIMESERIES = "timeseries"


@dataclass(frozen=True, slots=True)
class ForeignCollection:
    """One namespace of a dump, a candidate for restoring.

    Attributes:
        namespace: As the server had it. A time series stands under its own name, though its data
            are the documents of its bucket collection.
        kind: What it is restored as. A view that was dumped with its documents is a collection
            here, while its metadata still says ``view``.
        metadata: None when the dump holds nothing but documents of it.
        documents: How many; None when only reading would tell.
        plain_bytes: BSON of all documents; None when only reading would tell.
        stored_bytes: What the data take in the dump.
        source: The file or the archive it is read from, for people.
        least_bytes: What the BSON takes at least, where only reading would tell how much.
    """

    namespace: Namespace
    kind: ForeignKind
    metadata: CollectionMetadata | None
    documents: int | None
    plain_bytes: int | None
    stored_bytes: int
    source: str
    least_bytes: int = 0

    def info(self) -> CollectionInfo:
        """Return it the way a deployment would describe it, to create it elsewhere."""
        metadata = self.metadata or CollectionMetadata()
        return CollectionInfo(
            namespace=self.namespace,
            kind=self.kind.value,
            options=metadata.options,
            indexes=metadata.indexes,
            uuid=metadata.uuid,
            estimated_documents=self.documents or 0,
            estimated_bytes=self.least_bytes if self.plain_bytes is None else self.plain_bytes,
            documents_known=Known.UNKNOWN if self.documents is None else Known.EXACT,
            bytes_known=together([self._bytes_known], self.least_bytes),
            most_bytes=self.stored_bytes * BEST_DEFLATED if self.plain_bytes is None else None,
        )

    @property
    def _bytes_known(self) -> Known:
        return Known.UNKNOWN if self.plain_bytes is None else Known.EXACT


class SpecialName(StrEnum):
    """The collections of `admin` that a dump keeps for its users and roles."""

    USERS = "system.users"
    ROLES = "system.roles"
    VERSION = "system.version"


@dataclass(frozen=True, slots=True)
class ForeignSpecial:
    """A part of a dump that is merged into a server's users and roles, never inserted plainly.

    Attributes:
        name: Which part.
        database: "" when it holds those of all databases, else the one whose users it holds.
        metadata: Of the collection in ``admin``; None for the parts of one database.
        documents, stored_bytes: As with a collection.
    """

    name: SpecialName
    database: str
    metadata: CollectionMetadata | None
    documents: int | None
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class ForeignOplog:
    """The oplog entries that come with a dump.

    Attributes:
        source: The file or the archive, for people.
        documents, stored_bytes: As with a collection.
    """

    source: str
    documents: int | None
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class ForeignNote:
    """Something in a dump that is not offered for restoring.

    Attributes:
        what: A file or a namespace.
        reason: Half a sentence.
        holds_data: Whether documents of a person's collections stay behind with it.
    """

    what: str
    reason: str
    holds_data: bool = False


class ForeignDump(Protocol):
    """An open dump. Several threads may read at the same time; ``close`` when all are done.

    Every reading method yields chunks of whole BSON documents, about 1 MiB each, in the order of
    the dump, and raises MalformedDumpError, with file and byte offset, where the dump is damaged
    or has changed since it was opened. What was yielded before is sound.
    """

    @property
    def path(self) -> str:
        """Return what was opened."""
        ...

    @property
    def collections(self) -> tuple[ForeignCollection, ...]:
        """Return what can be restored, sorted by namespace."""
        ...

    @property
    def notes(self) -> tuple[ForeignNote, ...]:
        """Return what was seen and cannot be used, with reasons."""
        ...

    @property
    def server_version(self) -> str | None:
        """Return the version of the server it comes from, if the dump says."""
        ...

    @property
    def tool_version(self) -> str | None:
        """Return what wrote it, if the dump says."""
        ...

    @property
    def users_and_roles(self) -> tuple[ForeignSpecial, ...]:
        """Return which parts with users, roles and their version exist."""
        ...

    @property
    def oplog(self) -> ForeignOplog | None:
        """Return the oplog that came with it."""
        ...

    def read(self, collection: ForeignCollection) -> Iterator[bytes]:
        """Yield the documents of one of ``collections``; nothing for a view."""
        ...

    def read_special(self, special: ForeignSpecial) -> Iterator[bytes]:
        """Yield the documents of one of ``users_and_roles``."""
        ...

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog entries; nothing without an oplog."""
        ...

    def close(self) -> None:
        """Let go of it and remove what was unpacked; may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def kind_of(metadata: CollectionMetadata | None, *, has_buckets: bool = False) -> ForeignKind:
    """Tell what to restore, from the options and from where the data are, as mongorestore does.

    The metadata's own ``type`` does not count: a view dumped with its documents says ``view``.
    """
    options = metadata.options if metadata else EMPTY_DOCUMENT
    names = {name for _, name, _ in elements(options)}
    if has_buckets or b"timeseries" in names:
        return ForeignKind.TIMESERIES
    return ForeignKind.VIEW if b"viewOn" in names else ForeignKind.COLLECTION


def data_name(collection: str, kind: ForeignKind) -> str:
    """Return the collection whose documents a namespace's data are.

    Source: mongodump reads a time series from its bucket collection.
    """
    return BUCKETS_PREFIX + collection if kind is ForeignKind.TIMESERIES else collection
