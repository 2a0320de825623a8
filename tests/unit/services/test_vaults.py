"""What killed runs left in a vault: told from their own folders alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from typing_extensions import override

from fakes.clock import NOON, FakeClock
from fakes.memory_state import MemoryCatalog, MemoryRuns
from fakes.memory_storage import MemoryStorage
from fakes.vaults import USERS, TestVault, new_id, new_vault, put, write_backup
from mangrove.core.backup import BackupId
from mangrove.core.blobs import BlobInfo
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.core.vaults.vault import VaultSpec
from mangrove.services.vaults import Vaults, killed_words
from mangrove.vault.layout import folder_of


@dataclass
class Shelves(MemoryStorage):
    """Notes what is listed."""

    listed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        MemoryStorage.__init__(self)

    @override
    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        self.listed.append(prefix)
        return super().list(prefix)


@dataclass
class OneVault:
    """A store with one vault."""

    spec: VaultSpec

    def all(self) -> tuple[VaultSpec, ...]:
        return (self.spec,)


def interrupted(backup: BackupId, vault: str = "attic", **more: object) -> RunStatus:
    status = RunStatus(
        run_id=RunId(backup),
        kind=RunKind.BACKUP,
        title="Back up shop",
        profile="shop",
        vault=vault,
        backup=backup,
        state=RunState.INTERRUPTED,
        created_at=NOON,
        phases=(),
    )
    return replace(status, **more)  # type: ignore[arg-type]  # tests


def leave(vault: TestVault, backup: BackupId) -> None:
    """Store an object of a backup that is never signed."""
    draft = vault.open().begin("shop-production", backup)
    put(draft.__enter__(), USERS, [b"documents"])


def test_only_the_folders_of_killed_runs_are_looked_at() -> None:
    storage = Shelves()
    vault = new_vault(storage)
    killed, other, cleaned, whole = (new_id(n) for n in (1, 2, 3, 4))
    leave(vault, killed)
    leave(vault, other)
    write_backup(vault, whole)
    runs = MemoryRuns()
    for status in (
        interrupted(killed),
        interrupted(cleaned),
        interrupted(whole),
        interrupted(other, vault="elsewhere"),
        interrupted(other, run_id=RunId("f"), state=RunState.FAILED),
    ):
        runs.save(status)
    vaults = Vaults(
        cast("object", OneVault(vault.spec)),  # type: ignore[arg-type]  # as much as is asked
        vault.factory,
        cast("object", MemoryCatalog()),  # type: ignore[arg-type]  # as much as is asked
        vault.secrets,
        runs,
        FakeClock(),
    )
    storage.listed.clear()

    left = vaults.left_by_killed("attic")

    assert [(d.profile_slug, d.backup, d.blobs) for d in left] == [("shop-production", killed, 1)]
    folders = {folder_of(b, sealed=True).path for b in (killed, cleaned, whole)}
    assert set(storage.listed) == folders
    assert "1 backup that did not finish left 1 object" in killed_words(left, "attic")
