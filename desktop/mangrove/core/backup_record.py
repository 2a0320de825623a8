"""What is known of each backup in a vault: one row of the catalog."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from mangrove.core.backup import IMPORT_SLUG, SAFETY_MARK, BackupId, Compression, Consistency
from mangrove.core.cover import Cover, DatabaseContent, rough_cover
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.vaults.vault import VaultId
from mangrove.core.verification import EvidenceSummary


class BackupState(StrEnum):
    """What the catalog knows of a backup's standing."""

    COMPLETE = "complete"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One backup as a catalog row; everything in it comes from the vault.

    Attributes:
        data_at: The moment whose data is surely inside (see ``Manifest.data_at``).
        problem: Why the backup is unreadable; "" when it is complete.
        evidence: Newest first.
        is_filtered: Whether a query left out some documents of a collection.
        consistent_at: The moment that everything inside stands at; None without one.
        scope: The mark of its selection; backups of different scopes never replace each other.
        cover: What of the deployment it protects; None in rows from before that was kept.
        contents: What its databases come to.
        is_physical: Whether it holds a server's files instead of documents.
    """

    backup: BackupId
    vault_id: VaultId
    profile_slug: str
    profile_name: str
    state: BackupState
    problem: str
    sequence: int
    started_at: datetime
    finished_at: datetime
    data_at: datetime
    achieved: Consistency
    selection: str
    is_whole: bool
    databases: tuple[str, ...]
    namespaces: int
    documents: int
    plain_bytes: int
    stored_bytes: int
    compression: Compression
    is_encrypted: bool
    server_version: str
    not_included: int
    evidence: tuple[EvidenceSummary, ...] = ()
    is_filtered: bool = False
    consistent_at: OplogTimestamp | None = None
    scope: str = ""
    cover: Cover | None = None
    contents: tuple[DatabaseContent, ...] = ()
    is_physical: bool = False

    @property
    def protects(self) -> Cover:
        """What of the deployment it protects, as far as is known."""
        if self.cover is not None:
            return self.cover
        return rough_cover(self.databases, is_whole=self.is_whole, is_filtered=self.is_filtered)

    @property
    def is_aside(self) -> bool:
        """Whether it is a safety backup or an import: not one that somebody took to go back to."""
        is_import = self.profile_slug.startswith(IMPORT_SLUG)
        return is_import or self.profile_name.endswith(SAFETY_MARK)

    def with_evidence(self, summary: EvidenceSummary) -> Self:
        """Return the record with one more piece of evidence, newest first."""
        return replace(self, evidence=(summary, *self.evidence))

    @property
    def proven(self) -> EvidenceSummary | None:
        """The deepest passed evidence, the newest of that depth; None without any."""
        passed = [e for e in self.evidence if e.passed]
        return max(passed, key=lambda e: (e.level.depth, e.finished_at), default=None)

    @property
    def is_restored(self) -> bool:
        """Whether it passed a test restore."""
        return any(e.is_test_restore for e in self.evidence)

    @property
    def failed_evidence(self) -> EvidenceSummary | None:
        """The newest evidence if that one failed."""
        newest = max(self.evidence, key=lambda e: e.finished_at, default=None)
        return newest if newest is not None and not newest.passed else None


@dataclass(frozen=True, slots=True)
class SeenBackup:
    """A signed backup as a storage lists it now.

    Attributes:
        missing_bytes: What of it is not there, going by sizes alone.
        is_known: Whether the record is the very one that was known before.
    """

    record: BackupRecord
    missing_bytes: int = 0
    is_known: bool = False
