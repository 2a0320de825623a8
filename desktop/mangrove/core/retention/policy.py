"""What a vault is told to keep: counts, durations, a recovery window, and the periods of undo."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from typing_extensions import override

from mangrove.core.errors import InvalidPolicyError
from mangrove.core.wording import counted

UNDO_DEFAULT = timedelta(days=7)
UNDO_LIMIT = timedelta(days=365)
COUNT_LIMIT = 100_000
SPAN_LIMIT = timedelta(days=366 * 100)
_SPAN = re.compile(r"(?P<number>\d{1,6})(?P<unit>[hdwy])", re.ASCII)
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
_SPAN_HINT = "write a number and h, d, w or y, as in 36h, 14d, 8w or 2y"


class Period(StrEnum):
    """What one backup is kept of; ``last`` counts every backup."""

    LAST = "last"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Keep the newest backup of each period: of the last ``count`` ones, or ``within`` a span.

    Attributes:
        within: Back from the newest backup, not from now: a stopped job keeps its data.
    """

    period: Period
    count: int = 0
    within: timedelta | None = None

    @override
    def __str__(self) -> str:
        if self.within is None:
            return f"{self.period} {self.count}"
        every = "everything" if self.period is Period.LAST else self.period.value
        return f"{every} within {span_text(self.within)}"


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """What a vault keeps; without a rule and without a window it keeps everything.

    Attributes:
        recovery_window: Keep the newest backup older than this, back from now, and all after it.
        minimum_redundancy: How many of each series stay whatever the rules say.
        time_zone: Whose hours, days and weeks are meant, as an IANA name.
        undo: How long a backup that goes can be taken back; a stricter policy waits as long.
        points_of_last: Keep single moments restorable only with so many of the newest bases.
    """

    rules: tuple[KeepRule, ...] = ()
    recovery_window: timedelta | None = None
    minimum_redundancy: int = 1
    time_zone: str = "UTC"
    undo: timedelta = UNDO_DEFAULT
    points_of_last: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing says what may go, so that nothing does."""
        return not self.rules and self.recovery_window is None

    def rule(self, period: Period, *, within: bool = False) -> KeepRule | None:
        """Return the rule of a period, by count or by span."""
        found = (r for r in self.rules if r.period is period and (r.within is not None) == within)
        return next(found, None)

    def describe(self) -> str:
        """Say in one phrase what stays."""
        if self.is_empty:
            return "everything is kept"
        parts = [str(rule) for rule in self.rules]
        if self.recovery_window is not None:
            parts.append(f"a recovery window of {span_text(self.recovery_window)}")
        if self.minimum_redundancy > 1:
            parts.append(f"at least {self.minimum_redundancy}")
        if self.points_of_last is not None:
            bases = counted(self.points_of_last, "base")
            parts.append(f"single moments of the last {bases}")
        return f"{', '.join(parts)} ({self.time_zone})"


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy, and since when it was the vault's."""

    policy: RetentionPolicy
    since: datetime


def former_policies(
    history: Iterable[PolicyInForce], now: datetime
) -> tuple[tuple[RetentionPolicy, datetime], ...]:
    """Return the policies that still count beside the present one, and until when.

    A policy that was replaced goes on to count for its time of undo, or the new one's if that
    is longer: what a stricter policy lets go is not lost by a slip of the keyboard.
    """
    ordered = sorted(history, key=lambda item: item.since)
    found = []
    for former, later in pairwise(ordered):
        until = later.since + max(former.policy.undo, later.policy.undo)
        if until > now and not former.policy.is_empty:
            found.append((former.policy, until))
    return tuple(found)


def checked_policy(policy: RetentionPolicy) -> RetentionPolicy:
    """Return a policy whose numbers make sense.

    Raises:
        InvalidPolicyError: Naming what does not.
    """
    for rule in policy.rules:
        if rule.within is None and not 1 <= rule.count <= COUNT_LIMIT:
            raise InvalidPolicyError(
                f"--keep-{rule.period} {rule.count} is no number of backups to keep; "
                "nothing was changed",
                hint=f"write 1 to {COUNT_LIMIT:,}, or leave the option out to have no such rule; "
                "a vault keeps everything with --keep-all",
            )
        if rule.within is not None:
            _check_span(f"within of {rule.period}", rule.within)
    kinds = [(rule.period, rule.within is None) for rule in policy.rules]
    if len(set(kinds)) != len(kinds):
        raise InvalidPolicyError("a period has two rules of one kind; nothing was changed")
    if policy.recovery_window is not None:
        _check_span("recovery window", policy.recovery_window)
    if not 1 <= policy.minimum_redundancy <= COUNT_LIMIT:
        raise InvalidPolicyError(
            "at least one backup of each series stays; nothing was changed",
            hint=f"write --keep-at-least 1 to {COUNT_LIMIT:,}, or leave it out for 1",
        )
    if policy.points_of_last is not None and not 1 <= policy.points_of_last <= COUNT_LIMIT:
        raise InvalidPolicyError(
            "single moments need at least one base; nothing was changed",
            hint=f"write --moments-of-last 1 to {COUNT_LIMIT:,}, or leave it out for all bases",
        )
    if not timedelta(0) <= policy.undo <= UNDO_LIMIT:
        raise InvalidPolicyError(
            "the time of undo is 0 to 365 days; nothing was changed", hint="such as --undo 14d"
        )
    return policy


def policy_of(
    counts: Mapping[Period, int | None],
    spans: Mapping[Period, timedelta | None],
    base: RetentionPolicy = RetentionPolicy(),
) -> RetentionPolicy:
    """Return a policy with these rules in place of all of another's; None means no rule."""
    counted_rules = [KeepRule(p, counts[p] or 0) for p in Period if counts.get(p) is not None]
    span_rules = [KeepRule(p, 0, spans[p]) for p in Period if spans.get(p) is not None]
    return checked_policy(
        RetentionPolicy(
            (*counted_rules, *span_rules),
            base.recovery_window,
            base.minimum_redundancy,
            base.time_zone,
            base.undo,
            base.points_of_last,
        )
    )


def parse_span(text: str) -> timedelta:
    """Read a span such as ``36h``, ``14d``, ``8w``, ``2y`` or ``1y6w``; a year is 365 days.

    Raises:
        InvalidPolicyError: If it is anything else.
    """
    whole = text.strip().lower()
    pieces = list(_SPAN.finditer(whole))
    if not pieces or "".join(piece.group() for piece in pieces) != whole:
        raise InvalidPolicyError(f"'{text}' is no span of time", hint=_SPAN_HINT)
    total = timedelta(0)
    for piece in pieces:
        try:
            total += int(piece["number"]) * _UNITS[piece["unit"]]
        except OverflowError:
            raise InvalidPolicyError(f"'{text}' is too long a time", hint=_SPAN_HINT) from None
    return total


def span_text(span: timedelta) -> str:
    """Write a span so that ``parse_span`` reads it."""
    hours = int(span.total_seconds() // 3600)
    for unit, size in (("y", 365 * 24), ("w", 7 * 24), ("d", 24)):
        if hours and hours % size == 0:
            return f"{hours // size}{unit}"
    return f"{hours}h"


def _check_span(what: str, span: timedelta) -> None:
    if not timedelta(0) < span <= SPAN_LIMIT:
        raise InvalidPolicyError(
            f"the {what} is no span to keep backups for; nothing was changed", hint=_SPAN_HINT
        )
