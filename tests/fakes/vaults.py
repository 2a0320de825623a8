"""Small real vaults for tests: over memory or any storage, with keys of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fakes.clock import FakeClock
from fakes.memory_storage import MemoryStorage
from fakes.secrets import MemorySecrets
from mangrove.core.backup import BackupId, Compression, Consistency, Selection, backup_id
from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobPlace, BlobRole
from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.manifest import Manifest, NamespaceEntry, NotIncluded, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.storage import Storage
from mangrove.core.ports.vault import Vault
from mangrove.core.vaults.vault import VaultId, VaultSpec, identity_ref, signing_key_ref
from mangrove.core.verification import Evidence, Finding, Level, NamespaceResult
from mangrove.vault.keeper import VaultFactory

STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SLUG = "shop-production"
USERS = Namespace("shop", "users")
ORDERS = Namespace("shop", "orders%/2026")


@dataclass(slots=True)
class TestVault:
    """A vault, its storage, its spec and its keyring."""

    __test__ = False

    spec: VaultSpec
    storage: Storage
    secrets: MemorySecrets
    factory: VaultFactory

    def open(self, **changes: object) -> Vault:
        """Open it anew, perhaps with a changed spec."""
        return self.factory.open(replace(self.spec, **changes))  # type: ignore[arg-type]  # tests

    @property
    def memory(self) -> MemoryStorage:
        """The storage, when it is the one in memory."""
        assert isinstance(self.storage, MemoryStorage)
        return self.storage


def new_vault(
    storage: Storage | None = None, *, encrypted: bool = True, vault_id: str = "a1b2c3"
) -> TestVault:
    """Create a vault with fresh keys."""
    place = storage or MemoryStorage()
    secrets = MemorySecrets()
    factory = VaultFactory(secrets, FakeClock(), open_at=lambda *_: place)
    keys = factory.new_keys()
    spec = VaultSpec(
        vault_id=VaultId(vault_id),
        name="attic",
        url="s3://not-contacted",
        recipients=(keys.recipient,) if encrypted else (),
        public_key=keys.public_key,
        compression=Compression.ZSTD,
        access_key="",
        created_at=STARTED_AT,
    )
    secrets.store(signing_key_ref(spec.vault_id), keys.signing_key)
    if encrypted:
        secrets.store(identity_ref(spec.vault_id), keys.identity)
    factory.create(spec)
    return TestVault(spec, place, secrets, factory)


def folder_vault(root: Path, *, encrypted: bool = True) -> TestVault:
    """Create a vault in a folder, opened by its URL as the product does."""
    secrets = MemorySecrets()
    factory = VaultFactory(secrets, FakeClock())
    vault = new_vault(encrypted=encrypted)
    secrets.kept = vault.secrets.kept
    spec = replace(vault.spec, url=root.as_uri())
    factory.create(spec)
    return TestVault(spec, vault.storage, secrets, factory)


def new_id(hour: int = 12, tail: str = "00ff", slug: str = SLUG) -> BackupId:
    """Name a backup of that hour."""
    return backup_id(STARTED_AT.replace(hour=hour), slug, tail)


def put(
    draft: Draft,
    namespace: Namespace,
    chunks: Iterable[bytes],
    role: BlobRole = BlobRole.SEGMENT,
    number: int = 0,
    compression: Compression = Compression.ZSTD,
) -> StoredBlob:
    """Store a blob and return it as a manifest lists it."""
    content = [*chunks]
    receipt = draft.put(BlobPlace(role, namespace, compression, number), content)
    return StoredBlob(receipt.name, receipt.size_bytes, receipt.sha256, sum(map(len, content)))


def entry(metadata: StoredBlob, segments: tuple[StoredBlob, ...], ns: Namespace) -> NamespaceEntry:
    """Describe one namespace."""
    return NamespaceEntry(
        namespace=ns,
        kind="collection",
        options="",
        indexes=('{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}',),
        uuid="0" * 32,
        documents=3,
        plain_bytes=sum(s.plain_bytes for s in segments),
        digest="ab" * 16,
        metadata=metadata,
        segments=segments,
    )


def manifest_for(
    backup: BackupId,
    sequence: int,
    namespaces: tuple[NamespaceEntry, ...] = (),
    *,
    encrypted: bool = True,
    vault_id: str = "a1b2c3",
    slug: str = SLUG,
) -> Manifest:
    """Describe a whole backup."""
    return Manifest(
        backup=backup,
        vault_id=vault_id,
        sequence=sequence,
        profile_name="Shop, production",
        profile_slug=slug,
        started_at=STARTED_AT,
        finished_at=STARTED_AT + timedelta(seconds=90),
        server=ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "rs0"),
        selection=Selection(databases=("shop",), collections=(USERS,), exclude=("shop.tmp*",)),
        requested=Consistency.AUTO,
        achieved=Consistency.SNAPSHOT,
        consistency_reason="the replica set keeps enough history",
        consistent_at=OplogTimestamp(1_772_366_400, 7),
        compression=Compression.ZSTD,
        encrypted=encrypted,
        tool_version="0.1.0",
        namespaces=namespaces,
        extra=(),
        not_included=(NotIncluded("shop.tmp_1", "excluded by shop.tmp*"),),
    )


def write_backup(
    vault: TestVault,
    backup: BackupId | None = None,
    content: bytes = b"documents of the users " * 40,
    before_publish: Callable[[Draft], None] = lambda _: None,
) -> BackupRecord:
    """Write a backup of one namespace with two segments."""
    name = backup or new_id()
    with vault.open().begin(SLUG, name) as draft:
        half = len(content) // 2
        first = put(draft, USERS, [content[:half]])
        second = put(draft, USERS, [content[half:]], number=1)
        metadata = put(draft, USERS, [b'{"indexes":[]}'], BlobRole.METADATA)
        for blob in (first, second, metadata):
            draft.compare(blob)
        before_publish(draft)
        described = manifest_for(
            name,
            draft.sequence,
            (entry(metadata, (first, second), USERS),),
            encrypted=vault.spec.is_encrypted,
            vault_id=vault.spec.vault_id,
        )
        return draft.publish(described)


def evidence_for(
    backup: BackupId, level: Level = Level.RESTORED, *, passed: bool = True, minutes: int = 0
) -> Evidence:
    """Make a piece of evidence."""
    started_at = STARTED_AT + timedelta(hours=1, minutes=minutes)
    return Evidence(
        backup=backup,
        level=level,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=12.5),
        passed=passed,
        findings=() if passed else (Finding("shop.users", "2 documents are missing"),),
        namespaces=(NamespaceResult("shop.users", 3, "ab" * 16, 1, passed),),
        blobs=3,
        stored_bytes=1000,
        target="embedded",
        server_version="6.0.5",
        steps=(("read", timedelta(seconds=1.25)), ("restore", timedelta(microseconds=1))),
        tool_version="0.1.0",
    )
