"""Lets backups that others keep count among the facts of a profile."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from operator import attrgetter

from mangrove.core.backup import BackupId
from mangrove.core.cover import Cover, DatabaseCover
from mangrove.core.elsewhere import Elsewhere, KeptPoint, KeptProof
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.exposure import Span
from mangrove.core.figures.facts import DayTotal, Group, GroupId
from mangrove.core.figures.listing import Listing, SeenDatabase
from mangrove.core.figures.profile_facts import WHOLE, Captured, ProfileFacts
from mangrove.core.figures.protection import Moment
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Level

EVERYTHING = "all databases"
"""What stands for the databases of a deployment that nobody ever listed."""


def with_elsewhere(facts: ProfileFacts, kept: Sequence[Elsewhere], now: datetime) -> ProfileFacts:
    """Return the facts of a profile with what others keep of it.

    A snapshot by others holds everything there was when it was taken. Their restores that went
    through count as evidence that it can be restored; nobody compared what came out. One that
    has a problem protects nothing, and what it once proved counts no more.
    """
    for one in kept:
        facts = _with_one(facts, one, now)
    return replace(facts, elsewhere=tuple(kept))


def _with_one(facts: ProfileFacts, kept: Elsewhere, now: datetime) -> ProfileFacts:
    if not kept.points:
        return facts
    listing = facts.listing
    if not listing.databases:
        since = min(facts.since, kept.points[0].data_at)
        listing = Listing((SeenDatabase(EVERYTHING, since, now),), is_certain=True)
    group = _group(facts.slug, kept, listing, now)
    days = tuple(_days(facts.slug, kept))
    gaps = dict(facts.longest_gaps)
    if kept.longest_gap is not None:
        gaps[WHOLE] = min(kept.longest_gap, gaps.get(WHOLE, kept.longest_gap))
    moments = tuple(Moment(p.data_at, p.available_at) for p in kept.sound)
    failed = {p.name for p in kept.points if p.problem}
    proofs = (p for p in kept.proofs if not (p.passed and p.name in failed))
    evidence = tuple(map(_evidence, proofs))
    return replace(
        facts,
        since=min(facts.since, kept.points[0].data_at),
        listing=listing,
        groups=(*facts.groups, group),
        moments={**facts.moments, group.group_id: moments},
        evidence={**facts.evidence, group.group_id: evidence},
        trials={**facts.trials, group.group_id: tuple(e for e in evidence if e.is_test_restore)},
        days=tuple(sorted((*facts.days, *days), key=attrgetter("day"))),
        totals=(*facts.totals, _all_days(days)),
        longest_gaps=gaps,
        captured=_captured(facts.captured, kept),
    )


def _group(slug: str, kept: Elsewhere, listing: Listing, now: datetime) -> Group:
    past = (p for p in kept.sound if p.data_at <= now)
    newest = max(past, key=attrgetter("data_at"), default=None)
    first = min((d.first_seen for d in listing.databases), default=now)
    inside = tuple(
        DatabaseCover(d.name, is_whole=True)
        for d in listing.databases
        if newest is not None and (d.first_seen == first or d.first_seen <= newest.data_at)
    )
    return Group(
        group_id=GroupId(f"{slug}/{kept.keeper}"),
        profile_slug=slug,
        vault_id=VaultId(kept.keeper),
        cover=Cover(is_deployment=True, databases=inside),
        newest=newest.name if newest else None,
        newest_at=newest.data_at if newest else None,
    )


def _days(slug: str, kept: Elsewhere) -> Iterator[DayTotal]:
    proofs: dict[str, list[KeptProof]] = defaultdict(list)
    for proof in sorted(kept.proofs, key=lambda p: p.finished_at):
        proofs[proof.name].append(proof)
    by_day: dict[date, list[KeptPoint]] = defaultdict(list)
    for point in kept.points:
        by_day[point.available_at.astimezone(UTC).date()].append(point)
    for day in sorted(by_day):
        held = [proofs[p.name] for p in by_day[day]]
        yield DayTotal(
            profile_slug=slug,
            vault_id=VaultId(kept.keeper),
            day=day,
            complete=len(by_day[day]),
            unreadable=0,
            proven=sum(any(p.passed for p in ps) for ps in held),
            disproven=sum(bool(ps) and not ps[-1].passed for ps in held),
            stored_bytes=0,
            newest_bytes=0,
        )


def _all_days(days: Sequence[DayTotal]) -> DayTotal:
    return replace(
        days[0],
        complete=sum(d.complete for d in days),
        proven=sum(d.proven for d in days),
        disproven=sum(d.disproven for d in days),
    )


def _evidence(proof: KeptProof) -> EvidenceFact:
    return EvidenceFact(
        backup=BackupId(proof.name),
        level=Level.RESTORED,
        passed=proof.passed,
        finished_at=proof.finished_at,
        took=proof.took,
        target=proof.target,
        stored_bytes=0,
        plain_bytes=0,
        documents=0,
    )


def _captured(own: Captured, kept: Elsewhere) -> Captured:
    if not kept.spans:
        return own
    gaps = tuple((g.start, g.end, f"{kept.keeper}: {g.reason}") for g in kept.gaps)
    return replace(
        own,
        spans=(*own.spans, *(Span(s.start, s.end) for s in kept.spans)),
        gaps=own.gaps or gaps,
        trusted_for=max(own.trusted_for, kept.trusted_for),
    )
