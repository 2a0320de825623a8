"""The report about a time: what was backed up and proven, and every gap by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.explain import duration_text, size_text
from mangrove.core.pitr.planning import Timeline
from mangrove.core.reports.gaps import gaps_section, longest_stretch, protects
from mangrove.core.reports.parts import (
    assertions_section,
    drills_section,
    findings_section,
    proof_section,
)
from mangrove.core.reports.report import (
    Report,
    ReportKind,
    ReportTable,
    Row,
    RowTone,
    Section,
    moment_words,
)
from mangrove.core.reports.retention import retention_section
from mangrove.core.reports.shortfalls import NONE_KNOWN, Shortfalls, shortfall_sections
from mangrove.core.retention.marks import Statement
from mangrove.core.verification import Evidence, Level
from mangrove.core.wording import counted

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Covered:
    """What is stored of one profile, and the time that a report covers.

    Attributes:
        start: None for the beginning.
        end: What came later is left out.
        records: All backups of it; evidence by their ids, its signatures hold.
        timeline: As it was at the end.
        shortfalls: What no vault knows of: backups that failed, and times that were missed.
    """

    name: str
    start: datetime | None
    end: datetime
    records: tuple[BackupRecord, ...]
    evidence: Mapping[BackupId, tuple[Evidence, ...]]
    timeline: Timeline
    statements: tuple[Statement, ...]
    shortfalls: Shortfalls = NONE_KNOWN

    @property
    def backups(self) -> tuple[BackupRecord, ...]:
        """The backups that were finished within the time, oldest first."""
        found = (r for r in self.records if self.holds(r.finished_at))
        return tuple(sorted(found, key=lambda r: (r.finished_at, r.backup)))

    @property
    def pieces(self) -> tuple[Evidence, ...]:
        """The evidence that was made within the time, also for older backups."""
        found = (e for kept in self.evidence.values() for e in kept if self.holds(e.finished_at))
        return tuple(found)

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within the time."""
        return (self.start is None or self.start <= moment) and moment <= self.end


def month_of(text: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month, and that of the next one.

    Raises:
        ValueError: If the text is not ``YYYY-MM``.
    """
    start = datetime.strptime(text.strip(), "%Y-%m").replace(tzinfo=UTC)
    following = (start + 32 * DAY).replace(day=1)
    return start, following


def period_report(kind: ReportKind, title: str, stem: str, covered: Sequence[Covered]) -> Report:
    """Return the report about a time of one or more profiles.

    Args:
        kind: ``PROFILE`` or ``MONTH``.
        title: What it is called.
        stem: A name for its files.
        covered: One for each profile, at least one.
    """
    several = len(covered) > 1
    sections = [
        replace(section, heading=f"{one.name}: {section.heading}") if several else section
        for one in covered
        for section in _sections(one)
    ]
    first = covered[0]
    since = f"from {moment_words(first.start)}" if first.start else "from the first backup"
    names = ", ".join(one.name for one in covered)
    return Report(
        kind=kind,
        title=title,
        subtitle=f"{names}, {since} to {moment_words(first.end)}",
        as_of=first.end,
        sections=tuple(sections),
        stem=stem,
    )


def _sections(one: Covered) -> list[Section]:
    pieces, backups = one.pieces, [r.backup for r in one.records]
    found = (
        _summary(one),
        gaps_section(one.records, pieces, one.timeline, one.start, one.end),
        *shortfall_sections(one.shortfalls),
        _backups(one),
        proof_section(pieces),
        findings_section(pieces),
        drills_section(pieces),
        assertions_section(pieces),
        _windows(one),
        retention_section(one.statements, backups, one.start, one.end),
    )
    return [section for section in found if section is not None]


def _summary(one: Covered) -> Section:
    taken = one.backups
    whole = [r for r in taken if protects(r)]
    pieces = one.pieces
    restored = [e for e in pieces if e.level.depth >= Level.RESTORED.depth]
    drills = [e for e in pieces if e.drill is not None]
    slowest = max((e.duration for e in drills), default=None)
    stretch = longest_stretch(one.records, one.start, one.end)
    proven = sum(_is_proven(one, r) for r in taken)
    facts = (
        ("backups made", f"{len(taken):,}, {len(whole):,} of them of the whole deployment"),
        (
            "restored on trial",
            f"{proven:,} of these {counted(len(taken), 'backup')}, without findings",
        ),
        ("longest time between two", stretch),
        ("backups that failed", one.shortfalls.failed_words),
        ("times that were missed", one.shortfalls.missed_words),
        ("proofs made", f"{len(pieces):,}, {sum(not e.passed for e in pieces):,} with findings"),
        ("trial restores and drills", f"{len(restored):,}"),
        ("recoveries drilled", f"{len(drills):,}"),
        ("slowest recovery", duration_text(slowest) if slowest else "never measured"),
        ("stored", size_text(sum(r.stored_bytes for r in taken))),
    )
    note = (
        "This report is made of what lies in the vaults: signed manifests, signed evidence and "
        "signed statements. Backups that were removed since are not in it; their removal is, "
        "under Retention. What failed or was missed left nothing there, and is told from the "
        "history of one workstation."
    )
    return Section("In short", words=(note,), facts=facts)


def _is_proven(one: Covered, record: BackupRecord) -> bool:
    kept = [e for e in one.evidence.get(record.backup, ()) if e.finished_at <= one.end]
    newest = max(kept, key=lambda e: e.finished_at, default=None)
    restored = any(e.passed and e.level.depth >= Level.RESTORED.depth for e in kept)
    return restored and newest is not None and newest.passed


def _backups(one: Covered) -> Section:
    columns = ("complete", "backup", "what", "stands at", "documents", "stored", "proven")
    rows = tuple(_backup_row(one, record) for record in one.backups)
    return Section("Backups", table=ReportTable(columns, rows, "No backup was made."))


def _backup_row(one: Covered, record: BackupRecord) -> Row:
    kept = [e for e in one.evidence.get(record.backup, ()) if e.finished_at <= one.end]
    newest = max(kept, key=lambda e: e.finished_at, default=None)
    good = [e for e in kept if e.passed]
    deepest = max(good, key=lambda e: (e.level.depth, e.finished_at), default=None)
    proven, tone = "no", RowTone.OPEN
    if record.state is not BackupState.COMPLETE:
        proven, tone = record.problem, RowTone.BAD
    elif newest is not None and not newest.passed:
        proven, tone = f"its last proof failed, {moment_words(newest.finished_at)}", RowTone.BAD
    elif deepest is not None:
        proven = f"{deepest.level}, {moment_words(deepest.finished_at)}"
        is_restored = deepest.level.depth >= Level.RESTORED.depth
        tone = RowTone.GOOD if is_restored else RowTone.OPEN
    cells = (
        moment_words(record.finished_at),
        record.backup,
        record.selection,
        moment_words(record.data_at),
        f"{record.documents:,}",
        size_text(record.stored_bytes),
        proven,
    )
    return Row(cells, tone)


def _windows(one: Covered) -> Section:
    rows = tuple(
        Row((moment_words(w.start.at), moment_words(w.end.at), f"{len(w.bases)}", w.scope))
        for w in one.timeline.windows
        if w.start.at <= one.end and (one.start is None or w.end.at >= one.start)
    )
    columns = ("from", "to", "bases", "of")
    table = ReportTable(columns, rows, "Only the moments of the backups themselves.")
    words = ("Within these every second can be restored.",) if rows else ()
    return Section("Moments that can be restored", words=words, table=table)
