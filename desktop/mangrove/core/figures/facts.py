"""What the figures are computed from: facts of the catalog, already grouped and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType, Protocol

from mangrove.core.backup_record import BackupRecord
from mangrove.core.cover import Cover
from mangrove.core.figures.evidence import EvidenceFact
from mangrove.core.figures.protection import Moment
from mangrove.core.vaults.vault import VaultId

GroupId = NewType("GroupId", str)


@dataclass(frozen=True, slots=True)
class Group:
    """The complete backups of one profile in one vault that protect the same.

    Attributes:
        newest: The newest of them that is not dated in the future; None if all are.
        newest_at: Its data time.
    """

    group_id: GroupId
    profile_slug: str
    vault_id: VaultId
    cover: Cover
    newest: str | None
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The backups of one profile in one vault that were finished on one day, in UTC.

    Attributes:
        complete: How many are complete.
        unreadable: How many cannot be read.
        proven: How many of the complete ones passed a test restore.
        disproven: How many had their newest verification fail.
        stored_bytes: Of all.
        newest_bytes: Of the newest of the day: what stays when older ones are thinned out.
    """

    profile_slug: str
    vault_id: VaultId
    day: date
    complete: int
    unreadable: int
    proven: int
    disproven: int
    stored_bytes: int
    newest_bytes: int


class BackupFacts(Protocol):
    """Answers about all backups at once, however many there are."""

    def groups(self, now: datetime) -> Sequence[Group]:
        """Return every group of complete backups."""
        ...

    def count(self, groups: Sequence[Group]) -> int:
        """Return how many backups some groups have together."""
        ...

    def moments(self, since: datetime) -> Mapping[GroupId, Sequence[Moment]]:
        """Return, by data time, the complete backups since a moment, and the two before.

        The last one before may not have been complete yet at that moment. Those that were
        removed since count as well, as far as they are remembered.
        """
        ...

    def evidence(self, since: datetime) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        """Return the verifications since a moment."""
        ...

    def test_restores(self, most: int) -> Mapping[GroupId, Sequence[EvidenceFact]]:
        """Return the newest passed test restores of each group, so many at most."""
        ...

    def days(self, since: date) -> Sequence[DayTotal]:
        """Return the totals of every day from one on, oldest first."""
        ...

    def totals(self) -> Sequence[DayTotal]:
        """Return the same for all days together: one for each profile in each vault.

        Their ``day`` is that of the oldest backup.
        """
        ...

    def newest(self, groups: Sequence[GroupId], by: datetime) -> str | None:
        """Return the backup of some groups with the newest data up to a moment."""
        ...

    def find(self, backup: str) -> BackupRecord | None:
        """Return one backup."""
        ...
