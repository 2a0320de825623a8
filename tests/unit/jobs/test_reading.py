"""Going on with a collection after a lost connection, with the waits taken out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from fakes.clock import NOON, FakeClock
from mangrove.core.errors import ConnectionLostError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo, OpenDump, ReadingPlace
from mangrove.core.run import RunId, RunKind, RunState, RunStatus
from mangrove.jobs.context import RunContext
from mangrove.jobs.reading import read_on

INFO = CollectionInfo(Namespace("shop", "users"), "collection", b"", (), None)
TRIES = 3


@pytest.fixture
def ctx() -> RunContext:
    first = RunStatus(RunId("1"), RunKind.BACKUP, "", "", "", None, RunState.RUNNING, NOON)
    return RunContext(first, FakeClock(), lambda _: None, lambda _: None, (0.0,) * TRIES)


@dataclass
class BrittleDump:
    """Ten chunks; breaks when ``breaks`` says so, and notes from where it was read."""

    breaks: Callable[[int], bool]
    keeps_place: bool = True
    begun: list[int] = field(default_factory=list)

    def reconnect(self) -> str:
        return ""

    def read(
        self, info: CollectionInfo, place: ReadingPlace, *, checks_itself: bool
    ) -> Iterator[bytes]:
        assert info is INFO
        assert checks_itself
        start = cast("int", place.mark or 0)
        self.begun.append(start)
        for number in range(start, 10):
            if self.breaks(number):
                raise ConnectionLostError("the connection was lost")
            if self.keeps_place:
                place.mark = number + 1
            yield bytes([number])


def once_at(*numbers: int) -> Callable[[int], bool]:
    left = set(numbers)

    def breaks(number: int) -> bool:
        is_here = number in left
        left.discard(number)
        return is_here

    return breaks


def read(ctx: RunContext, dump: BrittleDump) -> bytes:
    return b"".join(read_on(ctx, cast("OpenDump", dump), INFO))


def test_each_chunk_comes_once_however_often_the_line_breaks(ctx: RunContext) -> None:
    dump = BrittleDump(once_at(*range(1, 10)))

    assert read(ctx, dump) == bytes(range(10))
    assert dump.begun == list(range(10))


def test_a_read_without_a_place_is_left_to_whoever_stores_it(ctx: RunContext) -> None:
    dump = BrittleDump(once_at(4), keeps_place=False)

    with pytest.raises(ConnectionLostError):
        read(ctx, dump)

    assert dump.begun == [0]


def test_a_place_that_never_moves_uses_up_the_patience(ctx: RunContext) -> None:
    dump = BrittleDump(lambda number: number == 4)

    with pytest.raises(ConnectionLostError):
        read(ctx, dump)

    assert dump.begun == [0] + [4] * TRIES
