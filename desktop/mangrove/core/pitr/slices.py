"""Oplog slices: stored runs of oplog entries, and the rule by which they make a chain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mangrove.core.backup import Compression
from mangrove.core.manifest import StoredBlob
from mangrove.core.oplog import ChainId, OplogPosition, OplogTimestamp
from mangrove.core.vaults.vault import VaultId

MIN_SLICE = timedelta(minutes=1)
MAX_SLICE = timedelta(minutes=60)
DEFAULT_SLICE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OplogSlice:
    """A stored run of oplog entries, both ends included.

    Only the first slice of a chain starts on an entry of its own. Every other one starts on the
    entry that its forerunner ended on: that it was still there, with the same term, proves that
    nothing rolled out of the capped oplog between the two.

    Attributes:
        entries: How many are inside, the shared first one included.
        blob: Where they are; ``plain_bytes`` is their BSON.
        previous: SHA-256 of the forerunner's blob as stored; "" for the first of a chain.
        captured_at: When it was signed.
        headroom: How long capture may stay away from then on; None when not measured.
        problem: Why it cannot be used; then first and last are what its name says.
    """

    vault_id: VaultId
    profile_slug: str
    chain: ChainId
    first: OplogPosition
    last: OplogPosition
    entries: int
    blob: StoredBlob
    compression: Compression
    previous: str
    captured_at: datetime
    headroom: timedelta | None = None
    problem: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether it can be replayed, as far as is known."""
        return not self.problem

    def continues(self, earlier: "OplogSlice") -> bool:
        """Whether no entry can be missing between ``earlier`` and this slice."""
        return (
            self.is_usable
            and earlier.is_usable
            and (self.vault_id, self.chain) == (earlier.vault_id, earlier.chain)
            and self.first == earlier.last
        )


@dataclass(frozen=True, slots=True)
class NewSlice:
    """What is known of a slice before it is stored; see ``OplogSlice``."""

    profile_slug: str
    chain: ChainId
    first: OplogPosition
    last: OplogPosition
    entries: int
    plain_bytes: int
    compression: Compression
    previous: str
    captured_at: datetime
    headroom: timedelta | None = None


class BreakKind(StrEnum):
    """Why what was captured before a moment does not lead to what comes after it."""

    ROLLED_OVER = "rolled-over"
    DIVERGED = "diverged"
    RESTORED_IN_PLACE = "restored-in-place"


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """A moment that no replay may cross; kept in the vault beside the slices.

    Attributes:
        chain: The chain that ended; None for a break of all of the profile's chains.
        at: The last moment before it that can be replayed to.
        until: Backups that stand after ``at`` and not after this are no bases for what follows.
        noted_at: When it was found.
    """

    vault_id: VaultId
    profile_slug: str
    kind: BreakKind
    chain: ChainId | None
    at: OplogTimestamp
    until: OplogTimestamp
    noted_at: datetime

    def spoils(self, vault_id: VaultId, base: OplogTimestamp) -> bool:
        """Whether what stands there is of a history, or a restore, that does not lead on."""
        return self.vault_id == vault_id and self.at < base <= self.until
