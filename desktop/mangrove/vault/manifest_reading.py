"""Finds the manifest of a backup that counts, and checks everything about it."""

from dataclasses import dataclass

from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BackupNotFoundError,
    BlobNotFoundError,
    ManifestCorruptError,
    SignatureInvalidError,
    VaultError,
)
from mangrove.core.manifest import Manifest
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.vault import VaultSpec
from mangrove.vault.codecs.manifest import LIMIT_BYTES as MANIFEST_LIMIT_BYTES
from mangrove.vault.codecs.manifest import decode_manifest
from mangrove.vault.layout import BackupFolder, generation_of, is_manifest_signature, manifest_of
from mangrove.vault.recollection import Recollection
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import (
    LIMIT_BYTES,
    BackupComment,
    claimed_comment,
    parse_backup_comment,
)
from mangrove.vault.transfer import fetch_whole


@dataclass(frozen=True, slots=True)
class Active:
    """The manifest that counts: the name of its signature, and what it says."""

    manifest_name: BlobName
    signature: bytes
    manifest: Manifest


class StoredManifests:
    """The manifests in a storage, each checked against the key that we trust."""

    def __init__(
        self, storage: Storage, spec: VaultSpec, sealer: Sealer, recollection: Recollection
    ) -> None:
        self._storage, self._spec = storage, spec
        self._sealer, self._recollection = sealer, recollection

    def active(self, folder: BackupFolder) -> Active:
        """Return the manifest that counts, all of it checked."""
        backup = folder.backup
        name, signature = self._signature(folder)
        try:
            data = fetch_whole(self._storage, name, MANIFEST_LIMIT_BYTES)
        except BlobNotFoundError as error:
            raise ManifestCorruptError(
                f"the manifest of {backup} is missing beside its signature", backup=backup
            ) from error
        comment = parse_backup_comment(self._sealer.verify(data, signature))
        if comment.backup != backup or comment.vault_id != self._spec.vault_id:
            raise SignatureInvalidError(
                f"what lies in the place of {backup} was signed as {comment.backup}",
                hint="somebody moved or copied it; do not restore from it",
                backup=backup,
            )
        manifest = decode_manifest(b"".join(self._sealer.unseal_description([data])))
        self._check_place(manifest, comment)
        self._recollection.check(manifest)
        return Active(name, signature, manifest)

    def sequence_of(self, folder: BackupFolder) -> int:
        """Return the sequence number that a signature claims, unchecked; 0 when there is none."""
        try:
            _, signature = self._signature(folder)
        except (BackupNotFoundError, VaultError):
            return 0
        comment = claimed_comment(signature)
        return comment.sequence if comment else 0

    def _signature(self, folder: BackupFolder) -> tuple[BlobName, bytes]:
        """Return the name of the manifest that counts, and its signature.

        Of several generations the oldest counts: it is whole as long as its signature is there.
        """
        try:
            signature = fetch_whole(self._storage, folder.manifest_signature, LIMIT_BYTES)
        except BlobNotFoundError as error:
            signed = self._later_signatures(folder)
            if signed:
                return manifest_of(signed[0]), fetch_whole(self._storage, signed[0], LIMIT_BYTES)
            if any(self._storage.list(folder.foreign_manifest_signature)):
                raise SignatureInvalidError(
                    f"{folder.backup} is not encrypted as this vault's backups are",
                    hint="somebody put it there; do not restore from it",
                ) from error
            raise BackupNotFoundError(
                f"{folder.backup} is not in the vault {self._spec.name}",
                hint="list the vault again",
            ) from error
        return folder.manifest, signature

    def _later_signatures(self, folder: BackupFolder) -> list[BlobName]:
        if not self._spec.is_encrypted:
            return []
        listed = (info.name for info in self._storage.list(f"{folder.path}manifest.json.r"))
        return sorted(filter(is_manifest_signature, listed), key=generation_of)

    def _check_place(self, manifest: Manifest, comment: BackupComment) -> None:
        claims = BackupComment(manifest.backup, manifest.sequence, comment.vault_id)
        if claims != comment or manifest.vault_id != comment.vault_id:
            raise ManifestCorruptError("the manifest and its signature's comment differ")
        if manifest.encrypted != self._spec.is_encrypted:
            raise ManifestCorruptError("the manifest is not encrypted as it says")
