"""Backups made without a server: a workstation's vault, written to by its own keys."""

from dataclasses import dataclass

from fakes.memory_storage import MemoryStorage
from fakes.vaults import SLUG, TestVault, new_id, write_backup
from fakes.workstation import Workstation
from mangrove.app.clock import SystemClock
from mangrove.core.backup_record import BackupRecord
from mangrove.services.vaults import SavedVault, VaultDraft
from mangrove.vault.keeper import VaultFactory

CONTENT = b"documents of the users " * 40


@dataclass(slots=True)
class VaultDesk:
    """One workstation and the vault it works with."""

    desk: Workstation
    name: str = "attic"

    @property
    def vault(self) -> TestVault:
        """The vault as it is known now."""
        memory = self.desk.services.keys._memory
        factory = VaultFactory(self.desk.secrets, SystemClock(), memory=memory)
        spec = self.desk.services.vaults.find(self.name)
        return TestVault(spec, MemoryStorage(), self.desk.secrets, factory)  # type: ignore[arg-type]  # any store will do

    def add(self, **changes: object) -> SavedVault:
        """Make the vault in the workstation's folder."""
        url = self.desk.vault_folder.as_uri()
        draft = VaultDraft(self.name, url, **changes)  # type: ignore[arg-type]  # tests
        return self.desk.services.vaults.add(draft)

    def backup(self, hour: int = 12, content: bytes = CONTENT) -> BackupRecord:
        """Write a small backup, and put it into the catalog as a run does."""
        record = write_backup(self.vault, new_id(hour, slug=SLUG), content)
        self.desk.services.vaults.rebuild_catalog(self.name)
        return record

    def content(self, record: BackupRecord) -> bytes:
        """Read a backup's documents back."""
        vault = self.vault.open()
        manifest = vault.manifest(record.backup)
        return b"".join(
            chunk for blob in manifest.namespaces[0].segments for chunk in vault.read(blob)
        )
