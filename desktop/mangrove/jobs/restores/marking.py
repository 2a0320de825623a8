"""Marks the chains of a profile as broken while data is restored in place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mangrove.core.errors import MangroveError
from mangrove.core.oplog import OplogTimestamp
from mangrove.core.pitr.slices import BreakKind, ChainBreak
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.gate import Gate
from mangrove.core.ports.oplog import SliceShelf
from mangrove.core.profile import Profile
from mangrove.core.vaults.vault import VaultId
from mangrove.jobs.chain import NEEDS_BASE
from mangrove.jobs.context import RunContext


@dataclass(frozen=True, slots=True)
class RestoreMarks:
    """Notes a break in every vault that holds slices of the profile.

    It is noted before the first change and again after the last one, so that a run that dies in
    between leaves its mark too. Where a vault does not answer, the catalog keeps it.
    """

    profile: Profile
    gate: Gate
    shelves: Sequence[tuple[VaultId, SliceShelf]]
    catalog: SliceCatalog
    clock: Clock

    @contextmanager
    def __call__(self, ctx: RunContext) -> Iterator[None]:
        """Mark what happens while the block lasts."""
        if not self.shelves:
            yield
            return
        start = self._now()
        self._note(ctx, start, start)
        ctx.log(f"the chains of {self.profile.name} end at {start}; {NEEDS_BASE}")
        try:
            yield
        finally:
            self._note(ctx, start, max(start, self._now()))

    def _now(self) -> OplogTimestamp:
        """Return the newest moment of the oplog; of the clock where it may not be read."""
        try:
            with self.gate.open_oplog(self.profile) as source:
                return source.extent().newest.ts
        except MangroveError:
            return OplogTimestamp(int(self.clock.now().timestamp()), 0)

    def _note(self, ctx: RunContext, start: OplogTimestamp, end: OplogTimestamp) -> None:
        for vault_id, shelf in self.shelves:
            cut = ChainBreak(
                vault_id=vault_id,
                profile_slug=self.profile.slug,
                kind=BreakKind.RESTORED_IN_PLACE,
                chain=None,
                at=start,
                until=end,
                noted_at=self.clock.now(),
            )
            try:
                self.catalog.put_break(cut)
                shelf.keep_break(cut)
            except MangroveError as error:
                ctx.log(f"the break could not be noted everywhere: {error.message}")
