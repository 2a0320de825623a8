"""The recovery kit: what it takes to open a vault when this workstation is gone."""

from dataclasses import dataclass
from datetime import datetime

from mangrove.core.errors import InvalidKeyError
from mangrove.core.profile import Profile
from mangrove.core.secret import Secret
from mangrove.core.vaults.key_changes import CODE_LENGTH
from mangrove.core.vaults.vault import VaultSpec

LEAST_PASSPHRASE = 12
CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""No letter that is taken for a digit, and none that sounds or looks like another."""


@dataclass(frozen=True, slots=True)
class RecoveryKit:
    """Everything a kit holds.

    Attributes:
        identity: None where the workstation may write but not read: somebody else has the key.
        description_identity: Opens manifests and evidence only; for such workstations.
        storage_key: The secret key of the storage; only when the person asked for it.
        mirror_keys: Pairs of a mirror's id and what opens its storage; likewise.
        profiles: Without any password.
        last_sequence: The highest sequence number known when the kit was made; a storage that
            has less was rolled back.
    """

    spec: VaultSpec
    identity: Secret | None
    description_identity: Secret | None
    signing_key: Secret | None
    storage_key: Secret | None
    profiles: tuple[Profile, ...]
    last_sequence: int
    made_at: datetime
    tool_version: str
    mirror_keys: tuple[tuple[str, Secret], ...] = ()


def check_passphrase(passphrase: Secret) -> None:
    """Refuse a passphrase that is guessed too easily.

    Raises:
        InvalidKeyError: Saying what is wanted; the passphrase is not repeated.
    """
    text = passphrase.reveal()
    if len(text) < LEAST_PASSPHRASE or len(set(text)) < LEAST_PASSPHRASE // 2:
        raise InvalidKeyError(
            f"the passphrase is too easy to guess: take at least {LEAST_PASSPHRASE} characters;"
            " nothing was written",
            hint="four or five random words are easy to keep and hard to guess",
        )


def grouped_code(letters: str) -> str:
    """Return a code as it is printed: in groups of four."""
    groups = [letters[at : at + 4] for at in range(0, CODE_LENGTH, 4)]
    return "-".join(groups)
