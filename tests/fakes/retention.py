"""A workstation's retention over a vault in memory, with backups of chosen ages."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from fakes.clock import FakeClock
from fakes.memory_state import MemoryCatalog, MemoryRuns
from fakes.vaults import SLUG, USERS, TestVault, entry, evidence_for, manifest_for, new_vault, put
from mangrove.core.backup import BackupId, Selection, backup_id
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.run import RunStatus
from mangrove.core.vaults.vault import VaultId, VaultSpec
from mangrove.core.verification import Level
from mangrove.jobs.runner import Runner
from mangrove.services.backups import Backups, BackupTools
from mangrove.services.retention import Retention
from mangrove.services.vaults import Vaults

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class WholeMemoryCatalog(MemoryCatalog):
    """Backups and slices in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept_slices: list[OplogSlice] = []

    def put_slice(self, piece: OplogSlice) -> None:
        self.kept_slices.append(piece)

    def put_break(self, cut: ChainBreak) -> None:
        del cut

    def replace_slices(
        self, vault_id: VaultId, slices: Iterable[OplogSlice], breaks: Iterable[ChainBreak]
    ) -> int:
        del vault_id, breaks
        self.kept_slices = list(slices)
        return len(self.kept_slices)

    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        return tuple(s for s in self.kept_slices if s.profile_slug == profile_slug)

    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        del profile_slug
        return ()


@dataclass
class OneVault:
    """What the services ask of ``Vaults``, for one vault."""

    spec: VaultSpec

    def find(self, name: str) -> VaultSpec:
        assert name == self.spec.name
        return self.spec

    def by_id(self, vault_id: VaultId) -> VaultSpec:
        assert vault_id == self.spec.vault_id
        return self.spec

    def all(self) -> tuple[VaultSpec, ...]:
        return (self.spec,)


@dataclass
class Keep:
    """The service, its vault, and short ways to set the scene."""

    vault: TestVault
    clock: FakeClock
    catalog: WholeMemoryCatalog
    runner: Runner
    history: MemoryRuns
    retention: Retention
    made: dict[int, BackupId] = field(default_factory=dict)

    def backup(self, days: float, *, proven: bool = False, part: bool = False) -> BackupId:
        """Write a backup that ended so many days ago."""
        at = NOW - days * DAY
        name = backup_id(at, SLUG, f"{len(self.made):04x}")
        with self.vault.open().begin(SLUG, name) as draft:
            blob = put(draft, USERS, [b"x" * 50])
            described = manifest_for(
                name, draft.sequence, (entry(blob, (), USERS),), vault_id=self.vault.spec.vault_id
            )
            chosen = Selection(databases=("shop",)) if part else Selection()
            record = draft.publish(
                replace(
                    described,
                    started_at=at,
                    finished_at=at,
                    consistent_at=None,
                    selection=chosen,
                )
            )
        if proven:
            evidence = replace(evidence_for(name, Level.RESTORED), finished_at=at)
            self.vault.open().keep_evidence(evidence)
        self.made[len(self.made)] = name
        self.catalog.put(record)
        return name

    def stored(self) -> set[BackupId]:
        """Return the backups that the vault holds."""
        return {record.backup for record in self.vault.open().records()}

    def prune(self, **choices: bool) -> RunStatus:
        """Prune and wait."""
        return self.runner.wait(self.retention.start_prune("attic", **choices), 60)


@contextmanager
def keep() -> Iterator[Keep]:
    """Build it."""
    vault, clock, catalog, history = new_vault(), FakeClock(NOW), WholeMemoryCatalog(), MemoryRuns()
    runner = Runner(history, clock)
    tools = BackupTools(
        profiles=cast("object", None),  # type: ignore[arg-type]  # not asked
        vaults=cast("Vaults", OneVault(vault.spec)),
        gate=cast("object", None),  # type: ignore[arg-type]  # not asked
        keeper=vault.factory,
        catalog=catalog,
        runner=runner,
        clock=clock,
        tool_version="0",
        times=cast("object", None),  # type: ignore[arg-type]  # not asked
        mirrors=cast("object", None),  # type: ignore[arg-type]  # not asked
        limits=cast("object", None),  # type: ignore[arg-type]  # not asked
        making=cast("object", None),  # type: ignore[arg-type]  # not asked
    )
    whole = cast("WholeCatalog", catalog)
    service = Retention(tools, Backups(tools), whole, history, "ann@desk")
    try:
        yield Keep(vault, clock, catalog, runner, history, service)
    finally:
        runner.close()
