"""Trusted comments: the one line in each signature that binds it to its place."""

import re
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.errors import SignatureInvalidError
from mangrove.core.retention.marks import Statement
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import Evidence, Level
from mangrove.vault.codecs.strict_json import encode_moment

LIMIT_BYTES = 16 << 10
MAX_SEQUENCE = 10**12  # a forged comment cannot push the numbers out of any range
_BACKUP = re.compile(
    r"mangrove backup (?P<backup>\S+) sequence (?P<sequence>[1-9][0-9]{0,12}) vault (?P<vault>\S+)"
)
_TRUSTED = "trusted comment: "


@dataclass(frozen=True, slots=True)
class BackupComment:
    """What the trusted comment of a manifest's signature says."""

    backup: BackupId
    sequence: int
    vault_id: VaultId

    @property
    def text(self) -> str:
        """The comment itself."""
        return f"mangrove backup {self.backup} sequence {self.sequence} vault {self.vault_id}"


def parse_backup_comment(text: str) -> BackupComment:
    """Read a manifest's trusted comment.

    Raises:
        SignatureInvalidError: If it is the comment of anything else.
    """
    match = _BACKUP.fullmatch(text)
    if match is None or int(match["sequence"]) > MAX_SEQUENCE:
        raise SignatureInvalidError("the signature is not one of a backup")
    backup, vault_id = BackupId(match["backup"]), VaultId(match["vault"])
    return BackupComment(backup, int(match["sequence"]), vault_id)


def claimed_comment(signature: bytes) -> BackupComment | None:
    """Return what a signature says without checking it: good for numbering, not for trust."""
    lines = signature.decode(errors="replace").splitlines()
    claimed = [line.removeprefix(_TRUSTED) for line in lines if line.startswith(_TRUSTED)]
    try:
        return parse_backup_comment(claimed[0]) if claimed else None
    except SignatureInvalidError:
        return None


def evidence_comment(evidence: Evidence, vault_id: VaultId) -> str:
    """Return the trusted comment of a piece of evidence."""
    level: Level = evidence.level
    finished = encode_moment(evidence.finished_at)
    return f"mangrove evidence {evidence.backup} level {level} at {finished} vault {vault_id}"


def statement_comment(statement: Statement, vault_id: VaultId) -> str:
    """Return the trusted comment of a statement about what stays and goes."""
    at, number = encode_moment(statement.at), len(statement.backups)
    return f"mangrove statement {statement.kind} of {number} backups at {at} vault {vault_id}"


def sequence_comment(number: int, vault_id: VaultId) -> str:
    """Return the trusted comment that claims a sequence number."""
    return f"mangrove sequence {number} vault {vault_id}"
