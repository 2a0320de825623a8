"""Brings back into a vault what it lacks or has damaged, from mirrors or from earlier versions.

Nothing is believed because of where it lies: each object is compared with the signed manifest
before it takes the place of what is damaged, and a signature comes last.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BackupNotFoundError,
    BlobMismatchError,
    BlobNotFoundError,
    CorruptBackupError,
    MangroveError,
    VaultError,
)
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.storage import Passing, Storage
from mangrove.core.ports.vault import Vault
from mangrove.core.vaults.mirror import Mended
from mangrove.core.wording import counted
from mangrove.vault.codecs.manifest import LIMIT_BYTES as MANIFEST_LIMIT_BYTES
from mangrove.vault.layout import (
    KEYS_PATH,
    BackupFolder,
    folder_of,
    generation_of,
    is_manifest_signature,
    manifest_of,
)
from mangrove.vault.retirement import LIMIT_BYTES as RECORD_LIMIT_BYTES
from mangrove.vault.signatures import LIMIT_BYTES
from mangrove.vault.slices.layout import is_signature, slice_in
from mangrove.vault.transfer import Meter, compare_blob, fetch_whole, open_blob, store_compared

log = logging.getLogger(__name__)
_UNREADABLE = (BackupNotFoundError, CorruptBackupError)


@dataclass(frozen=True, slots=True)
class SourceCopy:
    """Another copy of the vault: how to call it, opened as a vault, and its storage."""

    name: str
    vault: Vault
    storage: Storage


@dataclass(slots=True)
class _Tally:
    objects: int = 0
    size_bytes: int = 0
    sources: set[str] = field(default_factory=set)

    def add(self, source: str, size_bytes: int) -> None:
        self.objects += 1
        self.size_bytes += size_bytes
        self.sources.add(source)

    def done(self, problem: str = "") -> Mended:
        return Mended(self.objects, self.size_bytes, tuple(sorted(self.sources)), problem)


class Mending:
    """Mends one vault; the caller holds its exclusive lock.

    Args:
        vault: The vault, and its storage.
        copies: Where good objects may be, the most likely first.
    """

    def __init__(self, vault: Vault, storage: Storage, copies: Sequence[SourceCopy]) -> None:
        self._vault, self._storage = vault, storage
        self._copies = tuple(copies)

    @property
    def sources(self) -> tuple[str, ...]:
        """What the copies are called."""
        return tuple(copy.name for copy in self._copies)

    def abort(self) -> None:
        """End transfers that block in other threads."""
        self._storage.abort()
        for copy in self._copies:
            copy.storage.abort()

    def mend(self, backup: BackupId, passing: Passing, *, compares: bool = False) -> Mended:
        """Bring back what a backup lacks; with ``compares`` the content of all it has is read."""
        tally = _Tally()
        folder = folder_of(backup, sealed=self._vault.spec.is_encrypted)
        try:
            manifest = self._vault.manifest(backup)
        except _UNREADABLE as error:
            return self._mended_whole(folder, passing, tally, error)
        lost = self._bring_blobs(folder, manifest, passing, tally, compares=compares)
        return tally.done(lost)

    def mend_slices(self, passing: Passing) -> Mended:
        """Bring back slices whose signature is there without them, or that were cut short."""
        tally, here = _Tally(), {i.name: i.size_bytes for i in self._storage.list()}
        self._bring_records(here, tally)
        for copy in self._copies:
            try:
                for piece in copy.vault.slices().all():
                    name = BlobName(piece.blob.name)
                    is_lost = here.get(name) != piece.blob.size_bytes
                    if piece.is_usable and is_lost and f"{name}.minisig" in here:
                        self._bring(copy, piece.blob, passing, tally)
                        here[name] = piece.blob.size_bytes
            except VaultError as error:
                log.info("slices not mended source=%s why=%s", copy.name, error.code)
        lost = [n for n in here if is_signature(n) and slice_in(n) and not _signed_is_in(here, n)]
        return tally.done(f"{len(lost)} oplog slices are in no copy" if lost else "")

    def _bring_records(self, here: dict[BlobName, int], tally: _Tally) -> None:
        """Bring back the records of retired keys; whoever reads one knows its SHA-256."""
        for copy in self._copies:
            try:
                for info in copy.storage.list(KEYS_PATH):
                    if info.name not in here:
                        data = fetch_whole(copy.storage, info.name, RECORD_LIMIT_BYTES)
                        store_compared(self._storage, info.name, data)
                        here[info.name] = info.size_bytes
                        tally.add(copy.name, info.size_bytes)
            except VaultError as error:
                log.info("records not mended source=%s why=%s", copy.name, error.code)

    def _mended_whole(
        self, folder: BackupFolder, passing: Passing, tally: _Tally, error: MangroveError
    ) -> Mended:
        """Mend a backup whose own manifest cannot be read, by that of the first good copy."""
        for copy in self._copies:
            try:
                manifest = copy.vault.manifest(folder.backup)
                lost = self._bring_blobs(folder, manifest, passing, tally, compares=False)
                if not lost:
                    self._bring_manifest(copy, folder, tally)
                    self._vault.manifest(folder.backup)
                return tally.done(lost)
            except VaultError as failure:
                log.info("not mended source=%s why=%s", copy.name, failure.code)
        return tally.done(f"{error.message}; no copy of it is whole")

    def _bring_blobs(
        self,
        folder: BackupFolder,
        manifest: Manifest,
        passing: Passing,
        tally: _Tally,
        *,
        compares: bool,
    ) -> str:
        """Bring back what differs; returns what could not be, in words."""
        here = {i.name: i.size_bytes for i in self._storage.list(folder.path)}
        lost = 0
        for blob in manifest.blobs:
            is_there = here.get(BlobName(blob.name)) == blob.size_bytes
            if is_there and not (compares and self._is_damaged(blob, passing)):
                continue
            lost += not any(self._tried(copy, blob, passing, tally) for copy in self._copies)
        objects = counted(lost, "object of it is", "objects of it are")
        return f"{objects} in no copy as written" if lost else ""

    def _is_damaged(self, blob: StoredBlob, passing: Passing) -> bool:
        try:
            self._vault.compare(blob, passing)
        except BlobMismatchError:
            return True
        return False

    def _tried(self, copy: SourceCopy, blob: StoredBlob, passing: Passing, tally: _Tally) -> bool:
        try:
            self._bring(copy, blob, passing, tally)
        except (BlobMismatchError, BlobNotFoundError) as error:
            log.info("not in this copy source=%s why=%s", copy.name, error.code)
            return False
        return True

    def _bring(self, copy: SourceCopy, blob: StoredBlob, passing: Passing, tally: _Tally) -> None:
        """Put a good object in the place of a bad one, which is removed only once that is sure."""
        name = BlobName(blob.name)
        if any(found.name == name for found in self._storage.list(name)):
            compare_blob(copy.storage, blob, passing)
            self._storage.delete(name)
        meter = Meter(limit_bytes=blob.size_bytes)

        def chunks() -> Iterator[bytes]:
            yield from passing(meter.through(open_blob(copy.storage, blob)))
            meter.check(blob)  # before it appears under its name

        self._storage.put(name, chunks())
        compare_blob(self._storage, blob)
        tally.add(copy.name, blob.size_bytes)

    def _bring_manifest(self, copy: SourceCopy, folder: BackupFolder, tally: _Tally) -> None:
        listed = [info.name for info in copy.storage.list(folder.path)]
        signature = min(filter(is_manifest_signature, listed), key=generation_of)
        own = [info.name for info in self._storage.list(folder.path)]
        for name in filter(is_manifest_signature, own):
            self._storage.delete(name)
        limits = {manifest_of(signature): MANIFEST_LIMIT_BYTES, signature: LIMIT_BYTES}
        for name, limit in limits.items():
            data = fetch_whole(copy.storage, name, limit)
            blob = StoredBlob(name, len(data), hashlib.sha256(data).hexdigest(), len(data))
            if name in own:
                self._storage.delete(name)
            self._storage.put(name, [data])
            compare_blob(self._storage, blob)
            tally.add(copy.name, len(data))


def _signed_is_in(here: dict[BlobName, int], signature: BlobName) -> bool:
    return BlobName(signature.removesuffix(".minisig")) in here
