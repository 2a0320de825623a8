"""The tables that reports about one backup and about a time have in common."""

from collections.abc import Sequence

from mangrove.core.assertion import Verdict
from mangrove.core.assertion_words import asks, expects, figure_found
from mangrove.core.explain import duration_text
from mangrove.core.reports.report import ReportTable, Row, RowTone, Section, moment_words
from mangrove.core.verification import Drill, Evidence, Level
from mangrove.core.wording import counted

_LEVEL_WORDS = {
    Level.STORED: "every stored object re-read and compared",
    Level.DECODED: "every document decrypted, counted and digested",
    Level.RESTORED: "restored on trial and compared",
    Level.DRILLED: "recovery drilled",
}
_VERDICT_TONES = {
    Verdict.HELD: RowTone.GOOD,
    Verdict.BROKEN: RowTone.BAD,
    Verdict.UNANSWERED: RowTone.OPEN,
}
MAX_STEPS = 20


def oldest_first(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return evidence in the order it was made, the same for the same pieces."""
    return sorted(evidence, key=lambda e: (e.finished_at, e.backup, e.level.depth))


def proof_section(evidence: Sequence[Evidence]) -> Section:
    """Return what was verified, when, how deep, and what it came to."""
    table = ReportTable(
        ("when", "backup", "what was done", "on", "took", "documents", "result"),
        tuple(_proof_row(piece) for piece in oldest_first(evidence)),
        "Nothing was verified.",
    )
    return Section("Proof", table=table)


def _proof_row(piece: Evidence) -> Row:
    documents = sum(n.documents for n in piece.namespaces)
    counts = f"{documents:,}" if piece.level.depth >= Level.DECODED.depth else ""
    result = "good" if piece.passed else counted(len(piece.findings), "finding")
    cells = (
        moment_words(piece.finished_at),
        piece.backup,
        _LEVEL_WORDS[piece.level],
        piece.target,
        duration_text(piece.duration),
        counts,
        result,
    )
    return Row(cells, RowTone.GOOD if piece.passed else RowTone.BAD)


def findings_section(evidence: Sequence[Evidence]) -> Section | None:
    """Return what verifications found to be wrong; None if nothing."""
    rows = tuple(
        Row((moment_words(e.finished_at), e.backup, f.subject, f.problem), RowTone.BAD)
        for e in oldest_first(evidence)
        for f in e.findings
    )
    table = ReportTable(("when", "backup", "what", "what is wrong"), rows, "")
    return Section("What was found to be wrong", table=table) if rows else None


def drills_section(evidence: Sequence[Evidence]) -> Section:
    """Return each drill with what its steps took."""
    drills = [e for e in oldest_first(evidence) if e.drill is not None]
    rows = tuple(_drill_row(piece, piece.drill) for piece in drills if piece.drill is not None)
    table = ReportTable(
        ("when", "back to", "from", "moved", "took", "steps", "result"),
        rows,
        "No recovery was drilled: how long one takes is not known from practice.",
    )
    return Section("Drills", table=table)


def _drill_row(piece: Evidence, drill: Drill) -> Row:
    steps = ", ".join(f"{name} {duration_text(took)}" for name, took in piece.steps[:MAX_STEPS])
    moved = ", ".join(
        f"{amount:,} {name}"
        for name, amount in piece.amounts
        if name in ("documents", "operations", "slices")
    )
    result = "good" if piece.passed else counted(len(piece.findings), "finding")
    if drill.compared_with and piece.passed:
        result = f"the same as {drill.compared_with}"
    cells = (
        moment_words(piece.finished_at),
        drill.goal,
        piece.backup,
        moved,
        duration_text(piece.duration),
        steps,
        result,
    )
    return Row(cells, RowTone.GOOD if piece.passed else RowTone.BAD)


def assertions_section(evidence: Sequence[Evidence]) -> Section:
    """Return what restored copies were asked, and what they said."""
    rows = tuple(
        Row(
            (
                moment_words(e.finished_at),
                r.name,
                asks(r.question),
                expects(r.question),
                figure_found(r),
                r.verdict.value,
            ),
            _VERDICT_TONES[r.verdict],
        )
        for e in oldest_first(evidence)
        for r in e.assertions
    )
    columns = ("when", "assertion", "asked", "expected", "found", "verdict")
    return Section(
        "Assertions",
        table=ReportTable(columns, rows, "No restored copy was asked what its owner expects."),
    )
