"""What a report says of backups that failed and of times that were missed: no vault knows them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from mangrove.core.reports.report import ReportTable, Row, RowTone, Section
from mangrove.core.wording import counted

SHOWN_A_DAY = 4
_SOURCE = (
    "From the history of the workstation that made this report, not from a vault: what other "
    "workstations tried is not in it."
)


@dataclass(frozen=True, slots=True)
class FailedBackup:
    """A backup that failed or was interrupted, so that it stored nothing.

    Attributes:
        at: When it ended.
    """

    at: datetime
    vault: str
    why: str


@dataclass(frozen=True, slots=True)
class MissedTime:
    """A time of a job at which nothing ran."""

    at: datetime
    job: str


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """What a workstation noted of a profile within a time, and no vault holds."""

    failed: tuple[FailedBackup, ...] = ()
    missed: tuple[MissedTime, ...] = ()

    @property
    def failed_words(self) -> str:
        """How many backups failed, and on how many days."""
        return _count_words([one.at for one in self.failed])

    @property
    def missed_words(self) -> str:
        """How many times were missed, and on how many days."""
        return _count_words([one.at for one in self.missed])


NONE_KNOWN = Shortfalls()


def shortfall_sections(found: Shortfalls) -> tuple[Section, Section]:
    """Return the sections on backups that failed and on times that were missed, day by day."""
    failed = [(one.at, f"{one.at:%H:%M} into {one.vault}: {one.why}") for one in found.failed]
    missed = [(one.at, f"{one.at:%H:%M} {one.job}") for one in found.missed]
    return (
        _section("Backups that failed", "why", failed),
        _section("Times that were missed", "when, and of which job", missed),
    )


def _section(heading: str, what: str, found: Iterable[tuple[datetime, str]]) -> Section:
    days: dict[date, list[str]] = defaultdict(list)
    for at, words in sorted(found):
        days[_day(at)].append(words)
    rows = tuple(
        Row((str(day), f"{len(said):,}", _shown(said)), RowTone.BAD)
        for day, said in sorted(days.items())
    )
    return Section(
        heading,
        words=(_SOURCE,),
        table=ReportTable(("day (UTC)", "how many", what), rows, "None is known."),
    )


def _shown(said: list[str]) -> str:
    more = len(said) - SHOWN_A_DAY
    return "; ".join([*said[:SHOWN_A_DAY], *([f"and {more:,} more"] if more > 0 else [])])


def _count_words(moments: list[datetime]) -> str:
    if not moments:
        return "none is known"
    return f"{len(moments):,}, on {counted(len(set(map(_day, moments))), 'day')}"


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
