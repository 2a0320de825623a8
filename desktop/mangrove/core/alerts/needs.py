"""Which of the overview's needs are worth telling people who are not looking at it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from mangrove.core.alerts.alert import Action, AlertKind, Severity, Trouble, key_of
from mangrove.core.figures.answer import JobFigures, ProfileFigures
from mangrove.core.figures.needs import Need, NeedKind, Remedy, Urgency
from mangrove.core.jobs.job import JobKind

FAR_OVER = 2
"""So many times the objective is critical."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a kind of need is told.

    Attributes:
        words: What follows the name of the profile or vault in a title.
    """

    kind: AlertKind
    severity: Severity
    words: str
    hint: str


_NOTE, _WARNING, _CRITICAL = Severity
_BACK_UP = "back it up now, and see why its jobs did not"
_KIT_HINT = "make a recovery kit, keep it somewhere else, and type its code back"
_RULES: Mapping[NeedKind, _Rule] = {
    NeedKind.NEVER_BACKED_UP: _Rule(AlertKind.RPO, _CRITICAL, "no backup", _BACK_UP),
    NeedKind.NOT_WHOLE: _Rule(AlertKind.RPO, _WARNING, "no backup of the whole", _BACK_UP),
    NeedKind.DATABASE_UNPROTECTED: _Rule(
        AlertKind.RPO, _WARNING, "a database without backup", "add it to what its job backs up"
    ),
    NeedKind.RPO_EXCEEDED: _Rule(AlertKind.RPO, _WARNING, "backups too old", _BACK_UP),
    NeedKind.BACKUP_UNREADABLE: _Rule(
        AlertKind.BACKUP, _WARNING, "a backup cannot be read", "its vault's check says more"
    ),
    NeedKind.BACKUP_VANISHED: _Rule(
        AlertKind.BACKUP, _CRITICAL, "backups vanished", "find out who removed them"
    ),
    NeedKind.VAULT_UNREACHABLE: _Rule(
        AlertKind.VAULT_AWAY,
        _WARNING,
        "not reachable",
        "connect its disk or network, and check it",
    ),
    NeedKind.VERIFICATION_FAILED: _Rule(
        AlertKind.VERIFICATION,
        _CRITICAL,
        "verification failed",
        "its evidence says what was found; back up again, and keep older backups",
    ),
    NeedKind.CHECK_FAILED: _Rule(
        AlertKind.VERIFICATION, _CRITICAL, "the vault's check failed", "its report says what"
    ),
    NeedKind.NEVER_PROVEN: _Rule(
        AlertKind.EVIDENCE, _WARNING, "never proven", "verify its newest backup, level restored"
    ),
    NeedKind.EVIDENCE_OLD: _Rule(
        AlertKind.EVIDENCE, _WARNING, "proof too old", "verify its newest backup, level restored"
    ),
    NeedKind.OPLOG_GAP: _Rule(
        AlertKind.OPLOG_GAP,
        _WARNING,
        "gap in the oplog",
        "take a backup: windows begin again from it",
    ),
    NeedKind.HEADROOM_LOW: _Rule(
        AlertKind.HEADROOM,
        _WARNING,
        "oplog almost rolled over",
        "capture more often, or give the deployment a larger oplog",
    ),
    NeedKind.KIT_MISSING: _Rule(AlertKind.KIT, _WARNING, "key only here", _KIT_HINT),
    NeedKind.KIT_OUTDATED: _Rule(AlertKind.KIT, _WARNING, "recovery kit too old", _KIT_HINT),
    NeedKind.KIT_UNCONFIRMED: _Rule(
        AlertKind.KIT, _WARNING, "recovery kit not stored", "keep it elsewhere, and type its code"
    ),
    NeedKind.MIRROR_LATE: _Rule(
        AlertKind.MIRROR, _WARNING, "a mirror lacks backups", "bring it up to date"
    ),
    NeedKind.ELSEWHERE_TROUBLE: _Rule(
        AlertKind.ELSEWHERE, _WARNING, "trouble with backups kept elsewhere", "see what is there"
    ),
    NeedKind.ELSEWHERE_UNSEEN: _Rule(
        AlertKind.ELSEWHERE, _WARNING, "backups kept elsewhere not seen", "look at them anew"
    ),
}
"""What is missing here needs nobody who is away: first steps, wishes, what rules of jobs say."""

_ACTIONS = {
    Remedy.BACKUP: Action.BACK_UP,
    Remedy.VERIFY: Action.VERIFY,
    Remedy.OPEN_BACKUPS: Action.OPEN_BACKUP,
    Remedy.OPEN_TIMELINE: Action.OPEN_TIMELINE,
    Remedy.OPEN_VAULTS: Action.OPEN_VAULT,
    Remedy.OPEN_ATLAS: Action.OPEN_ATLAS,
    Remedy.SYNC_MIRROR: Action.OPEN_VAULT,
    Remedy.MAKE_KIT: Action.MAKE_KIT,
    Remedy.CONFIRM_KIT: Action.MAKE_KIT,
}
_WITH_CAPTURE = (NeedKind.OPLOG_GAP, NeedKind.HEADROOM_LOW)
_ONE_OF_MANY = (NeedKind.VERIFICATION_FAILED, NeedKind.BACKUP_UNREADABLE)


def need_troubles(
    needs: Iterable[Need], profiles: Iterable[ProfileFigures], now: datetime
) -> Iterator[Trouble]:
    """Yield the needs that somebody is to be told of, as troubles with keys that stay.

    A deployment that nobody backs up is none of them: it may be there to restore to only. One
    that is backed up is given the time of its objective before its first backup is missed.

    Args:
        needs: From the overview.
        profiles: Their figures.
        now: The moment.
    """
    figures = {item.profile_name: item for item in profiles}
    for need in needs:
        rule = _RULES.get(need.kind)
        item = figures.get(need.profile)
        if rule is None or (item is not None and not _counts(need, item, now)):
            continue
        name = need.profile or need.vault
        yield Trouble(
            key=key_of(rule.kind, _subject(need)),
            kind=rule.kind,
            severity=_severity(need, rule, item),
            title=f"{name}: {rule.words}",
            sentence=need.sentence.rstrip("."),
            hint=f"{rule.hint} ({need.command})" if need.command else rule.hint,
            action=_ACTIONS.get(need.action, Action.NONE),
            subject=need.subject,
        )


def _subject(need: Need) -> str:
    """Return what stays the same from day to day; newer backups come while a trouble lasts."""
    parts = [need.kind, need.profile or need.vault]
    if need.kind is NeedKind.DATABASE_UNPROTECTED:
        parts.append(need.job)
    if need.kind in _ONE_OF_MANY:
        parts.append(need.subject)
    return " ".join(parts)


def _severity(need: Need, rule: _Rule, item: ProfileFigures | None) -> Severity:
    if need.urgency is Urgency.LATER:
        return Severity.NOTE
    if need.kind is NeedKind.RPO_EXCEEDED and item is not None:
        is_far = any(
            d.exposure.age > FAR_OVER * d.target.age
            for d in item.databases
            if not d.exposure.is_unprotected
        )
        return Severity.CRITICAL if is_far else rule.severity
    return rule.severity


def _counts(need: Need, item: ProfileFigures, now: datetime) -> bool:
    """Whether a need of a deployment is one that its owner wants to hear of by now."""
    jobs = [job for job in item.jobs if not _rests(job, now)]
    match need.kind:
        case NeedKind.NEVER_BACKED_UP | NeedKind.NOT_WHOLE:
            is_meant = any(job.kind is JobKind.BACKUP for job in jobs)
            return is_meant and item.exposure.age > item.target.age
        case NeedKind.DATABASE_UNPROTECTED:
            own = next((d for d in item.databases if d.name == need.job), None)
            return own is None or own.exposure.age > own.target.age
        case NeedKind.NEVER_PROVEN:
            first = next((mark.day for mark in item.days if mark.backups), None)
            return first is not None and now.date() - first > item.freshness.allowed
        case kind if kind in _WITH_CAPTURE:
            has_kept = any(kept.spans or kept.gaps for kept in item.elsewhere)
            return has_kept or any(job.kind is JobKind.CAPTURE for job in jobs)
        case _:
            return True


def _rests(job: JobFigures, now: datetime) -> bool:
    return job.paused_until is not None and now < job.paused_until
