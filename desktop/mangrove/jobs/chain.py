"""One chain of slices being written: where it goes on, what joins, and what breaks it."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from mangrove.core.backup import Compression
from mangrove.core.catalog_words import unlisted
from mangrove.core.errors import MangroveError, RunCancelled
from mangrove.core.oplog import (
    ChainId,
    Continuity,
    OplogExtent,
    OplogPosition,
    OplogTimestamp,
    continuity,
)
from mangrove.core.pitr.capture import base_to_begin_at, begin_before, next_chain
from mangrove.core.pitr.planning import Base, GapReason
from mangrove.core.pitr.slices import BreakKind, ChainBreak, NewSlice, OplogSlice
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.clock import Clock
from mangrove.core.ports.oplog import OplogSource, SliceShelf
from mangrove.core.run import Loss
from mangrove.core.wording import counted
from mangrove.engine.framing import document_end
from mangrove.engine.oplog_walk import position_of, walk
from mangrove.engine.slice_packing import PackedSlice, SlicePacker
from mangrove.jobs.context import RunContext

_BREAKS = {
    Continuity.ROLLED_OVER: (BreakKind.ROLLED_OVER, GapReason.ROLLED_OVER),
    Continuity.DIVERGED: (BreakKind.DIVERGED, GapReason.DIVERGED),
}
_NO_CHAIN = ChainId("")
_NOWHERE = OplogPosition(OplogTimestamp(0, 0), -1)
NEEDS_BASE = "take a backup: moments can be restored again from that one on"


@dataclass(frozen=True, slots=True)
class Places:
    """Where slices go, and what they lead on from.

    Attributes:
        hold: Holds the vault's lock while a slice is stored; whoever deletes is alone.
    """

    slug: str
    shelf: SliceShelf
    catalog: SliceCatalog
    bases: Callable[[], Sequence[Base]]
    hold: Callable[[], AbstractContextManager[None]]


@dataclass(slots=True)
class ChainWriter:
    """Reads from the boundary on, packs, stores, signs.

    The *boundary* is the last entry that was captured. It is read again at each round: that it is
    still there, with the same term, proves that nothing was missed and nothing rolled back.
    """

    ctx: RunContext
    source: OplogSource
    places: Places
    clock: Clock
    compression: Compression
    length_s: float
    on_gap: Callable[[RunContext], None]
    losses: list[Loss] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    slices: int = 0
    entries: int = 0
    plain_bytes: int = 0
    stored_bytes: int = 0
    headroom: timedelta | None = None
    _chain: ChainId = _NO_CHAIN
    _former: OplogSlice | None = None
    _previous: str = ""
    _boundary: OplogPosition = _NOWHERE
    _packer: SlicePacker | None = None
    _packed: PackedSlice | None = None
    _boundary_entry: bytes = b""
    _due_s: float = 0.0

    def resume(self) -> None:
        """Go on where the vault's newest slice ends, or begin a chain."""
        self._former = self.places.shelf.newest(self.places.slug)
        if self._former is None:
            self._begin_chain(self.source.extent())
            return
        self._chain, self._boundary = self._former.chain, self._former.last
        self._previous = self._former.blob.sha256
        self.ctx.log(f"goes on after {self._boundary}, chain {self._chain}")

    @property
    def is_due(self) -> bool:
        """Whether what is held should be stored now."""
        return self._packed is not None or self.clock.monotonic_s() >= self._due_s

    @property
    def _is_new(self) -> bool:
        """Whether nothing of the chain is stored yet: even one entry is worth it then.

        The next capture goes on after it, also if this one ends before anything is written.
        """
        return self._former is None or self._former.chain != self._chain

    @property
    def reaches(self) -> OplogPosition:
        """The last entry that was captured, stored or not yet."""
        return self._boundary

    def catch_up(self) -> Continuity:
        """Read everything that is there, from the boundary on.

        Returns:
            Whether it joined. After a break a new chain has begun, and the next call reads it.

        Raises:
            RunCancelled: Within one chunk.
            ConnectError: What was read stays held; call again to go on after it.
        """
        if self._packed is not None:
            self.store()
        found = False
        for chunk in self.source.read(self._boundary.ts):
            self.ctx.check()
            rest = chunk
            if not found:
                stop = document_end(chunk, 0)
                first, rest = chunk[:stop], chunk[stop:]
                verdict = self._joins(position_of(first))
                if verdict is not Continuity.CONTINUES:
                    return verdict
                found = True
                if self._packer is None:
                    self._begin_slice(first)
            if rest:
                self._take(rest)
        if not found:
            return self._joins(None)
        self._tell()
        return Continuity.CONTINUES

    def store(self) -> None:
        """Store what is held, if it is more than the boundary or begins a chain.

        Errors: what could not be stored stays held, and is tried first the next time.
        """
        packer = self._packer
        if self._packed is None:
            if packer is None or not (packer.has_news or self._is_new):
                self._due_s = self.clock.monotonic_s() + self.length_s
                return
            self._packed = packer.finish()
            self._measure()
        with self.places.hold():
            kept = self.places.shelf.keep(self._new_slice(self._packed), self._packed.packed)
        self._packed = None
        self._former, self._previous = kept, kept.blob.sha256
        self._count(kept)
        self._begin_slice(self._boundary_entry)
        self._due_s = self.clock.monotonic_s() + self.length_s

    def parting_words(self) -> str:
        """Store what is held, as far as that goes quickly, and say how far the chain reaches."""
        with suppress(MangroveError, RunCancelled):
            self.store()
        return self.summary()

    def summary(self) -> str:
        """Say in one sentence what was captured."""
        entries = counted(self.entries, "oplog entry", "oplog entries")
        stored = f"{counted(self.slices, 'slice')} with {entries} stored"
        if self._former is None:
            return f"{stored}; nothing was written since capture began"
        room = f"; {_words(self.headroom)} of headroom" if self.headroom is not None else ""
        end = self._former.last.ts
        return f"{stored}; captured up to {end.at:%Y-%m-%d %H:%M:%S} UTC ({end}){room}"

    # --- joining -------------------------------------------------------------------------

    def _joins(self, found: OplogPosition | None) -> Continuity:
        """Say whether the oplog goes on from the boundary; if not for good, begin a new chain."""
        if found == self._boundary:
            return Continuity.CONTINUES
        extent = self.source.extent()
        verdict = continuity(self._boundary, found, extent)
        if verdict in _BREAKS:
            self._break(verdict, extent)
        elif verdict is Continuity.BEHIND:
            self.ctx.note("this node has not come as far as what was captured; waiting for it")
        return verdict

    def _break(self, verdict: Continuity, extent: OplogExtent) -> None:
        kind, reason = _BREAKS[verdict]
        self.store()
        lost = self._boundary.ts
        at = lost
        if kind is BreakKind.DIVERGED:
            fork = self.source.newest_before(lost, self._boundary.term)
            at = min(lost, fork.ts if fork else extent.oldest.ts)
        if self._former is not None:
            self._keep_break(
                ChainBreak(
                    vault_id=self._former.vault_id,
                    profile_slug=self.places.slug,
                    kind=kind,
                    chain=self._chain,
                    at=at,
                    until=lost,
                    noted_at=self.clock.now(),
                )
            )
        self.losses.append(Loss("oplog", f"after {at}: {reason.sentence}; {NEEDS_BASE}"))
        self.ctx.log(f"the chain {self._chain} ended at {at}: {reason.sentence}")
        self._begin_chain(extent)

    def _keep_break(self, cut: ChainBreak) -> None:
        self.places.shelf.keep_break(cut)
        self._listed(lambda: self.places.catalog.put_break(cut))

    def _begin_chain(self, extent: OplogExtent) -> None:
        """Begin a chain where the newest base needs it, else at the newest entry."""
        now = self.clock.now()
        former = self._former
        after = self._boundary.ts
        bases = [b for b in self.places.bases() if former is None or b.needs_from > after]
        base = base_to_begin_at(bases, extent)
        self._chain = next_chain(now, former, secrets.token_hex(2))
        self._packer = self._packed = None
        self._previous = ""
        if base is None:
            self._boundary = extent.newest
            self.ctx.log(f"chain {self._chain} begins at {self._boundary}; {NEEDS_BASE}")
            if not self.losses:
                self.warnings.append(f"no backup stands before what is captured: {NEEDS_BASE}")
            self.on_gap(self.ctx)
            return
        self._boundary = self.source.newest_before(begin_before(base)) or extent.oldest
        self.ctx.log(f"chain {self._chain} begins at {self._boundary}, before {base.backup}")

    # --- packing and storing -------------------------------------------------------------

    def _begin_slice(self, first: bytes) -> None:
        self._packer = SlicePacker(self.compression, self._boundary, first)
        self._boundary_entry = first

    def _take(self, chunk: bytes) -> None:
        if self._packer is None:
            raise AssertionError("a slice begins with its boundary")
        walked = walk(chunk, self._boundary)
        self._packer.add(chunk, walked)
        self._boundary, self._boundary_entry = walked.last, chunk[walked.last_at :]
        self.ctx.advance(len(chunk), walked.entries)
        if self._packer.is_full:
            self.store()

    def _new_slice(self, packed: PackedSlice) -> NewSlice:
        return NewSlice(
            profile_slug=self.places.slug,
            chain=self._chain,
            first=packed.first,
            last=packed.last,
            entries=packed.entries,
            plain_bytes=packed.plain_bytes,
            compression=self.compression,
            previous=self._previous,
            captured_at=self.clock.now(),
            headroom=self.headroom,
        )

    def _count(self, kept: OplogSlice) -> None:
        self.slices += 1
        self.entries += kept.entries - 1
        self.plain_bytes += kept.blob.plain_bytes
        self.stored_bytes += kept.blob.size_bytes
        self._listed(lambda: self.places.catalog.put_slice(kept))
        self.ctx.log(
            f"slice stored up to {kept.last.ts}: {counted(kept.entries, 'entry', 'entries')}"
        )

    def _listed(self, put: Callable[[], None]) -> None:
        """Put something into the catalog; it exists anyway if that fails."""
        try:
            put()
        except MangroveError as error:
            words = unlisted("a slice", error.message)
            if words not in self.warnings:
                self.warnings.append(words)

    def _measure(self) -> None:
        """Measure how long capture could stay away; a figure, so failing is no harm."""
        with suppress(MangroveError):
            self.headroom = self.source.extent().headroom(self._boundary)

    def _tell(self) -> None:
        at = self._boundary.ts.at
        room = f"; headroom {_words(self.headroom)}" if self.headroom is not None else ""
        self.ctx.note(f"captured up to {at:%Y-%m-%d %H:%M:%S} UTC{room}")


def _words(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
