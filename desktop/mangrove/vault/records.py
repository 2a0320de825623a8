"""Catalog rows made from what a vault holds."""

from datetime import UTC, datetime

from mangrove.core.backup import BackupId, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import contents_of, cover_of
from mangrove.core.manifest import Manifest
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.core.verification import Evidence
from mangrove.vault.inventory import Shelf

_UNKNOWN_AT = datetime(1970, 1, 1, tzinfo=UTC)


def record_of(manifest: Manifest, evidence: tuple[Evidence, ...] = ()) -> BackupRecord:
    """Return the row of a complete backup."""
    return BackupRecord(
        backup=manifest.backup,
        vault_id=VaultId(manifest.vault_id),
        profile_slug=manifest.profile_slug,
        profile_name=manifest.profile_name,
        state=BackupState.COMPLETE,
        problem="",
        sequence=manifest.sequence,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
        data_at=manifest.data_at,
        achieved=manifest.achieved,
        selection=manifest.selection.describe(),
        is_whole=manifest.selection.is_whole,
        databases=manifest.databases,
        namespaces=len(manifest.namespaces),
        documents=manifest.documents,
        plain_bytes=manifest.plain_bytes,
        stored_bytes=manifest.stored_bytes,
        compression=manifest.compression,
        is_encrypted=manifest.encrypted,
        server_version=manifest.server.version_text,
        not_included=len(manifest.not_included),
        evidence=tuple(piece.summary for piece in evidence),
        is_filtered=manifest.is_filtered,
        consistent_at=manifest.consistent_at,
        scope=manifest.selection.scope,
        cover=cover_of(manifest),
        contents=contents_of(manifest),
        is_physical=manifest.files is not None,
    )


def unreadable_record(shelf: Shelf, spec: VaultSpec, sequence: int, problem: str) -> BackupRecord:
    """Return the row of a backup that is there but cannot be read, as far as its place tells."""
    started_at = _moment_in(shelf.backup)
    return BackupRecord(
        backup=shelf.backup,
        vault_id=spec.vault_id,
        profile_slug=shelf.profile_slug,
        profile_name=shelf.profile_slug,
        state=BackupState.UNREADABLE,
        problem=problem,
        sequence=sequence,
        started_at=started_at,
        finished_at=started_at,
        data_at=started_at,
        achieved=Consistency.NONE,
        selection="not known",
        is_whole=False,
        databases=(),
        namespaces=0,
        documents=0,
        plain_bytes=0,
        stored_bytes=shelf.size_bytes,
        compression=spec.compression,
        is_encrypted=spec.is_encrypted,
        server_version="",
        not_included=0,
    )


def _moment_in(backup: BackupId) -> datetime:
    try:
        return datetime.strptime(backup.partition("-")[0], "%Y%m%dT%H%M%S%z")
    except ValueError:
        return _UNKNOWN_AT
