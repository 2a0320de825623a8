"""Reads one collection through lost connections, without reading anything twice where it can."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mangrove.core.backup import Consistency
from mangrove.core.errors import ConnectionLostError, SnapshotLostError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.dump import CollectionInfo, OpenDump, ReadingPlace
from mangrove.jobs.context import RunContext
from mangrove.jobs.steady import Patience

SNAPSHOT_LEFT = (
    "the server forgot the cluster time before everything was read, "
    "so the rest was read collection by collection"
)


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


def leave_snapshot(
    ctx: RunContext, dump: OpenDump, info: CollectionInfo, lost: SnapshotLostError
) -> None:
    """Go on without the snapshot that the server forgot; the collection is to be read again."""
    ctx.log(f"{info.namespace}: {lost.message}; it is read again without")
    dump.leave_snapshot(SNAPSHOT_LEFT)


class StartOverError(Exception):
    """What was read of a collection does not count: it is to be read from its beginning again.

    For whoever stores it, never for a person: it is raised once the server answers again.
    """


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads collections for somebody who can begin one anew, and keeps no oplog.

    Threads: several read at once.

    Attributes:
        wanted: What was asked for; with ``AUTO`` a snapshot that the server forgot is done without.
    """

    ctx: RunContext
    dump: OpenDump
    wanted: Consistency
    _patience: dict[Namespace, Patience] = field(default_factory=dict)

    def read(self, info: CollectionInfo) -> Iterator[bytes]:
        """Yield a collection's documents, as ``read_on`` does.

        Raises:
            StartOverError: Read it again; as often for each collection as the run has patience.
            ConnectionLostError: The server stays away.
            SnapshotLostError: The server forgot the moment, and no other was allowed.
        """
        try:
            yield from read_on(self.ctx, self.dump, info)
        except ConnectionLostError as lost:
            new = Patience(self.ctx, self.dump.reconnect)
            self._patience.setdefault(info.namespace, new).outlast(lost)
            self.ctx.log(f"{info.namespace}: read from its beginning again")
            raise StartOverError from lost
        except SnapshotLostError as error:
            if self.wanted is not Consistency.AUTO:
                raise
            leave_snapshot(self.ctx, self.dump, info, error)
            if self.dump.achieved is Consistency.OPLOG:
                self.dump.leave_oplog(SNAPSHOT_LEFT)
            raise StartOverError from error
