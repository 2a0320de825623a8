"""Evidence: how fresh the last passed trial restore is, and how much of what is kept is proven."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.verification import Level, Steps

VERIFIED_WITHIN = timedelta(days=30)
_TRIALS = (Level.DRILLED, Level.RESTORED)


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """One verification of one backup.

    Attributes:
        stored_bytes, plain_bytes, documents: Of the backup.
        took: How long it took.
        target: Where it was restored to; "" below ``restored``.
        steps: Name and duration of each step.
    """

    backup: BackupId
    level: Level
    passed: bool
    finished_at: datetime
    took: timedelta
    target: str
    stored_bytes: int
    plain_bytes: int
    documents: int
    steps: Steps = ()

    @property
    def is_test_restore(self) -> bool:
        """Whether everything was restored on trial, and nothing was wrong."""
        return self.passed and self.level.depth >= Level.RESTORED.depth


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the evidence is.

    Attributes:
        proof: The last passed test restore; None if there never was one.
        age: V(d) = now - that one; None if there never was one.
        allowed: How old it may be.
    """

    proof: EvidenceFact | None
    age: timedelta | None
    allowed: timedelta

    @property
    def is_fresh(self) -> bool:
        """Whether it is green; what nobody restored lately is not."""
        return self.age is not None and self.age <= self.allowed


def freshness_of(evidence: Iterable[EvidenceFact], now: datetime, allowed: timedelta) -> Freshness:
    """Return V(d) from the evidence of all backups that hold all of it, unfiltered."""
    restores = [e for e in evidence if e.is_test_restore and e.finished_at <= now]
    proof = max(restores, key=lambda e: e.finished_at, default=None)
    return Freshness(proof, now - proof.finished_at if proof else None, allowed)


def disproofs_of(evidence: Iterable[EvidenceFact], now: datetime) -> tuple[EvidenceFact, ...]:
    """Return the trial restores that found something wrong and were not made good since.

    Only a trial at least as deep makes one good: a restored backup says nothing of a replay.
    """
    known = sorted((e for e in evidence if e.finished_at <= now), key=lambda e: e.finished_at)
    last = [[e for e in known if e.level.depth >= level.depth][-1:] for level in _TRIALS]
    return tuple(dict.fromkeys(e for found in last for e in found if not e.passed))


def verified_fraction(
    evidence: Iterable[EvidenceFact], retained_bytes: int, now: datetime
) -> float | None:
    """Return bytes verified within 30 days / bytes retained; None when nothing is retained.

    A backup counts once, and only if its newest verification passed at level ``decoded`` or
    deeper: that stored objects are unchanged does not say that they can be read.
    """
    if retained_bytes <= 0:
        return None
    newest: dict[BackupId, EvidenceFact] = {}
    for piece in sorted(evidence, key=lambda e: e.finished_at):
        is_recent = now - VERIFIED_WITHIN <= piece.finished_at <= now
        if is_recent and (piece.level.depth >= Level.DECODED.depth or not piece.passed):
            newest[piece.backup] = piece
    verified = sum(piece.stored_bytes for piece in newest.values() if piece.passed)
    return min(1.0, verified / retained_bytes)
