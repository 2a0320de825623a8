"""What a workstation remembers of a vault, so that a storage cannot be turned back unnoticed."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.manifest import AuthEntry, Manifest, NamespaceEntry, StoredOplog


@dataclass(frozen=True, slots=True)
class Remembered:
    """One backup that this workstation wrote or read, its signature checked.

    Attributes:
        content: Fingerprint of what its manifest says of the data (see ``content_fingerprint``).
    """

    backup: BackupId
    sequence: int
    content: str


def content_fingerprint(manifest: Manifest) -> str:
    """Return a fingerprint of what a manifest says of the data.

    It stays the same when the backup is given to other recipients or signed with another key.
    """
    digest = hashlib.sha256()
    moments = (manifest.started_at.isoformat(), manifest.finished_at.isoformat())
    head = (manifest.backup, manifest.vault_id, str(manifest.sequence), *moments)
    digest.update("\0".join(head).encode())
    accounts = manifest.users_and_roles.parts if manifest.users_and_roles else ()
    for entry in manifest.namespaces:
        digest.update(_line(entry))
    for part in accounts:
        digest.update(_line(part))
    if manifest.oplog is not None:
        digest.update(_line(manifest.oplog))
    return digest.hexdigest()


def _line(entry: NamespaceEntry | AuthEntry | StoredOplog) -> bytes:
    line = (str(entry.namespace), str(entry.documents), str(entry.plain_bytes), entry.digest)
    return "\0".join(("", *line)).encode("utf-8", "surrogatepass")


def missing_from(
    remembered: Iterable[Remembered], present: Collection[BackupId]
) -> tuple[Remembered, ...]:
    """Return what was there and is there no more, newest first."""
    gone = [item for item in remembered if item.backup not in present]
    return tuple(sorted(gone, key=lambda item: item.sequence, reverse=True))


def rollback_sentence(remembered: Collection[Remembered], present: Collection[BackupId]) -> str:
    """Say that a storage was turned back, if its newest backups are the ones that are missing."""
    newest = max((item.sequence for item in remembered), default=0)
    there = max((item.sequence for item in remembered if item.backup in present), default=0)
    if newest <= there:
        return ""
    now = f"the newest of those there now is number {there}" if there else "none of them is there"
    return (
        f"the storage was turned back, or its newest backups were removed: this workstation has"
        f" seen backup number {newest}, and {now}"
    )
