"""What a vault offers: its backups, its journal of statements, and its locks."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, SeenBackup
from mangrove.core.blobs import BlobInfo
from mangrove.core.manifest import Manifest, StoredBlob
from mangrove.core.ports.backup import Draft
from mangrove.core.ports.oplog import SliceShelf
from mangrove.core.ports.storage import Passing, as_they_come
from mangrove.core.retention.marks import Journal, Statement
from mangrove.core.vaults.lock import LockMode, VaultLock
from mangrove.core.vaults.object_lock import Hidden
from mangrove.core.vaults.report import VaultFinding, VaultReport
from mangrove.core.vaults.vault import Debris, VaultHealth, VaultSpec
from mangrove.core.verification import Evidence


class RetentionJournal(Protocol):
    """The signed statements about what stays and goes."""

    def read(self) -> Journal:
        """Return all statements whose signature holds, and the names of those that do not."""
        ...

    def add(self, statement: Statement) -> Statement:
        """Store a statement, signed; returns it with its name.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove statements that say nothing any more."""
        ...


class Lease(Protocol):
    """A lock that is held."""

    @property
    def lock(self) -> VaultLock:
        """Return it as others see it."""
        ...

    def refresh(self) -> None:
        """Give a sign of life.

        Raises:
            VaultLockedError: If somebody has taken the lock away: nothing more may be written.
        """
        ...

    def release(self) -> None:
        """Remove it; once it is gone that is no error."""
        ...

    def abandon(self) -> None:
        """Let it go without asking the storage; whoever of this process comes next removes it."""
        ...


class VaultLocks(Protocol):
    """The locks in a vault's storage."""

    def all(self) -> tuple[VaultLock, ...]:
        """Return all, also stale ones, oldest first."""
        ...

    def take(self, mode: LockMode, purpose: str) -> Lease:
        """Take a lock; those that crashed processes of this workstation left are removed.

        Raises:
            VaultLockedError: If another one is in the way; it says whose, and whether it is stale.
        """
        ...

    def break_stale(self) -> tuple[VaultLock, ...]:
        """Remove the stale locks, after somebody was asked; returns them."""
        ...


class Vault(Protocol):
    """A place where backups are kept."""

    def abort(self) -> None:
        """End transfers that block in other threads, as ``Storage.abort`` does."""

    @property
    def spec(self) -> VaultSpec:
        """Return what we know and trust of it."""
        ...

    def begin(self, profile_slug: str, backup: BackupId) -> AbstractContextManager[Draft]:
        """Start a backup.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def manifest(self, backup: BackupId) -> Manifest:
        """Read a manifest, its signature checked against the key we trust.

        Raises:
            BackupNotFoundError, SignatureInvalidError, ManifestCorruptError, WrongIdentityError.
        """
        ...

    def compare(self, blob: StoredBlob, passing: Passing = as_they_come) -> None:
        """Read a blob as ``Draft.compare`` does."""
        ...

    def require_key(self, manifest: Manifest) -> None:
        """Make sure that documents can be decrypted here, before anything is written anywhere.

        Raises:
            IdentityMissingError: If the key is elsewhere.
            WrongIdentityError: If ours does not open what is stored.
        """
        ...

    def read(self, blob: StoredBlob) -> Iterator[bytes]:
        """Yield a blob decrypted, still compressed; nothing unauthenticated is yielded."""
        ...

    def listed(self) -> tuple[tuple[BackupId, int], ...]:
        """Return id and stored bytes of every signed backup, newest first; nothing is read."""
        ...

    def rewrap(
        self, backup: BackupId, passing: Passing, on_blob: Callable[[StoredBlob], None]
    ) -> BackupRecord | None:
        """Give a backup to the present recipients and sign it with the present key.

        Its encrypted content stays; only who can open it changes. Wherever this is cut off, one
        whole backup is left, and the next call goes on.

        Args:
            backup: Which one.
            passing: What bytes go through, to be slowed or ended.
            on_blob: Told of each object that was given new recipients.

        Returns:
            The backup as it is now; None if it was so already.

        Raises:
            IdentityMissingError, WrongIdentityError: It cannot be opened here; it is as it was.
            CorruptBackupError: It is damaged; it is as it was.
        """
        ...

    def keep_evidence(self, evidence: Evidence) -> None:
        """Store evidence with its backup, signed."""
        ...

    def evidence(self, backup: BackupId) -> tuple[Evidence, ...]:
        """Return the evidence of a backup whose signature holds, newest first."""
        ...

    def slices(self) -> SliceShelf:
        """Return the oplog slices it keeps."""
        ...

    def records(self) -> Iterator[BackupRecord]:
        """Yield every backup as the storage has it; unreadable ones as such."""
        ...

    def survey(self, known: Iterable[BackupRecord]) -> Iterator[SeenBackup]:
        """Yield every signed backup; only what differs from what is known is read anew."""
        ...

    def inspect(
        self, known: Iterable[BackupRecord], each: Callable[[], None] = lambda: None
    ) -> VaultReport:
        """Look through the whole vault and compare it with what is known.

        Args:
            known: What the catalog has of it.
            each: Called for every backup; may raise to end it.

        Raises:
            StorageUnavailableError, StorageDeniedError: The storage as a whole failed us.
        """
        ...

    def repair(self, findings: Iterable[VaultFinding]) -> int:
        """Remove what findings of a check say is left over; returns the freed bytes.

        The caller holds the exclusive lock, and looked while it held it.
        """
        ...

    def purge(self, backup: BackupId) -> Iterator[BlobInfo]:
        """Remove a backup for good, yielding each blob once it is gone, the signature first.

        Raises:
            BackupNotFoundError: If nothing of it is there.
        """
        ...

    def hidden(self, backup: BackupId) -> Hidden:
        """Return what the storage still holds of a backup that was purged: earlier versions."""
        ...

    def sign(self, data: bytes, comment: str) -> bytes:
        """Sign something that does not lie in the vault; returns what goes into a ``.minisig``.

        Args:
            data: What is signed.
            comment: The trusted comment; it says what it is and, ``at …Z``, when it was signed.

        Raises:
            SecretNotFoundError: If the signing key is not in the keyring.
        """
        ...

    def signed_comment(self, data: bytes, signature: bytes) -> str:
        """Return the trusted comment of something that a key of this vault signed.

        Raises:
            SignatureInvalidError: If none of its keys signed exactly this.
        """
        ...

    @property
    def journal(self) -> RetentionJournal:
        """Return what was said about what stays and goes."""
        ...

    @property
    def locks(self) -> VaultLocks:
        """Return the locks in its storage."""
        ...

    def health(self) -> VaultHealth:
        """Look at storage, keys and debris."""
        ...

    def left_of(self, backup: BackupId) -> Debris | None:
        """Return what a backup that was never signed left in its own folder; only that is listed.

        Raises:
            VaultError: As the storage says.
        """
        ...

    def clean(self, debris: Debris) -> int:
        """Remove one piece of debris; returns the freed bytes. Signed backups are refused."""
        ...
