"""An oplog in memory, which a test may roll over, roll back, cut off and hold back."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import bson
from bson.int64 import Int64
from bson.timestamp import Timestamp
from typing_extensions import override

from mangrove.core.deployment import ServerFacts, Topology
from mangrove.core.errors import ConnectionLostError
from mangrove.core.oplog import OplogExtent, OplogPosition, OplogTimestamp
from mangrove.core.pitr.slices import ChainBreak, OplogSlice
from mangrove.core.ports.catalog import SliceCatalog
from mangrove.core.ports.oplog import OplogSource
from mangrove.core.vaults.vault import VaultId

FACTS = ServerFacts("6.0.5", (6, 0, 5), "6.0", Topology.REPLICA_SET, "rs0")


def position(second: int, term: int = 1) -> OplogPosition:
    """Return the place of the one entry of a second."""
    return OplogPosition(OplogTimestamp(second, 1), term)


def entry(place: OplogPosition) -> bytes:
    """Return a no-op entry."""
    ts = Timestamp(place.ts.seconds, place.ts.increment)
    return bson.encode({"op": "n", "ns": "", "o": {"ts": ts}, "ts": ts, "t": Int64(place.term)})


@dataclass
class FakeOplog(OplogSource):
    """One entry per second; ``held_back`` are those a lagging node does not have yet.

    Attributes:
        chunk: How many entries are sent at a time.
        lose_after: The connection is lost after so many more chunks; None for never.
        before_read: Called before each read, to change something in between.
    """

    places: list[OplogPosition]
    held_back: int = 0
    chunk: int = 3
    lose_after: int | None = None
    before_read: Callable[[], None] = lambda: None
    reconnects: int = 0

    @classmethod
    def of(cls, first: int, last: int) -> "FakeOplog":
        """Make one of term 1."""
        return cls([position(n) for n in range(first, last + 1)])

    def write(self, last: int, term: int = 1) -> None:
        """Add entries up to a second."""
        begin = self.places[-1].ts.seconds + 1
        self.places += [position(n, term) for n in range(begin, last + 1)]

    def roll_over(self, oldest: int) -> None:
        """Lose the entries before a second."""
        self.places = [p for p in self.places if p.ts.seconds >= oldest]

    def roll_back(self, last: int) -> None:
        """Lose the entries after a second."""
        self.places = [p for p in self.places if p.ts.seconds <= last]

    @contextmanager
    def opened(self) -> Iterator[OplogSource]:
        """Connect."""
        yield self

    @override
    def facts(self) -> ServerFacts:
        return FACTS

    @override
    def extent(self) -> OplogExtent:
        there = self._there
        return OplogExtent(there[0], there[-1])

    @override
    def read(self, start: OplogTimestamp) -> Iterator[bytes]:
        self.before_read()
        wanted = [p for p in self._there if p.ts >= start]
        for at in range(0, len(wanted), self.chunk):
            if self.lose_after is not None:
                self.lose_after -= 1
                if self.lose_after < 0:
                    self.lose_after = None
                    raise ConnectionLostError("the connection was lost")
            yield b"".join(map(entry, wanted[at : at + self.chunk]))

    @override
    def newest_before(self, end: OplogTimestamp, term: int | None = None) -> OplogPosition | None:
        fitting = [p for p in self._there if p.ts <= end and (term is None or p.term <= term)]
        return fitting[-1] if fitting else None

    @override
    def reconnect(self) -> str:
        self.reconnects += 1
        return ""

    @override
    def abort(self) -> None:
        """Nothing blocks."""

    @property
    def _there(self) -> list[OplogPosition]:
        return self.places[: len(self.places) - self.held_back]


@dataclass
class MemorySlices(SliceCatalog):
    """Slices and breaks in dictionaries."""

    kept: dict[str, OplogSlice] = field(default_factory=dict)
    cuts: list[ChainBreak] = field(default_factory=list)

    @override
    def put_slice(self, piece: OplogSlice) -> None:
        self.kept[piece.blob.name] = piece

    @override
    def put_break(self, cut: ChainBreak) -> None:
        self.cuts.append(replace(cut))

    @override
    def replace_slices(
        self, vault_id: VaultId, pieces: Iterable[OplogSlice], cuts: Iterable[ChainBreak]
    ) -> int:
        self.kept = {piece.blob.name: piece for piece in pieces}
        self.cuts = list(cuts)
        return len(self.kept)

    @override
    def slices(self, profile_slug: str) -> tuple[OplogSlice, ...]:
        return tuple(sorted(self.kept.values(), key=lambda s: (s.last, s.first)))

    @override
    def breaks(self, profile_slug: str) -> tuple[ChainBreak, ...]:
        return tuple(self.cuts)
