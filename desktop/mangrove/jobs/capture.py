"""The capture body: keeps up with the oplog, and stores it in slices that join."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

from mangrove.core.errors import ConnectError, MangroveError, RunCancelled, StalledError
from mangrove.core.oplog import Continuity
from mangrove.core.patience import RETRY_WAITS_S, STALL_S
from mangrove.core.pitr.capture import CaptureMode, CaptureRequest
from mangrove.core.pitr.planning import Base
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.oplog import OplogSource, SliceShelf
from mangrove.core.ports.vault import Vault
from mangrove.core.run import Loss, Phase, RunResult
from mangrove.core.vaults.lock import LockMode
from mangrove.jobs.chain import ChainWriter, Places
from mangrove.jobs.context import RunContext
from mangrove.jobs.steady import steadily
from mangrove.jobs.vaults.leasing import leased
from mangrove.jobs.vaults.slice_mirroring import MirroredShelf

PHASES = (Phase.CONNECT, Phase.CAPTURE)
POLL_S = 1.0
LONGEST_WAIT_S = 15.0
_WAITS = (Continuity.CONTINUES, Continuity.BEHIND)


@dataclass(frozen=True, slots=True)
class CaptureBody:
    """Capture the oplog of one profile into one vault.

    Only what a majority of the nodes holds is captured, so a step-down takes nothing of it back;
    that is why the window ends a moment before the newest write.

    Attributes:
        slug: The profile's folder in the vault.
        open_oplog: The way to the oplog.
        bases: Returns the profile's bases in this vault: a new chain begins at the newest that
            the oplog reaches back to.
        on_gap: Told when a new base is needed.
        mirrors: Get each slice as soon as it is stored; none of them is waited for.
        poll_s: How long to wait when nothing new is there.
    """

    request: CaptureRequest
    slug: str
    open_oplog: Callable[[], AbstractContextManager[OplogSource]]
    vault: Vault
    catalog: SliceCatalog
    bases: Callable[[], Sequence[Base]]
    clock: Clock
    on_gap: Callable[[RunContext], None] = field(default=lambda _: None)
    mirrors: Sequence[Mirror] = ()
    poll_s: float = POLL_S

    def __call__(self, ctx: RunContext) -> RunResult:
        """Do the work.

        Raises:
            RunCancelled: What was captured by then is stored; where to it reaches is said.
            ChainTakenError: Another capture writes to this chain.
            SourceError, ConnectError, VaultError: As the ports raised them; what is stored stays.
        """
        ctx.enter(Phase.CONNECT)
        shelf = MirroredShelf(self.vault.slices(), self.mirrors, ctx)
        with (
            ctx.aborting_on_cancel(self._abort_storages),
            shelf,
            self.open_oplog() as source,
            ctx.aborting_on_cancel(source.abort),
        ):
            writer = ChainWriter(
                ctx=ctx,
                source=source,
                places=self._places(ctx, shelf),
                clock=self.clock,
                compression=self.request.compression or self.vault.spec.compression,
                length_s=self.request.slice_length.total_seconds(),
                on_gap=self.on_gap,
            )
            warnings = source.facts().warnings
            writer.resume()
            ctx.enter(Phase.CAPTURE)
            self._capture(ctx, source, writer)
        return _result(writer, (*warnings, *shelf.late))

    def _abort_storages(self) -> None:
        self.vault.abort()
        for mirror in self.mirrors:
            mirror.abort()

    def _places(self, ctx: RunContext, shelf: SliceShelf) -> Places:
        purpose = f"capture of {self.request.profile}"
        hold = partial(leased, ctx, self.vault, LockMode.SHARED, purpose, self.clock)
        return Places(self.slug, shelf, self.catalog, self.bases, hold)

    def _capture(self, ctx: RunContext, source: OplogSource, writer: ChainWriter) -> None:
        try:
            if self.request.mode is CaptureMode.ONCE:
                self._once(ctx, source, writer)
                return
            while True:
                if self._follow(ctx, source, writer) in _WAITS:
                    ctx.cancelled.wait(self.poll_s)
                ctx.check()
        except (RunCancelled, ConnectError, StalledError):
            if not ctx.cancelled.is_set():
                raise
            raise RunCancelled(f"cancelled; {writer.parting_words()}") from None

    def _once(self, ctx: RunContext, source: OplogSource, writer: ChainWriter) -> None:
        """Capture what is there now; a node that lags behind is given a while."""
        end_s = self.clock.monotonic_s() + STALL_S
        while True:
            verdict = steadily(ctx, lambda _: writer.catch_up(), source.reconnect)
            if verdict is Continuity.CONTINUES:
                break
            if verdict is Continuity.BEHIND and self.clock.monotonic_s() >= end_s:
                raise StalledError(
                    f"the node that was asked has not come as far as {writer.reaches}, which was"
                    " captured before; nothing was stored",
                    hint="capture from the primary, or wait until the node has caught up",
                )
            ctx.cancelled.wait(self.poll_s)
            ctx.check()
        steadily(ctx, lambda _: writer.store(), source.reconnect)

    def _follow(self, ctx: RunContext, source: OplogSource, writer: ChainWriter) -> Continuity:
        """Do one round; what passes by itself is waited for, as long as it takes.

        While nothing can be captured the oplog keeps the entries; whether it kept them for long
        enough shows when the boundary is looked for again.
        """
        waits = iter(RETRY_WAITS_S)
        while True:
            try:
                return self._round(writer)
            except MangroveError as error:
                if not error.retryable:
                    raise
                ctx.check()
                ctx.log(f"{error.message}; capture waits and tries again")
                ctx.note(f"waiting: {error.message}")
            self._wait_for_it(ctx, source, waits)

    def _round(self, writer: ChainWriter) -> Continuity:
        verdict = writer.catch_up()
        if writer.is_due:
            writer.store()
        return verdict

    def _wait_for_it(self, ctx: RunContext, source: OplogSource, waits: Iterator[float]) -> None:
        while True:
            ctx.cancelled.wait(next(waits, LONGEST_WAIT_S))
            ctx.check()
            try:
                told = source.reconnect()
            except ConnectError:
                continue
            if told:
                ctx.log(told)
            return


def _result(writer: ChainWriter, warnings: tuple[str, ...]) -> RunResult:
    losses: tuple[Loss, ...] = tuple(writer.losses)
    return RunResult(
        summary=writer.summary(),
        warnings=(*warnings, *writer.warnings),
        losses=losses,
        figures=(
            ("slices", writer.slices),
            ("entries", writer.entries),
            ("oplog_bytes", writer.plain_bytes),
            ("stored_bytes", writer.stored_bytes),
        ),
    )
