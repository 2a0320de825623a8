"""Oplog chains under retention: which slices go with their bases, and which moments are lost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.wording import counted


@dataclass(frozen=True, slots=True)
class ChainBase:
    """A backup that a replay of the chain can begin with.

    Attributes:
        before, after: Majority times around the dump; every slice that covers this span is there.
    """

    backup: BackupId
    before: OplogTimestamp
    after: OplogTimestamp


@dataclass(frozen=True, slots=True)
class ChainSlice:
    """A stored stretch of the oplog, both ends included."""

    name: str
    first: OplogTimestamp
    last: OplogTimestamp
    stored_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """Slices without a gap, oldest first, and the backups that they go on from.

    Attributes:
        is_open: Whether the newest slice will be followed by another.
    """

    chain: str
    profile_slug: str
    slices: tuple[ChainSlice, ...]
    bases: tuple[ChainBase, ...]
    is_open: bool = False

    @property
    def newest_base(self) -> ChainBase | None:
        """The base that the fewest slices must be replayed from."""
        return max(self.bases, key=lambda base: base.after, default=None)

    def kept_bases(self, kept: Collection[BackupId]) -> list[ChainBase]:
        """Return the bases that stay, oldest first."""
        return sorted((b for b in self.bases if b.backup in kept), key=lambda b: b.before)

    def window(
        self, kept: Collection[BackupId], points_of_last: int | None = None
    ) -> tuple[OplogTimestamp, OplogTimestamp] | None:
        """Return from when to when every moment can be restored with these bases."""
        bases = self.kept_bases(kept)[-points_of_last if points_of_last else 0 :]
        if not bases or not self.slices:
            return None
        first, last = min(base.after for base in bases), self.slices[-1].last
        return (first, last) if first <= last else None


@dataclass(frozen=True, slots=True)
class LostWindow:
    """Moments that cannot be restored any more, and the bases whose going takes them away."""

    chain: str
    profile_slug: str
    first: OplogTimestamp
    last: OplogTimestamp
    bases: tuple[BackupId, ...]

    @property
    def sentence(self) -> str:
        """What is lost, in words."""
        seconds = counted(self.last.seconds - self.first.seconds + 1, "second")
        return (
            f"{seconds} of {self.profile_slug} cannot be restored one by one any "
            f"more: {self.first.at:%Y-%m-%d %H:%M:%S} to {self.last.at:%Y-%m-%d %H:%M:%S} UTC"
        )


@dataclass(frozen=True, slots=True)
class SliceVerdict:
    """A slice that goes, and why."""

    chain: str
    slice: ChainSlice
    reason: str


TRANSACTION_SLACK_S = 3600
"""Slices so long before a base stay: a transaction may have begun there that the base is inside of.

Source: MongoDB manual, "transactionLifetimeLimitSeconds": 60 s unless somebody set it higher.
"""


def expired_slices(
    chain: Chain, kept: Collection[BackupId], points_of_last: int | None = None
) -> tuple[SliceVerdict, ...]:
    """Return the slices of a chain that nothing kept can use any more.

    Args:
        chain: The chain.
        kept: The backups that stay.
        points_of_last: Of how many of the newest kept bases single moments stay restorable;
            older kept bases keep only the slices that make themselves consistent.

    A chain without a kept base goes whole unless it is open: its next base may still come.
    """
    bases = chain.kept_bases(kept)
    if not bases:
        reason = "no backup is left that its chain could go on from"
        gone = () if chain.is_open else chain.slices
        return tuple(SliceVerdict(chain.chain, s, reason) for s in gone)
    from_base = bases[-points_of_last if points_of_last else 0 :][0]
    reason = f"it lies before {from_base.backup}, the oldest backup its chain is kept for"
    return tuple(
        SliceVerdict(chain.chain, s, reason)
        for s in chain.slices
        if s.last.seconds < from_base.before.seconds - TRANSACTION_SLACK_S
        and not _is_needed(s, bases)
    )


def lost_windows(
    chains: Iterable[Chain],
    before: Collection[BackupId],
    after: Collection[BackupId],
    points_of_last: int | None = None,
) -> tuple[LostWindow, ...]:
    """Say which moments go when the kept backups shrink from ``before`` to ``after``."""
    lost = []
    for chain in chains:
        was, will = chain.window(before), chain.window(after, points_of_last)
        if was is None or was == will:
            continue
        gone = tuple(b.backup for b in chain.bases if b.backup in before and b.backup not in after)
        end = was[1] if will is None else will[0]
        lost.append(LostWindow(chain.chain, chain.profile_slug, was[0], end, gone))
    return tuple(lost)


def _is_needed(piece: ChainSlice, bases: Iterable[ChainBase]) -> bool:
    """Whether a kept backup is consistent only with this slice."""
    return any(piece.first <= base.after and base.before <= piece.last for base in bases)
