"""Reads one collection through lost connections, without reading anything twice where it can."""

from collections.abc import Iterator

from mangrove.core.errors import ConnectionLostError
from mangrove.core.ports import CollectionInfo, OpenDump, ReadingPlace
from mangrove.jobs.context import RunContext
from mangrove.jobs.steady import Patience


def read_on(
    ctx: RunContext, dump: OpenDump, info: CollectionInfo, *, checks_itself: bool = True
) -> Iterator[bytes]:
    """Yield a collection's documents; a lost connection is gone on with where it broke.

    What comes out is what one undisturbed read would have given: where that is not certain, the
    loss is raised, and whoever stores the collection begins it anew. Patience with the server is
    as if new after each break that some documents came before.

    Raises:
        ConnectionLostError: The server stays away, or cannot go on at the place.
    """
    place = ReadingPlace()
    patience = Patience(ctx, dump.reconnect)
    while True:
        begun_at = place.mark
        try:
            yield from dump.read(info, place, checks_itself=checks_itself)
        except ConnectionLostError as lost:
            if place.mark is None:
                raise
            if place.mark is not begun_at:
                patience = Patience(ctx, dump.reconnect)
            patience.outlast(lost)
            ctx.log(f"{info.namespace}: going on where it broke off, if its node is the same")
        else:
            return
