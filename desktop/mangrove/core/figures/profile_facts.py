"""What is known of one profile, before anything is worked out from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from mangrove.core.backup_record import BackupRecord
from mangrove.core.elsewhere import Elsewhere
from mangrove.core.figures.answer import JobFigures, VaultReaders
from mangrove.core.figures.changes import Change
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.exposure import Span
from mangrove.core.figures.facts import DayTotal, Group, GroupId
from mangrove.core.figures.listing import Listing
from mangrove.core.figures.objectives import CapturePace, Objectives
from mangrove.core.figures.protection import Moment
from mangrove.core.figures.restore_estimate import MeasuredRestore

PERIOD = timedelta(days=30)
DEFAULT_LAG = timedelta(minutes=5)
WHOLE = ""
"""The name of the whole deployment among databases."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What captured oplog leads to.

    Attributes:
        spans: Windows of the whole deployment.
        partial: Windows whose bases hold only some databases, by database.
        gaps: With the reason; an open one ends with None.
        pace: How the capture goes; None without one.
        trusted_for: So long a window that others keep counts as going on after it was seen.
    """

    spans: tuple[Span, ...] = ()
    partial: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    gaps: tuple[tuple[datetime, datetime | None, str], ...] = ()
    pace: CapturePace | None = None
    headroom: timedelta | None = None
    trusted_for: timedelta = timedelta(0)

    def of(self, database: str) -> tuple[Span, ...]:
        """Return the windows that lead to moments of a database."""
        return (*self.spans, *self.partial.get(database, ()))

    @property
    def lag(self) -> timedelta:
        """How far behind a capture that runs may be: twice what is usual for it."""
        least = max(DEFAULT_LAG, self.trusted_for)
        if self.pace is None:
            return least
        return max(least, 2 * self.pace.interval + self.pace.upload_p95)


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """Everything that is known of one profile.

    Attributes:
        partial, filtered: How many of its backups hold a part; are filtered.
        evidence, trials: The verifications of the period; and the passed test restores.
        objectives: What is set, by database; that of "" is for all.
        longest_gaps: Of the schedules that back up everything, by database; "" for one that is
            not named.
        newest, earlier: The newest backup of the whole deployment, and that of a week ago.
        measured: Every restore that went through.
        targets: The classes of restore target that tell how long it takes, the best first.
        failed_runs: How many backup runs failed, by day.
        is_escrowed: Whether all vaults it is in could be opened elsewhere.
        changed: What is different and does not show in two backups.
        elsewhere: What others keep; see ``core.figures.elsewhere``, which lets it count.
    """

    slug: str
    name: str
    since: datetime
    listing: Listing
    groups: Sequence[Group]
    partial: int
    filtered: int
    moments: Mapping[GroupId, Sequence[Moment]]
    evidence: Mapping[GroupId, Sequence[EvidenceFact]]
    trials: Mapping[GroupId, Sequence[EvidenceFact]]
    days: Sequence[DayTotal]
    totals: Sequence[DayTotal]
    objectives: Mapping[str, Objectives]
    longest_gaps: Mapping[str, timedelta]
    captured: Captured
    measured: Sequence[MeasuredRestore]
    targets: Sequence[str]
    failed_runs: Mapping[date, int]
    jobs: tuple[JobFigures, ...]
    readers: tuple[VaultReaders, ...]
    is_escrowed: bool
    newest: BackupRecord | None
    earlier: BackupRecord | None
    changed: tuple[Change, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
