"""Reads one collection as fast as the server sends it: raw find and getMore replies."""

import logging
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError

from mangrove.connectors.mongo.client import Connection
from mangrove.connectors.mongo.raw_reply import OpaqueDocument, RawBatch, slice_reply
from mangrove.core.namespace import Namespace

TARGET_BYTES = 2 * 1024 * 1024
FIRST_BATCH_MIN, FIRST_BATCH_MAX = 101, 1000
BATCH_MAX = 100_000
# BadValue, FailedToParse, Unauthorized, CommandNotSupported, IDLUnknownField
_NOT_UNDERSTOOD = frozenset({2, 9, 13, 115, 40415})

log = logging.getLogger(__name__)


@dataclass
class BatchReader:
    """One pass over one collection, in one session of its own.

    Attributes:
        where: The collection that holds the documents; for a time series its buckets.
        read_concern: Sent with the find; empty for the server's default.
        first_size: Documents asked for at first; then replies aim at 2 MiB.
        query: Which documents are read, as BSON; empty for all of them.
        scans: Whether the server goes through all records; not where an index helps the query.
        tells_place: Whether to ask where a new cursor would go on; only where it scans.
        resume_after: Where to begin, as ``token`` said it; empty for the beginning.
        token: Where a new cursor would go on behind the chunk yielded last; empty if unknown.
        has_more: Whether the cursor was open still when the last chunk was yielded.
    """

    connection: Connection
    where: Namespace
    read_concern: Mapping[str, Any] = field(default_factory=dict)
    first_size: int = FIRST_BATCH_MIN
    query: bytes = b""
    scans: bool = True
    tells_place: bool = False
    resume_after: bytes = b""
    token: bytes = b""
    has_more: bool = False

    def __iter__(self) -> Generator[bytes, None, None]:
        """Yield chunks of whole documents.

        Errors: the driver's own. Whether the reader stops early or fails, the server's cursor is
            closed.
        """
        with self.connection.client.start_session(causal_consistency=False) as session:
            batch = self._first(session)
            try:
                while True:
                    self.token, self.has_more = batch.resume_token, bool(batch.cursor_id)
                    if batch.documents:
                        yield batch.documents
                    if not batch.cursor_id:
                        return
                    batch = self._batch(self._get_more(batch), session)
            except (OperationFailure, GeneratorExit):  # a lost connection leaves nobody to ask
                self._kill(batch.cursor_id, session)
                raise

    def _first(self, session: ClientSession) -> RawBatch:
        """Open the cursor; a server that does not understand the question is not asked for it."""
        try:
            return self._batch(self._find(), session)
        except OperationFailure as error:
            if not self.tells_place or self.resume_after or error.code not in _NOT_UNDERSTOOD:
                raise
        self.tells_place = False
        return self._batch(self._find(), session)

    def _batch(self, command: Mapping[str, Any], session: ClientSession) -> RawBatch:
        reply: RawBSONDocument = self.connection.raw_command(self.where.database, command, session)
        return slice_reply(bytes(reply.raw))

    def _find(self) -> dict[str, Any]:
        command: dict[str, Any] = {
            "find": self.where.collection,
            "batchSize": self.first_size,
            # A slow storage may leave the cursor alone for longer than ten minutes; the session
            # still ends it after thirty. Source: MongoDB manual, "cursor.noCursorTimeout()".
            "noCursorTimeout": True,
        }
        asks_for_place = bool(self.tells_place or self.resume_after)
        if self.query:
            command["filter"] = OpaqueDocument(self.query)
        if asks_for_place or not self.query:  # with a query, an index may help: no hint
            command["hint"] = {"$natural": 1}
        if asks_for_place:
            # Source: MongoDB server, find_command.idl; needs the natural order.
            command["$_requestResumeToken"] = True
        if self.resume_after:
            command["$_resumeAfter"] = OpaqueDocument(self.resume_after)
        if self.read_concern:
            command["readConcern"] = dict(self.read_concern)
        return command

    def _get_more(self, last: RawBatch) -> dict[str, Any]:
        average = max(len(last.documents) // max(last.count, 1), 1)
        return {
            "getMore": Int64(last.cursor_id),
            "collection": self.where.collection,
            "batchSize": min(max(TARGET_BYTES // average, 1), BATCH_MAX),
        }

    def _kill(self, cursor_id: int, session: ClientSession) -> None:
        command = {"killCursors": self.where.collection, "cursors": [Int64(cursor_id)]}
        try:
            self.connection.raw_command(self.where.database, command, session)
        except PyMongoError as error:  # the server closes it with its session
            log.info("cursor not closed namespace=%s why=%s", self.where, type(error).__name__)


def first_batch_size(documents: int, size_bytes: int) -> int:
    """Return how many documents to ask for first, from a collection's estimated size."""
    if not (documents and size_bytes):
        return FIRST_BATCH_MIN
    fitting = TARGET_BYTES * documents // size_bytes
    return min(max(fitting, FIRST_BATCH_MIN), FIRST_BATCH_MAX)
