"""The mending body: brings back from other copies what a vault lacks or has damaged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.backup_record import BackupRecord
from mangrove.core.errors import MangroveError
from mangrove.core.explain import size_text
from mangrove.core.ports.catalog import Catalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.mirror import Mender
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.lock import LockMode
from mangrove.core.vaults.mirror import Mended
from mangrove.core.vaults.report import FindingKind
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.facts import refresh_catalog
from mangrove.jobs.vaults.leasing import leased

PHASES = (Phase.INSPECT, Phase.MEND)
_MENDED = (FindingKind.MISSING, FindingKind.CHANGED, FindingKind.UNREADABLE)
OPLOG = "oplog slices"


@dataclass(frozen=True, slots=True)
class MendBody:
    """Look through a vault, and bring back what is wrong with it.

    Attributes:
        open_mender: Opens the copies.
    """

    vault: Vault
    catalog: Catalog
    clock: Clock
    open_mender: Callable[[], Mender]

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled, VaultError: What was brought back stays; nothing good was removed.
        """
        ctx.enter(Phase.INSPECT)
        mender = self.open_mender()
        purpose = f"repair of {self.vault.spec.name}"
        with (
            ctx.aborting_on_cancel(self.vault.abort),
            ctx.aborting_on_cancel(mender.abort),
            leased(ctx, self.vault, LockMode.EXCLUSIVE, purpose, self.clock),
        ):
            wanted = self._wanted(ctx)
            ctx.enter(Phase.MEND, note=f"from {', '.join(mender.sources)}")
            done: dict[str, Mended] = {}
            for backup, compares in wanted.items():
                ctx.check()
                ctx.note(backup)
                done[backup] = _tried(ctx, mender, backup, compares=compares)
            done[OPLOG] = mender.mend_slices(ctx.metered)
            refresh_catalog(self.vault, self.catalog, lambda _: ctx.check())
        return _result(done)

    def _wanted(self, ctx: RunContext) -> dict[BackupId, bool]:
        """Return the backups to look after, and whether the content of each is compared."""
        spec = self.vault.spec
        known = self.catalog.of_vault(spec.vault_id)
        findings = self.vault.inspect(known, ctx.check).findings
        wrong = {BackupId(f.subject): False for f in findings if f.kind in _MENDED}
        missing = dict.fromkeys(self.vault.health().missing, False)
        return {**wrong, **missing, **dict.fromkeys(_failed(known), True)}


def _failed(known: Iterable[BackupRecord]) -> Iterable[BackupId]:
    return (record.backup for record in known if record.failed_evidence is not None)


def _tried(ctx: RunContext, mender: Mender, backup: BackupId, *, compares: bool) -> Mended:
    try:
        mended = mender.mend(backup, ctx.metered, compares=compares)
    except MangroveError as error:
        ctx.check()
        mended = Mended(problem=error.message)
    said = mended.problem or f"{counted(mended.objects, 'object')} brought back"
    ctx.log(f"{backup}: {said}")
    return mended


def _result(done: dict[str, Mended]) -> RunResult:
    objects = sum(mended.objects for mended in done.values())
    size = sum(mended.size_bytes for mended in done.values())
    sources = sorted({source for mended in done.values() for source in mended.sources})
    brought = f"{counted(objects, 'object')} ({size_text(size)}) brought back"
    return RunResult(
        summary=f"{brought} from {', '.join(sources)}"
        if objects
        else "nothing had to be brought back",
        losses=tuple(Loss(what, mended.problem) for what, mended in done.items() if mended.problem),
        warnings=(
            "what was brought back is compared with what was written; verify the backups again",
        )
        if objects
        else (),
        figures=(("objects", objects), ("bytes", size)),
    )
