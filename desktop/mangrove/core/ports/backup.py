"""A backup that is being written, and what collections are loaded from."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.blobs import BlobName, BlobPlace, BlobReceipt
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.storage import Passing, as_they_come


class Draft(Protocol):
    """A backup being written. Leaving its ``with`` block unpublished removes what it stored."""

    def put(self, place: BlobPlace, chunks: Iterable[bytes]) -> BlobReceipt:
        """Encrypt and store one blob; safe for several threads.

        Errors: what the chunks raise passes through, and the blob does not appear.
        """
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a stored blob back; raises BlobMismatchError unless size and SHA-256 match.

        Args:
            blob: What is to be there.
            passing: What its bytes go through, to be counted or slowed.
        """
        ...

    def take_back(self, name: BlobName) -> None:
        """Remove a blob of this draft that the manifest will not list."""
        ...

    def adopt(self, blob: StoredBlob) -> bool:
        """Take over a blob that an earlier draft of the same backup left; False if it is gone."""
        ...

    def keep_unfinished(self) -> None:
        """Leave what was stored where it is, so that a later draft can go on."""
        ...

    def publish(self, manifest: Manifest) -> BackupRecord:
        """Store manifest and signature; from here on the backup exists."""
        ...

    @property
    def sequence(self) -> int:
        """Return the sequence number this backup will carry."""
        ...

    @property
    def left_behind(self) -> int:
        """Return how many objects could not be removed again once it was given up."""
        ...


class Contents(Protocol):
    """Something that collections can be loaded from: a backup, or what is on its way."""

    def manifest(self, backup: BackupId) -> Manifest:
        """Return what there is; an entry without a digest was not read yet."""
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Raise BlobMismatchError unless a blob is as the manifest has it.

        Args:
            blob: What is to be there.
            passing: What its bytes go through, to be counted or slowed.
        """
        ...

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that documents can be decrypted here, before anything is written anywhere.

        Raises:
            IdentityMissingError: If the key is elsewhere.
            WrongIdentityError: If ours does not open what is stored.
        """
        ...

    def abort(self) -> None:
        """End transfers that block in other threads."""

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, still compressed."""
        ...
