"""Figures for the overview: what would be lost now, and what of it is proven."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf

from mangrove.core.vault import BackupRecord, BackupState
from mangrove.core.verification import EvidenceSummary, Level

FRESH_EVIDENCE = timedelta(days=30)
DEFAULT_OBJECTIVE = timedelta(hours=26)


class Light(StrEnum):
    """The state of a profile's protection, worst first."""

    EXPOSED = "exposed"
    UNPROVEN = "unproven"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Exposure:
    """How well one profile is protected right now.

    Attributes:
        lose_at_most: Age of the newest data that can be brought back; None without a backup.
        newest: The newest complete backup of the whole deployment.
        proof: The newest passed trial restore of any backup of this profile without queries.
        restore_took: How long that trial restore took; None when nothing was ever measured.
        partial: Newer or only backups that hold just a part.
        reached_at: The newest moment that replaying captured oplog leads to; None without capture.
        filtered: Those of them in which a query left out documents.
        reasons: Why the light is not green, each one sentence.
    """

    profile_slug: str
    profile_name: str
    light: Light
    lose_at_most: timedelta | None
    objective: timedelta
    newest: BackupRecord | None
    proof: EvidenceSummary | None
    restore_took: timedelta | None
    backups: int
    partial: int
    reasons: tuple[str, ...]
    filtered: int = 0
    reached_at: datetime | None = None


def exposure(
    slug: str,
    name: str,
    records: Iterable[BackupRecord],
    now: datetime,
    objective: timedelta = DEFAULT_OBJECTIVE,
    reached_at: datetime | None = None,
) -> Exposure:
    """Judge one profile by its backups; absence counts, and no average hides anything.

    Backups dated in the future are ignored, partial and filtered ones protect only what they
    hold and do not count as full protection.

    Args:
        slug: The profile's.
        name: The profile's.
        records: Backups, of this profile and others.
        now: The clock's moment.
        objective: How old the newest data may be.
        reached_at: The end of the newest window of the whole deployment, if there is one.
    """
    complete = [
        r
        for r in records
        if r.profile_slug == slug and r.state is BackupState.COMPLETE and r.data_at <= now
    ]
    whole = [r for r in complete if r.is_whole and not r.is_filtered]
    newest = max(whole, key=lambda r: r.data_at, default=None)
    whole_documents = (r for r in complete if not r.is_filtered)
    proofs = [e for r in whole_documents for e in r.evidence if e.passed and _is_restore(e)]
    proof = max(proofs, key=lambda e: e.finished_at, default=None)
    reached = min(reached_at, now) if reached_at else None
    age = now - max(newest.data_at, reached or newest.data_at) if newest else None
    reasons = _reasons(age, objective, newest, now)
    return Exposure(
        profile_slug=slug,
        profile_name=name,
        light=_light(age, objective, reasons),
        lose_at_most=age,
        objective=objective,
        newest=newest,
        proof=proof,
        restore_took=proof.duration if proof else None,
        backups=len(complete),
        partial=len(complete) - len(whole),
        reasons=reasons,
        filtered=sum(r.is_filtered for r in complete),
        reached_at=reached,
    )


def worst_first(exposures: Sequence[Exposure]) -> tuple[Exposure, ...]:
    """Order profiles so that the one in most need stands first."""
    order = list(Light)
    return tuple(
        sorted(
            exposures,
            key=lambda e: (
                order.index(e.light),
                -(e.lose_at_most.total_seconds() if e.lose_at_most is not None else inf),
                e.profile_name.casefold(),
            ),
        )
    )


def _is_restore(evidence: EvidenceSummary) -> bool:
    return evidence.level.depth >= Level.RESTORED.depth


def _light(age: timedelta | None, objective: timedelta, reasons: tuple[str, ...]) -> Light:
    if age is None or age > objective:
        return Light.EXPOSED
    return Light.UNPROVEN if reasons else Light.PROVEN


def _reasons(
    age: timedelta | None, objective: timedelta, newest: BackupRecord | None, now: datetime
) -> tuple[str, ...]:
    if age is None or newest is None:
        return ("no complete backup of the whole deployment exists",)
    found = []
    if age > objective:
        found.append("the newest data that can be restored are older than the objective")
    if newest.failed_evidence:
        found.append("the last verification of the newest backup failed")
    proof = newest.proven
    if proof is None or not _is_restore(proof):
        found.append("the newest backup was never restored on trial")
    elif now - proof.finished_at > FRESH_EVIDENCE:
        found.append("the newest backup was last restored on trial more than 30 days ago")
    return tuple(found)
