"""Brings each captured slice to the vault's mirrors as soon as it is stored."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from mangrove.core.patience import LAST_COPY_S
from mangrove.core.pitr.slices import ChainBreak, NewSlice, OplogSlice
from mangrove.core.ports.mirror import Mirror
from mangrove.core.ports.oplog import SliceShelf
from mangrove.core.ports.storage import Passing
from mangrove.core.vaults.object_lock import Hidden
from mangrove.jobs.context import RunContext
from mangrove.jobs.vaults.slice_feeding import MirrorFeed

LOOK_S = 0.1
PARTING_S = 2.0


class MirroredShelf:
    """A shelf of slices that keeps each in the vault first, then in every mirror.

    Nothing here waits for a mirror. One that fails ends nothing: what it lacks is tried again
    with the next slice, and is caught up by the next capture, backup or copy to the mirrors.
    Use it as a context manager: what mirrors still take at the end is waited for a while.

    Attributes:
        late: What to say of mirrors that lack something at the end.
    """

    def __init__(self, inner: SliceShelf, mirrors: Sequence[Mirror], ctx: RunContext) -> None:
        self._inner, self._ctx = inner, ctx
        self._feeds = {m.spec.name: MirrorFeed(m, ctx.log) for m in mirrors}
        self._seen: set[str] = set()
        self.late: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._wait(LAST_COPY_S if failed is None else PARTING_S)
        left = [(name, feed.leave()) for name, feed in self._feeds.items()]
        self.late = tuple(f"the mirror {name} is late: {why}" for name, why in left if why)
        for sentence in self.late:
            self._ctx.log(sentence)

    def _wait(self, left_s: float) -> None:
        """Wait for what mirrors still take; a cancel shortens that to a moment."""
        for feed in self._feeds.values():
            while left_s > 0 and not feed.wait(LOOK_S):
                if self._ctx.cancelled.is_set():
                    left_s = min(left_s, PARTING_S)
                left_s -= LOOK_S

    def keep(self, piece: NewSlice, packed: Iterable[bytes]) -> OplogSlice:
        """Store a slice, and let it be copied on."""
        kept = self._inner.keep(piece, packed)
        self._copy_on(piece.profile_slug, kept.blob.name)
        return kept

    def keep_break(self, cut: ChainBreak) -> None:
        """Store a break, and let it be copied on with whatever else waits."""
        self._inner.keep_break(cut)
        self._copy_on(cut.profile_slug, f"{cut.profile_slug}/oplog/breaks/")

    def _copy_on(self, slug: str, prefix: str) -> None:
        if slug not in self._seen:  # what an earlier capture could not bring comes first
            self._seen.add(slug)
            prefix = f"{slug}/oplog/"
        for feed in self._feeds.values():
            feed.add(prefix)

    def all(self, profile_slug: str = "") -> Iterator[OplogSlice]:
        """Yield every slice of a profile, or of all."""
        return self._inner.all(profile_slug)

    def newest(self, profile_slug: str) -> OplogSlice | None:
        """Return the last slice of the youngest chain whose signature holds."""
        return self._inner.newest(profile_slug)

    def survey(self, known: Iterable[OplogSlice]) -> Iterator[OplogSlice]:
        """Yield every slice; only the unknown ones are read."""
        return self._inner.survey(known)

    def rewrap(self, piece: OplogSlice, passing: Passing) -> OplogSlice | None:
        """Give a slice in the vault to the present recipients."""
        return self._inner.rewrap(piece, passing)

    def remove(self, name: str) -> Hidden:
        """Remove a slice from the vault."""
        return self._inner.remove(name)

    def breaks(self, profile_slug: str = "") -> Iterator[ChainBreak]:
        """Yield the breaks of a profile, or of all, whose signature holds."""
        return self._inner.breaks(profile_slug)
