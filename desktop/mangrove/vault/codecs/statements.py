"""Statements about what stays and goes, as JSON bytes and back (FORMAT.md, "Retention")."""

import re
from collections.abc import Mapping
from datetime import timedelta

from mangrove.core.backup import BackupId
from mangrove.core.errors import ManifestCorruptError
from mangrove.core.retention.marks import Statement, StatementKind
from mangrove.core.retention.policy import KeepRule, Period, RetentionPolicy
from mangrove.core.vaults.vault import VaultId
from mangrove.vault.codecs.manifest import check_format
from mangrove.vault.codecs.strict_json import (
    MalformedDocumentError,
    Node,
    decode_document,
    encode_document,
    encode_duration,
    encode_moment,
)

LIMIT_BYTES = 64 << 20
FORMAT_NAME = "mangrove retention statement"
FORMAT_VERSION = 1
_FIELDS = (
    "format",
    "version",
    "vault_id",
    "kind",
    "at",
    "by",
    "backups",
    "note",
    "due_at",
    "by_hand",
    "policy",
)
_POLICY_FIELDS = (
    "rules",
    "recovery_window",
    "minimum_redundancy",
    "time_zone",
    "undo",
    "points_of_last",
)
_ZONE = re.compile(r"[A-Za-z0-9_+\-/]{1,64}")


def encode_statement(statement: Statement, vault_id: VaultId, note: str) -> bytes:
    """Return a statement as bytes; the note is given as it is to be stored."""
    return encode_document(
        {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "vault_id": vault_id,
            "kind": statement.kind,
            "at": encode_moment(statement.at),
            "by": statement.by,
            "backups": list(statement.backups),
            "note": note,
            "due_at": encode_moment(statement.due_at) if statement.due_at else None,
            "by_hand": statement.by_hand,
            "policy": _policy_document(statement.policy) if statement.policy else None,
        }
    )


def decode_statement(data: bytes, vault_id: VaultId, name: str) -> Statement:
    """Read a statement; its note is left as it was stored.

    Raises:
        ManifestCorruptError: If anything is missing or strange, or it is another vault's.
        UnknownFormatError: If a newer Mangrove wrote it.
    """
    try:
        document = decode_document(data, LIMIT_BYTES)
        check_format(document, FORMAT_NAME, FORMAT_VERSION)
        return _statement(document, vault_id, name)
    except MalformedDocumentError as error:
        raise ManifestCorruptError(
            f"a statement about what stays cannot be understood: {error}", blob=name
        ) from None


def _statement(document: Node, vault_id: VaultId, name: str) -> Statement:
    record = document.record(_FIELDS)
    if record["vault_id"].text() != vault_id:
        record["vault_id"].fail("is another vault's")
    kind, policy = record["kind"].choice(StatementKind), record["policy"]
    if (kind is StatementKind.POLICY) != (policy.value is not None):
        policy.fail("does not fit the kind")
    due_at = record["due_at"]
    if (kind is StatementKind.DELETE) != (due_at.value is not None):
        due_at.fail("does not fit the kind")
    return Statement(
        kind=kind,
        at=record["at"].moment(),
        by=record["by"].text(),
        backups=tuple(map(BackupId, record["backups"].texts())),
        note=record["note"].text(),
        due_at=due_at.moment() if due_at.value is not None else None,
        by_hand=record["by_hand"].flag(),
        policy=_policy(policy) if policy.value is not None else None,
        name=name,
    )


def _policy_document(policy: RetentionPolicy) -> Mapping[str, object]:
    return {
        "rules": [
            {"period": r.period, "count": r.count, "within": _seconds(r.within)}
            for r in policy.rules
        ],
        "recovery_window": _seconds(policy.recovery_window),
        "minimum_redundancy": policy.minimum_redundancy,
        "time_zone": policy.time_zone,
        "undo": encode_duration(policy.undo),
        "points_of_last": policy.points_of_last,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else encode_duration(span)


def _policy(node: Node) -> RetentionPolicy:
    record = node.record(_POLICY_FIELDS)
    points = record["points_of_last"]
    return RetentionPolicy(
        rules=tuple(map(_rule, record["rules"].items())),
        recovery_window=_span(record["recovery_window"]),
        minimum_redundancy=record["minimum_redundancy"].integer(1),
        time_zone=record["time_zone"].matching(_ZONE),
        undo=record["undo"].duration(),
        points_of_last=None if points.value is None else points.integer(1),
    )


def _rule(node: Node) -> KeepRule:
    record = node.record(("period", "count", "within"))
    period, within = record["period"].choice(Period), _span(record["within"])
    return KeepRule(period, record["count"].integer(0 if within is not None else 1), within)


def _span(node: Node) -> timedelta | None:
    return None if node.value is None else node.duration()
