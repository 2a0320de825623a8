"""The report about one backup: what is in it, what is not, and how that is known."""

from collections.abc import Sequence
from datetime import datetime

from mangrove.core.explain import duration_text, explanation, size_text
from mangrove.core.manifest import Manifest, NamespaceEntry
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
from mangrove.core.verification import Evidence, Level
from mangrove.core.wording import content_of_all, counted, figure_of

MAX_NAMESPACES = 1_000


def backup_report(
    manifest: Manifest,
    evidence: Sequence[Evidence],
    vault: str,
    retention: Section,
    as_of: datetime,
) -> Report:
    """Return the report about a backup; it only depends on what is stored.

    Args:
        manifest: Its signature holds.
        evidence: All whose signature holds.
        vault: The vault's name.
        retention: What the vault's statements say about how long it stays.
        as_of: When the newest of all that was stored.
    """
    sections = (
        Section("In short", words=(explanation(manifest, evidence, vault),)),
        _about(manifest, vault),
        _left_out(manifest),
        proof_section(evidence),
        findings_section(evidence),
        drills_section(evidence),
        assertions_section(evidence),
        _unproven(manifest, evidence),
        retention,
        _contents(manifest),
    )
    return Report(
        kind=ReportKind.BACKUP,
        title=f"Evidence for the backup {manifest.backup}",
        subtitle=f"{manifest.profile_name}, {_stands(manifest)}",
        as_of=as_of,
        sections=tuple(section for section in sections if section is not None),
        stem=f"evidence-{manifest.backup}",
    )


def _stands(manifest: Manifest) -> str:
    if manifest.consistent_at is not None:
        return f"as it was at {moment_words(manifest.consistent_at.at)}"
    return f"read from {moment_words(manifest.started_at)} on"


def _about(manifest: Manifest, vault: str) -> Section:
    server = manifest.server
    facts = (
        ("deployment", manifest.profile_name),
        ("server", f"MongoDB {server.version_text}, {server.topology}"),
        ("what was meant", manifest.selection.describe()),
        ("consistency", f"{manifest.achieved}: {manifest.consistency_reason}"),
        ("stands at", str(manifest.consistent_at or "no one moment")),
        ("begun", moment_words(manifest.started_at)),
        ("complete", moment_words(manifest.finished_at)),
        ("took", duration_text(manifest.duration)),
        ("collections", f"{len(manifest.namespaces):,}"),
        ("documents", _documents(manifest)),
        ("BSON", f"{size_text(manifest.plain_bytes)} ({manifest.plain_bytes:,} bytes)"),
        (
            "stored",
            f"{size_text(manifest.stored_bytes)} in {counted(len(manifest.blobs), 'object')}",
        ),
        ("vault", vault),
        ("encrypted", "yes, with age" if manifest.encrypted else "NO"),
        ("sequence number", str(manifest.sequence)),
    )
    return Section("What was backed up", facts=facts)


def _documents(manifest: Manifest) -> str:
    if not manifest.buckets:
        return f"{manifest.documents:,}"
    return content_of_all(manifest.documents, manifest.buckets)


def _left_out(manifest: Manifest) -> Section:
    rows = tuple(Row((n.what, n.reason), RowTone.OPEN) for n in manifest.not_included)
    queries = tuple(
        Row((str(q.namespace), f"only documents that match {q.text}"), RowTone.OPEN)
        for q in manifest.selection.queries
    )
    table = ReportTable(("what", "why"), rows + queries, "Nothing was left out.")
    return Section("What is not in it", table=table)


def _unproven(manifest: Manifest, evidence: Sequence[Evidence]) -> Section:
    """Name what nobody has shown about this backup."""
    passed = [e for e in evidence if e.passed]
    deepest = max((e.level.depth for e in passed), default=-1)
    words = []
    if not evidence:
        words.append("Nobody verified this backup since it was made.")
    if any(not e.passed for e in evidence):
        words.append("At least one verification found something wrong; see above.")
    if deepest < Level.RESTORED.depth:
        words.append("It was never restored on trial, so that it can be restored is not proven.")
    if deepest < Level.DRILLED.depth:
        words.append("No recovery to a moment was drilled from it.")
    if not any(e.assertions for e in evidence):
        words.append("No copy of it was asked whether it holds what its owner expects.")
    if manifest.is_filtered or not manifest.selection.is_whole:
        words.append("It holds a part of the deployment only.")
    if manifest.users_and_roles is None:
        words.append("Users and roles are not in it.")
    newest = max((e.finished_at for e in passed), default=None)
    if newest is not None:
        words.append(f"The newest proof is of {moment_words(newest)}; it says nothing of later.")
    return Section("What is not proven", words=tuple(words))


def _contents(manifest: Manifest) -> Section:
    shown = manifest.namespaces[:MAX_NAMESPACES]
    more = len(manifest.namespaces) - len(shown)
    words = [f"{counted(more, 'more collection')} not listed here."] if more else []
    if manifest.files is not None:
        held = counted(len(manifest.files.files), "file")
        words.append(f"It holds a server's files instead of documents: {held}.")
    columns = ("collection", "kind", "documents", "bytes", "indexes", "content digest")
    table = ReportTable(columns, tuple(_contents_row(n) for n in shown), "It holds no collection.")
    return Section("Contents", words=tuple(words), table=table)


def _contents_row(entry: NamespaceEntry) -> Row:
    return Row(
        (
            str(entry.namespace),
            entry.kind,
            figure_of(entry.kind, entry.documents),
            f"{entry.plain_bytes:,}",
            f"{len(entry.indexes)}",
            entry.digest,
        )
    )
