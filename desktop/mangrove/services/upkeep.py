"""Upkeep of vaults: look through a whole one, repair what can be, and say how it grows."""

from collections.abc import Iterable
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.growth import Growth, growth_of
from mangrove.core.ports.catalog import Catalog
from mangrove.core.run import RunId, RunKind
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.report import FindingKind, VaultFinding, VaultReport
from mangrove.core.vaults.vault import VaultSpec
from mangrove.jobs.lanes import Claim
from mangrove.jobs.runner import Ticket
from mangrove.jobs.vaults.check import PHASES as CHECK_PHASES
from mangrove.jobs.vaults.check import CheckBody
from mangrove.jobs.vaults.facts import refresh_catalog
from mangrove.jobs.vaults.mend import PHASES, MendBody
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

    def start_mending(self, vault: str) -> RunId | None:
        """Start to bring back what is missing or damaged, from mirrors and earlier versions.

        Returns:
            The run; None when there is no other copy that anything could come back from.

        Raises:
            VaultNotFoundError: Nothing was started.
            StorageUnavailableError, StorageDeniedError: If the vault's own storage fails us.
        """
        spec, tools = self._vaults.find(vault), self._tools
        mender = tools.mirrors.open_mender(spec)
        if not mender.sources:
            return None
        body = MendBody(tools.keeper.open(spec), self._catalog, tools.clock, lambda: mender)
        ticket = Ticket(
            kind=RunKind.MIRROR,
            title=f"Bring back what {spec.name} lacks",
            phases=PHASES,
            vault=spec.name,
            claims=(Claim(f"vault {spec.name}"),),
        )
        return tools.runner.start(ticket, body)

    def start_check(self, vault: str) -> RunId:
        """Start to look through a whole vault, as a run, and return at once.

        Raises:
            VaultNotFoundError: Nothing was started.
        """
        spec = self._vaults.find(vault)
        body = CheckBody(self._tools.keeper.open(spec), self._known(spec))
        claims = (Claim(f"vault {spec.name}"),)  # what is being written would look like a loss
        ticket = Ticket(
            RunKind.CHECK, f"Check {spec.name}", CHECK_PHASES, vault=spec.name, claims=claims
        )
        return self._tools.runner.start(ticket, body)

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
            missing = opened.health().missing
            findings = opened.inspect(self._known(spec)).findings
            mended = tuple(f for f in findings if f.is_repairable and not _is_rest(f, missing))
            freed = opened.repair(mended)
            refresh_catalog(opened, self._catalog)
        finally:
            lease.release()
        return Repair(mended, tuple(f for f in findings if f not in mended), freed)

    def growth(self, vault: str, free_bytes: int | None = None) -> tuple[Growth, ...]:
        """Say how much room a vault's backups take, going by the catalog, and how that grows."""
        return growth_of(self._known(self._vaults.find(vault)), self._tools.clock.now(), free_bytes)

    def _known(self, spec: VaultSpec) -> tuple[BackupRecord, ...]:
        return self._catalog.of_vault(spec.vault_id)


def _is_rest(finding: VaultFinding, missing: Iterable[BackupId]) -> bool:
    """Whether debris is what is left of a backup that nobody deleted: it may be mended yet."""
    is_debris = finding.kind is FindingKind.DEBRIS
    return is_debris and BackupId(finding.subject.rpartition("/")[2]) in set(missing)
