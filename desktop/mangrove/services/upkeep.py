"""Upkeep of vaults: look through a whole one, repair what can be, and say how it grows."""

from dataclasses import dataclass

from mangrove.core.growth import Growth, growth_of
from mangrove.core.ports import Catalog
from mangrove.core.vault import BackupRecord, VaultSpec
from mangrove.core.vault_lock import LockMode
from mangrove.core.vault_report import VaultFinding, VaultReport
from mangrove.jobs.vault_facts import refresh_catalog
from mangrove.services.backups import BackupTools
from mangrove.services.vaults import Vaults


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did, and what it could not do anything about."""

    repaired: tuple[VaultFinding, ...]
    left: tuple[VaultFinding, ...]
    freed_bytes: int


class Upkeep:
    """Checks of whole vaults. Calls look at storages and block for as long as that takes."""

    def __init__(self, tools: BackupTools, vaults: Vaults, catalog: Catalog) -> None:
        self._tools = tools
        self._vaults = vaults
        self._catalog = catalog

    def inspect(self, vault: str) -> VaultReport:
        """Look through a whole vault; nothing is changed."""
        spec = self._vaults.find(vault)
        return self._tools.keeper.open(spec).inspect(self._known(spec))

    def repair(self, vault: str) -> Repair:
        """Look again with nobody else there, and mend what can be mended.

        Raises:
            VaultLockedError: If another Mangrove works there, or a capture of this one.
        """
        spec = self._vaults.find(vault)
        self._vaults.refuse_while_writing(spec, "nothing was repaired")
        opened = self._tools.keeper.open(spec)
        lease = opened.locks.take(LockMode.EXCLUSIVE, f"repair of {spec.name}")
        try:
            findings = opened.inspect(self._known(spec)).findings
            mended = tuple(f for f in findings if f.is_repairable)
            freed = opened.repair(mended)
            refresh_catalog(opened, self._catalog)
        finally:
            lease.release()
        return Repair(mended, tuple(f for f in findings if not f.is_repairable), freed)

    def growth(self, vault: str, free_bytes: int | None = None) -> tuple[Growth, ...]:
        """Say how much room a vault's backups take, going by the catalog, and how that grows."""
        return growth_of(self._known(self._vaults.find(vault)), self._tools.clock.now(), free_bytes)

    def _known(self, spec: VaultSpec) -> tuple[BackupRecord, ...]:
        return tuple(r for r in self._catalog.all() if r.vault_id == spec.vault_id)
