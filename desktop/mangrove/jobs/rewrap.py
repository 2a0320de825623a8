"""The rewrap body: every backup of a vault is given to its present recipients, one by one."""

from dataclasses import dataclass, field

from mangrove.core.backup import BackupId
from mangrove.core.errors import BackupNotFoundError, CorruptBackupError, WrongIdentityError
from mangrove.core.manifest import StoredBlob
from mangrove.core.ports import Catalog, Clock, Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vault_lock import LockMode
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.leasing import leased

PHASES = (Phase.REWRAP, Phase.CATALOG)
SLICES_STAY = "oplog slices stay as they are: they open with the keys they were written for"


@dataclass(frozen=True, slots=True)
class RewrapBody:
    """Give what is stored to the present recipients, and sign it with the present key."""

    vault: Vault
    catalog: Catalog
    clock: Clock

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
            listed = self.vault.listed()
            ctx.enter(Phase.REWRAP, sum(size for _, size in listed))
            work = _Rewrapping(self, ctx)
            for backup, size in listed:
                work.one(backup, size)
            has_slices = bool(self.vault.health().slices)
        return work.result(len(listed), has_slices=has_slices)


@dataclass(slots=True)
class _Rewrapping:
    body: RewrapBody
    ctx: RunContext
    changed: int = 0
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

    def _count(self, blob: StoredBlob) -> None:
        self._counted += blob.size_bytes
        self.ctx.advance(blob.size_bytes)

    def result(self, total: int, *, has_slices: bool) -> RunResult:
        """Say what it came to."""
        already = total - self.changed - len(self.losses)
        more = f", {already} were so already" if already else ""
        return RunResult(
            summary=f"{counted(self.changed, 'backup')} given to the present recipients{more}",
            warnings=(SLICES_STAY,) if has_slices else (),
            losses=tuple(self.losses),
            figures=(("backups", total), ("changed", self.changed)),
        )
