"""The rewrap body: every backup of a vault is given to its present recipients, one by one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mangrove.core.backup import BackupId
from mangrove.core.errors import (
    BackupNotFoundError,
    CorruptBackupError,
    MangroveError,
    WrongIdentityError,
)
from mangrove.core.manifest import StoredBlob
from mangrove.core.pitr.slices import OplogSlice
from mangrove.core.ports.catalog import WholeCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.lock import LockMode
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.leasing import leased

PHASES = (Phase.REWRAP, Phase.CATALOG)
FORMER_STAY = (
    "the bucket keeps what was there before as earlier versions: whoever could open it still can,"
    " until the bucket's own rule or its owner removes them"
)


@dataclass(frozen=True, slots=True)
class RewrapBody:
    """Give what is stored to the present recipients, and sign it with the present key.

    Attributes:
        copy_on: Brings that to the mirrors, which let go of what it replaces.
    """

    vault: Vault
    catalog: WholeCatalog
    clock: Clock
    copy_on: Callable[[RunContext], tuple[str, ...]] = lambda _: ()

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: What was done stays done; the one that was being written is as it was.
            IdentityMissingError, WrongIdentityError: Before anything was written.
        """
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            leased(ctx, self.vault, LockMode.EXCLUSIVE, "a re-wrap of its backups", self.clock),
        ):
            listed, slices = self.vault.listed(), tuple(self.vault.slices().all())
            in_slices = sum(piece.blob.size_bytes for piece in slices)
            ctx.enter(Phase.REWRAP, sum(size for _, size in listed) + in_slices)
            work = _Rewrapping(self, ctx)
            for backup, size in listed:
                work.one(backup, size)
            try:
                for piece in slices:
                    work.one_slice(piece)
            finally:
                work.list_slices()
            keeps_former = self.vault.health().keeping.has_versions
        result = work.result(len(listed), keeps_former=keeps_former)
        return replace(result, warnings=(*result.warnings, *self.copy_on(ctx)))


@dataclass(slots=True)
class _Rewrapping:
    body: RewrapBody
    ctx: RunContext
    changed: int = 0
    slices: int = 0
    losses: list[Loss] = field(default_factory=list)
    _counted: int = 0

    def one(self, backup: BackupId, size: int) -> None:
        """Do one backup; a damaged one is told and stops no other."""
        self.ctx.check()
        self.ctx.note(backup)
        self._counted = 0
        try:
            record = self.body.vault.rewrap(backup, self.ctx.passing, self._count)
        except BackupNotFoundError:
            return
        except (CorruptBackupError, WrongIdentityError) as error:
            self.ctx.log(f"{backup}: {error.message}")
            self.losses.append(Loss(backup, f"stays as it was: {error.message}"))
            record = None
        if record is not None:
            self.changed += 1
            self.body.catalog.put(record)
        self.ctx.advance(max(0, size - self._counted))

    def one_slice(self, piece: OplogSlice) -> None:
        """Do one oplog slice; a damaged one is told and stops no other."""
        self.ctx.check()
        self.ctx.note(piece.blob.name)
        try:
            done = self.body.vault.slices().rewrap(piece, self.ctx.passing)
        except (CorruptBackupError, WrongIdentityError) as error:
            self.losses.append(Loss(piece.blob.name, f"stays as it was: {error.message}"))
        else:
            self.slices += done is not None
        self.ctx.advance(piece.blob.size_bytes)

    def list_slices(self) -> None:
        """Let the catalog say under which names slices lie now."""
        if not self.slices:
            return
        shelf, spec = self.body.vault.slices(), self.body.vault.spec
        with suppress(MangroveError):  # it is corrected by the next look at the vault
            self.body.catalog.replace_slices(spec.vault_id, shelf.all(), shelf.breaks())

    def _count(self, blob: StoredBlob) -> None:
        self._counted += blob.size_bytes
        self.ctx.advance(blob.size_bytes)

    def result(self, total: int, *, keeps_former: bool) -> RunResult:
        """Say what it came to."""
        already = total - self.changed - len(self.losses)
        more = f", {already} were so already" if already else ""
        slices = f" and {counted(self.slices, 'oplog slice')}" if self.slices else ""
        given = f"{counted(self.changed, 'backup')}{slices} given to the present recipients"
        is_kept = keeps_former and (self.changed or self.slices)
        return RunResult(
            summary=f"{given}{more}",
            warnings=(FORMER_STAY,) if is_kept else (),
            losses=tuple(self.losses),
            figures=(("backups", total), ("changed", self.changed), ("slices", self.slices)),
        )
