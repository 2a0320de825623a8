"""What the inner floors need from outside, as small protocols.

Adapters in ``vault`` and ``connectors`` fulfil them; ``app`` ties the two together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mangrove.core.accounts import Account, AccountKind
from mangrove.core.assertion import Answer, Assertion, AssertionId, Question
from mangrove.core.autostart import AutostartState
from mangrove.core.backup import BackupId, Consistency, Selection
from mangrove.core.deployment import (
    CollectionSize,
    DeploymentReport,
    DiskUse,
    PrivilegeFinding,
    ScratchKind,
    ServerFacts,
)
from mangrove.core.forecast import FreeSpace
from mangrove.core.job import Firing, Job, JobId, Rest
from mangrove.core.kit import RecoveryKit
from mangrove.core.manifest import Manifest, NotIncluded, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.object_lock import Hidden
from mangrove.core.oplog import OplogExtent, OplogPosition, OplogTimestamp
from mangrove.core.profile import Profile, ProfileId, UnreadableProfile
from mangrove.core.report import Report, ReportSigner
from mangrove.core.run import LogLine, RunId, RunStatus
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.slices import ChainBreak, NewSlice, OplogSlice
from mangrove.core.uri import MongoUri
from mangrove.core.vault import (
    BackupRecord,
    BlobInfo,
    BlobName,
    BlobPlace,
    BlobReceipt,
    Debris,
    PlaceReport,
    SeenBackup,
    StorageLogin,
    VaultHealth,
    VaultId,
    VaultSpec,
)
from mangrove.core.vault_keys import RetiredKey
from mangrove.core.vault_memory import Remembered
from mangrove.core.vault_ports import RetentionJournal, VaultLocks
from mangrove.core.vault_report import VaultFinding, VaultReport
from mangrove.core.verification import Evidence
from mangrove.core.vigil import AgentRank


class Clock(Protocol):
    """Tells the time; tests move it by hand."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def zone_name(self) -> str:
        """Return the IANA name of the time zone that the person lives in."""
        ...


# --- secrets -----------------------------------------------------------------------------


class SecretStore(Protocol):
    """Keeps secrets outside our own files. Calls may block on an unlock window."""

    def fetch(self, ref: SecretRef) -> Secret:
        """Return a secret; raises SecretNotFoundError, KeyringLockedError, …."""
        ...

    def store(self, ref: SecretRef, secret: Secret) -> None:
        """Keep a secret and read it back; raises KeyringLostSecretError if it did not stay."""
        ...

    def forget(self, ref: SecretRef) -> None:
        """Remove a secret; one that is not there is no error."""
        ...

    def describe(self) -> str:
        """Say in words where secrets go, e.g. "GNOME keyring" or "this session only"."""
        ...

    def is_lasting(self) -> bool:
        """Whether secrets outlive this process."""
        ...


# --- local state -------------------------------------------------------------------------


class ProfileStore(Protocol):
    """Keeps profiles, without secrets."""

    def all(self) -> tuple[Profile | UnreadableProfile, ...]:
        """Return every profile by name; damaged ones as such."""
        ...

    def save(self, profile: Profile) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove(self, profile_id: ProfileId) -> None:
        """Remove a profile; its slug is never given out again."""
        ...

    def remove_unreadable(self, name: str) -> None:
        """Remove a profile whose record is damaged."""
        ...

    def used_slugs(self) -> frozenset[str]:
        """Return every slug ever given out."""
        ...


class VaultStore(Protocol):
    """Keeps what this workstation knows and trusts of its vaults."""

    def all(self) -> tuple[VaultSpec, ...]:
        """Return every vault by name."""
        ...

    def save(self, spec: VaultSpec) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name."""
        ...

    def remove(self, vault_id: VaultId) -> None:
        """Forget a vault; its storage is not touched."""
        ...


class RunHistory(Protocol):
    """Keeps what ran, also for the processes that come after us."""

    def save(self, status: RunStatus) -> None:
        """Insert or replace by id."""
        ...

    def append_log(self, run_id: RunId, line: LogLine) -> None:
        """Add one line to a run's log."""
        ...

    def recent(self, limit: int) -> tuple[RunStatus, ...]:
        """Return the newest runs first."""
        ...

    def log(self, run_id: RunId) -> tuple[LogLine, ...]:
        """Return a run's log, oldest first."""
        ...

    def unfinished(self) -> tuple[RunStatus, ...]:
        """Return the runs that are not over and whose process is alive, here or elsewhere."""
        ...

    def close_abandoned(self, ended_at: datetime) -> tuple[RunStatus, ...]:
        """Mark as interrupted the open runs whose process is gone, and return them."""
        ...


class AssertionStore(Protocol):
    """Keeps what the owners of data expect of them."""

    def of(self, profile_id: ProfileId) -> tuple[Assertion, ...]:
        """Return a profile's assertions by name; records that cannot be read are left out."""
        ...

    def save(self, assertion: Assertion) -> None:
        """Insert or replace by id; raises NameTakenError if the profile has another so named."""
        ...

    def remove(self, assertion_id: AssertionId) -> None:
        """Forget one; evidence that names it stays."""
        ...


class JobStore(Protocol):
    """Keeps jobs, and what became of their times."""

    def all(self) -> tuple[Job, ...]:
        """Return every job by name; records that cannot be read are left out."""
        ...

    def save(self, job: Job, at: datetime | None = None) -> None:
        """Insert or replace by id; raises NameTakenError if another has the name.

        Args:
            job: What to keep.
            at: From when on a changed schedule holds; what was expected before stays expected.
        """
        ...

    def remove(self, job_id: JobId) -> None:
        """Remove a job; its firings stay in the history."""
        ...

    def save_firing(self, firing: Firing) -> None:
        """Insert or replace by job and beginning; this process is its owner."""
        ...

    def begin(self, firing: Firing) -> bool:
        """Save the beginning of a firing; False, and nothing is saved, if another has begun.

        Another is one of the same job that runs in any living process; and, for a firing by the
        clock, one for the same time that ended with more than a failure.
        """
        ...

    def firings(
        self, job_id: JobId, limit: int, until: datetime | None = None
    ) -> tuple[Firing, ...]:
        """Return what became of a job's times that began until then, newest first."""
        ...

    def rest(self) -> Rest | None:
        """Return the pause of all jobs; None if there is none."""
        ...

    def set_rest(self, rest: Rest | None) -> None:
        """Let all jobs rest, or end that."""
        ...

    def close_abandoned(self, ended_at: datetime) -> tuple[Firing, ...]:
        """Mark as interrupted what runs in a process that is gone, and return it."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who has a lease: a process of this machine, with its last sign of life."""

    pid: int
    since: datetime
    beat_at: datetime
    rank: AgentRank = AgentRank.WINDOW


class Lease(Protocol):
    """Lets exactly one process of a user do something, as long as it gives signs of life."""

    def take(self, now: datetime, rank: AgentRank = AgentRank.WINDOW) -> bool:
        """Take or keep it; False while another living process of this rank or above has it."""
        ...

    def last_beat(self) -> datetime | None:
        """Return the newest sign of life of anybody; None if there never was one."""
        ...

    def give_back(self) -> None:
        """Let others have it; nothing happens if we do not."""
        ...

    def holder(self, now: datetime) -> LeaseHolder | None:
        """Return who has it; None if nobody who is alive does."""
        ...


class Autostart(Protocol):
    """Starts the agent when the user signs in, in the way of this operating system."""

    def place(self) -> str:
        """Return where its definition is, or would be."""
        ...

    def definition(self) -> str:
        """Return the text of it."""
        ...

    def state(self) -> AutostartState:
        """Return whether it is installed."""
        ...

    def install(self) -> None:
        """Install it and start the agent; raises AutostartError, and nothing is left then."""
        ...

    def remove(self) -> None:
        """Stop the agent that it started, and take the definition away."""
        ...


# --- deployments -------------------------------------------------------------------------


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
    """

    namespace: Namespace
    kind: str
    options: bytes
    indexes: tuple[bytes, ...]
    uuid: str | None
    estimated_documents: int = 0
    estimated_bytes: int = 0
    disk: DiskUse | None = None


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


class OplogSource(Protocol):
    """The oplog of a deployment; only what a majority of the nodes holds is ever seen.

    Source: MongoDB manual, "Read Concern majority": what it returns cannot be rolled back.
    """

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    def extent(self) -> OplogExtent:
        """Return the oldest and the newest entry.

        Raises:
            UnsupportedTopologyError: If the deployment has no oplog that can be read.
            MissingPrivilegeError: Naming the role.
        """
        ...

    def read(self, start: OplogTimestamp) -> Iterator[bytes]:
        """Yield all entries from a timestamp on, that one included, up to the newest.

        Shapes: chunks of whole BSON documents in oplog order, at most 16 MiB, maybe none.
        Errors: ConnectionLostError; also when entries roll out of the oplog while it is read.
        """
        ...

    def newest_before(self, end: OplogTimestamp, term: int | None = None) -> OplogPosition | None:
        """Return the newest entry that is not after a timestamp; None if none is left.

        Args:
            end: May itself be the entry.
            term: Only entries of this or an earlier term.
        """
        ...

    def reconnect(self) -> str:
        """Find the deployment again, as ``OpenDump.reconnect`` does."""
        ...

    def abort(self) -> None:
        """End calls that block in other threads, as ``DumpSource.abort`` does."""


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


class Asked(Protocol):
    """A deployment that can be asked for a figure."""

    def ask(self, where: Namespace, question: Question, query: bytes, limit_ms: int) -> Answer:
        """Take a figure of the documents of a collection; one that is not there is empty.

        Args:
            where: The collection that is asked; a copy's is called otherwise than the question's.
            question: What is asked.
            query: Its query as BSON.
            limit_ms: How long the server may think.

        Returns:
            The figure; with a problem where the server does not take the question, or took too
            long.

        Raises:
            ConnectionLostError, MissingPrivilegeError: It could not be asked.
        """
        ...


class RestoreSink(Asked, Protocol):
    """A deployment that documents are written to; safe for several threads."""

    def facts(self) -> ServerFacts:
        """Return what the server is."""
        ...

    def check_privileges(self, databases: Sequence[str]) -> None:
        """Raise MissingPrivilegeError, naming the role, if we may not write there."""
        ...

    def privilege(self, databases: Sequence[str]) -> PrivilegeFinding:
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


StepListener = Callable[[str, str], None]
"""Called with a step's name and "" when it begins, then its result in words."""


class ScratchRegister(Protocol):
    """Remembers which scratch databases we created, so that a crash leaves none behind."""

    def add(self, profile_id: ProfileId, database: str) -> None:
        """Note a database before it is created."""
        ...

    def remove(self, profile_id: ProfileId, database: str) -> None:
        """Strike it off once it is dropped."""
        ...

    def abandoned(self, profile_id: ProfileId) -> tuple[str, ...]:
        """Return those noted by processes that are gone."""
        ...


class Gate(Protocol):
    """The way into deployments."""

    def check_options(self, uri: MongoUri) -> None:
        """Look at a connection string's options, without connecting.

        Raises:
            InvalidUriError: If there is one that the driver does not know, or does not take so.
        """
        ...

    def probe(
        self,
        profile: Profile,
        password: Secret | None,
        on_step: StepListener,
        tunnel_secret: Secret | None = None,
    ) -> DeploymentReport:
        """Connect and look at everything a person wants to know beforehand.

        Args:
            profile: May be one that is not saved yet.
            password: Used instead of the stored one when given.
            on_step: Told of each step.
            tunnel_secret: Used instead of the SSH tunnel's stored one when given.
        """
        ...

    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        """Return the database tree with estimated sizes."""
        ...

    def open_source(self, profile: Profile) -> AbstractContextManager[DumpSource]:
        """Connect for reading."""
        ...

    def open_oplog(self, profile: Profile) -> AbstractContextManager[OplogSource]:
        """Connect for capturing the oplog."""
        ...

    def open_asked(self, profile: Profile) -> AbstractContextManager[Asked]:
        """Connect for asking; nothing is ever written through it."""
        ...

    def open_sink(self, profile: Profile) -> AbstractContextManager[RestoreSink]:
        """Connect for writing."""
        ...

    def open_scratch(self, kind: ScratchKind) -> AbstractContextManager[RestoreSink]:
        """Start an embedded server for a trial restore, and remove it afterwards."""
        ...


# --- vaults ------------------------------------------------------------------------------


class Storage(Protocol):
    """A byte store under a vault; safe for several threads.

    Every adapter passes ``tests/contract/storage_suite.py``.
    """

    def put(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob whole or not at all; never over an existing one; returns its size."""
        ...

    def get(self, name: BlobName) -> Iterator[bytes]:
        """Yield a blob's bytes; raises BlobNotFoundError before the first one."""
        ...

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with a prefix, in no order."""
        ...

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        ...

    def free_bytes(self) -> int | None:
        """Return the space left, None where the storage cannot tell."""
        ...

    def abort(self) -> None:
        """End transfers that block in other threads, where that can be done.

        Errors: they raise StorageUnavailableError; later calls are given a few seconds each.
        """


@runtime_checkable
class SettlingStorage(Storage, Protocol):
    """A storage that can take many blobs first and then make all of them durable at once."""

    def put_unsettled(self, name: BlobName, chunks: Iterable[bytes]) -> int:
        """Store a blob as ``put`` does; until ``settle`` it may be lost with the power."""
        ...

    def settle(self) -> None:
        """Return once everything that was put is as durable as what ``put`` stores."""
        ...


Passing = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Lets chunks pass as they are, while it counts, slows or ends them."""


def as_they_come(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Let chunks pass untouched."""
    return chunks


class Draft(Protocol):
    """A backup being written. Leaving its ``with`` block unpublished removes what it stored."""

    def put(self, place: BlobPlace, chunks: Iterable[bytes]) -> BlobReceipt:
        """Encrypt and store one blob; safe for several threads.

        Errors: what the chunks raise passes through, and the blob does not appear.
        """
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a stored blob back; raises BlobMismatchError unless size and SHA-256 match.

        Args:
            blob: What is to be there.
            passing: What its bytes go through, to be counted or slowed.
        """
        ...

    def take_back(self, name: BlobName) -> None:
        """Remove a blob of this draft that the manifest will not list."""
        ...

    def adopt(self, blob: StoredBlob) -> bool:
        """Take over a blob that an earlier draft of the same backup left; False if it is gone."""
        ...

    def keep_unfinished(self) -> None:
        """Leave what was stored where it is, so that a later draft can go on."""
        ...

    def publish(self, manifest: Manifest) -> BackupRecord:
        """Store manifest and signature; from here on the backup exists."""
        ...

    @property
    def sequence(self) -> int:
        """Return the sequence number this backup will carry."""
        ...

    @property
    def left_behind(self) -> int:
        """Return how many objects could not be removed again once it was given up."""
        ...


class Contents(Protocol):
    """Something that collections can be loaded from: a backup, or what is on its way."""

    def manifest(self, backup: BackupId) -> Manifest:
        """Return what there is; an entry without a digest was not read yet."""
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Raise BlobMismatchError unless a blob is as the manifest has it.

        Args:
            blob: What is to be there.
            passing: What its bytes go through, to be counted or slowed.
        """
        ...

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that documents can be decrypted here, before anything is written anywhere.

        Raises:
            IdentityMissingError: If the key is elsewhere.
            WrongIdentityError: If ours does not open what is stored.
        """
        ...

    def abort(self) -> None:
        """End transfers that block in other threads."""

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, still compressed."""
        ...


class SliceShelf(Protocol):
    """The oplog slices of a vault. A slice's bytes are read with ``Vault.read(slice.blob)``."""

    def keep(self, piece: NewSlice, packed: Iterable[bytes]) -> OplogSlice:
        """Encrypt and store a slice, read it back, compare it, and sign it last.

        Args:
            piece: What is inside; the signature will say so.
            packed: The compressed entries.

        Raises:
            ChainTakenError: If somebody else already stored what follows the same entry.
        Errors: whatever ends it, no signed slice stays; what stays unsigned is debris.
        """
        ...

    def all(self, profile_slug: str = "") -> Iterator[OplogSlice]:
        """Yield every slice of a profile, or of all, by its signature; unusable ones as such."""
        ...

    def newest(self, profile_slug: str) -> OplogSlice | None:
        """Return the last slice of the youngest chain whose signature holds."""
        ...

    def survey(self, known: Iterable[OplogSlice]) -> Iterator[OplogSlice]:
        """Yield every slice as ``all`` does; only the unknown ones are read."""
        ...

    def remove(self, name: str) -> Hidden:
        """Remove a slice, its signature first; returns what the storage still holds of it."""
        ...

    def rewrap(self, piece: OplogSlice, passing: Passing) -> OplogSlice | None:
        """Give a slice to the present recipients and sign it with the present key.

        Returns:
            The slice as it is now; None if it was so already.

        Raises:
            IdentityMissingError, WrongIdentityError: It cannot be opened here; it is as it was.
            CorruptBackupError: It is damaged; it is as it was.
        """
        ...

    def keep_break(self, cut: ChainBreak) -> None:
        """Store a moment that no replay may cross, signed."""
        ...

    def breaks(self, profile_slug: str = "") -> Iterator[ChainBreak]:
        """Yield the breaks of a profile, or of all, whose signature holds."""
        ...


class Vault(Protocol):
    """A place where backups are kept."""

    def abort(self) -> None:
        """End transfers that block in other threads, as ``Storage.abort`` does."""

    @property
    def spec(self) -> VaultSpec:
        """Return what we know and trust of it."""
        ...

    def begin(self, profile_slug: str, backup: BackupId) -> AbstractContextManager[Draft]:
        """Start a backup.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def manifest(self, backup: BackupId) -> Manifest:
        """Read a manifest, its signature checked against the key we trust.

        Raises:
            BackupNotFoundError, SignatureInvalidError, ManifestCorruptError, WrongIdentityError.
        """
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a blob as ``Draft.compare`` does."""
        ...

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that documents can be decrypted here, before anything is written anywhere.

        Raises:
            IdentityMissingError: If the key is elsewhere.
            WrongIdentityError: If ours does not open what is stored.
        """
        ...

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, still compressed; nothing unauthenticated is yielded."""
        ...

    def listed(self) -> tuple[tuple[BackupId, int], ...]:
        """Return id and stored bytes of every signed backup, newest first; nothing is read."""
        ...

    def rewrap(
        self, backup: BackupId, passing: Passing, on_blob: Callable[[StoredBlob], None]
    ) -> BackupRecord | None:
        """Give a backup to the present recipients and sign it with the present key.

        Its encrypted content stays; only who can open it changes. Wherever this is cut off, one
        whole backup is left, and the next call goes on.

        Args:
            backup: Which one.
            passing: What bytes go through, to be slowed or ended.
            on_blob: Told of each object that was given new recipients.

        Returns:
            The backup as it is now; None if it was so already.

        Raises:
            IdentityMissingError, WrongIdentityError: It cannot be opened here; it is as it was.
            CorruptBackupError: It is damaged; it is as it was.
        """
        ...

    def keep_evidence(self, evidence: Evidence) -> None:
        """Store evidence with its backup, signed."""
        ...

    def evidence(self, backup: BackupId) -> tuple[Evidence, ...]:
        """Return the evidence of a backup whose signature holds, newest first."""
        ...

    def slices(self) -> SliceShelf:
        """Return the oplog slices it keeps."""
        ...

    def records(self) -> Iterator[BackupRecord]:
        """Yield every backup as the storage has it; unreadable ones as such."""
        ...

    def survey(self, known: Iterable[BackupRecord]) -> Iterator[SeenBackup]:
        """Yield every signed backup; only what differs from what is known is read anew."""
        ...

    def inspect(
        self, known: Iterable[BackupRecord], each: Callable[[], None] = lambda: None
    ) -> VaultReport:
        """Look through the whole vault and compare it with what is known.

        Args:
            known: What the catalog has of it.
            each: Called for every backup; may raise to end it.

        Raises:
            StorageUnavailableError, StorageDeniedError: The storage as a whole failed us.
        """
        ...

    def repair(self, findings: Iterable[VaultFinding]) -> int:
        """Remove what findings of a check say is left over; returns the freed bytes.

        The caller holds the exclusive lock, and looked while it held it.
        """
        ...

    def purge(self, backup: BackupId) -> Iterator[BlobInfo]:
        """Remove a backup for good, yielding each blob once it is gone, the signature first.

        Raises:
            BackupNotFoundError: If nothing of it is there.
        """
        ...

    def hidden(self, backup: BackupId) -> Hidden:
        """Return what the storage still holds of a backup that was purged: earlier versions."""
        ...

    def sign(self, data: bytes, comment: str) -> bytes:
        """Sign something that does not lie in the vault; returns what goes into a ``.minisig``.

        Args:
            data: What is signed.
            comment: The trusted comment; it says what it is and, ``at …Z``, when it was signed.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def signed_comment(self, data: bytes, signature: bytes) -> str:
        """Return the trusted comment of something that a key of this vault signed.

        Raises:
            SignatureInvalidError: If none of its keys signed exactly this.
        """
        ...

    @property
    def journal(self) -> RetentionJournal:
        """Return what was said about what stays and goes."""
        ...

    @property
    def locks(self) -> VaultLocks:
        """Return the locks in its storage."""
        ...

    def health(self) -> VaultHealth:
        """Look at storage, keys and debris."""
        ...

    def clean(self, debris: Debris) -> int:
        """Remove one piece of debris; returns the freed bytes. Signed backups are refused."""
        ...


class VaultKeeper(Protocol):
    """Makes and opens vaults."""

    def create(self, spec: VaultSpec) -> None:
        """Write ``vault.json`` into an empty storage, with keys already in the secret store.

        Raises:
            BlobExistsError: If a vault is there already.
            StorageUnavailableError, StorageDeniedError: As the storage says.
        """
        ...

    def open(self, spec: VaultSpec) -> Vault:
        """Open a vault; secrets are fetched when they are first needed."""
        ...

    def try_place(self, login: StorageLogin, on_step: StepListener) -> PlaceReport:
        """Write, read back and remove one object where a vault shall be.

        Raises:
            BlobExistsError: If something is there already.
            VaultError: As the storage says; nothing of ours stays but an empty folder.
        """
        ...

    def look(self, spec: VaultSpec) -> str:
        """Return the signing key that ``vault.json`` names, once it is this vault's.

        Raises:
            VaultNotFoundError: If another vault, or none, lies there.
        """
        ...

    def settle(self, spec: VaultSpec) -> None:
        """Bring ``vault.json`` up to the keys in the spec."""
        ...

    def retire(self, spec: VaultSpec, last_sequence: int, at: datetime) -> RetiredKey:
        """Write down everything that the signing key has signed; it is not retired by that.

        Reads every signature in the storage once.
        """
        ...

    def check_recipient(self, recipient: str) -> None:
        """Raise InvalidKeyError unless this is an age recipient."""
        ...

    def recipient_of(self, identity: Secret) -> str:
        """Return the recipient that an identity opens for; raises InvalidKeyError."""
        ...

    def last_sequence(self, spec: VaultSpec) -> int:
        """Return the highest sequence number of ours in the storage; 0 when it holds no backup."""
        ...

    def new_keys(self) -> "VaultKeys":
        """Make an age identity and a signing key."""
        ...


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """Fresh keys for a vault: what goes to the keyring, and what everybody may know."""

    identity: Secret
    recipient: str
    signing_key: Secret
    public_key: str


class VaultMemory(Protocol):
    """The backups this workstation has seen in each vault, signatures checked."""

    def recall(self, vault_id: VaultId, backup: BackupId) -> Remembered | None:
        """Return one; None if it was never seen here."""
        ...

    def all(self, vault_id: VaultId) -> tuple[Remembered, ...]:
        """Return all of a vault."""
        ...

    def highest(self, vault_id: VaultId) -> int:
        """Return the highest sequence number ever seen, also of backups removed since."""
        ...

    def note(self, vault_id: VaultId, items: Iterable[Remembered]) -> None:
        """Remember backups, at once."""
        ...

    def note_sequence(self, vault_id: VaultId, sequence: int) -> None:
        """Remember a sequence number, as a recovery kit has it."""
        ...

    def forget(self, vault_id: VaultId, backups: Iterable[BackupId]) -> None:
        """Let go of backups that were removed on purpose."""
        ...


class KitBinder(Protocol):
    """Makes and opens recovery kits."""

    def seal(self, kit: RecoveryKit, passphrase: Secret) -> bytes:
        """Return the kit's file, sealed; takes about a second."""
        ...

    def open(self, data: bytes, passphrase: Secret) -> RecoveryKit:
        """Return what a kit's file holds.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            UnknownFormatError, CorruptBackupError: If it is no kit, or a damaged one.
        """
        ...

    def sheet(self, kit: RecoveryKit, code: str) -> bytes:
        """Return the sheet to print, as a PDF."""
        ...

    def new_sealed_identity(self, passphrase: Secret) -> tuple[str, bytes]:
        """Make a key that a passphrase opens: its recipient, and its sealed file."""
        ...

    def open_identity(self, data: bytes, passphrase: Secret) -> Secret:
        """Return the key in a sealed file.

        Raises:
            WrongIdentityError: If the passphrase is another one.
            InvalidKeyError, CorruptBackupError: If it is no such file, or a damaged one.
        """
        ...


class ReportPrinter(Protocol):
    """Prints evidence reports; the same report gives the same bytes."""

    def page(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        """Return a report as one HTML file that loads nothing."""
        ...

    def paper(self, report: Report, signer: ReportSigner, file_name: str) -> bytes:
        """Return a report as a PDF."""
        ...


class Catalog(Protocol):
    """The local index of all vaults' backups: a cache, rebuilt from the vaults."""

    def put(self, record: BackupRecord) -> None:
        """Insert or replace one backup."""
        ...

    def replace_vault(self, vault_id: VaultId, records: Iterable[BackupRecord]) -> int:
        """Put exactly these backups in place of all of one vault, at once."""
        ...

    def find(self, backup: BackupId) -> BackupRecord | None:
        """Return one backup."""
        ...

    def all(self) -> tuple[BackupRecord, ...]:
        """Return all backups, newest first."""
        ...

    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        """Return the newest backups at once, however many there are."""
        ...

    def of_profile(self, slug: str, since: datetime | None = None) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that were started since, newest first."""
        ...

    def physical(self, slug: str) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that hold a server's files, newest first."""
        ...

    def of_vault(self, vault_id: VaultId) -> tuple[BackupRecord, ...]:
        """Return the backups of a vault, newest first."""
        ...

    def beginning(self, text: str) -> tuple[BackupRecord, ...]:
        """Return the backups whose id begins so, newest first."""
        ...

    def remove(self, vault_id: VaultId, backup: BackupId) -> None:
        """Forget one backup; one that is not there is no error."""
        ...

    def remove_vault(self, vault_id: VaultId) -> None:
        """Forget a vault's backups."""
        ...


class SliceCatalog(Protocol):
    """The local index of all vaults' oplog slices and breaks: a cache like ``Catalog``."""

    def put_slice(self, piece: OplogSlice) -> None:
        """Insert or replace one slice."""
        ...

    def put_break(self, cut: ChainBreak) -> None:
        """Insert or replace one break."""
        ...

    def replace_slices(
        self, vault_id: VaultId, pieces: Iterable[OplogSlice], cuts: Iterable[ChainBreak]
    ) -> int:
        """Put exactly these in place of all of one vault, at once; returns how many slices."""
        ...

    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        """Return a profile's slices from all vaults, by their end."""
        ...

    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        """Return a profile's breaks from all vaults."""
        ...


class WholeCatalog(Catalog, SliceCatalog, Protocol):
    """Both halves of the catalog: what a vault holds besides documents."""
