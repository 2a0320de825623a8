"""Inserts batches of raw documents, and tells what became of each."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.errors import DocumentTooLarge, OperationFailure

from mangrove.connectors.mongo.bson_elements import (
    elements,
    id_element,
    id_of_anything,
)
from mangrove.connectors.mongo.client import RAW, Connection
from mangrove.connectors.mongo.error_map import UNAUTHORIZED, explain
from mangrove.connectors.mongo.privileges import BUCKETS, BYPASS
from mangrove.connectors.mongo.raw_reply import OpaqueDocument
from mangrove.core.documents import DocumentBatch, batch_of, document_of
from mangrove.core.namespace import Namespace
from mangrove.core.ports.restore import InsertOutcome, RefusedDocument

# Source: MongoDB manual, "MongoDB Wire Protocol": maxMessageSizeBytes 48000000, of which a
# margin goes to the command itself; maxWriteBatchSize 100000.
MAX_BATCH_BYTES = 48_000_000 - 1024 * 1024
MAX_BATCH_DOCUMENTS = 100_000
MAX_PIECE_BYTES = 16 << 20
DUPLICATE_KEY = 11000
# Source: MongoDB server, error_codes.yml: BadValue, Overflow, InvalidBSON, BSONObjectTooLarge;
# 17280 and 17419 are assertions on sizes. One such document makes the whole command fail.
_DOCUMENTS_FAULT = frozenset({2, 15, 22, 10334, 17280, 17419})
_REASONS = {
    2: "the server takes no such value",
    15: "it is nested too deeply",
    22: "it is no valid BSON",
    52: "a field name starts with a dollar sign",
    121: "it failed the collection's validation",
    171: "two arrays cannot be indexed together",
    388: "the server's cache is too small for it",
    10334: "it is larger than the server takes",
    17280: "a key is too large to index",
    17419: "it is larger than the server takes",
    16755: "its geometry cannot be indexed",
    17261: "its geometry cannot be indexed",
}
_TIMESTAMPS_LOST = "inserted, but the server replaced its empty timestamps"
_INDEX_NAME = re.compile(r" index: (.+?) (?:collation: .+? )?dup key:", re.DOTALL)
_TIMESTAMP = 0x11
_EMPTY_TIMESTAMP = re.compile(rb"\x11[^\x00]+\x00\x00\x00\x00\x00\x00\x00\x00\x00")
_EMPTY = bytes(8)
# Source: mongo-tools, mongorestore (bypassEmptyTsReplacement).
_BYPASS_SINCE = {5: (5, 0, 29), 6: (6, 0, 17), 7: (7, 0, 13)}
_BYPASS_EVER_SINCE = 8
# Source: MongoDB 5.2 release notes: time series buckets are compressed by column since. MongoDB
# 5.0 takes such a bucket and then fails to read the whole time series (measured on 5.0.4).
_PACKED_SINCE = (5, 2)
_PACKED_VERSIONS = frozenset({2, 3})
_PACKED_REASON = "it is a bucket compressed by MongoDB 5.2 or newer, unreadable for this server"


@dataclass(frozen=True, slots=True)
class Inserter:
    """Puts documents into collections; safe for several threads.

    Attributes:
        write_concern: Sent with each write.
        keeps_empty_timestamps: Whether the server can be told to.
        reads_packed_buckets: Whether it can read compressed buckets of a time series.
        may_bypass: Says of a database whether we may insert there past validators.
    """

    connection: Connection
    write_concern: Mapping[str, Any]
    keeps_empty_timestamps: bool
    reads_packed_buckets: bool
    may_bypass: Callable[[str], bool]

    def insert(self, where: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
        """Insert documents, unordered; a refused one stops no other.

        Errors: the driver's own when the whole command fails.
        """
        if not documents:
            return InsertOutcome(0)
        if not self.reads_packed_buckets and where.collection.startswith(BUCKETS):
            return self._insert_unpacked(where, documents)
        return self._insert(where, batch_of(documents))

    def _insert_unpacked(self, where: Namespace, buckets: Sequence[bytes]) -> InsertOutcome:
        """Insert the buckets that the server can read; one it cannot would spoil the others."""
        packed = [b for b in buckets if is_packed(b)]
        readable = [b for b in buckets if not is_packed(b)]
        outcome = self._insert(where, batch_of(readable)) if readable else InsertOutcome(0)
        told = tuple(RefusedDocument(id_element(b), 0, _PACKED_REASON) for b in packed)
        return InsertOutcome(outcome.inserted, (*outcome.refused, *told))

    def _insert(self, where: Namespace, documents: DocumentBatch) -> InsertOutcome:
        if len(documents) > 1 and _is_too_much(documents):
            return self._in_halves(where, documents)
        repair = [] if self._needs_no_repair(where) else with_empty_timestamp(documents)
        if repair:
            documents = batch_of([with_id(d) for d in documents])
        try:
            reply = self._send(where, documents)
        except (OperationFailure, DocumentTooLarge) as error:
            if isinstance(error, OperationFailure) and error.code not in _DOCUMENTS_FAULT:
                raise
            if len(documents) > 1:
                return self._in_halves(where, documents)
            return InsertOutcome(0, (_refused_alone(documents[0], error),))
        refused = {e["index"]: e for e in reply.get("writeErrors", ())}
        lost = self.repair(where, [documents[i] for i in repair if i not in refused])
        told = tuple(_refused(documents[i], e) for i, e in sorted(refused.items()))
        return InsertOutcome(int(reply["n"]), (*told, *lost))

    def _in_halves(self, where: Namespace, documents: DocumentBatch) -> InsertOutcome:
        middle = len(documents) // 2
        left = self._insert(where, batch_of(documents[:middle]))
        right = self._insert(where, batch_of(documents[middle:]))
        return InsertOutcome(left.inserted + right.inserted, left.refused + right.refused)

    def _needs_no_repair(self, where: Namespace) -> bool:
        return self.keeps_empty_timestamps or where.collection.startswith(BUCKETS)

    def _send(self, where: Namespace, documents: DocumentBatch) -> dict[str, Any]:
        command: dict[str, Any] = {
            "insert": where.collection,
            "ordered": False,
            "writeConcern": dict(self.write_concern),
        }
        if not where.collection.startswith(BUCKETS):
            command |= self._past_validators(where)
        if self.keeps_empty_timestamps:
            command["bypassEmptyTsReplacement"] = True
        command["documents"] = _as_sent(documents)
        return self.connection.run(where.database, command)

    def _past_validators(self, where: Namespace) -> dict[str, bool]:
        """A restore brings back what was there, also what its validator would refuse now."""
        return {BYPASS: True} if self.may_bypass(where.database) else {}

    def repair(self, where: Namespace, documents: Sequence[bytes]) -> list[RefusedDocument]:
        """Put back the empty timestamps that an older server replaced on insert.

        Source: MongoDB manual, "Timestamps": a top-level empty timestamp becomes the current one
        on insert; an update by pipeline with a literal keeps it (verified on 6.0.5).
        """
        lost = []
        for document in documents:
            own_id = id_element(document)
            literal = {"$replaceRoot": {"newRoot": {"$literal": OpaqueDocument(document)}}}
            update = {"q": OpaqueDocument(document_of(own_id)), "u": [literal]}
            command = {
                "update": where.collection,
                "updates": [update],
                "writeConcern": dict(self.write_concern),
                **self._past_validators(where),
            }
            if code := self._update_error(where.database, command):
                lost.append(RefusedDocument(own_id, code, _TIMESTAMPS_LOST))
        return lost

    def _update_error(self, database: str, command: Mapping[str, Any]) -> int:
        """Run an update and return the code it was refused with, 0 if it was not."""
        try:
            reply = self.connection.run(database, command)
        except OperationFailure as error:
            if error.code != UNAUTHORIZED:  # the built-in role restore may not update
                raise
            return UNAUTHORIZED
        return next((int(e["code"]) for e in reply.get("writeErrors", ())), 0)


def can_read_packed_buckets(version: tuple[int, ...]) -> bool:
    """Whether a server reads the compressed buckets of a time series."""
    return version >= _PACKED_SINCE


def is_packed(bucket: bytes) -> bool:
    """Whether a bucket of a time series is compressed: its ``control.version`` says so."""
    control = RawBSONDocument(bucket, RAW).get("control")
    return isinstance(control, RawBSONDocument) and control.get("version") in _PACKED_VERSIONS


def can_keep_empty_timestamps(version: tuple[int, ...]) -> bool:
    """Whether a server understands bypassEmptyTsReplacement."""
    since = _BYPASS_SINCE.get(version[0])
    return version[0] >= _BYPASS_EVER_SINCE or (since is not None and version >= since)


def with_empty_timestamp(documents: DocumentBatch) -> list[int]:
    """Return the places of documents with an empty timestamp at top level, ``_id`` apart.

    A search for the bytes comes first, so that ordinary batches cost next to nothing.
    """
    search = _EMPTY_TIMESTAMP.search
    if not search(documents.joined):
        return []
    return [i for i, d in enumerate(documents) if search(d) and has_empty_timestamp(d)]


def has_empty_timestamp(document: bytes) -> bool:
    """Whether a document has an empty timestamp at top level, ``_id`` apart.

    What is no BSON has none: the server says what it thinks of it.
    """
    try:
        return any(
            e.kind == _TIMESTAMP and e.name != b"_id" and document[e.value : e.end] == _EMPTY
            for e in elements(document)
        )
    except (ValueError, IndexError):
        return False


def with_id(document: bytes) -> bytes:
    """Return the document, with a new ``_id`` in front if it has none."""
    if id_of_anything(document):
        return document
    fresh = bson.encode({"_id": ObjectId()})
    return document_of(fresh[4:-1], document[4:-1])


def _is_too_much(documents: DocumentBatch) -> bool:
    return len(documents) > MAX_BATCH_DOCUMENTS or len(documents.joined) > MAX_BATCH_BYTES


def _as_sent(documents: DocumentBatch) -> list[OpaqueDocument]:
    """Return the value of an insert's ``documents``, all of them as one piece where they fit.

    The driver writes what it takes for one document as it is, and the server finds many: in a
    message they lie one after the other with nothing between them.

    Source: MongoDB manual, "MongoDB Wire Protocol", OP_MSG, kind 1: Document Sequence; pymongo
    sends ``documents`` as one (message.py, ``_FIELD_MAP``) and compares each with 16 MiB.
    """
    if len(documents.joined) <= MAX_PIECE_BYTES:
        return [OpaqueDocument(documents.joined)]
    return [OpaqueDocument(d) for d in documents]


def _refused(document: bytes, error: Mapping[str, Any]) -> RefusedDocument:
    code, message = int(error["code"]), str(error["errmsg"])
    is_there = code == DUPLICATE_KEY and _is_of_id(error, message)
    return RefusedDocument(id_of_anything(document), code, reason_for(code, message), is_there)


def _is_of_id(error: Mapping[str, Any], message: str) -> bool:
    """Whether a duplicate key is that of ``_id``; a clustered collection has no index to name."""
    if pattern := error.get("keyPattern"):
        return list(pattern) == ["_id"]
    index = _INDEX_NAME.search(message)
    return index is not None and index[1] == "_id_"


def _refused_alone(document: bytes, error: OperationFailure | DocumentTooLarge) -> RefusedDocument:
    code = error.code if isinstance(error, OperationFailure) and error.code else 10334
    why = _REASONS.get(code) or (explain(error) if isinstance(error, OperationFailure) else "")
    return RefusedDocument(id_of_anything(document), code, why)


def reason_for(code: int, message: str) -> str:
    """Return why a document was refused, without anything of its content.

    The server's own message repeats key values, so only the index name is taken from it.
    """
    if code == DUPLICATE_KEY:
        index = _INDEX_NAME.search(message)
        return f"duplicate key in index {index[1]}" if index else "duplicate key"
    return _REASONS.get(code, f"the server refused it with code {code}")
