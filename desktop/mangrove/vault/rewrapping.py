"""Gives a stored backup to other recipients: new age headers, the same encrypted content.

Nothing is written over. The new objects get names of their own (``….r1.age``) beside the old
ones; then comes their manifest, then its signature. As long as the old signature is there, the
old backup is the one that counts, and all of it is there; it is removed first of the old ones.
So wherever this is cut off, one whole backup is left, and the next run tidies up and goes on.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from mangrove.core.blobs import BlobName
from mangrove.core.errors import MangroveError
from mangrove.core.manifest import AuthEntry, Manifest, NamespaceEntry, StoredBlob
from mangrove.core.ports.storage import Passing, Storage
from mangrove.vault.codecs.manifest import encode_manifest
from mangrove.vault.crypto.age import rewrap_stream
from mangrove.vault.crypto.recipients import X25519Recipient
from mangrove.vault.layout import (
    SIGNATURE_SUFFIX,
    BackupFolder,
    generation_of,
    in_generation,
    is_evidence,
    signature_of,
)
from mangrove.vault.manifest_reading import Active
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import LIMIT_BYTES as SIGNATURE_LIMIT_BYTES
from mangrove.vault.signatures import BackupComment
from mangrove.vault.transfer import Meter, compare_blob, fetch_whole, open_blob, store_compared

log = logging.getLogger(__name__)
EVIDENCE_LIMIT_BYTES = 64 << 20


class Rewrapping:
    """One backup on its way to other recipients."""

    def __init__(
        self, storage: Storage, sealer: Sealer, folder: BackupFolder, active: Active
    ) -> None:
        self._storage = storage
        self._sealer = sealer
        self._folder = folder
        self._active = active
        self._next = generation_of(active.manifest_name) + 1
        self._written: list[BlobName] = []

    @property
    def is_done(self) -> bool:
        """Whether the backup is sealed to and signed by the present keys already."""
        sealed_to = self._active.manifest.sealed_to
        is_signed = self._sealer.is_by_present_key(self._active.signature)
        return is_signed and set(sealed_to) == {*map(str, self._sealer.description_recipients)}

    def tidy(self) -> int:
        """Remove what an earlier, cut off run left beside the backup; returns how many objects.

        Raises:
            BlobMismatchError: The backup itself is not whole; nothing was removed.
        """
        listed = {info.name: info.size_bytes for info in self._storage.list(self._folder.path)}
        for blob in self._active.manifest.blobs:
            if listed.get(BlobName(blob.name)) != blob.size_bytes:
                compare_blob(self._storage, blob)
        kept = self._belonging()
        strays = [name for name in listed if name not in kept]
        for name in sorted(strays, key=lambda name: not name.endswith(SIGNATURE_SUFFIX)):
            self._storage.delete(name)
        return len(strays)

    def run(self, passing: Passing, on_blob: Callable[[StoredBlob], None]) -> Manifest:
        """Write the backup anew, then let go of the old one.

        Errors: whatever ends it before the new signature, what was written so far is removed;
            the backup is as it was.
        """
        try:
            manifest = self._written_anew(passing, on_blob)
            self._evidence_anew()
            self._signed(manifest)
        except BaseException:
            self._take_back()
            raise
        self._let_go()
        return manifest

    def _written_anew(self, passing: Passing, on_blob: Callable[[StoredBlob], None]) -> Manifest:
        renewed: dict[str, StoredBlob] = {}
        for blob in self._active.manifest.blobs:
            renewed[blob.name] = self._rewrapped(blob, self._sealer.recipients, passing)
            on_blob(blob)
        sealed_to = tuple(map(str, self._sealer.description_recipients))
        return replace(with_blobs(self._active.manifest, renewed), sealed_to=sealed_to)

    def _rewrapped(
        self, blob: StoredBlob, recipients: list[X25519Recipient], passing: Passing
    ) -> StoredBlob:
        """Store a blob with another header, and read it back; the old one is compared meanwhile."""
        name = in_generation(blob.name, self._next)
        before, after = Meter(limit_bytes=blob.size_bytes), Meter()
        old = passing(before.through(open_blob(self._storage, blob)))
        new = rewrap_stream(old, [self._sealer.require_identity()], recipients)
        self._written.append(name)
        self._storage.put(name, after.through(_checked_at_end(new, before, blob)))
        kept = StoredBlob(name, after.size_bytes, after.sha256, blob.plain_bytes)
        compare_blob(self._storage, kept, passing)
        return kept

    def _evidence_anew(self) -> None:
        """Re-seal and re-sign the evidence that counts; what does not is left behind."""
        for name in self._evidence():
            with suppress(MangroveError):
                data = fetch_whole(self._storage, name, EVIDENCE_LIMIT_BYTES)
                signature = fetch_whole(self._storage, signature_of(name), SIGNATURE_LIMIT_BYTES)
                comment = self._sealer.verify(data, signature)
                sealed = self._sealer.reseal_description(data)
                # The signature first: evidence without one would be warned of.
                self._store_pair(
                    signature_of(in_generation(name, self._next)),
                    self._sealer.sign(sealed, comment),
                    in_generation(name, self._next),
                    sealed,
                )

    def _signed(self, manifest: Manifest) -> None:
        sealed = b"".join(self._sealer.seal_description([encode_manifest(manifest)]))
        comment = BackupComment(manifest.backup, manifest.sequence, self._sealer.vault_id)
        self._store(in_generation(self._active.manifest_name, self._next), sealed, comment.text)

    def _store(self, name: BlobName, data: bytes, comment: str) -> None:
        self._store_pair(name, data, signature_of(name), self._sealer.sign(data, comment))

    def _store_pair(self, first: BlobName, data: bytes, second: BlobName, more: bytes) -> None:
        self._written += [first, second]
        store_compared(self._storage, first, data)
        store_compared(self._storage, second, more)

    def _take_back(self) -> None:
        for name in reversed(self._written):  # a signature before what it signs
            try:
                self._storage.delete(name)
            except MangroveError as error:
                log.info("re-wrap left behind blob=%s reason=%s", name, error)

    def _let_go(self) -> None:
        old = self._active.manifest_name
        evidence = [n for name in self._evidence() for n in (name, signature_of(name))]
        blobs = [BlobName(blob.name) for blob in self._active.manifest.blobs]
        for name in (signature_of(old), old, *evidence, *blobs):
            self._storage.delete(name)
        log.info("backup re-wrapped backup=%s generation=%d", self._folder.backup, self._next)

    def _evidence(self) -> list[BlobName]:
        """Return the evidence that counts: of each piece the newest generation so far, whole."""
        listed = {info.name for info in self._storage.list(self._folder.evidence_path)}
        newest: dict[BlobName, BlobName] = {}
        for name in sorted(listed, key=generation_of):
            is_whole = is_evidence(name, sealed=True) and signature_of(name) in listed
            if is_whole and generation_of(name) < self._next:
                newest[in_generation(name, 0)] = name
        return list(newest.values())

    def _belonging(self) -> set[str]:
        names = [self._active.manifest_name, *self._evidence()]
        blobs = (blob.name for blob in self._active.manifest.blobs)
        return {*names, *map(signature_of, names), *blobs}


def with_blobs(manifest: Manifest, renewed: dict[str, StoredBlob]) -> Manifest:
    """Return the manifest with other stored objects in the places of its own."""

    def anew(blobs: Iterable[StoredBlob]) -> tuple[StoredBlob, ...]:
        return tuple(renewed[blob.name] for blob in blobs)

    def entry(old: NamespaceEntry) -> NamespaceEntry:
        return replace(old, metadata=renewed[old.metadata.name], segments=anew(old.segments))

    def part(old: AuthEntry) -> AuthEntry:
        metadata = None if old.metadata is None else renewed[old.metadata.name]
        return replace(old, metadata=metadata, segments=anew(old.segments))

    accounts, oplog = manifest.users_and_roles, manifest.oplog
    changed = replace(
        manifest,
        oplog=None if oplog is None else replace(oplog, segments=anew(oplog.segments)),
        namespaces=tuple(map(entry, manifest.namespaces)),
        extra=anew(manifest.extra),
        users_and_roles=None
        if accounts is None
        else replace(accounts, parts=tuple(map(part, accounts.parts))),
    )
    if set(changed.blobs) != set(renewed.values()):
        raise AssertionError("the manifest would list an object that was not written anew")
    return changed


def _checked_at_end(chunks: Iterable[bytes], meter: Meter, blob: StoredBlob) -> Iterable[bytes]:
    """Pass chunks on; the old blob must have been the signed one, or the new one never appears."""
    yield from chunks
    meter.check(blob)
