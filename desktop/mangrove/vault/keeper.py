"""Makes and opens vaults."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, runtime_checkable

from mangrove.core.errors import SecretError, VaultNotFoundError
from mangrove.core.ports.catalog import VaultMemory
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.keeper import VaultKeys
from mangrove.core.ports.secrets import SecretStore
from mangrove.core.ports.steps import StepListener
from mangrove.core.ports.storage import Storage
from mangrove.core.ports.vault import Vault
from mangrove.core.secret import Secret
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.object_lock import Keeping
from mangrove.core.vaults.url import StorageAddress, parse_vault_url
from mangrove.core.vaults.vault import PlaceReport, StorageLogin, VaultSpec, storage_key_ref
from mangrove.vault.crypto.minisign import MinisignSecretKey
from mangrove.vault.crypto.recipients import X25519Identity, X25519Recipient
from mangrove.vault.descriptor import (
    descriptor_of,
    encode_descriptor,
    read_descriptor,
    settle_descriptor,
)
from mangrove.vault.keeping import keeping_of
from mangrove.vault.layout import DESCRIPTOR
from mangrove.vault.lock_owner import this_process
from mangrove.vault.locks import Locking
from mangrove.vault.place_test import refuse_occupied, try_place
from mangrove.vault.reader import StoredVault
from mangrove.vault.recollection import Recollection
from mangrove.vault.retirement import all_marks, encode_record, say_farewell, store_record
from mangrove.vault.sealing import Sealer
from mangrove.vault.sequence import highest_signed
from mangrove.vault.storage.connecting import CHECKSUM
from mangrove.vault.storage.locking import locking
from mangrove.vault.storage.opening import ensure_folder, forget_folder, open_storage
from mangrove.vault.transfer import store_compared

log = logging.getLogger(__name__)
OpenStorage = Callable[[StorageAddress, str, Secret | None], Storage]


@runtime_checkable
class NeedsFolder(Protocol):
    """A storage whose own folder has to be made before the first blob."""

    def prepare(self) -> None:
        """Make it, but not the folders it is in; one that is there is no error."""
        ...


class VaultFactory:
    """Makes and opens vaults with the secrets of one store.

    Args:
        secrets: Where identities, signing keys and storage keys are.
        clock: Measures how long making a vault took, for the log.
        open_at: How a storage is opened; tests and the demo give their own.
        memory: What was seen of vaults before; without it nothing that is gone is missed.
        locking: Who holds the locks we take; without it no lock is ever known to be left over.
    """

    def __init__(
        self,
        secrets: SecretStore,
        clock: Clock,
        open_at: OpenStorage = open_storage,
        locking: Locking | None = None,
        memory: VaultMemory | None = None,
    ) -> None:
        self._memory = memory
        self._locking = locking or Locking(this_process(), clock, lambda _: False)
        self._secrets = secrets
        self._clock = self.clock = clock
        self._open_at = open_at

    def create(self, spec: VaultSpec) -> None:
        """Write ``vault.json`` into an empty storage, with keys already in the secret store.

        Raises:
            BlobExistsError: If a vault is there already.
            StorageUnavailableError, StorageDeniedError: As the storage says.
        """
        began_s = self._clock.monotonic_s()
        for recipient in spec.recipients:
            X25519Recipient.from_text(recipient)
        Sealer(spec, self._secrets).require_signing_key()
        address = parse_vault_url(spec.url)
        with self._prepared(address, spec.access_key, self._secret_of(spec)) as storage:
            refuse_occupied(storage)
            kept = locking(storage, spec.object_lock, self._clock.now)
            store_compared(kept, DESCRIPTOR, encode_descriptor(descriptor_of(spec)))
        took_s = self._clock.monotonic_s() - began_s
        log.info("vault created vault=%s seconds=%.1f", spec.vault_id, took_s)

    def open(self, spec: VaultSpec) -> Vault:
        """Open a vault; secrets are fetched when they are first needed."""
        parse_vault_url(spec.url)
        return self._opened(spec, partial(self.storage, spec), self._memory)

    def open_in(self, spec: VaultSpec, open_storage: Callable[[], Storage]) -> Vault:
        """Open a copy of a vault in another storage; what it lacks is not missed."""
        return self._opened(spec, open_storage, None)

    def _opened(
        self, spec: VaultSpec, open_storage: Callable[[], Storage], memory: VaultMemory | None
    ) -> Vault:
        return StoredVault(
            spec,
            open_storage,
            Sealer(spec, self._secrets),
            self._locking,
            Recollection(memory, spec.vault_id),
        )

    def look(self, spec: VaultSpec) -> str:
        """Return the signing key that ``vault.json`` names, once it is this vault's.

        Raises:
            VaultNotFoundError: If another vault, or none, lies there.
        """
        found = read_descriptor(self.storage(spec))
        if found.vault_id != spec.vault_id:
            raise VaultNotFoundError(
                "another vault lies at this address; nothing was read or written",
                hint="check the vault's URL",
            )
        return found.public_key

    def settle(self, spec: VaultSpec) -> None:
        """Bring ``vault.json`` up to the keys in the spec, and let retired keys say so."""
        storage = self.storage(spec)
        settle_descriptor(storage, spec)
        for number, key in enumerate(spec.retired_keys):
            before = spec.retired_keys[:number]
            former = replace(spec, public_key=key.public_key, retired_keys=before)
            with suppress(SecretError):  # it may be on another workstation only
                old = Sealer(former, self._secrets).require_signing_key()
                if key.record:
                    say_farewell(storage, spec.vault_id, key, old)

    def retire(self, spec: VaultSpec, last_sequence: int, at: datetime) -> RetiredKey:
        """Write down everything that the signing key has signed; it is not retired by that."""
        storage = self.storage(spec)
        key = RetiredKey(spec.public_key, last_sequence, at)
        data = encode_record(spec.vault_id, key, all_marks(storage))
        store_record(storage, key, data)
        return replace(key, record=hashlib.sha256(data).hexdigest())

    def check_recipient(self, recipient: str) -> None:
        """Raise InvalidKeyError unless this is an age recipient."""
        X25519Recipient.from_text(recipient)

    def recipient_of(self, identity: Secret) -> str:
        """Return the recipient that an identity opens for; raises InvalidKeyError."""
        return X25519Identity.from_text(identity.reveal()).recipient.to_text()

    def last_sequence(self, spec: VaultSpec) -> int:
        """Return the highest sequence number of ours in the storage; 0 when it holds no backup."""
        return highest_signed(self.storage(spec), Sealer(spec, self._secrets))

    def new_keys(self) -> VaultKeys:
        """Make an age identity and a signing key."""
        identity, signing_key = X25519Identity.generate(), MinisignSecretKey.generate()
        return VaultKeys(
            identity=Secret(identity.to_text()),
            recipient=identity.recipient.to_text(),
            signing_key=Secret(signing_key.to_text()),
            public_key=signing_key.public_key.to_text(),
        )

    def try_place(self, login: StorageLogin, on_step: StepListener) -> PlaceReport:
        """Write, read back and remove one object where a vault shall be; nothing stays."""
        address = parse_vault_url(login.url)
        with self._prepared(address, login.access_key, login.secret, stays=False) as storage:
            return try_place(storage, on_step, login.object_lock, self._clock)

    @contextmanager
    def _prepared(
        self,
        address: StorageAddress,
        access_key: str,
        secret: Secret | None,
        *,
        stays: bool = True,
    ) -> Iterator[Storage]:
        """Open a storage, its folder made; one that was made goes again if this fails."""
        is_new = ensure_folder(address)
        try:
            storage = self._open_at(address, access_key, secret)
            self.prepare(storage)
            if (keeping := keeping_of(storage)).has_lock:
                storage = self._open_at(with_checksum(address, keeping), access_key, secret)
            yield storage
        except BaseException:
            if is_new:
                forget_folder(address)
            raise
        if is_new and not stays:
            forget_folder(address)

    def prepare(self, storage: Storage) -> None:
        """Make the storage's own folder, where it has one."""
        if isinstance(storage, NeedsFolder):
            storage.prepare()

    def _secret_of(self, spec: VaultSpec) -> Secret | None:
        has_key = bool(spec.access_key) or spec.has_storage_secret
        return self._secrets.fetch(storage_key_ref(spec.vault_id)) if has_key else None

    def storage(self, spec: VaultSpec) -> Storage:
        """Open the storage of a vault."""
        address = with_checksum(parse_vault_url(spec.url), spec.keeping)
        opened = self._open_at(address, spec.access_key, self._secret_of(spec))
        return locking(opened, spec.object_lock, self._clock.now)


def with_checksum(address: StorageAddress, keeping: Keeping | None) -> StorageAddress:
    """Send checksums to a bucket that locks: where it does so by itself it takes nothing else."""
    if keeping is None or not keeping.has_lock:
        return address
    return replace(address, options=(*address.options, ("checksum", CHECKSUM)))
