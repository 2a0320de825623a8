"""Takes a raw find or getMore reply apart by hand, and packs documents for raw inserts.

Touching the batch through ``RawBSONDocument`` would build one object per document, holding the
interpreter lock; slicing costs next to nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import bson

from mangrove.connectors.mongo.bson_elements import elements, find_element, int32_at

_ARRAY_FRAME = 5  # the array's own length and its closing zero
_ELEMENT_FRAME = 2  # type byte and the zero after the key
_INT64 = 0x12


@dataclass(frozen=True, slots=True)
class RawBatch:
    """One reply's worth of documents, one after the other.

    Attributes:
        cursor_id: 0 once the cursor is exhausted.
        count: How many documents.
        resume_token: Where a new cursor would go on behind them, as BSON; empty if not told.
    """

    cursor_id: int
    documents: bytes
    count: int
    resume_token: bytes = b""


class OpaqueDocument:
    """A whole BSON document that pymongo sends as it is.

    The encoder knows raw documents by ``_type_marker`` and takes their ``raw`` bytes. Costs a
    fifth of constructing a ``RawBSONDocument``, which parses the length again.
    """

    __slots__ = ("raw",)
    _type_marker = 101  # Source: pymongo, bson/raw_bson.py, _RAW_BSON_DOCUMENT_MARKER

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


def slice_reply(reply: bytes) -> RawBatch:
    """Find batch and cursor id in a reply.

    Source: MongoDB "find/getMore/OP_MSG" specification: ``cursor`` holds ``firstBatch`` or
    ``nextBatch``, ``id`` and ``ns``.

    Raises:
        ValueError: If it is no cursor reply.
    """
    cursor = find_element(reply, b"cursor")
    if cursor is None:
        raise ValueError("the reply holds no cursor")
    view = memoryview(reply)  # a copy of each batch would cost as much as reading it
    cursor_id, batch, token = 0, view[:0], b""
    for element in elements(reply, cursor.value):
        if element.name in (b"firstBatch", b"nextBatch"):
            batch = view[element.value : element.end]
        elif element.name == b"id" and element.kind == _INT64:
            cursor_id = int.from_bytes(reply[element.value : element.end], "little", signed=True)
        elif element.name == b"postBatchResumeToken":
            token = reply[element.value : element.end]
    joined = join_array(batch) if batch else b""
    count = count_in_array(len(batch), len(joined)) if batch else 0
    return RawBatch(cursor_id, joined, count, token)


def join_plainly(array: bytes | memoryview) -> bytes:
    """Join the documents of a BSON array: the supported, slower way."""
    view, text, parts, at = memoryview(array), bytes(array), [], 4
    while text[at]:
        start = text.index(0, at + 1) + 1
        at = start + int32_at(text, start)
        parts.append(view[start:at])
    return b"".join(parts)


def fast_join() -> Callable[[bytes | memoryview], bytes] | None:
    """Return pymongo's private C function that joins an array's documents, if it is there."""
    native = getattr(bson, "_cbson", None)
    found: Callable[[bytes | memoryview], bytes] | None = getattr(
        native, "_array_of_documents_to_buffer", None
    )
    return found


join_array: Callable[[bytes | memoryview], bytes] = fast_join() or join_plainly


def count_in_array(array_bytes: int, joined_bytes: int) -> int:
    """Return how many documents an array holds, from what its keys "0", "1", … take."""
    left = array_bytes - _ARRAY_FRAME - joined_bytes
    count, digits, of_this_length = 0, 1, 10
    while left > 0:
        each = _ELEMENT_FRAME + digits
        here = min(of_this_length, left // each)
        if not here:
            raise ValueError("the batch is no array of documents")
        count, left = count + here, left - here * each
        digits, of_this_length = digits + 1, 9 * 10**digits
    return count
