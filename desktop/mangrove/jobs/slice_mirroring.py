"""Brings each captured slice to the vault's mirrors as soon as it is stored."""

from collections.abc import Iterable, Iterator, Sequence

from mangrove.core.errors import MangroveError
from mangrove.core.mirror_ports import Mirror
from mangrove.core.object_lock import Hidden
from mangrove.core.oplog_ports import SliceShelf
from mangrove.core.slices import ChainBreak, NewSlice, OplogSlice
from mangrove.core.storage_ports import Passing
from mangrove.jobs.context import RunContext


class MirroredShelf:
    """A shelf of slices that keeps each in the vault first, then in every mirror.

    A mirror that fails ends nothing: what it lacks is tried again with the next slice, and is
    caught up by the next backup or copy to the mirrors at the latest.
    """

    def __init__(self, inner: SliceShelf, mirrors: Sequence[Mirror], ctx: RunContext) -> None:
        self._inner, self._ctx = inner, ctx
        self._waiting: dict[str, tuple[Mirror, list[str], str]] = {
            mirror.spec.mirror_id: (mirror, [], "") for mirror in mirrors
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to say of mirrors that lack something at the end."""
        return tuple(
            f"the mirror {mirror.spec.name} is late: {why}"
            for mirror, waiting, why in self._waiting.values()
            if waiting
        )

    def keep(self, piece: NewSlice, packed: Iterable[bytes]) -> OplogSlice:
        """Store a slice, and copy it on."""
        kept = self._inner.keep(piece, packed)
        self._copy_on(kept.blob.name)
        return kept

    def keep_break(self, cut: ChainBreak) -> None:
        """Store a break, and copy it on with whatever else waits."""
        self._inner.keep_break(cut)
        self._copy_on(f"{cut.profile_slug}/oplog/breaks/")

    def _copy_on(self, prefix: str) -> None:
        for mirror_id, (mirror, waiting, former) in self._waiting.items():
            waiting.append(prefix)
            why = self._brought(mirror, waiting)
            if why and why != former:
                self._ctx.log(f"{mirror.spec.name}: {why}; tried again with the next slice")
            self._waiting[mirror_id] = (mirror, waiting, why)

    def _brought(self, mirror: Mirror, waiting: list[str]) -> str:
        """Work off what waits; returns why that did not go on."""
        while waiting:
            try:
                mirror.copy_below(waiting[0])
            except MangroveError as error:
                self._ctx.check()
                return error.message
            waiting.pop(0)
        return ""

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
