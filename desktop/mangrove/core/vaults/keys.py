"""Values about a vault's keys: retired signing keys, and whether the recovery kit is stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A signing key that signs no longer; what it signed while it did stays good.

    Attributes:
        last_sequence: The highest sequence number it may have signed; a backup with a later one
            was signed by somebody who should no longer have the key.
        retired_at: What carries a moment instead of a number may not be later than this.
        record: SHA-256 of the record of what it had signed by then; nothing else by it is
            believed. "" for a key that was retired before there were records.
    """

    public_key: str
    last_sequence: int
    retired_at: datetime
    record: str = ""


@dataclass(frozen=True, slots=True)
class KitRecord:
    """The recovery kit made last.

    Attributes:
        covers: Fingerprint of the keys inside, to notice when they have changed since.
        code_digest: SHA-256 of the code that is printed on it.
        confirmed_at: When the person typed the code back; None until then.
    """

    made_at: datetime
    covers: str
    code_digest: str
    confirmed_at: datetime | None = None


class KitState(StrEnum):
    """Whether the vault can be opened when this workstation is gone."""

    MISSING = "missing"
    UNCONFIRMED = "unconfirmed"
    OUTDATED = "outdated"
    STORED = "stored"

    @property
    def is_safe(self) -> bool:
        """Whether somebody said that a kit with the present keys is stored."""
        return self is KitState.STORED
