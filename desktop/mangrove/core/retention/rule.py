"""Which backups stay, with every reason, and which go: a pure rule.

The preview and the deletion both call ``judge``. The moment and the time zones are parameters.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from operator import attrgetter

from mangrove.core.backup import BackupId
from mangrove.core.retention.chains import Chain, LostWindow, SliceVerdict, expired_slices
from mangrove.core.retention.chains import lost_windows as lost_windows_of
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy, span_text
from mangrove.core.verification import Level

GRACE = timedelta(hours=24)
ZoneOf = Callable[[str], tzinfo]


class Why(StrEnum):
    """Why a backup stays; those after WITHIN hold whatever the policy says."""

    RULE = "rule"
    WITHIN = "within"
    WINDOW = "recovery window"
    FORMER = "former policy"
    NO_POLICY = "no policy"
    PIN = "pin"
    HOLD = "legal hold"
    BUSY = "in use"
    YOUNG = "young"
    FUTURE = "dated in the future"
    NOT_COUNTED = "not counted"
    PROVEN = "newest proven"
    NEWEST_GOOD = "newest good"
    REDUNDANCY = "minimum redundancy"
    PART = "a part of what others hold"
    CHAIN_BASE = "base of chain"


GUARDED = frozenset({Why.PIN, Why.HOLD, Why.BUSY, Why.PROVEN, Why.NEWEST_GOOD, Why.CHAIN_BASE})
"""What a deletion by hand is refused for, too."""
BY_POLICY = frozenset({Why.RULE, Why.WITHIN, Why.WINDOW, Why.FORMER, Why.REDUNDANCY})
"""What a policy says, in other words than those of safety."""
_OF_OWN_SERIES = BY_POLICY | {Why.PROVEN, Why.NEWEST_GOOD}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a backup to stay."""

    why: Why
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the rule must know of one backup.

    Attributes:
        series: Profile, scope and kind; backups of different series are never compared.
        finished_at: Completion, aware, in UTC.
        proof_depth: Of the deepest passed verification; -1 without any.
        problem: Why it does not count as a good backup; "" when it does.
        busy: What uses it right now; "" when nothing does.
        pin, hold: The note of a pin or a legal hold; None without one.
        is_deleted: Whether somebody chose it for deletion.
        is_replaced: Whether a newer proven backup of everything makes it needless, though its own
            series has nothing better; a deletion by hand is then not refused for that.
        surpassed_by: Where it is the only one of its series: a much newer backup of everything
            that holds each of its collections, is proven as deeply, and is of the series
            ``whole``; None without one.
        whole: The series of the backups of everything of the same profile; "" for those.
    """

    backup: BackupId
    series: str
    finished_at: datetime
    stored_bytes: int = 0
    proof_depth: int = -1
    problem: str = ""
    busy: str = ""
    pin: str | None = None
    hold: str | None = None
    is_deleted: bool = False
    is_replaced: bool = False
    surpassed_by: BackupId | None = None
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one backup.

    Attributes:
        reasons: All that keep it; empty when it goes.
        represented: The first period that passed it by, and the backup kept for that one.
    """

    entry: Entry
    reasons: tuple[Reason, ...] = ()
    represented: tuple[str, BackupId] | None = None

    @property
    def stays(self) -> bool:
        """Whether anything keeps it."""
        return bool(self.reasons)

    @property
    def because(self) -> str:
        """Every reason to stay, or the one to go, in words."""
        if self.reasons:
            return ", ".join(reason.text for reason in self.reasons)
        if self.entry.is_deleted:
            return "somebody deleted it"
        if self.entry.surpassed_by:
            return (
                f"{self.entry.surpassed_by}, which stays, holds all of its collections, newer and"
                " proven; no backup of everything is kept that is as old"
            )
        if self.represented:
            period, other = self.represented
            return f"no rule keeps it: the same {period} has {other}"
        return "no rule keeps it: enough newer ones stay"

    @property
    def guards(self) -> tuple[Reason, ...]:
        """The reasons that stand against a deletion by hand, too."""
        hard = GUARDED - {Why.PROVEN, Why.NEWEST_GOOD} if self.entry.is_replaced else GUARDED
        return tuple(reason for reason in self.reasons if reason.why in hard)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of all backups and slices of a vault.

    Attributes:
        verdicts: One for each backup, newest first.
        slices: Those that go.
        lost: The moments that cannot be restored any more once they went.
    """

    verdicts: tuple[Verdict, ...]
    slices: tuple[SliceVerdict, ...] = ()
    lost: tuple[LostWindow, ...] = ()

    @property
    def going(self) -> tuple[Verdict, ...]:
        """The backups that go."""
        return tuple(verdict for verdict in self.verdicts if not verdict.stays)

    @property
    def freed_bytes(self) -> int:
        """What the storage gets back."""
        backups = sum(verdict.entry.stored_bytes for verdict in self.going)
        return backups + sum(verdict.slice.stored_bytes for verdict in self.slices)


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy of a vault, and those it replaced lately, each with the moment it counts until."""

    present: RetentionPolicy
    former: tuple[tuple[RetentionPolicy, datetime], ...] = ()


def judge(
    entries: Iterable[Entry],
    policies: Policies,
    chains: Sequence[Chain],
    now: datetime,
    zone_of: ZoneOf,
) -> Judgement:
    """Decide about every backup and every oplog slice of a vault.

    Args:
        entries: The backups, in any order.
        policies: What to keep.
        chains: The oplog chains, their bases among the entries.
        now: The moment, aware.
        zone_of: Gives the time zone of a policy's name for it.
    """
    ordered = sorted(entries, key=attrgetter("finished_at", "backup"), reverse=True)
    series: dict[str, list[Entry]] = {}
    for entry in ordered:
        series.setdefault(entry.series, []).append(entry)
    found: dict[BackupId, Verdict] = {}
    for members in series.values():
        ruling = _Series(members, policies, now, zone_of)
        found.update((verdict.entry.backup, verdict) for verdict in ruling.verdicts())
    _keep_open_chains(chains, found)
    _let_parts_age(found)
    verdicts = tuple(found[entry.backup] for entry in ordered)
    kept = {verdict.entry.backup for verdict in verdicts if verdict.stays}
    all_of_them = {entry.backup for entry in ordered if not entry.problem}
    points = None if policies.former else policies.present.points_of_last
    slices = ageing_slices(chains, kept, now, points)
    if policies.present.is_empty and len(kept) == len(ordered):
        slices = ()
    lost = lost_windows_of(chains, all_of_them, kept, points)
    return Judgement(verdicts, slices, lost)


def ageing_slices(
    chains: Sequence[Chain],
    kept: Collection[BackupId],
    now: datetime,
    points_of_last: int | None = None,
) -> tuple[SliceVerdict, ...]:
    """Return the slices that no kept backup can use; none younger than the grace period.

    A slice may be a part of two chains, where a restore cut one; then both must let it go.
    """
    uses = Counter(piece.name for chain in chains for piece in chain.slices)
    found: dict[str, SliceVerdict] = {}
    for chain in chains:
        for verdict in expired_slices(chain, kept, points_of_last):
            uses[verdict.slice.name] -= 1
            found.setdefault(verdict.slice.name, verdict)
    settled_at = now - GRACE
    return tuple(v for n, v in found.items() if not uses[n] and v.slice.last.at <= settled_at)


def _keep_open_chains(chains: Iterable[Chain], found: dict[BackupId, Verdict]) -> None:
    """Keep the newest base of every chain that still grows: without it nothing can be replayed."""
    for chain in chains:
        good = [b for b in chain.bases if b.backup in found and not found[b.backup].entry.problem]
        if not chain.is_open or not good:
            continue
        held = found[max(good, key=lambda base: base.after).backup]
        reason = Reason(Why.CHAIN_BASE, f"base of the open chain {chain.chain}")
        found[held.entry.backup] = Verdict(held.entry, (*held.reasons, reason))


def _let_parts_age(found: dict[BackupId, Verdict]) -> None:
    """Let parts that a backup of everything surpasses age as those of everything do.

    The series of a part may never get another backup, so its own counts would hold it for ever.
    """
    reach: dict[str, datetime] = {}
    for verdict in found.values():
        entry = verdict.entry
        if not entry.whole and any(reason.why in BY_POLICY for reason in verdict.reasons):
            oldest = reach.get(entry.series, entry.finished_at)
            reach[entry.series] = min(oldest, entry.finished_at)
    for backup, verdict in tuple(found.items()):
        entry = verdict.entry
        other = found.get(entry.surpassed_by) if entry.surpassed_by else None
        if other is None or not other.stays or other.entry.series != entry.whole:
            continue
        others = tuple(r for r in verdict.reasons if r.why not in _OF_OWN_SERIES)
        is_own = len(others) < len(verdict.reasons)
        if is_own and entry.whole in reach and entry.finished_at >= reach[entry.whole]:
            text = "a part, kept as long as backups of everything of its age"
            others = (*others, Reason(Why.PART, text))
        found[backup] = replace(verdict, reasons=others)


@dataclass(slots=True)
class _Series:
    """The backups of one series, newest first, and what has been found for them so far."""

    members: list[Entry]
    policies: Policies
    now: datetime
    zone_of: ZoneOf
    reasons: dict[BackupId, list[Reason]] = field(default_factory=dict)
    represented: dict[BackupId, tuple[str, BackupId]] = field(default_factory=dict)

    def verdicts(self) -> list[Verdict]:
        good = [e for e in self.members if not e.problem and e.finished_at <= self.now]
        counted = [e for e in good if not e.is_deleted]
        good = [e for e in good if not (e.is_deleted and e.is_replaced)]
        self._apply(self.policies.present, counted)
        for former, until in self.policies.former:
            self._apply_former(former, until, counted)
        self._apply_floors(counted, good)
        reasons, represented = self.reasons.get, self.represented.get
        return [
            Verdict(e, tuple(reasons(e.backup, ())), represented(e.backup)) for e in self.members
        ]

    def _keep(self, entry: Entry, why: Why, text: str) -> None:
        self.reasons.setdefault(entry.backup, []).append(Reason(why, text))

    def _apply(self, policy: RetentionPolicy, counted: list[Entry]) -> None:
        if policy.is_empty:
            for entry in counted:
                self._keep(entry, Why.NO_POLICY, "no policy lets anything go")
            return
        zone = self.zone_of(policy.time_zone)
        moments = [
            e.finished_at if zone is UTC else e.finished_at.astimezone(zone) for e in counted
        ]
        for rule in policy.rules:
            self._apply_rule(rule, counted, moments)
        if policy.recovery_window is not None:
            self._apply_window(policy.recovery_window, counted)

    def _apply_rule(self, rule: KeepRule, counted: list[Entry], moments: list[datetime]) -> None:
        """Keep the newest of each bucket, and the oldest of all while the count is not used up."""
        bucket_of, left, last = _BUCKETS[rule.period], rule.count, None
        limit = counted[0].finished_at - rule.within if counted and rule.within else None
        name, noun, holder = rule.period.value, _NOUNS[rule.period], BackupId("")
        oldest = len(counted) - 1 if limit is None else -1
        for number, entry in enumerate(counted):
            if limit is not None and entry.finished_at <= limit:
                return
            bucket = number if bucket_of is None else bucket_of(moments[number])
            if bucket == last and (number != oldest or left <= 0):
                self.represented.setdefault(entry.backup, (noun, holder))
                continue
            if limit is None and left <= 0:
                return
            label = f"oldest-{name}" if bucket == last else name
            last, holder, left = bucket, entry.backup, left - 1
            if rule.within is None:
                self._keep(entry, Why.RULE, f"{label} {rule.count - left}/{rule.count}")
            else:
                self._keep(entry, Why.WITHIN, str(rule))

    def _apply_window(self, window: timedelta, counted: list[Entry]) -> None:
        """Keep the newest backup before the window's beginning, and everything after it."""
        begins_at = self.now - window
        for entry in counted:
            self._keep(entry, Why.WINDOW, f"recovery window of {span_text(window)}")
            if entry.finished_at <= begins_at:
                return

    def _apply_former(self, policy: RetentionPolicy, until: datetime, counted: list[Entry]) -> None:
        kept = set(self.reasons)
        before = _Series(counted, Policies(policy), self.now, self.zone_of)
        before._apply(policy, counted)
        for entry in counted:
            if entry.backup in before.reasons and entry.backup not in kept:
                text = f"the policy before this one keeps it until {until:%Y-%m-%d %H:%M} UTC"
                self._keep(entry, Why.FORMER, text)

    def _apply_floors(self, counted: list[Entry], good: list[Entry]) -> None:
        settled_at = self.now - GRACE
        for entry in self.members:
            is_marked = entry.problem or entry.busy or entry.pin is not None
            if entry.finished_at > settled_at or is_marked or entry.hold is not None:
                for why, text in self._own_floors(entry):
                    self._keep(entry, why, text)
        self._keep_redundant(counted or good[:1])
        self._keep_proven(counted, good)

    def _own_floors(self, entry: Entry) -> Iterable[tuple[Why, str]]:
        if entry.hold is not None:
            yield Why.HOLD, f"legal hold{_noted(entry.hold)}"
        if entry.pin is not None:
            yield Why.PIN, f"pinned{_noted(entry.pin)}"
        if entry.busy:
            yield Why.BUSY, f"in use: {entry.busy}"
        if entry.finished_at > self.now:
            yield Why.FUTURE, "dated in the future, so it is not counted"
        elif entry.problem and not entry.is_deleted:
            yield Why.NOT_COUNTED, f"not counted, and only deleted by hand: {entry.problem}"
        elif entry.finished_at > self.now - GRACE and not entry.is_deleted:
            yield Why.YOUNG, "younger than 24 h"

    def _keep_redundant(self, counted: list[Entry]) -> None:
        """Keep so many whatever happens; the newest good one above all while newer ones failed."""
        least = max(1, self.policies.present.minimum_redundancy)
        for number, entry in enumerate(counted[:least]):
            only = ", the only one of its selection" if entry.whole and len(counted) == 1 else ""
            self._keep(entry, Why.REDUNDANCY, f"minimum redundancy {number + 1}/{least}{only}")
        if counted and any(
            e.problem and e.finished_at > counted[0].finished_at for e in self.members
        ):
            self._keep(counted[0], Why.NEWEST_GOOD, "newest good one: newer ones failed")

    def _keep_proven(self, counted: list[Entry], good: list[Entry]) -> None:
        """Keep the newest one proven at each depth, also a deleted one if it is the only."""
        kept: set[BackupId] = set()
        for level in Level:
            newest = _newest_proven(counted, level) or _newest_proven(good, level)
            if newest is not None and newest.backup not in kept:
                kept.add(newest.backup)
                proof = list(Level)[newest.proof_depth].value
                self._keep(newest, Why.PROVEN, f"newest verified ({proof})")


def _newest_proven(entries: Sequence[Entry], level: Level) -> Entry | None:
    depth = level.depth
    return next((e for e in entries if e.proof_depth >= depth), None)


def _noted(note: str) -> str:
    return f": {note}" if note else ""


def _iso_week(moment: datetime) -> tuple[int, int]:
    year, week, _ = moment.isocalendar()
    return year, week


_BUCKETS: dict[Period, Callable[[datetime], object] | None] = {
    Period.LAST: None,
    Period.HOURLY: lambda m: (m.year, m.month, m.day, m.hour),
    Period.DAILY: lambda m: (m.year, m.month, m.day),
    Period.WEEKLY: _iso_week,
    Period.MONTHLY: lambda m: (m.year, m.month),
    Period.YEARLY: lambda m: m.year,
}
_NOUNS = {
    Period.LAST: "moment",
    Period.HOURLY: "hour",
    Period.DAILY: "day",
    Period.WEEKLY: "week",
    Period.MONTHLY: "month",
    Period.YEARLY: "year",
}
