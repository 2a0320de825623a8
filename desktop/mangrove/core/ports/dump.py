"""What a dump needs from a deployment: its collections, read at one agreed moment."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mangrove.core.backup import Consistency, Selection
from mangrove.core.deployment import DeploymentMark, DiskUse, ServerFacts
from mangrove.core.known import Known
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """One collection, view or time series as the server describes it.

    Attributes:
        kind: ``collection``, ``view`` or ``timeseries``.
        options: The ``options`` of listCollections, raw BSON; an empty document when none.
        indexes: The documents of listIndexes, raw BSON, in the server's order.
        uuid: 32 hex digits; None for views.
        estimated_documents, estimated_bytes: For progress only; 0 when unknown.
        disk: What it takes on the server's disk; None when unknown.
        documents_known, bytes_known: What the two estimates stand for.
        most_bytes: More than that cannot come, where the estimate is not exact; None if unknown.
    """

    namespace: Namespace
    kind: str
    options: bytes
    indexes: tuple[bytes, ...]
    uuid: str | None
    estimated_documents: int = 0
    estimated_bytes: int = 0
    disk: DiskUse | None = None
    documents_known: Known = Known.EXACT
    bytes_known: Known = Known.EXACT
    most_bytes: int | None = None


@dataclass(slots=True)
class ReadingPlace:
    """How far a collection was read, for going on there after a lost connection.

    Attributes:
        mark: What the reader noted, of use to it only; None while it could not go on.
    """

    mark: object = None


class OpenDump(Protocol):
    """A deployment being read at one agreed consistency; safe for several threads."""

    @property
    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    @property
    def achieved(self) -> Consistency:
        """Return ``SNAPSHOT``, ``OPLOG`` or ``NONE``: what was reached."""
        ...

    @property
    def reason(self) -> str:
        """Say in a sentence why that consistency and no better one."""
        ...

    @property
    def consistent_at(self) -> OplogTimestamp | None:
        """Return the cluster time that everything is read at."""
        ...

    @property
    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return what is to be dumped, largest first."""
        ...

    @property
    def users_and_roles(self) -> tuple[CollectionInfo, ...]:
        """Return the parts with users and roles, named as ``core/accounts`` does; ``read`` them."""
        ...

    @property
    def not_included(self) -> tuple[NotIncluded, ...]:
        """Return what was left out, with reasons."""
        ...

    def leave_snapshot(self, reason: str) -> None:
        """Read without a cluster time from now on, and say so in ``reason``.

        For dumps that take longer than the server remembers: what was read stays as it was.
        ``achieved`` is ``OPLOG`` then, where the oplog goes back far enough, else ``NONE``.
        """
        ...

    def leave_oplog(self, reason: str) -> None:
        """Do without the oplog, and say so in ``reason``: ``achieved`` is ``NONE`` then."""
        ...

    def read_oplog(self) -> Iterator[bytes]:
        """Yield the oplog from before the first read to after the last one.

        Call it once everything else was read, and only if ``achieved`` is ``OPLOG``.

        Shapes: chunks of whole entries, in order; the first one is older than the first read.
        Errors: OplogRolledOverError if entries are missing, ConnectionLostError.
        """
        ...

    def reconnect(self) -> str:
        """Find the deployment again after a lost connection; the agreed moment stays.

        Takes a few seconds at most.

        Returns:
            A sentence if another node than the chosen one is read from now on, else "".

        Raises:
            ConnectError: If no node that may be read from answers.
        """
        ...

    def changed(self, infos: Sequence[CollectionInfo]) -> frozenset[Namespace]:
        """Return those of some collections of one database that went away or were recreated.

        Raises:
            ConnectionLostError: The server could not be asked.
        """
        ...

    def read(
        self,
        info: CollectionInfo,
        place: ReadingPlace | None = None,
        *,
        checks_itself: bool = True,
    ) -> Iterator[bytes]:
        """Yield a collection's documents.

        Args:
            info: Which collection.
            place: Told before each chunk how to go on behind it. With a mark, reading begins
                there; where that is not provably right, ConnectionLostError is raised and the
                mark is gone.
            checks_itself: Whether to make sure at the end that it was one and the same collection
                all the time; else whoever reads asks ``changed`` of several at once.

        Shapes: chunks of whole BSON documents, one after the other, about 1 to 16 MiB.
        Errors: NamespaceChangedError when the collection went away or was recreated, also
            noticed only after the last chunk; SnapshotLostError, ConnectionLostError.
        """
        ...


class DumpSource(Protocol):
    """A deployment that can be dumped."""

    def abort(self) -> None:
        """End calls that block in other threads; the next ones are given a second each.

        Errors: the ended calls raise ConnectionLostError.
        """

    def mark(self) -> DeploymentMark | None:
        """Return what tells this deployment from others; None for a dump in files."""
        ...

    def open(
        self,
        selection: Selection,
        consistency: Consistency,
        queries: Mapping[Namespace, bytes] | None = None,
    ) -> AbstractContextManager[OpenDump]:
        """Check privileges, list what is selected, and fix the moment to read at.

        Args:
            selection: What to dump.
            consistency: What to agree on.
            queries: The selection's queries as BSON documents.

        Raises:
            MissingPrivilegeError: Before any document is read.
            InvalidSelectionError: If the selection selects nothing, names what is not there, or
                has a query that the server or the collection's kind does not take.
            UnsupportedTopologyError: If the consistency asked for cannot be had.
        """
        ...

    def count(self, namespace: Namespace, query: bytes, limit_ms: int) -> int | None:
        """Count the documents that a query would dump; None if that outlasts the limit.

        Raises:
            InvalidSelectionError: As ``open`` does for the query.
        """
        ...
