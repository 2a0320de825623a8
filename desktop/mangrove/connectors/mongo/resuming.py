"""Goes on with a collection where the connection broke, if that is provably the same node.

A server tells behind which record a batch of a collection scan ends. The numbers of the records
are a node's own: another node has others, and so may the same one after a rollback or an initial
sync. So it is gone on with only where the very same server process answers; at a cluster time its
state may have changed meanwhile (what a majority has is never rolled back), else it may not.

Source: MongoDB server, find_command.idl (``$_requestResumeToken``, ``$_resumeAfter``: "must be
directed at the same node, since they rely on a record id which is assigned internally by a given
node", jstests); server discovery specification, "topologyVersion": ``processId`` is new with each
process, ``counter`` moves on with each change of the node's state. Measured on 4.4, 5.0 and 6.0:
ordinary, capped and clustered collections and time-series buckets, no privilege beyond ``find``.

A filtered read goes on like any other where no index helps its query, so that the server scans the
collection anyway. Where one does, documents come in the order of the index, which has no such
place: that collection is read anew from its beginning.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo.batch_reader import BatchReader
from mangrove.connectors.mongo.client import Connection
from mangrove.core.errors import ConnectionLostError
from mangrove.core.ports.dump import ReadingPlace

KEY_NOT_FOUND = 211  # the record is gone, and with it the place
NULL_TOKEN_BYTES = len(b"\x10\0\0\0\x0a$recordId\0\0")  # what 4.4 sends before the first record


@dataclass(frozen=True, slots=True)
class NodeState:
    """Which server process answers, and how often its state changed since it began."""

    process: str
    counter: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a collection: behind which record, on which node, at which moment."""

    token: bytes
    node: NodeState
    read_concern: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, node: NodeState | None, read_concern: Mapping[str, Any]) -> bool:
        """Whether a reader with this read concern may go on there on a node."""
        if node is None or self.read_concern != read_concern:
            return False
        if "atClusterTime" in read_concern:
            return node.process == self.node.process
        return node == self.node


class Home:
    """The node that collections are read from, as it was last seen; safe for several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.node: NodeState | None = None
        with suppress(PyMongoError):  # nothing depends on it but the way of going on
            self.look()

    def look(self) -> NodeState | None:
        """Ask the node that reads go to what it is; None if it does not say.

        Errors: the driver's own when it does not answer.
        """
        try:
            told = self._connection.run("admin", {"hello": 1})
        except OperationFailure:
            return None
        version = told.get("topologyVersion")
        is_router = told.get("msg") == "isdbgrid"  # it has no records of its own
        if is_router or not version:
            return None
        self.node = NodeState(str(version["processId"]), int(version["counter"]))
        return self.node


def going_on(reader: BatchReader, place: ReadingPlace, home: Home) -> Iterator[bytes]:
    """Yield chunks from a place on, and note there how far they go.

    The node is looked at before the cursor is opened and after its first batch: when it is in the
    same state both times, the cursor is on it. A collection that fits into one batch is not worth
    the second look, for it has no place in between.

    Errors: the driver's own, with the place as it was.

    Raises:
        ConnectionLostError: The place is not to be found again; it is forgotten.
    """
    mark = place.mark
    if mark is None:
        reader.tells_place = home.node is not None and reader.scans
        yield from _noted(reader, place, home, home.node)
        return
    node = home.look()
    if not isinstance(mark, Mark) or not mark.holds(node, reader.read_concern):
        raise _lost(place, reader)
    resumed = replace(reader, resume_after=mark.token)
    try:
        yield from _noted(resumed, place, home, node)
    except OperationFailure as error:
        if error.code != KEY_NOT_FOUND:
            raise
        raise _lost(place, reader) from error


def _noted(
    reader: BatchReader, place: ReadingPlace, home: Home, node: NodeState | None
) -> Iterator[bytes]:
    """Yield the reader's chunks, each once ``place`` knows how to go on behind it."""
    is_resumed = bool(reader.resume_after)
    is_sure: bool | None = None
    with closing(iter(reader)) as chunks:
        for chunk in chunks:
            if is_sure is None:
                is_worth_it = node is not None and (is_resumed or reader.has_more)
                is_sure = is_worth_it and home.look() == node
                if is_resumed and not is_sure:
                    raise _lost(place, reader)
            place.mark = None
            if is_sure and node is not None and len(reader.token) > NULL_TOKEN_BYTES:
                place.mark = Mark(reader.token, node, reader.read_concern)
            yield chunk
    if is_resumed and is_sure is None and home.look() != node:
        raise _lost(place, reader)  # nothing was left, but not on this node


def _lost(place: ReadingPlace, reader: BatchReader) -> ConnectionLostError:
    place.mark = None
    hosts = reader.connection.hosts
    return ConnectionLostError(
        f"{hosts} cannot go on with {reader.where} where it was read to",
        hint="run it again once the deployment is steady",
        host=hosts,
    )
