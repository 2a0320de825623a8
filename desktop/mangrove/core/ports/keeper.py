"""What makes and opens vaults."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mangrove.core.ports.steps import StepListener
from mangrove.core.ports.vault import Vault
from mangrove.core.secret import Secret
from mangrove.core.vaults.keys import RetiredKey
from mangrove.core.vaults.vault import PlaceReport, StorageLogin, VaultSpec


class VaultKeeper(Protocol):
    """Makes and opens vaults."""

    def create(self, spec: VaultSpec) -> None:
        """Write ``vault.json`` into an empty storage, with keys already in the secret store.

        Raises:
            BlobExistsError: If a vault is there already.
            StorageUnavailableError, StorageDeniedError: As the storage says.
        """
        ...

    def open(self, spec: VaultSpec) -> Vault:
        """Open a vault; secrets are fetched when they are first needed."""
        ...

    def try_place(self, login: StorageLogin, on_step: StepListener) -> PlaceReport:
        """Write, read back and remove one object where a vault shall be.

        Raises:
            BlobExistsError: If something is there already.
            VaultError: As the storage says; nothing of ours stays but an empty folder.
        """
        ...

    def look(self, spec: VaultSpec) -> str:
        """Return the signing key that ``vault.json`` names, once it is this vault's.

        Raises:
            VaultNotFoundError: If another vault, or none, lies there.
        """
        ...

    def settle(self, spec: VaultSpec) -> None:
        """Bring ``vault.json`` up to the keys in the spec."""
        ...

    def retire(self, spec: VaultSpec, last_sequence: int, at: datetime) -> RetiredKey:
        """Write down everything that the signing key has signed; it is not retired by that.

        Reads every signature in the storage once.
        """
        ...

    def check_recipient(self, recipient: str) -> None:
        """Raise InvalidKeyError unless this is an age recipient."""
        ...

    def recipient_of(self, identity: Secret) -> str:
        """Return the recipient that an identity opens for; raises InvalidKeyError."""
        ...

    def last_sequence(self, spec: VaultSpec) -> int:
        """Return the highest sequence number of ours in the storage; 0 when it holds no backup."""
        ...

    def new_keys(self) -> "VaultKeys":
        """Make an age identity and a signing key."""
        ...


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """Fresh keys for a vault: what goes to the keyring, and what everybody may know."""

    identity: Secret
    recipient: str
    signing_key: Secret
    public_key: str
