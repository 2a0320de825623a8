"""Alerts: what is wrong, since when, who was told, and what was said about it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mangrove.core.jobs.job import JobId

ID_LENGTH = 8


class AlertKind(StrEnum):
    """The rules that can raise an alert."""

    FAILED = "failed"
    LOSSES = "losses"
    MISSED = "missed"
    RPO = "rpo-exceeded"
    EVIDENCE = "evidence-old"
    VERIFICATION = "verification-failed"
    OPLOG_GAP = "oplog-gap"
    HEADROOM = "headroom-low"
    VAULT_FULL = "vault-full"
    VAULT_AWAY = "vault-unreachable"
    KIT = "key-not-escrowed"
    BACKUP = "backup-damaged"
    MIRROR = "mirror-late"
    ELSEWHERE = "kept-elsewhere"
    AGENT = "agent-dead"
    KEYRING = "keyring-locked"


class Severity(StrEnum):
    """How urgent a trouble is, mildest first."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """A number that grows with the urgency."""
        return tuple(Severity).index(self)


class Action(StrEnum):
    """What a button beside an alert does to mend it."""

    NONE = ""
    OPEN_JOB = "open-jobs"
    OPEN_BACKUP = "open-backups"
    OPEN_TIMELINE = "open-timeline"
    OPEN_VAULT = "open-vaults"
    OPEN_ATLAS = "open-atlas"
    BACK_UP = "backup"
    VERIFY = "verify"
    MAKE_KIT = "make-kit"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong at this moment, as a rule found it.

    Attributes:
        key: Stable as long as it is the same trouble: kind and subject.
        title: A few words, for a subject line.
        sentence: What is wrong, with its figures; may change while the trouble lasts.
        hint: What to do about it.
        action: What a button does about it, and ``subject`` whom it does that to.
        job_id: The job whose doing it is; its own choice of channels applies then.
        ends_silently: Whether its end is nothing to tell anybody.
        since: When it began, where that is known; else it begins when it is found.
    """

    key: str
    kind: AlertKind
    severity: Severity
    title: str
    sentence: str
    hint: str = ""
    action: Action = Action.NONE
    subject: str = ""
    job_id: JobId | None = None
    ends_silently: bool = False
    since: datetime | None = None


def key_of(kind: AlertKind, subject: str) -> str:
    """Return the key of a trouble."""
    return f"{kind}:{subject}"


@dataclass(frozen=True, slots=True)
class Alert:
    """A trouble over time.

    Attributes:
        trouble: As it was found last.
        seen_at: When it was found last.
        recovered_at: When it was found to be over; None while it is open.
        told_at: When somebody was told last that it is open; None as long as nobody was.
        times_told: How often that was, since it opened.
        told_severity: How urgent it was called then.
        owes_recovery: Whether people think that it is open, because that was told last.
        acknowledged_at: When somebody said "I know"; nothing is repeated then.
        note: What they wrote about it.
        muted_until: Nothing at all is told before.
    """

    trouble: Trouble
    opened_at: datetime
    seen_at: datetime
    recovered_at: datetime | None = None
    told_at: datetime | None = None
    times_told: int = 0
    told_severity: Severity = Severity.NOTE
    owes_recovery: bool = False
    acknowledged_at: datetime | None = None
    note: str = ""
    muted_until: datetime | None = None

    @property
    def key(self) -> str:
        """The key of its trouble."""
        return self.trouble.key

    @property
    def alert_id(self) -> str:
        """A short name to type, the same for each time that this trouble comes."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:ID_LENGTH]

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.recovered_at is None

    @property
    def severity(self) -> Severity:
        """How urgent it is."""
        return self.trouble.severity

    def is_muted(self, now: datetime) -> bool:
        """Whether nothing is to be told of it."""
        return self.muted_until is not None and now < self.muted_until


class Occasion(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    WORSE = "worse"
    AGAIN = "again"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to tell about one alert."""

    occasion: Occasion
    alert: Alert


@dataclass(frozen=True, slots=True)
class Glance:
    """All alerts in two figures, for a tray icon or a strip.

    Attributes:
        worst: Of those that are open and that nobody said "I know" to; None if there are none.
        count: How many those are.
        quiet: Open ones that are acknowledged or muted.
    """

    worst: Severity | None
    count: int
    quiet: int = 0


def glance_at(alerts: tuple[Alert, ...], now: datetime) -> Glance:
    """Count what is open."""
    opened = [alert for alert in alerts if alert.is_open]
    loud = [a for a in opened if a.acknowledged_at is None and not a.is_muted(now)]
    worst = max((a.severity for a in loud), key=lambda s: s.rank, default=None)
    return Glance(worst, len(loud), len(opened) - len(loud))


def worst_first(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """Order alerts: open before over, urgent before mild, new before old."""
    return tuple(
        sorted(
            alerts,
            key=lambda a: (
                not a.is_open,
                -a.severity.rank if a.is_open else 0,
                -(a.recovered_at or a.opened_at).timestamp(),
            ),
        )
    )
