"""The rules about deployments: what would be lost, how old the proof is, gaps in the oplog."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mangrove.core.alert import Action, AlertKind, Severity, Trouble, key_of
from mangrove.core.alert_facts import WatchedProfile
from mangrove.core.explain import duration_text
from mangrove.core.pitr import Gap, GapReason

FAR_OVER = 2
"""So many times the objective is critical."""

RECENT = timedelta(days=7)
LEAST_HEADROOM = timedelta(hours=1)
HEADROOM_SLICES = 3
_LOST = frozenset(
    {
        GapReason.ROLLED_OVER,
        GapReason.DIVERGED,
        GapReason.SLICE_MISSING,
        GapReason.SLICE_DAMAGED,
    }
)
"""Gaps in which something went wrong; the others are how things were set up."""


def profile_troubles(profile: WatchedProfile, now: datetime) -> Iterator[Trouble]:
    """Yield what is wrong with the protection of one deployment."""
    for found in (_rpo(profile), _evidence(profile), _gap(profile, now), _headroom(profile, now)):
        if found is not None:
            yield found
    yield from _verifications(profile)


def _rpo(profile: WatchedProfile) -> Trouble | None:
    age, limit = profile.lose_at_most, profile.objective
    if age is None:
        return _unprotected(profile)
    if age <= limit:
        return None
    return Trouble(
        key=key_of(AlertKind.RPO, profile.slug),
        kind=AlertKind.RPO,
        severity=Severity.CRITICAL if age > FAR_OVER * limit else Severity.WARNING,
        title=f"{profile.name}: backups too old",
        sentence=(
            f"the newest data of {profile.name} that can be restored are {duration_text(age)}"
            f" old; its objective is {duration_text(limit)}"
        ),
        hint="back it up now, and see why its jobs did not",
        action=Action.BACK_UP,
        subject=profile.name,
    )


def _unprotected(profile: WatchedProfile) -> Trouble | None:
    since = profile.unprotected_for
    if since is None or since <= profile.objective:
        return None
    return Trouble(
        key=key_of(AlertKind.RPO, profile.slug),
        kind=AlertKind.RPO,
        severity=Severity.CRITICAL,
        title=f"{profile.name}: no backup",
        sentence=(
            f"no backup holds all of {profile.name}, which is known here for"
            f" {duration_text(since)}: what no backup of a part holds would be lost"
        ),
        hint="back it up now",
        action=Action.BACK_UP,
        subject=profile.name,
    )


def _evidence(profile: WatchedProfile) -> Trouble | None:
    age = profile.proof_age
    if age is None or age <= profile.evidence_limit:
        return None
    limit = duration_text(profile.evidence_limit)
    sentence = (
        f"the last trial restore of {profile.name} that passed was {duration_text(age)} ago;"
        f" the limit is {limit}"
        if profile.is_proven
        else f"no backup of {profile.name} was ever restored on trial, for {duration_text(age)}"
    )
    return Trouble(
        key=key_of(AlertKind.EVIDENCE, profile.slug),
        kind=AlertKind.EVIDENCE,
        severity=Severity.WARNING,
        title=f"{profile.name}: proof too old",
        sentence=sentence,
        hint="verify its newest backup at the level restored",
        action=Action.VERIFY if profile.newest else Action.BACK_UP,
        subject=profile.newest or profile.name,
    )


def _verifications(profile: WatchedProfile) -> Iterator[Trouble]:
    for number, backup in enumerate(profile.failed):
        is_newest = number == 0 and profile.newest_failed
        which = "newest backup" if is_newest else "backup"
        yield Trouble(
            key=key_of(AlertKind.VERIFICATION, backup),
            kind=AlertKind.VERIFICATION,
            severity=Severity.CRITICAL if is_newest else Severity.WARNING,
            title=f"{profile.name}: verification failed",
            sentence=f"the last verification of the {which} {backup} failed",
            hint="its evidence says what was found; back up again, and keep older backups",
            action=Action.OPEN_BACKUP,
            subject=backup,
        )


def _gap(profile: WatchedProfile, now: datetime) -> Trouble | None:
    """Judge the newest gap that matters: one still open, or one in which something was lost."""
    matter = [gap for gap in profile.gaps if _matters(gap, profile, now)]
    if not matter:
        return None
    gap = matter[-1]
    start = f"{gap.start.at:%Y-%m-%d %H:%M}"
    is_open = gap.end is None
    when = (
        f"since {start} UTC"
        if gap.end is None
        else f"from {start} to {gap.end.at:%Y-%m-%d %H:%M} UTC"
    )
    return Trouble(
        key=key_of(AlertKind.OPLOG_GAP, f"{profile.slug} {gap.start}"),
        kind=AlertKind.OPLOG_GAP,
        severity=Severity.CRITICAL if is_open and gap.reason in _LOST else Severity.WARNING,
        title=f"{profile.name}: gap in the oplog",
        sentence=f"{profile.name} cannot be restored to any second {when}: {gap.sentence}",
        hint="take a backup: windows begin again from it" if is_open else "the gap itself stays",
        action=Action.BACK_UP if is_open else Action.OPEN_TIMELINE,
        subject=profile.name,
        ends_silently=not is_open,
    )


def _matters(gap: Gap, profile: WatchedProfile, now: datetime) -> bool:
    if gap.end is None:
        return gap.reason in _LOST or profile.capture is not None
    return gap.reason in _LOST and now - gap.end.at < RECENT


def _headroom(profile: WatchedProfile, now: datetime) -> Trouble | None:
    """Say that the oplog is about to roll over entries that were not captured yet."""
    job, at, headroom = profile.capture, profile.captured_at, profile.headroom
    if job is None or at is None or headroom is None:
        return None
    first, second = job.schedule.upcoming(now, 2)
    least = max(LEAST_HEADROOM, HEADROOM_SLICES * (second - first))
    left = at + headroom - now
    if left >= least:
        return None
    is_gone = left <= timedelta()
    sentence = (
        f"the oplog of {profile.name} may have rolled over what was not captured yet"
        if is_gone
        else (
            f"the oplog of {profile.name} keeps what was not captured yet for about"
            f" {duration_text(left)} more; that should be at least {duration_text(least)}"
        )
    )
    return Trouble(
        key=key_of(AlertKind.HEADROOM, profile.slug),
        kind=AlertKind.HEADROOM,
        severity=Severity.CRITICAL if is_gone else Severity.WARNING,
        title=f"{profile.name}: oplog almost rolled over",
        sentence=sentence,
        hint="capture more often, or give the deployment a larger oplog",
        action=Action.OPEN_TIMELINE,
        subject=profile.name,
        job_id=job.job_id,
    )
