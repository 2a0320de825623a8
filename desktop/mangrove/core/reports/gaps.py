"""Gaps: what a report has to own up to."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.explain import duration_text
from mangrove.core.pitr.planning import Timeline
from mangrove.core.reports.report import ReportTable, Row, RowTone, Section, moment_words
from mangrove.core.verification import Evidence, Level
from mangrove.core.wording import counted

DAY = timedelta(days=1)


def gaps_section(
    records: Sequence[BackupRecord],
    pieces: Sequence[Evidence],
    timeline: Timeline,
    start: datetime | None,
    end: datetime,
) -> Section:
    """Return everything that is missing or went wrong in a time, by name.

    Args:
        records: All backups of a profile.
        pieces: The evidence of the time.
        timeline: As it was at the end.
        start: None for the beginning.
        end: What came later is left out.
    """
    rows = [
        *_empty_days(records, start, end),
        *_of_timeline(timeline, start, end),
        *_of_backups(records, start, end),
        *_of_evidence(pieces),
    ]
    table = ReportTable(("what", "from", "to", "why"), tuple(rows), "None is known.")
    return Section("Gaps", table=table)


def longest_stretch(records: Sequence[BackupRecord], start: datetime | None, end: datetime) -> str:
    """Say how long at most no backup of everything was made, the edges of the time included."""
    moments = sorted(r.data_at for r in records if protects(r) and r.data_at <= end)
    if not moments:
        return "there is no backup of the whole deployment"
    within = [m for m in moments if start is None or m >= start]
    before = [m for m in moments if start is not None and m < start]
    edges = [*before[-1:], *within, end]
    if start is not None and not before:
        edges.insert(0, start)
    longest = max(pairwise(edges), key=lambda pair: pair[1] - pair[0])
    took = duration_text(longest[1] - longest[0])
    return f"{took}, from {moment_words(longest[0])} to {moment_words(longest[1])}"


def protects(record: BackupRecord) -> bool:
    """Whether a backup holds everything and can be read."""
    return record.state is BackupState.COMPLETE and record.is_whole and not record.is_filtered


def _empty_days(
    records: Sequence[BackupRecord], start: datetime | None, end: datetime
) -> Iterator[Row]:
    """Name each run of days on which no backup of everything was completed."""
    days = {r.finished_at.date() for r in records if protects(r)}
    first = start.date() if start is not None else min(days, default=None)
    if first is None:
        yield Row(("no backup of the whole deployment", "", "", "none was made"), RowTone.BAD)
        return
    last = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    run: list[date] = []
    for number in range((last - first).days + 2):
        day = first + number * DAY
        if day <= last and day not in days:
            run.append(day)
        elif run:
            what = f"{counted(len(run), 'day')} without a backup of the whole deployment"
            yield Row((what, str(run[0]), str(run[-1]), "none was completed"), RowTone.BAD)
            run = []


def _of_timeline(timeline: Timeline, start: datetime | None, end: datetime) -> Iterator[Row]:
    for gap in timeline.gaps:
        until = min(gap.end.at, end) if gap.end is not None else end
        if gap.start.at > end or (start is not None and until < start):
            continue
        since = gap.start.at if start is None else max(gap.start.at, start)
        cells = ("seconds that cannot be restored", moment_words(since), moment_words(until))
        yield Row((*cells, gap.sentence), RowTone.BAD)


def _of_backups(
    records: Sequence[BackupRecord], start: datetime | None, end: datetime
) -> Iterator[Row]:
    for record in sorted(records, key=lambda r: (r.finished_at, r.backup)):
        if record.finished_at > end or (start is not None and record.finished_at < start):
            continue
        at = moment_words(record.finished_at)
        if record.state is not BackupState.COMPLETE:
            yield Row((f"{record.backup} cannot be read", at, "", record.problem), RowTone.BAD)
        elif not _was_restored(record, end):
            why = "whether it can be restored was never tried"
            yield Row((f"{record.backup} was not restored on trial", at, "", why), RowTone.OPEN)


def _was_restored(record: BackupRecord, end: datetime) -> bool:
    return any(
        e.passed and e.level.depth >= Level.RESTORED.depth and e.finished_at <= end
        for e in record.evidence
    )


def _of_evidence(pieces: Sequence[Evidence]) -> Iterator[Row]:
    for piece in sorted(pieces, key=lambda e: (e.finished_at, e.backup)):
        if not piece.passed:
            what = f"a proof of {piece.backup} failed"
            why = f"{piece.findings[0].subject}: {piece.findings[0].problem}"
            yield Row((what, moment_words(piece.finished_at), "", why), RowTone.BAD)
    if not any(piece.drill is not None for piece in pieces):
        yield Row(("no recovery was drilled", "", "", "none was started"), RowTone.OPEN)
