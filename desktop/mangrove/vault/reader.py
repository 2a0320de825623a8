"""An open vault: checks, decrypts and yields what it holds, and begins new backups."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, SeenBackup
from mangrove.core.blobs import BlobInfo
from mangrove.core.errors import (
    CorruptBackupError,
    MangroveError,
    StorageDeniedError,
    StorageUnavailableError,
    VaultError,
    WrongIdentityError,
)
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.oplog import SliceShelf
from mangrove.core.ports.storage import Passing, Storage, as_they_come
from mangrove.core.vaults.object_lock import Hidden
from mangrove.core.vaults.report import VaultFinding, VaultReport
from mangrove.core.vaults.vault import Debris, VaultHealth, VaultSpec
from mangrove.core.verification import Evidence
from mangrove.vault.descriptor import settle_descriptor
from mangrove.vault.draft import VaultDraft
from mangrove.vault.evidence_shelf import EvidenceShelf
from mangrove.vault.health import look_at
from mangrove.vault.inspecting import Inspection, repair_storage
from mangrove.vault.inventory import Shelf, debris_in, take_inventory
from mangrove.vault.keeping import hidden_in, hidden_of
from mangrove.vault.layout import BackupFolder, folder_of
from mangrove.vault.locks import Locking, StorageLocks
from mangrove.vault.manifest_reading import StoredManifests
from mangrove.vault.purging import purge_backup, refuse_kept
from mangrove.vault.recollection import Recollection
from mangrove.vault.records import record_of, unreadable_record
from mangrove.vault.retirement import Retirements
from mangrove.vault.rewrapping import Rewrapping
from mangrove.vault.sealing import Sealer
from mangrove.vault.slices.shelf import StoredSlices
from mangrove.vault.statements import StatementShelf
from mangrove.vault.surveying import survey
from mangrove.vault.transfer import Meter, compare_blob, open_blob

log = logging.getLogger(__name__)
CHECKED_FIRST_BYTES = 8 << 20
"""Blobs up to this size are compared with the manifest before anything of them is yielded."""


class StoredVault:
    """A vault in a storage. Safe for several threads.

    Attributes are private: everything trusted comes from the spec, never from the storage.
    """

    def __init__(
        self,
        spec: VaultSpec,
        open_storage: Callable[[], Storage],
        sealer: Sealer,
        locking: Locking,
        recollection: Recollection | None = None,
    ) -> None:
        self._locking = locking
        self._recollection = recollection or Recollection(None, spec.vault_id)
        self._spec = spec
        self._open_storage = open_storage
        self._sealer = sealer
        self._lock = threading.Lock()
        self._opened: Storage | None = None
        self._retirements: Retirements | None = None
        sealer.look_up_retirements(self._retired)

    @property
    def spec(self) -> VaultSpec:
        """Return what we know and trust of it."""
        return self._spec

    def abort(self) -> None:
        """End transfers that block in other threads."""
        with self._lock:
            opened = self._opened
        if opened is not None:
            opened.abort()

    def begin(self, profile_slug: str, backup: BackupId) -> AbstractContextManager[Draft]:
        """Start a backup.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
            VaultNotFoundError: If another vault, or none, lies in the storage.
        """
        folder = self._folder(backup)
        if folder.profile_slug != profile_slug:
            raise AssertionError("a backup's id carries the slug of its profile")
        self._sealer.require_signing_key()
        settle_descriptor(self._storage, self._spec)
        memory = self._recollection
        return VaultDraft(
            self._storage, self._sealer, folder, self._spec.vault_id, memory.floor, memory.note
        )

    def manifest(self, backup: BackupId) -> Manifest:
        """Read a manifest, its signature checked against the key we trust.

        Raises:
            BackupNotFoundError, SignatureInvalidError, ManifestCorruptError, WrongIdentityError.
        """
        return self._manifests.active(self._folder(backup)).manifest

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a blob; raises BlobMismatchError unless size and SHA-256 match."""
        compare_blob(self._storage, blob, passing)

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that our key opens the documents of a backup; reads one small header.

        Raises:
            IdentityMissingError, WrongIdentityError: Before anything was written anywhere.
        """
        if not self._spec.is_encrypted:
            return
        self._sealer.require_identity()
        smallest = min(manifest.blobs, key=lambda blob: blob.size_bytes, default=None)
        if smallest is None:
            return
        try:
            self._sealer.check_opens(open_blob(self._storage, smallest))
        except (WrongIdentityError, CorruptBackupError):
            compare_blob(self._storage, smallest)  # a damaged header is not the key's fault
            raise

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, still compressed; nothing unauthenticated is yielded.

        Errors: a blob that is larger than 8 MiB and encrypted is authenticated piece by piece
            while it is read, and compared with the manifest before its last piece is yielded;
            every other one is compared first.
        """
        if blob.size_bytes <= CHECKED_FIRST_BYTES:
            meter = Meter(limit_bytes=blob.size_bytes)
            data = b"".join(meter.through(open_blob(self._storage, blob)))
            meter.check(blob)
            yield from self._sealer.unseal([data])
            return
        if not self._spec.is_encrypted:
            compare_blob(self._storage, blob)
        meter = Meter(limit_bytes=blob.size_bytes)
        held: bytes | None = None
        for chunk in self._sealer.unseal(meter.through(open_blob(self._storage, blob))):
            if held is not None:
                yield held
            held = chunk
        meter.check(blob)
        if held is not None:
            yield held

    def listed(self) -> tuple[tuple[BackupId, int], ...]:
        """Return id and stored bytes of every signed backup, newest first; nothing is read."""
        signed = take_inventory(self._storage).signed
        return tuple((shelf.backup, shelf.size_bytes) for shelf in signed)

    def rewrap(
        self, backup: BackupId, passing: Passing, on_blob: Callable[[StoredBlob], None]
    ) -> BackupRecord | None:
        """Give a backup to the present recipients and sign it with the present key.

        Raises:
            IdentityMissingError, WrongIdentityError: It cannot be opened here; it is as it was.
            CorruptBackupError: It is damaged; it is as it was.
        """
        folder = self._folder(backup)
        self._sealer.require_signing_key()
        work = Rewrapping(self._storage, self._sealer, folder, self._manifests.active(folder))
        work.tidy()
        if work.is_done:
            return None
        manifest = work.run(passing, on_blob)
        return record_of(manifest, self._shelf_of(folder).read_listed())

    def keep_evidence(self, evidence: Evidence) -> None:
        """Store evidence with its backup, signed."""
        self._shelf_of(self._folder(evidence.backup)).keep(evidence)

    def evidence(self, backup: BackupId) -> tuple[Evidence, ...]:
        """Return the evidence of a backup whose signature holds, newest first."""
        return self._shelf_of(self._folder(backup)).read_listed()

    def slices(self) -> SliceShelf:
        """Return the oplog slices it keeps."""
        return StoredSlices(self._spec, self._storage, self._sealer)

    def records(self) -> Iterator[BackupRecord]:
        """Yield every backup as the storage has it; unreadable ones as such.

        Raises:
            StorageUnavailableError, StorageDeniedError: The storage as a whole failed us.
        """
        with self._recollection.together():
            for shelf in take_inventory(self._storage).signed:
                yield self._record(shelf)

    def survey(self, known: Iterable[BackupRecord]) -> Iterator[SeenBackup]:
        """Yield every signed backup; only what differs from what is known is read anew."""
        return survey(take_inventory(self._storage).signed, known, self._record)

    def inspect(
        self, known: Iterable[BackupRecord], each: Callable[[], None] = lambda: None
    ) -> VaultReport:
        """Look through the whole vault: one listing, and every manifest."""
        looking = Inspection(
            self._storage, self.manifest, sealed=self._spec.is_encrypted, each=each
        )
        now = self._locking.clock.now()
        return looking.report(known, self.journal.read(), self.locks.all(), now)

    def repair(self, findings: Iterable[VaultFinding]) -> int:
        """Remove what these findings say is left over; returns the freed bytes."""
        return repair_storage(self._storage, findings)

    def purge(self, backup: BackupId) -> Iterator[BlobInfo]:
        """Remove a backup for good, yielding each blob once it is gone, the signature first."""
        self._recollection.forget(backup)
        yield from purge_backup(self._storage, self._folder(backup))

    def hidden(self, backup: BackupId) -> Hidden:
        """Return what the storage still holds of a backup that was purged."""
        return hidden_in(self._storage, self._folder(backup).path)

    def sign(self, data: bytes, comment: str) -> bytes:
        """Sign something that does not lie in the vault."""
        return self._sealer.sign(data, comment)

    def signed_comment(self, data: bytes, signature: bytes) -> str:
        """Return the trusted comment of something that a key of this vault signed."""
        return self._sealer.verify(data, signature)

    @property
    def journal(self) -> StatementShelf:
        """Return what was said about what stays and goes."""
        return StatementShelf(self._storage, self._sealer, self._spec)

    @property
    def locks(self) -> StorageLocks:
        """Return the locks in its storage."""
        return StorageLocks(self._storage, self._locking)

    def health(self) -> VaultHealth:
        """Look at storage, keys and debris."""
        return look_at(lambda: self._storage, self._spec, self._sealer, self._recollection)

    def left_of(self, backup: BackupId) -> Debris | None:
        """Return what an unsigned backup left in its own folder; nothing else is listed."""
        return debris_in(self._storage, self._folder(backup))

    def clean(self, debris: Debris) -> int:
        """Remove one piece of debris; returns the freed bytes. Signed backups are refused."""
        inventory = take_inventory(self._storage)
        if any(shelf.backup == debris.backup for shelf in inventory.signed):
            raise VaultError(
                f"{debris.backup} is a signed backup and was not touched",
                hint="look at the vault again: what was debris has been finished meanwhile",
            )
        freed, names = 0, set()
        for piece in inventory.pieces(debris):
            self._storage.delete(piece.name)
            names.add(piece.name)
            freed += piece.size_bytes
        refuse_kept(debris.backup, take_inventory(self._storage).pieces(debris))
        freed = hidden_of(self._storage, names).left_of(freed)
        log.info("debris removed backup=%s bytes=%d", debris.backup, freed)
        return freed

    def _retired(self) -> Retirements:
        storage = self._storage
        with self._lock:
            if self._retirements is None:
                self._retirements = Retirements(storage, self._spec.vault_id)
            return self._retirements

    @property
    def _storage(self) -> Storage:
        with self._lock:
            if self._opened is None:
                self._opened = self._open_storage()
            return self._opened

    @property
    def _manifests(self) -> StoredManifests:
        return StoredManifests(self._storage, self._spec, self._sealer, self._recollection)

    def _folder(self, backup: BackupId) -> BackupFolder:
        return folder_of(backup, sealed=self._spec.is_encrypted)

    def _shelf_of(self, folder: BackupFolder) -> EvidenceShelf:
        return EvidenceShelf(self._storage, self._sealer, folder, self._spec.vault_id)

    def _record(self, shelf: Shelf) -> BackupRecord:
        try:
            manifest = self.manifest(shelf.backup)
            names = [info.name for info in shelf.blobs]
            return record_of(manifest, self._shelf_of(self._folder(shelf.backup)).read(names))
        except (StorageUnavailableError, StorageDeniedError):
            raise
        except MangroveError as error:
            return unreadable_record(
                shelf,
                self._spec,
                self._manifests.sequence_of(self._folder(shelf.backup)),
                error.message,
            )
