"""One catalog row as JSON text and back; quick, because a window reads all rows at once.

The rows are a cache that we wrote ourselves, so damage need only be noticed, not explained.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from mangrove.core.backup import BackupId, Compression, Consistency
from mangrove.core.backup_record import BackupRecord, BackupState
from mangrove.core.cover import Cover, DatabaseContent
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import EvidenceSummary, Level
from mangrove.vault.codecs.strict_json import encode_duration, encode_moment

_FIELDS = tuple(BackupRecord.__dataclass_fields__)


class DamagedRowError(ValueError):
    """Raised when a row is not one that we wrote."""


def encode_record(record: BackupRecord) -> str:
    """Return a row as JSON."""
    row = {name: getattr(record, name) for name in _FIELDS}
    for name in ("started_at", "finished_at", "data_at"):
        row[name] = encode_moment(row[name])
    at = record.consistent_at
    row["consistent_at"] = None if at is None else [at.seconds, at.increment]
    del row["cover"]  # a column of its own, for most backups protect the same
    row["contents"] = [
        [c.name, c.documents, c.plain_bytes, c.stored_bytes, c.index_entries]
        for c in record.contents
    ]
    row["evidence"] = [_piece(summary) for summary in record.evidence]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def decode_record(text: str, cover: Cover | None = None) -> BackupRecord:
    """Read a row.

    Args:
        text: What ``encode_record`` made.
        cover: What the backup protects; kept apart.

    Raises:
        DamagedRowError: If it is not one; the catalog is then rebuilt.
    """
    try:
        return _record(json.loads(text), cover)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise DamagedRowError("a row of the catalog is damaged") from error


def _record(row: dict[str, Any], cover: Cover | None) -> BackupRecord:
    return BackupRecord(
        backup=BackupId(row["backup"]),
        vault_id=VaultId(row["vault_id"]),
        profile_slug=row["profile_slug"],
        profile_name=row["profile_name"],
        state=BackupState(row["state"]),
        problem=row["problem"],
        sequence=row["sequence"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=datetime.fromisoformat(row["finished_at"]),
        data_at=datetime.fromisoformat(row["data_at"]),
        achieved=Consistency(row["achieved"]),
        selection=row["selection"],
        is_whole=row["is_whole"],
        databases=tuple(row["databases"]),
        namespaces=row["namespaces"],
        documents=row["documents"],
        plain_bytes=row["plain_bytes"],
        stored_bytes=row["stored_bytes"],
        compression=Compression(row["compression"]),
        is_encrypted=row["is_encrypted"],
        server_version=row["server_version"],
        not_included=row["not_included"],
        evidence=tuple(_evidence(piece) for piece in row["evidence"]),
        is_filtered=bool(row.get("is_filtered", False)),  # rows before there were queries
        consistent_at=_timestamp(row.get("consistent_at")),
        scope=row.get("scope", ""),  # rows before there were scopes
        cover=cover,
        contents=tuple(DatabaseContent(*piece) for piece in row.get("contents", ())),
        is_physical=bool(row.get("is_physical", False)),  # rows before there were files
    )


def _timestamp(pair: list[int] | None) -> OplogTimestamp | None:
    return None if pair is None else OplogTimestamp(*pair)


def _piece(of: EvidenceSummary) -> list[object]:
    finished_at, duration_s = encode_moment(of.finished_at), encode_duration(of.duration)
    steps = [[name, encode_duration(took)] for name, took in of.steps]
    return [of.level, of.passed, finished_at, duration_s, of.target, steps, of.amounts]


def _evidence(piece: list[Any]) -> EvidenceSummary:
    level, passed, finished_at, duration_s, target, *measured = piece
    steps, amounts = measured or ((), ())  # rows before steps were kept
    return EvidenceSummary(
        level=Level(level),
        passed=passed,
        finished_at=datetime.fromisoformat(finished_at),
        duration=timedelta(seconds=duration_s),
        target=target,
        steps=tuple((str(name), timedelta(seconds=took)) for name, took in steps),
        amounts=tuple((str(name), int(count)) for name, count in amounts),
    )
