"""The check body: looks at every object of a vault, and says what is not as it should be."""

from collections.abc import Iterable
from dataclasses import dataclass

from mangrove.core.backup_record import BackupRecord
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.report import VaultReport
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext

PHASES = (Phase.INSPECT,)


@dataclass(frozen=True, slots=True)
class CheckBody:
    """Look through a whole vault; nothing is changed.

    Attributes:
        known: What the catalog has of it.
    """

    vault: Vault
    known: Iterable[BackupRecord]

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: At the next backup.
            StorageUnavailableError, StorageDeniedError: The storage as a whole failed us.
        """
        ctx.enter(Phase.INSPECT)
        with ctx.aborting_on_cancel(self.vault.abort):
            report = self.vault.inspect(self.known, ctx.check)
        for finding in report.findings:
            ctx.log(f"{finding.subject}: {finding.problem}")
        return _result(self.vault.spec.name, report)


def _result(name: str, report: VaultReport) -> RunResult:
    harm = [f for f in report.findings if f.is_harm]
    others = [f for f in report.findings if not f.is_harm]
    seen = f"{counted(report.backups, 'backup')} and {counted(report.slices, 'oplog slice')}"
    verdict = f"{len(harm)} of them cannot be relied on" if harm else "all have what they need"
    return RunResult(
        summary=f"{name}: {seen} in {counted(report.objects, 'object')}: {verdict}",
        warnings=tuple(f"{f.subject}: {f.problem}; {f.remedy}" for f in others),
        losses=tuple(Loss(f.subject, f.problem) for f in harm),
        figures=(
            ("backups", report.backups),
            ("slices", report.slices),
            ("objects", report.objects),
            ("stored_bytes", report.size_bytes),
            ("findings", len(report.findings)),
        ),
    )
