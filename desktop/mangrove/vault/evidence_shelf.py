"""Keeps evidence beside its backup, signed, and reads back only what the key we trust signed."""

import logging
import secrets
from collections.abc import Iterable

from mangrove.core.blobs import BlobName
from mangrove.core.errors import BlobNotFoundError, CorruptBackupError, SignatureInvalidError
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Evidence
from mangrove.vault.codecs.evidence import LIMIT_BYTES, decode_evidence, encode_evidence
from mangrove.vault.layout import BackupFolder, is_evidence, signature_of
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import LIMIT_BYTES as SIGNATURE_LIMIT_BYTES
from mangrove.vault.signatures import evidence_comment
from mangrove.vault.transfer import fetch_whole, store_compared

log = logging.getLogger(__name__)


class EvidenceShelf:
    """The evidence of one backup."""

    def __init__(
        self, storage: Storage, sealer: Sealer, folder: BackupFolder, vault_id: VaultId
    ) -> None:
        self._storage = storage
        self._sealer = sealer
        self._folder = folder
        self._vault_id = vault_id

    def keep(self, evidence: Evidence) -> None:
        """Store a piece of evidence, then its signature; without one it does not count."""
        sealed = b"".join(self._sealer.seal_description([encode_evidence(evidence)]))
        signature = self._sealer.sign(sealed, evidence_comment(evidence, self._vault_id))
        name = self._folder.evidence(evidence.finished_at, evidence.level, secrets.token_hex(2))
        store_compared(self._storage, name, sealed)
        store_compared(self._storage, signature_of(name), signature)

    def read_listed(self) -> tuple[Evidence, ...]:
        """List the folder and return the evidence whose signature holds, newest first."""
        return self.read(info.name for info in self._storage.list(self._folder.evidence_path))

    def read(self, names: Iterable[BlobName]) -> tuple[Evidence, ...]:
        """Return the evidence under these names whose signature holds, newest first.

        What does not hold is warned of and left out: a forged one must not hide a true one.
        """
        path, sealed = self._folder.evidence_path, self._folder.sealed
        found: list[Evidence] = []
        for name in names:
            if not (name.startswith(path) and is_evidence(name, sealed=sealed)):
                continue
            try:
                found.append(self._checked(name))
            except (CorruptBackupError, BlobNotFoundError) as error:
                log.warning("evidence ignored blob=%s reason=%s", name, error)
        once = dict.fromkeys(found)  # while a backup is re-wrapped, some lies there twice
        return tuple(sorted(once, key=lambda evidence: evidence.finished_at, reverse=True))

    def _checked(self, name: BlobName) -> Evidence:
        signature = fetch_whole(self._storage, signature_of(name), SIGNATURE_LIMIT_BYTES)
        data = fetch_whole(self._storage, name, LIMIT_BYTES)
        comment = self._sealer.verify(data, signature)
        evidence = decode_evidence(b"".join(self._sealer.unseal_description([data])))
        is_ours = evidence.backup == self._folder.backup
        if not is_ours or comment != evidence_comment(evidence, self._vault_id):
            raise SignatureInvalidError("the evidence was made for another backup")
        return evidence
