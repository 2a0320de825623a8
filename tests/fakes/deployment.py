"""A deployment in memory that can be dumped and restored to, and breaks where a test says."""

import itertools
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import bson
from typing_extensions import override

from mangrove.core.accounts import (
    Account,
    AccountKind,
    AuthPart,
    UsersAndRoles,
    auth_namespace,
    auth_part,
)
from mangrove.core.assertion import Answer, Measure, Question
from mangrove.core.backup import Consistency, Selection
from mangrove.core.deployment import (
    CollectionSize,
    DeploymentMark,
    DeploymentReport,
    PrivilegeFinding,
    ScratchKind,
    ServerFacts,
    Topology,
)
from mangrove.core.errors import (
    InvalidSelectionError,
    NamespaceChangedError,
    SnapshotLostError,
    WriteRefusedError,
)
from mangrove.core.manifest import NotIncluded
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.assertion import Asked
from mangrove.core.ports.dump import CollectionInfo, DumpSource, OpenDump, ReadingPlace
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.restore import (
    AccountSink,
    FailedIndex,
    InsertOutcome,
    RefusedDocument,
    RestoreSink,
)
from mangrove.core.ports.steps import StepListener
from mangrove.core.profile import Profile
from mangrove.core.restores.forecast import FreeSpace
from mangrove.core.secret import Secret
from mangrove.core.uri import MongoUri
from mangrove.engine.accounts import account_of
from mangrove.engine.compare import index_name
from mangrove.engine.framing import element_of

FACTS = ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "rs0")
EMPTY = bson.encode({})
ID_INDEX = bson.encode({"v": 2, "key": {"_id": 1}, "name": "_id_"})
CHUNK_DOCUMENTS = 2
Hook = Callable[[str, str], None]
"""Called with an operation ("read", "create", "insert", …) and its subject; it may raise."""


@dataclass(slots=True)
class FakeCollection:
    """One collection; documents in the order they came."""

    kind: str = "collection"
    options: bytes = EMPTY
    indexes: tuple[bytes, ...] = (ID_INDEX,)
    documents: list[bytes] = field(default_factory=list)
    uuid: str = field(default_factory=lambda: secrets.token_hex(16))


class FakeDeployment:
    """Collections by namespace, with what shall go wrong.

    Attributes:
        calls: Every operation and its subject, in order.
        hook: Called before each operation.
        forgotten: Namespaces that cannot be read at the cluster time.
        dropped: Namespaces that turn out to be gone at the end of their dump.
        uncreatable: Collections that this server does not take.
        refused: Documents (their ``_id``) that no insert takes.
        failing_indexes: Names of indexes that are not built.
        accounts: The documents of its users and roles.
        missing_privileges: What its user may not do.
        free_bytes: What its disk has left.
    """

    def __init__(self) -> None:
        self.collections: dict[Namespace, FakeCollection] = {}
        self.calls: list[tuple[str, str]] = []
        self.hook: Hook = lambda _operation, _subject: None
        self.dropped: set[Namespace] = set()
        self.forgotten: set[Namespace] = set()
        self.refused: set[object] = set()
        self.uncreatable: set[str] = set()
        self.failing_indexes: set[str] = set()
        self.accounts: dict[AccountKind, list[bytes]] = {kind: [] for kind in AccountKind}
        self.missing_privileges: tuple[str, ...] = ()
        self.free_bytes = 10**12
        self.lock = threading.Lock()

    def add(self, text: str, *documents: dict[str, object], **shape: object) -> FakeCollection:
        """Create a collection with documents; ``shape`` are fields of FakeCollection."""
        made = FakeCollection(documents=[bson.encode(d) for d in documents])
        for name, value in shape.items():
            setattr(made, name, value)
        self.collections[Namespace.parse(text)] = made
        return made

    def content(self) -> dict[str, list[dict[str, object]]]:
        """Return every collection's documents, by name, sorted by ``_id``."""
        with self.lock:
            return {
                str(namespace): sorted(
                    map(bson.decode, held.documents), key=lambda d: str(d["_id"])
                )
                for namespace, held in sorted(self.collections.items())
            }

    def names(self) -> list[str]:
        """Return the names of all collections."""
        return sorted(map(str, self.collections))

    def databases(self) -> set[str]:
        """Return the names of all databases."""
        return {namespace.database for namespace in self.collections}

    def note(self, operation: str, subject: object) -> None:
        """Write down an operation and let the test's hook have its way."""
        with self.lock:
            self.calls.append((operation, str(subject)))
        self.hook(operation, str(subject))

    def describe(self, namespace: Namespace) -> CollectionInfo:
        """Return a collection as the server would describe it."""
        held = self.collections[namespace]
        return CollectionInfo(
            namespace,
            held.kind,
            held.options,
            held.indexes if held.kind != "view" else (),
            held.uuid if held.kind == "collection" else None,
            len(held.documents),
            sum(map(len, held.documents)),
        )

    def chunks(self, namespace: Namespace) -> Iterator[bytes]:
        """Yield the documents in small chunks."""
        documents = tuple(self.collections[namespace].documents)
        for start in range(0, len(documents), CHUNK_DOCUMENTS):
            self.note("read", namespace)
            yield b"".join(documents[start : start + CHUNK_DOCUMENTS])


class FakeDump(OpenDump):
    """The deployment being read."""

    facts = FACTS
    achieved = Consistency.SNAPSHOT
    reason = "a fake replica set: everything is read at one cluster time"
    consistent_at: OplogTimestamp | None = OplogTimestamp(1_772_366_400, 7)

    def __init__(self, deployment: FakeDeployment, selection: Selection) -> None:
        self._deployment, self._selection = deployment, selection
        chosen = [n for n in deployment.collections if selection.matches(n)]
        if not chosen:
            raise InvalidSelectionError("nothing to dump")
        infos = [deployment.describe(n) for n in chosen]
        self._collections = tuple(sorted(infos, key=lambda c: -c.estimated_bytes))

    @property
    @override
    def collections(self) -> tuple[CollectionInfo, ...]:
        return self._collections

    @property
    @override
    def users_and_roles(self) -> tuple[CollectionInfo, ...]:
        if self._selection.users_and_roles is UsersAndRoles.LEAVE_OUT:
            return ()
        owners = self._selection.databases or ("",)
        names = [auth_namespace(part, owner) for owner in owners for part in AuthPart]
        return tuple(CollectionInfo(name, "collection", EMPTY, (), None) for name in names)

    def _read_accounts(self, namespace: Namespace, part: AuthPart) -> Iterator[bytes]:
        if part is AuthPart.VERSION:
            yield bson.encode({"_id": "authSchema", "currentVersion": 5})
            return
        kind = AccountKind.USER if part is AuthPart.USERS else AccountKind.ROLE
        for document in self._deployment.accounts[kind]:
            if namespace.database in ("admin", account_of(document, kind).database):
                yield document

    @property
    @override
    def not_included(self) -> tuple[NotIncluded, ...]:
        return ()

    @override
    def leave_snapshot(self, reason: str) -> None:
        self.achieved, self.reason, self.consistent_at = Consistency.NONE, reason, None

    @override
    def reconnect(self) -> str:
        self._deployment.note("reconnect", "")
        return ""

    @override
    def changed(self, infos: Sequence[CollectionInfo]) -> frozenset[Namespace]:
        self._deployment.note("changed", len(infos))
        names = {info.namespace for info in infos}
        assert len({name.database for name in names}) == 1
        return frozenset(names & self._deployment.dropped)

    @override
    def read(
        self,
        info: CollectionInfo,
        place: ReadingPlace | None = None,
        *,
        checks_itself: bool = True,
    ) -> Iterator[bytes]:
        if part := auth_part(info.namespace):
            yield from self._read_accounts(info.namespace, part)
            return
        yield from self._deployment.chunks(info.namespace)
        if info.namespace in self._deployment.forgotten and self.consistent_at:
            raise SnapshotLostError(f"the server forgot the moment {info.namespace} is read at")
        if checks_itself and info.namespace in self._deployment.dropped:
            raise NamespaceChangedError(f"{info.namespace} was dropped while it was dumped")


@dataclass(frozen=True, slots=True)
class FakeSource(DumpSource):
    """Opens a dump of a deployment."""

    deployment: FakeDeployment

    @override
    def mark(self) -> DeploymentMark:
        return DeploymentMark(process=str(id(self.deployment)))

    @contextmanager
    @override
    def open(
        self,
        selection: Selection,
        consistency: Consistency,
        queries: Mapping[Namespace, bytes] | None = None,
    ) -> Iterator[OpenDump]:
        self.deployment.note("open", selection.describe())
        yield FakeDump(self.deployment, selection)

    @override
    def count(self, namespace: Namespace, query: bytes, limit_ms: int) -> int | None:
        return len(self.deployment.collections[namespace].documents)


@dataclass(frozen=True, slots=True)
class FakeAccountSink(AccountSink):
    """Users and roles of a deployment, in the collections that a server keeps them in."""

    deployment: FakeDeployment

    @override
    def check_privileges(self) -> None:
        self.deployment.note("check_account_privileges", "")

    @override
    def existing(self, accounts: Sequence[Account]) -> frozenset[Account]:
        there = {
            account_of(d, kind) for kind in AccountKind for d in self.deployment.accounts[kind]
        }
        return there & frozenset(accounts)

    @override
    def merge(self, users: Sequence[bytes], roles: Sequence[bytes]) -> None:
        self.deployment.note("merge", f"{len(users)} users, {len(roles)} roles")
        for kind, documents in ((AccountKind.USER, users), (AccountKind.ROLE, roles)):
            held = self.deployment.accounts[kind]
            there = {account_of(d, kind) for d in held}
            held += [d for d in documents if account_of(d, kind) not in there]

    @override
    def clear_leftovers(self) -> bool:
        self.deployment.note("clear_leftovers", "")
        return False

    @override
    def read(self, kind: AccountKind) -> Iterator[bytes]:
        yield b"".join(self.deployment.accounts[kind])


@dataclass(frozen=True, slots=True)
class FakeSink(RestoreSink):
    """Writes to a deployment, refusing what a server would refuse."""

    deployment: FakeDeployment

    @override
    def facts(self) -> ServerFacts:
        return FACTS

    @override
    def mark(self) -> DeploymentMark:
        return DeploymentMark(process=str(id(self.deployment)))

    @override
    def check_privileges(self, databases: Sequence[str], validated: Collection[str] = ()) -> None:
        self.deployment.note("check_privileges", ",".join(databases))

    @override
    def privilege(
        self, databases: Sequence[str], validated: Collection[str] = ()
    ) -> PrivilegeFinding:
        missing = self.deployment.missing_privileges
        return PrivilegeFinding("restore", not missing, missing, "restore" if missing else "")

    @override
    def free_space(self, databases: Sequence[str]) -> FreeSpace:
        return FreeSpace(self.deployment.free_bytes)

    @override
    def ask(self, where: Namespace, question: Question, query: bytes, limit_ms: int) -> Answer:
        self.deployment.note("ask", where)
        held = self.deployment.collections.get(where)
        values = [bson.decode(d) for d in held.documents] if held else []
        wanted = bson.decode(query)
        found = [v for v in values if all(v.get(k) == w for k, w in wanted.items())]
        if question.measure is Measure.COUNT:
            return Answer(float(len(found)))
        fields = [v[question.field] for v in found if question.field in v]
        return Answer(max(fields) if fields else None)

    @override
    def databases(self) -> tuple[str, ...]:
        return tuple(sorted(self.deployment.databases()))

    @override
    def existing(self, database: str) -> tuple[CollectionInfo, ...]:
        held = sorted(n for n in self.deployment.collections if n.database == database)
        return tuple(self.deployment.describe(n) for n in held)

    @override
    def identities(self, namespaces: Sequence[Namespace]) -> Mapping[Namespace, str]:
        with self.deployment.lock:
            held = self.deployment.collections
            return {n: held[n].uuid for n in namespaces if n in held}

    @override
    def create(self, info: CollectionInfo) -> None:
        self.deployment.note("create", info.namespace)
        with self.deployment.lock:
            if info.namespace.collection in self.deployment.uncreatable:
                raise WriteRefusedError(f"{info.namespace} could not be created")
            if info.namespace in self.deployment.collections:
                raise WriteRefusedError(f"{info.namespace} exists already")
            own = tuple(i for i in info.indexes if index_name(i) == "_id_")
            made = FakeCollection(info.kind, info.options, own)
            self.deployment.collections[info.namespace] = made

    @override
    def insert(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        self.deployment.note("insert", namespace)
        refused = []
        with self.deployment.lock:
            held = self.deployment.collections[namespace]
            taken = {element_of(d, b"_id") for d in held.documents}
            for document in documents:
                own_id = element_of(document, b"_id") or b""
                if bson.decode(document)["_id"] in self.deployment.refused or own_id in taken:
                    element = own_id[:1] + b"_id\0" + own_id[1:]
                    known = own_id in taken
                    refused.append(RefusedDocument(element, 121, "it failed validation", known))
                else:
                    held.documents.append(document)
        return InsertOutcome(len(documents) - len(refused), tuple(refused))

    @override
    def insert_again(self, namespace: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        with self.deployment.lock:
            held = self.deployment.collections[namespace].documents
            there = [d for d in documents if d in held]
        outcome = self.insert(namespace, [d for d in documents if d not in there])
        return InsertOutcome(outcome.inserted + len(there), outcome.refused)

    @override
    def build_indexes(self, info: CollectionInfo) -> tuple[FailedIndex, ...]:
        self.deployment.note("build_indexes", info.namespace)
        failing = self.deployment.failing_indexes
        with self.deployment.lock:
            held = self.deployment.collections[info.namespace]
            wanted = [i for i in info.indexes if index_name(i) != "_id_"]
            built = [i for i in wanted if index_name(i) not in failing]
            held.indexes = (*held.indexes, *built)
        names = (index_name(i) for i in wanted)
        return tuple(
            FailedIndex(n, "two documents have the same key") for n in names if n in failing
        )

    @override
    def index_command(self, info: CollectionInfo) -> bytes | None:
        names = [index_name(i) for i in info.indexes if index_name(i) != "_id_"]
        return bson.encode({"createIndexes": str(info.namespace), "indexes": names})

    @override
    def read(self, info: CollectionInfo) -> Iterator[bytes]:
        return self.deployment.chunks(info.namespace)

    @override
    def replace(self, working: Namespace, target: Namespace) -> None:
        self.deployment.note("replace", target)
        with self.deployment.lock:
            held, there = (self.deployment.collections.get(n) for n in (working, target))
            assert held is not None
            if held.kind == "collection" and there is not None and there.kind != "collection":
                raise WriteRefusedError(f"{target} is a {there.kind}")
            self.deployment.collections[target] = self.deployment.collections.pop(working)

    @override
    def drop(self, namespace: Namespace) -> None:
        self.deployment.note("drop", namespace)
        with self.deployment.lock:
            self.deployment.collections.pop(namespace, None)

    @override
    def drop_database(self, database: str) -> None:
        self.deployment.note("drop_database", database)
        with self.deployment.lock:
            for namespace in [n for n in self.deployment.collections if n.database == database]:
                del self.deployment.collections[namespace]

    @override
    def accounts(self) -> AccountSink:
        return FakeAccountSink(self.deployment)

    @override
    def settle(self) -> None:
        self.deployment.note("settle", "")


class FakeGate(Gate):
    """Leads to deployments by the name of the profile; the scratch server is one more."""

    def __init__(self, **deployments: FakeDeployment) -> None:
        self.deployments = deployments
        self.scratch = FakeDeployment()
        self.open_count = 0
        self._opened = itertools.count(1)

    @override
    def check_options(self, uri: MongoUri) -> None:
        pass

    @override
    def probe(
        self,
        profile: Profile,
        password: Secret | None,
        on_step: StepListener,
        tunnel_secret: Secret | None = None,
    ) -> DeploymentReport:
        raise NotImplementedError

    @override
    def collections(self, profile: Profile) -> tuple[CollectionSize, ...]:
        return ()

    @override
    def sees_everything(self, profile: Profile) -> bool:
        return True

    @contextmanager
    @override
    def open_source(self, profile: Profile) -> Iterator[DumpSource]:
        with self._counted():
            yield FakeSource(self.deployments[profile.name])

    @contextmanager
    @override
    def open_sink(self, profile: Profile) -> Iterator[RestoreSink]:
        with self._counted():
            yield FakeSink(self.deployments[profile.name])

    @contextmanager
    @override
    def open_asked(self, profile: Profile) -> Iterator[Asked]:
        with self._counted():
            yield FakeSink(self.deployments[profile.name])

    @contextmanager
    @override
    def open_scratch(self, kind: ScratchKind) -> Iterator[RestoreSink]:
        with self._counted():
            yield FakeSink(self.scratch)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.open_count += 1
        try:
            yield
        finally:
            self.open_count -= 1


def without_uuid(info: CollectionInfo) -> CollectionInfo:
    """Return the description without what is new for every collection."""
    return replace(info, uuid=None)
