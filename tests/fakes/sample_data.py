"""Believable profiles, vaults, backups and runs, for pages under test and for screenshots."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mangrove.core.backup import BackupId, Compression, Consistency, Selection, backup_id
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.deployment import (
    CollectionSize,
    DatabaseSize,
    DeploymentReport,
    DiskUse,
    Member,
    OplogWindow,
    PrivilegeFinding,
    ServerFacts,
    Topology,
)
from mangrove.core.manifest import Manifest, NamespaceEntry, NotIncluded, StoredBlob
from mangrove.core.namespace import Namespace
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.profile import Colour, Profile, ProfileId, UnreadableProfile, password_ref
from mangrove.core.restores.forecast import Measured
from mangrove.core.uri import parse_uri
from mangrove.core.vaults.key_changes import with_confirmed_kit, with_kit
from mangrove.core.vaults.vault import Debris, VaultHealth, VaultId, VaultSpec
from mangrove.core.verification import (
    EMBEDDED,
    Evidence,
    EvidenceSummary,
    Finding,
    Level,
    NamespaceResult,
)

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
OFFICE_NAS = VaultId("9c1d44f0a2b76e31")
CLOUD = VaultId("51f0aa2e77c4d910")
MB = 1_000_000

COLLECTIONS = (
    ("shop", "orders", 482_118, 412 * MB),
    ("shop", "events", 1_904_233, 503 * MB),
    ("shop", "users", 88_401, 68 * MB),
    ("shop", "products", 12_840, 21 * MB),
    ("shop", "carts", 5_310, 4 * MB),
    ("billing", "invoices", 210_004, 164 * MB),
    ("billing", "payments", 209_317, 98 * MB),
    ("billing", "ledger", 1_200_341, 289 * MB),
)


RESTORES = tuple(
    Measured("restore", int(size * MB), timedelta(seconds=took), NOW - timedelta(days=days))
    for size, took, days in ((620.0, 21.0, 2), (1_008.0, 31.0, 9), (905.0, 44.0, 30))
)


def profile(name: str, uri_text: str, colour: Colour) -> Profile:
    """Make a profile as the store would give it back."""
    uri = parse_uri(uri_text).uri
    profile_id = ProfileId(f"{abs(hash(name)):016x}"[:16])
    password = password_ref(profile_id) if uri.user else None
    created_at = NOW - timedelta(days=90)
    return Profile(profile_id, name, name, uri, password, None, colour, created_at)


PROFILES: tuple[Profile | UnreadableProfile, ...] = (
    UnreadableProfile("analytics", "the stored record is not valid JSON"),
    profile(
        "production",
        "mongodb://backup@db1.shop.example:27017,db2.shop.example:27017,db3.shop.example:27017"
        "/?replicaSet=shop&tls=true",
        Colour.RED,
    ),
    profile("reporting", "mongodb://reports.shop.example:27017", Colour.GREEN),
    profile("staging", "mongodb+srv://dev@staging.shop.example/?replicaSet=stage", Colour.BLUE),
)

KIT_CODE = "MANG-ROVE-2345"
_VAULTS = (
    VaultSpec(
        vault_id=CLOUD,
        name="cloud",
        url="s3://shop-backups/mangrove?endpoint=https://s3.example.net&region=eu-central-1",
        recipients=("age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq",),
        public_key="RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
        compression=Compression.ZSTD,
        access_key="MANGROVE-WRITER",
        created_at=NOW - timedelta(days=64),
    ),
    VaultSpec(
        vault_id=OFFICE_NAS,
        name="office-nas",
        url="file:///srv/backups/mongo",
        recipients=("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",),
        public_key="RWTsYzQ4Vf0hTbVqkYQ5o7Hn1jRkQ8rVb7dVJg6m2p0c1v0h9qN1aXkZ",
        compression=Compression.ZSTD,
        access_key="",
        created_at=NOW - timedelta(days=88),
    ),
)

VAULTS = tuple(
    with_confirmed_kit(with_kit(spec, KIT_CODE, spec.created_at), KIT_CODE, spec.created_at)
    for spec in _VAULTS
)
"""Both have a recovery kit that is stored."""

HEALTH = {
    "cloud": VaultHealth(
        reachable=True,
        problem="",
        backups=30,
        stored_bytes=9_400 * MB,
        free_bytes=None,
        has_identity=True,
        has_signing_key=True,
        debris=(),
    ),
    "office-nas": VaultHealth(
        reachable=True,
        problem="",
        backups=30,
        stored_bytes=11_200 * MB,
        free_bytes=412_000 * MB,
        has_identity=True,
        has_signing_key=True,
        debris=(
            Debris(
                "production", "20261122T020000Z-production-77ab", 3, 81 * MB, NOW - timedelta(1)
            ),
        ),
    ),
}


def record(name: str, vault: VaultId, started_at: datetime, number: int) -> BackupRecord:
    """Make one catalog row; every number varies a little with the backup's own."""
    plain = (1_480 + 9 * number) * MB
    whole = number % 9 != 4
    is_set = name != "reporting"
    return BackupRecord(
        backup=backup_id(started_at, name, f"{(number * 2957) % 65536:04x}"),
        vault_id=vault,
        profile_slug=name,
        profile_name=name,
        state=BackupState.COMPLETE,
        problem="",
        sequence=number + 1,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=74 + number % 20),
        data_at=started_at + timedelta(seconds=2),
        achieved=Consistency.SNAPSHOT if is_set else Consistency.NONE,
        selection="the whole deployment" if whole else "shop without *.events",
        is_whole=whole,
        databases=("billing", "shop") if whole else ("shop",),
        namespaces=8 if whole else 4,
        documents=4_112_564 + 1_733 * number,
        plain_bytes=plain,
        stored_bytes=plain * 21 // 100,
        compression=Compression.ZSTD,
        is_encrypted=True,
        server_version="6.0.5",
        not_included=1,
        evidence=(evidence_summary(Level.STORED, started_at + timedelta(minutes=2)),),
        consistent_at=OplogTimestamp(int(started_at.timestamp()) + 2, 1) if is_set else None,
    )


def evidence_summary(level: Level, at: datetime, *, passed: bool = True) -> EvidenceSummary:
    """Make the short form of one verification's result."""
    took = {Level.STORED: 21, Level.DECODED: 95}.get(level, 840)
    target = EMBEDDED if level.depth >= Level.RESTORED.depth else ""
    return EvidenceSummary(level, passed, at, timedelta(seconds=took), target)


def _records() -> tuple[BackupRecord, ...]:
    rows = []
    for day in range(30):
        at = NOW.replace(hour=2, minute=0) - timedelta(days=day)
        if day > 0:  # last night's backup of production failed
            rows.append(record("production", OFFICE_NAS, at, 60 - day))
        if day % 3 != 1:
            rows.append(record("staging", CLOUD, at.replace(hour=12, minute=30), 90 - day))
        if day % 3 == 2:
            rows.append(record("reporting", CLOUD, at.replace(hour=5), 30 - day))
    at = NOW.replace(hour=9) - timedelta(days=3)
    rows.append(record("production", OFFICE_NAS, at, 61))
    rows.sort(key=lambda r: r.started_at, reverse=True)
    return tuple(_with_stories(rows))


def _with_stories(rows: list[BackupRecord]) -> list[BackupRecord]:
    """Give some rows their own fate: proven, failed, unreadable."""
    seen: dict[str, int] = {}
    told = []
    for row in rows:
        number = seen.get(row.profile_slug, 0)
        seen[row.profile_slug] = number + 1
        changed = _told(row, number)
        told.append(changed)
    return told


def _told(row: BackupRecord, number: int) -> BackupRecord:
    restored = evidence_summary(Level.RESTORED, row.finished_at + timedelta(hours=1))
    decoded = evidence_summary(Level.DECODED, row.finished_at + timedelta(minutes=9))
    match row.profile_slug, number:
        case ("staging", 0) | ("production", 2) | ("production", 9):
            return replace(row, is_whole=True, evidence=(restored, decoded, *row.evidence))
        case ("staging", 3):
            failed = evidence_summary(Level.DECODED, row.finished_at, passed=False)
            return replace(row, evidence=(failed, *row.evidence))
        case ("production", 5):
            return replace(
                row,
                state=BackupState.UNREADABLE,
                problem="the signature does not fit the manifest",
                evidence=(),
            )
        case _:
            return row


RECORDS = _records()


def manifest_of(row: BackupRecord) -> Manifest:
    """Make the manifest that a row stands for."""
    entries = tuple(_entry(row, *c) for c in COLLECTIONS if c[0] in row.databases)
    facts = ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "shop")
    return Manifest(
        backup=row.backup,
        vault_id=row.vault_id,
        sequence=row.sequence,
        profile_name=row.profile_name,
        profile_slug=row.profile_slug,
        started_at=row.started_at,
        finished_at=row.finished_at,
        server=facts,
        selection=Selection(),
        requested=Consistency.AUTO,
        achieved=row.achieved,
        consistency_reason="all collections were read at one cluster time",
        consistent_at=OplogTimestamp(int(row.data_at.timestamp()), 1),
        compression=row.compression,
        encrypted=True,
        tool_version="0.1.0",
        namespaces=entries,
        extra=(),
        not_included=(NotIncluded("shop.open_orders", "a view: its definition is kept, no data"),),
    )


def _entry(
    row: BackupRecord, database: str, name: str, documents: int, size_bytes: int
) -> NamespaceEntry:
    folder = f"{row.profile_slug}/{row.backup}/{database}/{name}"
    digest = f"{abs(hash(name)):032x}"[:32]
    return NamespaceEntry(
        namespace=Namespace(database, name),
        kind="collection",
        options="",
        indexes=('{"v":2,"key":{"_id":1},"name":"_id_"}', '{"v":2,"key":{"at":1},"name":"at_1"}'),
        uuid="3f" * 16,
        documents=documents,
        plain_bytes=size_bytes,
        digest=digest,
        metadata=StoredBlob(f"{folder}.metadata.json.zst.age", 612, "ab" * 32, 420),
        segments=(
            StoredBlob(f"{folder}.0000.bson.zst.age", size_bytes // 5, "cd" * 32, size_bytes),
        ),
        disk=DiskUse(size_bytes * 2 // 5, documents * 40),
    )


def evidence_of(row: BackupRecord) -> tuple[Evidence, ...]:
    """Make the full form of a row's evidence."""
    return tuple(_full_evidence(row.backup, e) for e in row.evidence)


def _full_evidence(backup: BackupId, short: EvidenceSummary) -> Evidence:
    finding = Finding("shop.events", "object 0001 differs from its SHA-256")
    return Evidence(
        backup=backup,
        level=short.level,
        started_at=short.finished_at - short.duration,
        finished_at=short.finished_at,
        passed=short.passed,
        findings=() if short.passed else (finding,),
        namespaces=tuple(
            NamespaceResult(f"{d}.{c}", n, "7f3a" * 8, 2, good=True) for d, c, n, _ in COLLECTIONS
        ),
        blobs=17,
        stored_bytes=311 * MB,
        target=short.target,
        server_version="6.0.5",
        steps=(("start server", timedelta(seconds=3)), ("load documents", timedelta(seconds=610))),
        tool_version="0.1.0",
    )


REPORT = DeploymentReport(
    version="6.0.5",
    feature_version="6.0",
    topology=Topology.REPLICA_SET,
    replica_set="shop",
    members=(
        Member("db1.shop.example:27017", "PRIMARY"),
        Member("db2.shop.example:27017", "SECONDARY", timedelta(seconds=0)),
        Member("db3.shop.example:27017", "SECONDARY", timedelta(seconds=4)),
    ),
    oplog=OplogWindow(NOW - timedelta(hours=31), NOW, 780 * MB, 990 * MB),
    privileges=(
        PrivilegeFinding("dump", allowed=True),
        PrivilegeFinding("restore", allowed=False, missing=("insert on shop.*",), role="restore"),
        PrivilegeFinding("oplog", allowed=True),
    ),
    databases=(
        DatabaseSize("billing", 3, 1_619_662, 551 * MB, 190 * MB, 61 * MB),
        DatabaseSize("shop", 5, 2_492_902, 1_008 * MB, 322 * MB, 118 * MB),
    ),
    user="backup",
    latency=timedelta(milliseconds=3),
    tls=True,
)

TREE = tuple(CollectionSize(d, c, "collection", n, b) for d, c, n, b in COLLECTIONS)
