"""Inserts a batch again of which nobody knows what arrived before the connection was lost."""

from collections.abc import Iterator, Sequence

from mangrove.connectors.mongo.bson_elements import (
    elements,
    id_element,
    id_of_anything,
)
from mangrove.connectors.mongo.inserting import DUPLICATE_KEY, Inserter, has_empty_timestamp
from mangrove.connectors.mongo.raw_reply import OpaqueDocument, slice_reply
from mangrove.core.documents import document_of, split_documents
from mangrove.core.errors import ConnectionLostError
from mangrove.core.namespace import Namespace
from mangrove.core.ports.restore import InsertOutcome

LOOK_UP_BYTES = 8 << 20
_TIMESTAMP = 0x11
_NAME = b"_id\x00"


def insert_again(inserter: Inserter, where: Namespace, documents: Sequence[bytes]) -> InsertOutcome:
    """Insert a batch again; what the lost attempt brought over counts as inserted.

    A document whose ``_id`` is refused as a duplicate is looked up: if it is there byte for byte,
    it is ours. One that differs stays refused.

    Raises:
        ConnectionLostError: If a document has no ``_id``: it could be there twice afterwards.

    Errors: the driver's own otherwise.
    """
    if not all(map(id_of_anything, documents)):
        raise ConnectionLostError(
            f"the connection was lost while documents without _id went into {where}, "
            "and nobody can tell whether they arrived",
            hint="run it again",
            namespace=str(where),
        )
    outcome = inserter.insert(where, documents)
    suspects = {r.id_element for r in outcome.refused if r.code == DUPLICATE_KEY}
    ours = [d for d in documents if id_element(d) in suspects]
    there = {id_element(d): d for d in _looked_up(inserter, where, ours)}
    arrived = {id_element(d): d for d in ours if _is_same(d, there.get(id_element(d)))}
    changed = [d for own_id, d in arrived.items() if as_stored(d) != there[own_id]]
    return InsertOutcome(
        outcome.inserted + len(arrived),
        (
            *(r for r in outcome.refused if r.id_element not in arrived),
            *inserter.repair(where, changed),
        ),
    )


def _looked_up(inserter: Inserter, where: Namespace, documents: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what is there under the ``_id`` of these documents."""
    for batch in _small_batches(documents):
        command = {
            "find": where.collection,
            "filter": OpaqueDocument(_any_id_of(batch)),
            "batchSize": len(batch),
            "singleBatch": True,
        }
        reply = inserter.connection.raw_command(where.database, command)
        yield from split_documents(slice_reply(bytes(reply.raw)).documents)


def _small_batches(documents: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for document in documents:
        if batch and size + len(document) > LOOK_UP_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document)
    if batch:
        yield batch


def _any_id_of(documents: Sequence[bytes]) -> bytes:
    """Build ``{_id: {$in: [...]}}``, the values as they are."""
    ids = [id_element(d) for d in documents]
    head = 1 + len(_NAME)
    values = (own[:1] + f"{n}\0".encode() + own[head:] for n, own in enumerate(ids))
    any_of = document_of(b"\x04$in\0" + document_of(*values))
    return document_of(b"\x03" + _NAME + any_of)


def _is_same(ours: bytes, theirs: bytes | None) -> bool:
    if theirs is None:
        return False
    stored = as_stored(ours)
    if stored == theirs:
        return True
    return has_empty_timestamp(stored) and _timeless(theirs, stored) == stored


def as_stored(document: bytes) -> bytes:
    """Return a document as the server keeps it: with its ``_id`` in front.

    Source: MongoDB manual, "Documents": the ``_id`` field is always the first.
    """
    own_id = id_element(document)
    if document[4 : 4 + len(own_id)] == own_id:
        return document
    rest = [document[e.start : e.end] for e in elements(document) if e.name != b"_id"]
    return document_of(own_id, *rest)


def _timeless(theirs: bytes, ours: bytes) -> bytes:
    """Return their document with those timestamps emptied that are empty in ours."""
    if len(theirs) != len(ours):
        return theirs
    made = bytearray(theirs)
    for element in elements(ours):
        span = slice(element.value, element.end)
        if element.kind == _TIMESTAMP and ours[span] == bytes(8):
            made[span] = bytes(8)
    return bytes(made)
