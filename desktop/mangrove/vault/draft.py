"""A backup being written: blobs first, manifest next, its signature last."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobName, BlobPlace, BlobReceipt
from mangrove.core.errors import (
    BlobExistsError,
    MangroveError,
    StalledError,
    StorageUnavailableError,
    VaultError,
)
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.storage import Passing, SettlingStorage, Storage, as_they_come
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.codecs.manifest import encode_manifest
from mangrove.vault.layout import BackupFolder, is_manifest_signature
from mangrove.vault.parcel import Parcel
from mangrove.vault.records import record_of
from mangrove.vault.sealing import Sealer
from mangrove.vault.sequence import SequenceClaims
from mangrove.vault.signatures import BackupComment
from mangrove.vault.transfer import Meter, compare_blob, store_compared

log = logging.getLogger(__name__)
_STORAGE_GONE = (StorageUnavailableError, StalledError)


class VaultDraft:
    """A backup that does not exist yet. Leaving the ``with`` block unpublished removes it.

    Threads: ``put`` and ``compare`` from any; the others from the one that opened it.
    Errors: what could not be removed stays behind unsigned, and the vault lists it as debris.
    """

    def __init__(
        self,
        storage: Storage,
        sealer: Sealer,
        folder: BackupFolder,
        vault_id: VaultId,
        floor: int = 0,
        on_published: Callable[[Manifest], None] = lambda _: None,
    ) -> None:
        self._on_published = on_published
        self._storage = storage
        self._sealer = sealer
        self._folder = folder
        self._vault_id = vault_id
        self._claims = SequenceClaims(storage, sealer, vault_id)
        self._sequence = self._claims.claim(floor)
        self._parcel: Parcel | None = None
        if isinstance(storage, SettlingStorage):
            self._parcel = Parcel(storage, self._claim, self._disown)
        self._lock = threading.Lock()
        self._stored: dict[BlobName, BlobReceipt] = {}
        self._touched: set[BlobName] = set()  # also what may be there after a failure
        self._touched_again: set[BlobName] = set()
        self._is_over = False
        self._is_published = False
        self._is_kept = False
        self._left_behind = 0

    @property
    def left_behind(self) -> int:
        """Return how many objects may still be there after a draft that was given up."""
        return self._left_behind

    @property
    def sequence(self) -> int:
        """Return the sequence number this backup will carry."""
        return self._sequence

    def put(self, place: BlobPlace, chunks: Iterable[bytes]) -> BlobReceipt:
        """Encrypt and store one blob; safe for several threads. ``publish`` makes it durable.

        Errors: what the chunks raise passes through, and the blob does not appear.
        """
        name = self._folder.blob(place)
        meter = Meter()
        self._put_soon(name, meter.through(self._sealer.seal(chunks)))
        receipt = BlobReceipt(name, meter.size_bytes, meter.sha256)
        with self._lock:
            self._stored[name] = receipt
            is_late = self._is_over
        if is_late:
            self._remove(name)
            raise VaultError("the backup was given up meanwhile; nothing of it was kept")
        return receipt

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a stored blob back; raises BlobMismatchError unless size and SHA-256 match."""
        self._send_gathered()
        compare_blob(self._storage, blob, passing)

    def take_back(self, name: BlobName) -> None:
        """Remove a blob of this draft that the manifest will not list."""
        with self._lock:
            if name not in self._touched and name not in self._stored:
                raise AssertionError(f"not a blob of this draft: {name}")
        self._remove(name)
        with self._lock:
            self._touched.discard(name)
            self._stored.pop(name, None)

    def adopt(self, blob: StoredBlob) -> bool:
        """Take over a blob that an earlier draft of the same backup left; False if it is gone.

        What is inside is compared like everything else before the backup is published.
        """
        name = BlobName(blob.name)
        found = {info.name: info.size_bytes for info in self._storage.list(name)}
        if found.get(name) != blob.size_bytes:
            return False
        with self._lock:
            self._touched.add(name)
            self._stored[name] = _receipt(blob)
        return True

    def keep_unfinished(self) -> None:
        """Leave what was stored where it is, so that a later draft can go on."""
        self._send_gathered()
        with self._lock:
            self._is_kept = True

    def publish(self, manifest: Manifest) -> BackupRecord:
        """Store manifest and signature; from here on the backup exists."""
        self._check(manifest)
        self._send_gathered()
        self._drop_unlisted(manifest)
        if self._parcel is not None:
            self._parcel.settle()
        sealed = b"".join(self._sealer.seal_description([encode_manifest(manifest)]))
        comment = BackupComment(manifest.backup, manifest.sequence, self._vault_id)
        signature = self._sealer.sign(sealed, comment.text)
        self._store_own(self._folder.manifest, sealed)
        self._store_own(self._folder.manifest_signature, signature)
        self._is_published = self._is_over = True
        self._on_published(manifest)
        log.info("backup published backup=%s sequence=%d", manifest.backup, manifest.sequence)
        with suppress(MangroveError):  # they are only in the way of a quick look
            self._claims.forget_before(manifest.sequence)
        return record_of(manifest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was stored unless it was published; the original exception wins."""
        if self._is_published:
            return
        if self._parcel is not None:
            self._parcel.forget_all()
        with self._lock:
            self._is_over = True
            kept = self._is_kept
            names = sorted(
                () if kept else self._touched, key=lambda name: not is_manifest_signature(name)
            )
        for number, name in enumerate(names):
            try:
                self._storage.delete(name)
            except MangroveError as failure:
                self._left_behind += 1
                log.info("draft left behind blob=%s reason=%s", name, failure)
                if is_manifest_signature(name) or isinstance(failure, _STORAGE_GONE):
                    self._left_behind = len(names) - number
                    return  # a backup that may be signed keeps its blobs; a lost storage, all
        with suppress(MangroveError):
            self._claims.give_back(self._sequence)

    def _put_soon(self, name: BlobName, chunks: Iterable[bytes]) -> None:
        """Store a blob; where many can be made durable at once, that is left to ``publish``."""
        if self._parcel is not None:
            self._parcel.put(name, chunks)
        else:
            with self._claimed(name):
                self._storage.put(name, chunks)

    def _send_gathered(self) -> None:
        if self._parcel is not None:
            self._parcel.send()

    def _remove(self, name: BlobName) -> None:
        if self._parcel is not None:
            self._parcel.forget(name)
        self._storage.delete(name)

    def _claim(self, name: BlobName) -> None:
        """Note that a blob may be there from now on, and is ours to remove."""
        with self._lock:
            if self._is_over:
                raise VaultError("the backup was given up; nothing was stored")
            if name in self._touched:
                self._touched_again.add(name)
            self._touched.add(name)

    def _disown(self, name: BlobName) -> None:
        """Never remove a blob that was there before we came."""
        with self._lock:
            if name not in self._touched_again:
                self._touched.discard(name)

    @contextmanager
    def _claimed(self, name: BlobName) -> Iterator[None]:
        self._claim(name)
        try:
            yield
        except BlobExistsError:
            self._disown(name)
            raise

    def _store_own(self, name: BlobName, data: bytes) -> None:
        with self._claimed(name):
            store_compared(self._storage, name, data)

    def _check(self, manifest: Manifest) -> None:
        """Refuse to sign what is not true of this draft; only a bug of ours can trip it."""
        folder = self._folder
        claims = (manifest.backup, manifest.profile_slug, manifest.vault_id, manifest.sequence)
        if claims != (folder.backup, folder.profile_slug, self._vault_id, self._sequence):
            raise AssertionError("the manifest belongs to another draft")
        if manifest.encrypted != folder.sealed:
            raise AssertionError("the manifest is wrong about encryption")
        for blob in manifest.blobs:
            if self._stored.get(BlobName(blob.name)) != _receipt(blob):
                raise AssertionError(f"the manifest lists what was not stored: {blob.name}")

    def _drop_unlisted(self, manifest: Manifest) -> None:
        listed = {blob.name for blob in manifest.blobs}
        for name in [name for name in self._touched if name not in listed]:
            self.take_back(name)


def _receipt(blob: StoredBlob) -> BlobReceipt:
    return BlobReceipt(BlobName(blob.name), blob.size_bytes, blob.sha256)
