"""Vaults: where backups are kept, with which keys, and what a look at one finds."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from mangrove.core.backup import BackupId, Compression
from mangrove.core.secret import Secret, SecretRef
from mangrove.core.vaults.keys import KitRecord, RetiredKey
from mangrove.core.vaults.mirror import MirrorSpec
from mangrove.core.vaults.object_lock import KEEPS_NOTHING, Keeping, ObjectLock

VaultId = NewType("VaultId", str)


@dataclass(frozen=True, slots=True)
class StorageLogin:
    """A place and what opens it, before anything is kept of either.

    Attributes:
        object_lock: What is asked of it; None for nothing.
    """

    url: str
    access_key: str = ""
    secret: Secret | None = None
    object_lock: ObjectLock | None = None


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """What trying a place found.

    Attributes:
        free_bytes: None where the storage does not tell.
        keeps_what_is_removed: Whether a removed object was listed still.
        keeping: What it says itself of versions and locks.
    """

    free_bytes: int | None
    keeps_what_is_removed: bool = False
    keeping: Keeping = KEEPS_NOTHING


@dataclass(frozen=True, slots=True)
class VaultSpec:
    """One vault as this workstation knows it; the trust anchor for what lies in the storage.

    Attributes:
        vault_id: Also in ``vault.json``; a storage that says otherwise is refused.
        url: As the person gave it, without keys.
        recipients: age recipients (``age1…``) that every blob is encrypted to; empty when the
            person chose an unencrypted vault.
        public_key: minisign public key that manifests must be signed with.
        access_key: Name of the S3 access key; the secret key is in the keyring.
        recipient_names: Pairs of a recipient and whose it is.
        former_recipients: Those that were taken away; what is stored may still be theirs.
        retired_keys: Former signing keys, oldest first.
        description_recipient: On a workstation that may write but not read: the key that opens
            manifests and evidence, and no document. "" elsewhere.
        kept_in: What the keyring called itself when the keys were put there.
        kit: The recovery kit made last.
        has_storage_secret: Whether the keyring holds what opens the storage: a secret key, a
            password or passphrase, a service account's key, a section of rclone's configuration.
        mirrors: More copies of the vault.
        object_lock: What everything that is written is locked for; None for nothing.
        keeping: What the storage said of versions and locks when it was asked last.
    """

    vault_id: VaultId
    name: str
    url: str
    recipients: tuple[str, ...]
    public_key: str
    compression: Compression
    access_key: str
    created_at: datetime
    recipient_names: tuple[tuple[str, str], ...] = ()
    former_recipients: tuple[str, ...] = ()
    retired_keys: tuple[RetiredKey, ...] = ()
    description_recipient: str = ""
    kept_in: str = ""
    kit: KitRecord | None = None
    has_storage_secret: bool = False
    mirrors: tuple[MirrorSpec, ...] = ()
    object_lock: ObjectLock | None = None
    keeping: Keeping | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether what is stored is encrypted."""
        return bool(self.recipients)

    @property
    def is_write_only(self) -> bool:
        """Whether this workstation was set up to write and verify, but not to read documents."""
        return bool(self.description_recipient)


def identity_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of a vault's age identity."""
    return SecretRef(f"vault/{vault_id}/age-identity")


def signing_key_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of a vault's first signing key."""
    return SecretRef(f"vault/{vault_id}/signing-key")


def signing_ref_of(spec: VaultSpec) -> SecretRef:
    """Name the keyring entry of the key that signs now; each later key has its own."""
    if not spec.retired_keys:
        return signing_key_ref(spec.vault_id)
    return SecretRef(f"vault/{spec.vault_id}/signing-key-{len(spec.retired_keys) + 1}")


def description_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of the key that opens manifests and evidence only."""
    return SecretRef(f"vault/{vault_id}/description-identity")


def storage_key_ref(vault_id: VaultId) -> SecretRef:
    """Name the keyring entry of the storage's own secret key."""
    return SecretRef(f"vault/{vault_id}/storage-key")


OPLOG_DEBRIS = "oplog"
"""The folder of slices, in the place of a backup's id."""


@dataclass(frozen=True, slots=True)
class Debris:
    """Stored objects that belong to no signed backup: left by a run that did not finish.

    Attributes:
        backup: The folder's name; ``oplog`` for unsigned slices; "" for objects elsewhere.
    """

    profile_slug: str
    backup: str
    blobs: int
    size_bytes: int
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class VaultHealth:
    """What a look at a vault's storage found.

    Attributes:
        reachable: Whether the storage answered.
        problem: The reason when it did not, or when ``vault.json`` is not ours.
        has_identity, has_signing_key: Whether the keyring can open and sign.
        free_bytes: None where the storage cannot tell.
        slices: Signed oplog slices; ``stored_bytes`` counts them too.
        missing: Backups that this workstation has seen there, newest first, and did not remove.
        rolled_back: A sentence if the newest of all are among them; "" otherwise.
        keeping: What the storage says of versions and locks.
    """

    reachable: bool
    problem: str
    backups: int
    stored_bytes: int
    free_bytes: int | None
    has_identity: bool
    has_signing_key: bool
    debris: tuple[Debris, ...]
    slices: int = 0
    missing: tuple[BackupId, ...] = ()
    rolled_back: str = ""
    keeping: Keeping = KEEPS_NOTHING
