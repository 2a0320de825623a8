"""What this workstation remembers of vaults: the catalog, and what was seen in them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.vaults.memory import Remembered
from mangrove.core.vaults.vault import VaultId


class Catalog(Protocol):
    """The local index of all vaults' backups: a cache, rebuilt from the vaults."""

    def put(self, record: BackupRecord) -> None:
        """Insert or replace one backup."""
        ...

    def replace_vault(self, vault_id: VaultId, records: Iterable[BackupRecord]) -> int:
        """Put exactly these backups in place of all of one vault, at once."""
        ...

    def find(self, backup: BackupId) -> BackupRecord | None:
        """Return one backup."""
        ...

    def all(self) -> tuple[BackupRecord, ...]:
        """Return all backups, newest first."""
        ...

    def newest(self, limit: int) -> tuple[BackupRecord, ...]:
        """Return the newest backups at once, however many there are."""
        ...

    def of_profile(self, slug: str, since: datetime | None = None) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that were started since, newest first."""
        ...

    def physical(self, slug: str) -> tuple[BackupRecord, ...]:
        """Return the backups of a profile that hold a server's files, newest first."""
        ...

    def of_vault(self, vault_id: VaultId) -> tuple[BackupRecord, ...]:
        """Return the backups of a vault, newest first."""
        ...

    def beginning(self, text: str) -> tuple[BackupRecord, ...]:
        """Return the backups whose id begins so, newest first."""
        ...

    def remove(self, vault_id: VaultId, backup: BackupId) -> None:
        """Forget one backup; one that is not there is no error."""
        ...

    def remove_vault(self, vault_id: VaultId) -> None:
        """Forget a vault's backups."""
        ...


class SliceCatalog(Protocol):
    """The local index of all vaults' oplog slices and breaks: a cache like ``Catalog``."""

    def put_slice(self, piece: OplogSlice) -> None:
        """Insert or replace one slice."""
        ...

    def put_break(self, cut: ChainBreak) -> None:
        """Insert or replace one break."""
        ...

    def replace_slices(
        self, vault_id: VaultId, pieces: Iterable[OplogSlice], cuts: Iterable[ChainBreak]
    ) -> int:
        """Put exactly these in place of all of one vault, at once; returns how many slices."""
        ...

    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        """Return a profile's slices from all vaults, by their end."""
        ...

    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        """Return a profile's breaks from all vaults."""
        ...


class WholeCatalog(Catalog, SliceCatalog, Protocol):
    """Both halves of the catalog: what a vault holds besides documents."""


class VaultMemory(Protocol):
    """The backups this workstation has seen in each vault, signatures checked."""

    def recall(self, vault_id: VaultId, backup: BackupId) -> Remembered | None:
        """Return one; None if it was never seen here."""
        ...

    def all(self, vault_id: VaultId) -> tuple[Remembered, ...]:
        """Return all of a vault."""
        ...

    def highest(self, vault_id: VaultId) -> int:
        """Return the highest sequence number ever seen, also of backups removed since."""
        ...

    def note(self, vault_id: VaultId, items: Iterable[Remembered]) -> None:
        """Remember backups, at once."""
        ...

    def note_sequence(self, vault_id: VaultId, sequence: int) -> None:
        """Remember a sequence number, as a recovery kit has it."""
        ...

    def forget(self, vault_id: VaultId, backups: Iterable[BackupId]) -> None:
        """Let go of backups that were removed on purpose."""
        ...
