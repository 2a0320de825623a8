"""The calendar: what each day was like, worst word last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mangrove.core.figures.facts import DayTotal

_DAY = timedelta(days=1)


class DayState(StrEnum):
    """What a day was like."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class DayMark:
    """One day of one profile.

    Attributes:
        backups: Complete ones finished that day that are still kept.
        failed: Runs that failed, backups that cannot be read, verifications that failed.
    """

    day: date
    state: DayState
    backups: int = 0
    proven: int = 0
    failed: int = 0


def calendar_of(
    totals: Iterable[DayTotal], failed_runs: Mapping[date, int], first: date, last: date
) -> tuple[DayMark, ...]:
    """Return every day from the first to the last; absence is a day too.

    A day with a failure and without any good backup has failed; one good backup makes it at
    least unproven, one that passed a test restore makes it proven, unless another of that day
    turned out bad.
    """
    days: dict[date, list[DayTotal]] = {}
    for total in totals:
        days.setdefault(total.day, []).append(total)
    count = (last - first).days + 1
    return tuple(
        _mark(day, days.get(day, ()), failed_runs.get(day, 0))
        for day in (first + n * _DAY for n in range(count))
    )


def _mark(day: date, totals: Iterable[DayTotal], failed_runs: int) -> DayMark:
    complete = proven = disproven = 0
    failed = failed_runs
    for total in totals:
        complete += total.complete
        proven += total.proven
        disproven += total.disproven
        failed += total.disproven + total.unreadable
    state = DayState.NOTHING
    if disproven or (failed and not complete):
        state = DayState.FAILED
    elif proven:
        state = DayState.PROVEN
    elif complete:
        state = DayState.UNPROVEN
    return DayMark(day, state, complete, proven, failed)
