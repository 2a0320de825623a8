"""What a restore needs from the deployment that it writes to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mangrove.core.accounts import Account, AccountKind
from mangrove.core.deployment import DeploymentMark, PrivilegeFinding, ServerFacts
from mangrove.core.namespace import Namespace
from mangrove.core.ports.assertion import Asked
from mangrove.core.ports.dump import CollectionInfo
from mangrove.core.restores.forecast import FreeSpace


@dataclass(frozen=True, slots=True)
class RefusedDocument:
    """A document the server did not take: its ``_id`` as raw BSON element, and why.

    Attributes:
        is_there: Whether the only reason is that its ``_id`` is there already.
    """

    id_element: bytes
    code: int
    reason: str
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """What became of one batch."""

    inserted: int
    refused: tuple[RefusedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedIndex:
    """An index the server did not build."""

    name: str
    reason: str


class AccountSink(Protocol):
    """The users and roles of a deployment that is restored to."""

    def check_privileges(self) -> None:
        """Raise MissingPrivilegeError, naming the role, if we may not add users and roles."""
        ...

    def existing(self, accounts: Sequence[Account]) -> frozenset[Account]:
        """Return those of the given users and roles that are there."""
        ...

    def merge(self, users: Sequence[bytes], roles: Sequence[bytes]) -> None:
        """Add the missing ones of these documents; what exists stays as it is.

        Errors: WriteRefusedError; whatever ends it, no temporary collection stays, and where one
            does the error says so.
        """
        ...

    def clear_leftovers(self) -> bool:
        """Remove what an interrupted merge of ours left; returns whether there was anything."""
        ...

    def read(self, kind: AccountKind) -> Iterator[bytes]:
        """Yield all users or roles as the server keeps them; only for a server of our own."""
        ...


class ReplaySink(Protocol):
    """What a replay does to a deployment beyond what a restore does."""

    def check_privileges(self, databases: Sequence[str]) -> None:
        """Raise MissingPrivilegeError, naming role and command, if we may not replay there."""
        ...

    def apply(self, operations: Sequence[bytes]) -> None:
        """Apply inserts, updates and deletes in their order; raw, as ``applyOps`` takes them.

        What is applied already may be applied again: an insert puts a whole document in place,
        an update of nothing makes the document, a delete of nothing is fine.

        Raises:
            WriteRefusedError: With ``index``, the place of the refused one; those before it stay.
            ConnectionLostError: Some of them may be applied.
        """
        ...

    def move(self, source: Namespace, target: Namespace) -> None:
        """Rename a collection with its indexes; one that was renamed already is no error."""
        ...

    def modify(self, target: Namespace, options: bytes) -> None:
        """Run collMod with these options, a raw BSON document."""
        ...

    def drop_index(self, target: Namespace, name: str) -> None:
        """Drop an index, ``*`` for all; one that is not there is no error."""
        ...

    def cap(self, target: Namespace, size_bytes: int) -> None:
        """Make an ordinary collection a capped one."""
        ...


class RestoreSink(Asked, Protocol):
    """A deployment that documents are written to; safe for several threads."""

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    def mark(self) -> DeploymentMark:
        """Return what tells this deployment from others."""
        ...

    def check_privileges(self, databases: Sequence[str], validated: Collection[str] = ()) -> None:
        """Raise MissingPrivilegeError, naming the role, if we may not write there.

        Args:
            databases: All that are written to.
            validated: Those where documents go past a validator.
        """
        ...

    def privilege(
        self, databases: Sequence[str], validated: Collection[str] = ()
    ) -> PrivilegeFinding:
        """Say whether we may write there and read again what was written."""
        ...

    def free_space(self, databases: Sequence[str]) -> FreeSpace:
        """Return what is free on the server's disk; the databases are those to be asked."""
        ...

    def databases(self) -> tuple[str, ...]:
        """Return the names of all databases that the user may see."""
        ...

    def existing(self, database: str) -> tuple[CollectionInfo, ...]:
        """Return what a database holds now; nothing when it does not exist."""
        ...

    def identities(self, namespaces: Sequence[Namespace]) -> Mapping[Namespace, str]:
        """Return what tells each of these that is there from a later one of its name.

        That is its UUID, or what a view is made of.
        """
        ...

    def create(self, info: CollectionInfo) -> None:
        """Create a collection with its options and ``_id`` index; raises WriteRefusedError."""
        ...

    def insert(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        """Insert whole BSON documents, unordered; a refused one stops no other.

        A ``DocumentBatch`` is much the fastest.
        """
        ...

    def insert_again(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        """Insert a batch of which some may have arrived before the connection was lost.

        A document that is there already, byte for byte, counts as inserted.
        """
        ...

    def reconnect(self) -> None:
        """Find the deployment again after a lost connection; raises ConnectError."""

    def abort(self) -> None:
        """End calls that block in other threads, as ``DumpSource.abort`` does."""

    def build_indexes(self, info: CollectionInfo) -> tuple[FailedIndex, ...]:
        """Build the secondary indexes; a failed one stops no other."""
        ...

    def index_command(self, info: CollectionInfo) -> bytes | None:
        """Return the createIndexes command of ``build_indexes`` as BSON; None without indexes."""
        ...

    def read(self, info: CollectionInfo) -> Iterator[bytes]:
        """Yield a collection's documents as ``OpenDump.read`` does."""
        ...

    def replace(self, working: Namespace, target: Namespace) -> None:
        """Rename a collection over another of the same database, which is dropped by it."""
        ...

    def drop(self, namespace: Namespace) -> None:
        """Drop one collection."""
        ...

    def drop_database(self, database: str) -> None:
        """Drop a whole database; only ever called for one that this run created."""
        ...

    def accounts(self) -> AccountSink:
        """Return its users and roles."""
        ...

    def replaying(self) -> ReplaySink:
        """Return what a replay writes through."""
        ...

    def settle(self) -> None:
        """Return once all writes are safe on a majority of the nodes."""
        ...
