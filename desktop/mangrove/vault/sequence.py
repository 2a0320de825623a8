"""Sequence numbers of backups: each is claimed by an object that only one writer can create."""

import logging
import re

from mangrove.core.blobs import BlobName
from mangrove.core.errors import (
    BlobExistsError,
    BlobNotFoundError,
    CorruptBackupError,
    SignatureInvalidError,
    VaultError,
)
from mangrove.core.ports.storage import Storage
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.blob_name import checked
from mangrove.vault.layout import SEQUENCE_PATH, is_manifest_signature
from mangrove.vault.sealing import Sealer
from mangrove.vault.signatures import (
    LIMIT_BYTES,
    MAX_SEQUENCE,
    parse_backup_comment,
    sequence_comment,
)
from mangrove.vault.transfer import fetch_whole

log = logging.getLogger(__name__)
_CLAIM = re.compile(r"_sequence/(?P<number>[1-9][0-9]{0,12})")
_TRIES = 100


class SequenceClaims:
    """Hands out the sequence numbers of a vault.

    The highest claim with a good signature says what was given out last, so that one listing and
    one small object are read. Where there is none (a vault of an older Mangrove, or somebody
    removed it) the signatures of all backups are read, and the highest number in them counts.
    """

    def __init__(self, storage: Storage, sealer: Sealer, vault_id: VaultId) -> None:
        self._storage = storage
        self._sealer = sealer
        self._vault_id = vault_id

    def claim(self, floor: int = 0) -> int:
        """Return a number that no other backup of the vault gets.

        Args:
            floor: The highest number ever seen here, should the storage have been rolled back.

        Raises:
            VaultError: If too many others claim numbers at once.
        """
        number = max(self._last(), floor) + 1
        for candidate in range(number, number + _TRIES):
            signature = self._sealer.sign(
                str(candidate).encode(), sequence_comment(candidate, self._vault_id)
            )
            try:
                self._storage.put(_name(candidate), [signature])
            except BlobExistsError:
                continue
            return candidate
        raise VaultError("others take every sequence number; nothing was written")

    def give_back(self, number: int) -> None:
        """Remove the claim of a backup that was given up."""
        self._storage.delete(_name(number))

    def forget_before(self, number: int) -> None:
        """Remove the claims that a published backup of this number makes needless."""
        for older in self._claims():
            if older < number:
                self._storage.delete(_name(older))

    def _claims(self) -> list[int]:
        names = (_CLAIM.fullmatch(info.name) for info in self._storage.list(SEQUENCE_PATH))
        return [int(match["number"]) for match in names if match]

    def _last(self) -> int:
        for number in sorted(self._claims(), reverse=True):
            if number <= MAX_SEQUENCE and self._is_ours(number):
                return number
        return highest_signed(self._storage, self._sealer)

    def _is_ours(self, number: int) -> bool:
        try:
            signature = fetch_whole(self._storage, _name(number), LIMIT_BYTES)
            comment = self._sealer.verify(str(number).encode(), signature)
        except (CorruptBackupError, BlobNotFoundError) as error:
            log.info("sequence claim not believed number=%d reason=%s", number, error)
            return False
        return comment == sequence_comment(number, self._vault_id)


def highest_signed(storage: Storage, sealer: Sealer) -> int:
    """Return the highest sequence number that a backup's signature of ours carries.

    What somebody else signed does not count.
    """
    highest = 0
    for info in storage.list():
        if is_manifest_signature(info.name) and info.size_bytes <= LIMIT_BYTES:
            try:
                text = sealer.verified_comment(fetch_whole(storage, info.name, LIMIT_BYTES))
                highest = max(highest, parse_backup_comment(text).sequence)
            except (SignatureInvalidError, BlobNotFoundError):
                continue
    return highest


def _name(number: int) -> BlobName:
    return checked(f"{SEQUENCE_PATH}{number}")
