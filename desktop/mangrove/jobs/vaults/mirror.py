"""The mirror body: brings to every mirror of a vault what is missing there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mangrove.core.backup import BackupId
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.ports.backup import Contents
from mangrove.core.ports.mirror import ManyCopies, Mirror
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.wording import counted
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.mirror_sign import require_sign

PHASES = (Phase.MIRROR,)
OpenMirrors = Callable[[], Sequence[Mirror]]


@dataclass(frozen=True, slots=True)
class MirrorBody:
    """Copy what each mirror lacks; one that fails stops no other."""

    open_mirrors: OpenMirrors

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: What is whole in a mirror stays there; the rest is no backup.
            StorageUnavailableError: The vault itself cannot be read; no mirror is to blame.
        """
        copied, losses = 0, []
        for mirror in self.open_mirrors():
            mirror.require_source()
            try:
                copied += bring(ctx, mirror)
            except MangroveError as error:
                ctx.check()
                mirror.require_source()  # it may be what broke off
                ctx.log(f"{mirror.spec.name}: {error.message}")
                losses.append(Loss(f"mirror {mirror.spec.name}", error.message))
        said = f"{counted(copied, 'object or backup', 'objects and backups')} copied"
        return RunResult(summary=said, losses=tuple(losses))


def bring(ctx: RunContext, mirror: Mirror) -> int:
    """Copy everything that a mirror lacks; returns how many things were copied.

    Raises:
        RunCancelled, VaultError: What is whole there stays.
    """
    ctx.check()
    with ctx.aborting_on_cancel(mirror.abort):
        require_sign(mirror, ctx.cancelled)
        ctx.check()
        ctx.enter(Phase.MIRROR, mirror.total_bytes(), mirror.spec.name)
        copied = 0
        for name in mirror.copy_all(ctx.metered):
            copied += 1
            ctx.note(f"{mirror.spec.name}: {name}")
        return copied


def told_of_copies(ctx: RunContext, contents: Contents) -> tuple[str, ...]:
    """Log which copy of a vault was read; returns what to warn of."""
    if not isinstance(contents, ManyCopies):
        return ()
    said = contents.read_from()
    for sentence in (*said.notes, *said.warnings):
        ctx.log(sentence)
    return said.warnings


def follow_up(ctx: RunContext, open_mirrors: OpenMirrors) -> tuple[str, ...]:
    """Bring a backup that was just published to the mirrors; returns what to warn of.

    The backup is there whatever happens here, so nothing is raised, not even a cancel.
    """
    late: list[str] = []
    for mirror in open_mirrors():
        name = mirror.spec.name
        try:
            bring(ctx, mirror)
        except RunCancelled:
            late.append(f"copying to the mirror {name} was stopped; the backup itself is complete")
        except MangroveError as error:
            late.append(f"the mirror {name} is late: {error.message}")
    return tuple(late)


def follow_up_evidence(
    ctx: RunContext, mirrors: Sequence[Mirror], backup: BackupId
) -> tuple[str, ...]:
    """Bring evidence that was just kept to the mirrors; returns what to warn of.

    The evidence is there whatever happens here, so nothing is raised, not even a cancel.
    """
    late: list[str] = []
    for mirror in mirrors:
        try:
            ctx.check()
            with ctx.aborting_on_cancel(mirror.abort):
                require_sign(mirror, ctx.cancelled)
                mirror.copy_evidence(backup)
        except RunCancelled:
            late.append(f"copying to the mirror {mirror.spec.name} was stopped; evidence is kept")
        except MangroveError as error:
            late.append(f"the evidence is not in the mirror {mirror.spec.name}: {error.message}")
    return tuple(late)
