"""What the signed statements in a vault say about how long backups stay."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mangrove.core.backup import BackupId
from mangrove.core.reports.report import ReportTable, Row, RowTone, Section, moment_words
from mangrove.core.retention.marks import Statement, StatementKind

_WORDS = {
    StatementKind.PIN: "pinned",
    StatementKind.UNPIN: "unpinned",
    StatementKind.HOLD: "put on legal hold",
    StatementKind.RELEASE: "released from legal hold",
    StatementKind.DELETE: "marked for deletion",
    StatementKind.UNDO: "kept after all",
}


def retention_section(
    statements: Iterable[Statement],
    backups: Iterable[BackupId],
    start: datetime | None,
    end: datetime,
) -> Section:
    """Return the policy at the end of a time, and what was said of backups within it.

    Args:
        statements: All of the vaults concerned.
        backups: Those the report is about.
        start: None for the beginning.
        end: What was said later is left out.
    """
    known, wanted = [s for s in statements if s.at <= end], frozenset(backups)
    rows = [
        Row(
            (moment_words(said.at), _WORDS[said.kind], _named(said, wanted), said.by, said.note),
            RowTone.OPEN if said.kind is StatementKind.DELETE else RowTone.PLAIN,
        )
        for said in sorted(known, key=lambda s: (s.at, s.kind, s.name))
        if said.kind in _WORDS and (start is None or said.at >= start) and _concerns(said, wanted)
    ]
    table = ReportTable(
        ("when", "what", "backups", "by", "note"), tuple(rows), "No backup was marked or pinned."
    )
    return Section("Retention", words=(_policy_words(known),), table=table)


def _policy_words(known: Sequence[Statement]) -> str:
    said = [s for s in known if s.kind is StatementKind.POLICY and s.policy is not None]
    newest = max(said, key=lambda s: (s.at, s.name), default=None)
    if newest is None or newest.policy is None:
        return "No policy was ever set: everything is kept."
    since = moment_words(newest.at)
    return f"The policy since {since}: {newest.policy.describe()}; a deletion can be taken back."


def _concerns(said: Statement, wanted: frozenset[BackupId]) -> bool:
    """Whether it is about these backups; what was removed since is known by its statement only."""
    return said.kind is StatementKind.DELETE or bool(wanted.intersection(said.backups))


def _named(said: Statement, wanted: frozenset[BackupId]) -> str:
    gone = said.kind is StatementKind.DELETE
    return ", ".join(backup for backup in said.backups if gone or backup in wanted)
