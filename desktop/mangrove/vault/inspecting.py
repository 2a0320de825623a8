"""Looks through a whole vault: one listing, every manifest, and what must lie beside them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobInfo, BlobName
from mangrove.core.errors import (
    MangroveError,
    StorageDeniedError,
    StorageUnavailableError,
    UnknownFormatError,
)
from mangrove.core.manifest import Manifest
from mangrove.core.ports.storage import Storage
from mangrove.core.retention.marks import Journal
from mangrove.core.vaults.lock import VaultLock
from mangrove.core.vaults.report import FindingKind, VaultFinding, VaultReport, compare_folder
from mangrove.core.vaults.vault import OPLOG_DEBRIS
from mangrove.core.wording import counted
from mangrove.vault.inventory import Inventory, Shelf, take_inventory
from mangrove.vault.keeping import hidden_in, hidden_of
from mangrove.vault.layout import (
    DESCRIPTOR,
    JOURNAL_PATH,
    KEYS_PATH,
    LOCKS_PATH,
    NEXT_DESCRIPTOR,
    SEQUENCE_PATH,
    SIGNATURE_SUFFIX,
    folder_of,
    generation_of,
    is_evidence,
    is_manifest_signature,
    owner_of,
)
from mangrove.vault.slices.layout import is_of_oplog

_OWN_PATHS = (JOURNAL_PATH, KEYS_PATH, LOCKS_PATH, SEQUENCE_PATH)


class Inspection:
    """One look through a vault.

    Args:
        storage: Where it lies.
        read_manifest: Reads and checks one; errors become findings.
        sealed: Whether the vault is encrypted.
        each: Called for every backup; may raise to end it.
    """

    def __init__(
        self,
        storage: Storage,
        read_manifest: Callable[[BackupId], Manifest],
        *,
        sealed: bool,
        each: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._read_manifest = read_manifest
        self._sealed = sealed
        self._each = each
        self._versions: Counter[str] = Counter()

    def report(
        self,
        known: Iterable[BackupRecord],
        journal: Journal,
        locks: Iterable[VaultLock],
        now: datetime,
    ) -> VaultReport:
        """Look through everything.

        Raises:
            StorageUnavailableError, StorageDeniedError: The storage as a whole failed us.
        """
        infos = tuple(self._storage.list())
        inventory = take_inventory(self._storage, infos)
        findings = [
            *(finding for shelf in inventory.signed for finding in self._of_backup(shelf)),
            *_debris(inventory),
            *_statements(journal, infos),
            *_stale(locks, now),
            *_drift(known, inventory),
            *_foreign(infos),
        ]
        return VaultReport(
            objects=len(infos),
            size_bytes=sum(info.size_bytes for info in infos),
            backups=len(inventory.signed),
            slices=sum(shelf.slices for shelf in inventory.oplog),
            findings=tuple(findings),
            tool_versions=tuple(sorted(self._versions.items())),
            hidden=hidden_in(self._storage, ""),
        )

    def _of_backup(self, shelf: Shelf) -> list[VaultFinding]:
        self._each()
        try:
            manifest = self._read_manifest(shelf.backup)
        except (StorageUnavailableError, StorageDeniedError):
            raise
        except MangroveError as error:
            is_newer = isinstance(error, UnknownFormatError)
            kind = FindingKind.NEWER if is_newer else FindingKind.UNREADABLE
            remedy = error.hint or "bring it back from another copy, or delete it"
            return [VaultFinding(kind, shelf.backup, error.message, remedy)]
        self._versions[manifest.tool_version] += 1
        expected = {blob.name: blob.size_bytes for blob in manifest.blobs}
        found = {str(info.name): info.size_bytes for info in shelf.blobs}
        return compare_folder(shelf.backup, expected, found, self._own_names(shelf, found))

    def _own_names(self, shelf: Shelf, found: Iterable[str]) -> Iterator[str]:
        """Yield manifest, signature, and evidence that is signed.

        Of several generations the oldest counts, as for every reader; the others are left over.
        """
        folder, names = folder_of(shelf.backup, sealed=self._sealed), frozenset(found)
        later = filter(is_manifest_signature, names - {folder.foreign_manifest_signature})
        signature = min(later, key=generation_of, default=folder.manifest_signature)
        yield from (signature.removesuffix(SIGNATURE_SUFFIX), signature)
        for name in names:
            stem = name.removesuffix(SIGNATURE_SUFFIX)
            is_whole = stem in names and stem + SIGNATURE_SUFFIX in names
            if is_evidence(stem, sealed=self._sealed) and is_whole:
                yield name


def _debris(inventory: Inventory) -> Iterator[VaultFinding]:
    for debris in inventory.debris:
        names = tuple(str(info.name) for info in inventory.pieces(debris))
        place = f"{debris.profile_slug}/{debris.backup}".strip("/")
        what = (
            "slices that were not finished"
            if debris.backup == OPLOG_DEBRIS
            else (
                "a backup that was not finished, or half deleted" if debris.backup else "no backup"
            )
        )
        yield VaultFinding(
            FindingKind.DEBRIS,
            place or "temporary files",
            f"{counted(debris.blobs, 'object')} of {what}",
            "a repair removes them",
            names,
            debris.size_bytes,
        )


def _statements(journal: Journal, infos: Iterable[BlobInfo]) -> Iterator[VaultFinding]:
    for name in journal.damaged:
        yield VaultFinding(
            FindingKind.STATEMENT,
            name,
            "it cannot be believed, and may have been a pin or a hold; nothing is pruned meanwhile",
            "a repair removes it: look first whether a pin is missing, and set it again",
            (name,),
        )
    names = {str(info.name) for info in infos if info.name.startswith(JOURNAL_PATH)}
    loose = [n for n in names if _partner(n) not in names]
    if loose:
        yield VaultFinding(
            FindingKind.STATEMENT,
            JOURNAL_PATH.rstrip("/"),
            f"{counted(len(loose), 'half of a statement', 'halves of statements')} left over",
            "a repair removes them",
            tuple(sorted(loose)),
        )


def _partner(name: str) -> str:
    if name.endswith(SIGNATURE_SUFFIX):
        return name.removesuffix(SIGNATURE_SUFFIX)
    return name + SIGNATURE_SUFFIX


def _stale(locks: Iterable[VaultLock], now: datetime) -> Iterator[VaultFinding]:
    for lock in locks:
        if lock.is_stale(now):
            yield VaultFinding(
                FindingKind.LOCK,
                lock.purpose,
                lock.describe(now),
                "if that Mangrove is surely gone: mangrove vault unlock VAULT --break-lock",
            )


def _drift(known: Iterable[BackupRecord], inventory: Inventory) -> Iterator[VaultFinding]:
    listed = {record.backup for record in known}
    there = {shelf.backup for shelf in inventory.signed}
    for backup in sorted(there - listed):
        words = "it is in the vault, and this workstation has not listed it"
        yield VaultFinding(FindingKind.UNLISTED, backup, words, "a repair lists it")
    for backup in sorted(listed - there):
        yield VaultFinding(
            FindingKind.GONE,
            backup,
            "this workstation lists it, and it is not in the vault any more",
            "a repair takes it off the list; if nobody deleted it, look for another copy",
        )


def _foreign(infos: Iterable[BlobInfo]) -> Iterator[VaultFinding]:
    names = [str(info.name) for info in infos if not _is_ours(info.name)]
    if names:
        yield VaultFinding(
            FindingKind.FOREIGN,
            names[0] if len(names) == 1 else f"{names[0]} and others",
            f"{counted(len(names), 'object')} here are not Mangrove's",
            "they are left alone; remove them by hand if they are nobody's",
            tuple(names),
        )


def _is_ours(name: str) -> bool:
    is_described = name in (DESCRIPTOR, NEXT_DESCRIPTOR)
    is_own = is_described or name.startswith(_OWN_PATHS) or name.startswith(f"{DESCRIPTOR}.")
    return is_own or is_of_oplog(name) or owner_of(name) is not None or is_manifest_signature(name)


def repair_storage(storage: Storage, findings: Iterable[VaultFinding]) -> int:
    """Remove orphans, debris and broken statements; everything else is left alone."""
    removable = (FindingKind.ORPHAN, FindingKind.DEBRIS, FindingKind.STATEMENT)
    freed, removed = 0, set[BlobName]()
    for finding in findings:
        if finding.kind not in removable:
            continue
        for name in finding.names:
            storage.delete(BlobName(name))
            removed.add(BlobName(name))
            if finding.kind is FindingKind.STATEMENT:
                storage.delete(BlobName(_partner(name)))
        freed += finding.size_bytes
    return hidden_of(storage, removed).left_of(freed)
