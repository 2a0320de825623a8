"""What is to be written as a dump, and the protocol that both forms of dump are written by."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from mangrove.core.errors import UnusableDumpError
from mangrove.core.namespace import Namespace
from mangrove.engine.mongodump.foreign import (
    ForeignCollection,
    ForeignKind,
    ForeignSpecial,
    SpecialName,
)
from mangrove.engine.mongodump.names import is_database_name


class Packing(StrEnum):
    """How a dump's bytes are stored; mongorestore knows no other ways."""

    PLAIN = "plain"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class OutgoingCollection:
    """One namespace to be written.

    Attributes:
        namespace: A time series under its own name.
        metadata_text: What goes into the metadata file, byte for byte; "" when nothing is known.
    """

    namespace: Namespace
    kind: ForeignKind
    metadata_text: str

    @classmethod
    def of(cls, found: ForeignCollection) -> Self:
        """Return what writes a namespace of another dump again."""
        text = found.metadata.to_text() if found.metadata else ""
        return cls(found.namespace, found.kind, text)


@dataclass(frozen=True, slots=True)
class OutgoingSpecial:
    """Users, roles or their version, to be written.

    Attributes:
        database: "" for those of all databases, else the one whose users they are.
        metadata_text: Of the collection in ``admin``; "" for those of one database.
    """

    name: SpecialName
    database: str
    metadata_text: str = ""

    @classmethod
    def of(cls, found: ForeignSpecial) -> Self:
        """Return what writes the same part of another dump again."""
        text = found.metadata.to_text() if found.metadata else ""
        return cls(found.name, found.database, text)

    @property
    def namespace(self) -> Namespace:
        """The namespace that it has in a dump."""
        if self.database:
            return Namespace(self.database, f"$admin.{self.name}")
        return Namespace("admin", self.name.value)


@dataclass(frozen=True, slots=True)
class DumpPlan:
    """Everything that a dump will hold; its metadata are written before the first document.

    Attributes:
        server_version: Of the server that the documents come from.
        tool_version: What writes it, e.g. ``mangrove 1.0``.
        has_oplog: Whether ``write_oplog`` will be called.
    """

    collections: tuple[OutgoingCollection, ...]
    server_version: str
    tool_version: str
    specials: tuple[OutgoingSpecial, ...] = ()
    has_oplog: bool = False

    @property
    def parts(self) -> tuple[OutgoingSpecial | OutgoingCollection, ...]:
        """Everything but the oplog."""
        return (*self.specials, *self.collections)

    def check(self) -> None:
        """Refuse what no dump can hold.

        Raises:
            UnusableDumpError: For a name that no server takes, or one that comes twice.
        """
        seen: set[Namespace] = set()
        for namespace in (part.namespace for part in self.parts):
            if not is_database_name(namespace.database) or not _is_name(namespace.collection):
                raise UnusableDumpError(
                    f"{str(namespace)!r} cannot be written to a dump; nothing was written",
                    hint="leave it out",
                )
            if namespace in seen:
                raise UnusableDumpError(
                    f"{str(namespace)!r} comes twice; nothing was written",
                    hint="leave one of them out",
                )
            seen.add(namespace)


class DumpWriter(Protocol):
    """A dump being written: a context manager, safe for several threads.

    Parts are written once each: first the specials, then the collections in any order, views not
    at all (their metadata say it), then the oplog. What leaves the block unfinished is removed.
    """

    def write(self, collection: OutgoingCollection, chunks: Iterable[bytes]) -> int:
        """Write the documents of a planned collection; returns how many bytes of BSON.

        Shapes: takes pieces of a stream of whole BSON documents; their borders mean nothing.
        Errors: what the chunks raise passes through; StorageFullError, StorageDeniedError,
            UnusableDumpError; MalformedBsonError if the stream is not whole documents.
        """
        ...

    def write_special(self, special: OutgoingSpecial, chunks: Iterable[bytes]) -> int:
        """Write the documents of planned users, roles or version, as ``write`` does."""
        ...

    def write_oplog(self, chunks: Iterable[bytes]) -> int:
        """Write the oplog entries, as ``write`` does."""
        ...

    def finish(self) -> None:
        """Make the dump appear under its name, whole; everything planned must be written."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def _is_name(collection: str) -> bool:
    try:
        collection.encode()
    except UnicodeEncodeError:
        return False
    return bool(collection) and "\0" not in collection
