"""Evidence as JSON bytes, format version 1, and back (FORMAT.md, "Evidence")."""

from collections.abc import Mapping

from mangrove.core.backup import BackupId
from mangrove.core.errors import ManifestCorruptError
from mangrove.core.verification import Evidence, Finding, Level, NamespaceResult
from mangrove.vault.codecs.manifest import check_format
from mangrove.vault.codecs.measured import (
    OPTIONAL_FIELDS,
    amounts_of,
    assertions_of,
    drill_of,
    measured_document,
)
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    Node,
    Record,
    decode_document,
    encode_document,
    encode_duration,
    encode_moment,
)

LIMIT_BYTES = 64 << 20
FORMAT_NAME = "mangrove evidence"
FORMAT_VERSION = 1
_FIELDS = [
    "format",
    "version",
    "backup",
    "level",
    "started_at",
    "finished_at",
    "passed",
    "findings",
    "namespaces",
    "blobs",
    "stored_bytes",
    "target",
    "server_version",
    "steps",
    "tool_version",
]


def encode_evidence(evidence: Evidence) -> bytes:
    """Return evidence as bytes; the same evidence always gives the same bytes."""
    return encode_document(_document(evidence))


def decode_evidence(data: bytes) -> Evidence:
    """Read evidence.

    Raises:
        ManifestCorruptError: If anything is missing or strange.
        UnknownFormatError: If a newer Mangrove wrote it.
    """
    try:
        document = decode_document(data, LIMIT_BYTES)
        check_format(document, FORMAT_NAME, FORMAT_VERSION)
        return _evidence(document.record(_FIELDS, OPTIONAL_FIELDS))
    except MalformedDocumentError as error:
        raise ManifestCorruptError(
            f"a piece of evidence cannot be understood: {error}",
            hint="verify the backup again",
        ) from None


def _document(evidence: Evidence) -> Mapping[str, object]:
    return {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "backup": evidence.backup,
        "level": evidence.level,
        "started_at": encode_moment(evidence.started_at),
        "finished_at": encode_moment(evidence.finished_at),
        "passed": evidence.passed,
        "findings": [{"subject": f.subject, "problem": f.problem} for f in evidence.findings],
        "namespaces": [_result_document(result) for result in evidence.namespaces],
        "blobs": evidence.blobs,
        "stored_bytes": evidence.stored_bytes,
        "target": evidence.target,
        "server_version": evidence.server_version,
        "steps": [{"name": n, "seconds": encode_duration(d)} for n, d in evidence.steps],
        "tool_version": evidence.tool_version,
        **measured_document(evidence),
    }


def _result_document(result: NamespaceResult) -> Mapping[str, object]:
    return {
        "namespace": result.namespace,
        "documents": result.documents,
        "digest": result.digest,
        "indexes": result.indexes,
        "good": result.good,
    }


def _evidence(record: Record) -> Evidence:
    steps = [item.record(("name", "seconds")) for item in record["steps"].items()]
    findings = [item.record(("subject", "problem")) for item in record["findings"].items()]
    return Evidence(
        backup=BackupId(record["backup"].text()),
        level=record["level"].choice(Level),
        started_at=record["started_at"].moment(),
        finished_at=record["finished_at"].moment(),
        passed=record["passed"].flag(),
        findings=tuple(Finding(f["subject"].text(), f["problem"].text()) for f in findings),
        namespaces=tuple(_result(item) for item in record["namespaces"].items()),
        blobs=record["blobs"].integer(),
        stored_bytes=record["stored_bytes"].integer(),
        target=record["target"].text(),
        server_version=record["server_version"].text(),
        steps=tuple((s["name"].text(), s["seconds"].duration()) for s in steps),
        tool_version=record["tool_version"].text(),
        amounts=amounts_of(record),
        assertions=assertions_of(record),
        drill=drill_of(record),
    )


def _result(node: Node) -> NamespaceResult:
    record = node.record(("namespace", "documents", "digest", "indexes", "good"))
    return NamespaceResult(
        namespace=record["namespace"].text(),
        documents=record["documents"].integer(),
        digest=record["digest"].text(),
        indexes=record["indexes"].integer(),
        good=record["good"].flag(),
    )
