"""Small backups and proofs for tests of the figures."""

from datetime import datetime, timedelta

from mangrove.core.backup import BackupId, Compression, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import Cover, DatabaseCover
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import EvidenceSummary, Level

TOOK = timedelta(minutes=10)


def whole(*databases: str) -> Cover:
    """Return the cover of a backup of everything."""
    return Cover(True, tuple(DatabaseCover(name, True) for name in sorted(databases)))


def a_backup(
    at: datetime,
    *,
    slug: str = "shop",
    vault: str = "v1",
    cover: Cover | None = None,
    stored_bytes: int = 1000,
) -> BackupRecord:
    """Return a complete backup whose data are those of a moment; it took ten minutes."""
    cover = cover or whole("shop")
    tail = f"{abs(hash((vault, cover))) % 65536:04x}"
    return BackupRecord(
        backup=BackupId(f"{at:%Y%m%dT%H%M%SZ}-{slug}-{tail}"),
        vault_id=VaultId(vault),
        profile_slug=slug,
        profile_name=slug,
        state=BackupState.COMPLETE,
        problem="",
        sequence=1,
        started_at=at,
        finished_at=at + TOOK,
        data_at=at,
        achieved=Consistency.SNAPSHOT,
        selection="the whole deployment" if cover.is_deployment else "a part",
        is_whole=cover.is_deployment,
        databases=tuple(d.name for d in cover.databases),
        namespaces=3,
        documents=5000,
        plain_bytes=4 * stored_bytes,
        stored_bytes=stored_bytes,
        compression=Compression.ZSTD,
        is_encrypted=True,
        server_version="6.0.5",
        not_included=0,
        is_filtered=cover.is_filtered,
        cover=cover,
    )


def a_proof(
    at: datetime,
    level: Level = Level.RESTORED,
    *,
    passed: bool = True,
    took: timedelta = TOOK,
    target: str = "embedded",
) -> EvidenceSummary:
    """Return the result of a verification that ended at a moment."""
    return EvidenceSummary(level, passed, at, took, target)
