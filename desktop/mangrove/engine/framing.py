"""Byte streams cut into whole BSON documents.

Shapes: a *chunk* here is `bytes` holding one or more whole documents, one after the other.
Source: BSON specification 1.1: a document starts with its own length, little-endian int32, and
ends with a zero byte.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

from mangrove.core.errors import MalformedBsonError
from mangrove.engine.bson_walk import (
    MIN_DOCUMENT_BYTES,
    value_end,
    value_start,
    whole_document_end,
)

MAX_DOCUMENT_BYTES: Final = 16_793_600
"""Largest document met in the wild: 16 MiB for users plus 16 KiB the server keeps for itself.

Source: `BSONObjMaxInternalSize` in the server; oplog entries reach it.
"""

DEFAULT_CHUNK_BYTES: Final = 1 << 20

_unpack_length = Struct("<i").unpack_from


def document_chunks(
    chunks: Iterable[bytes], target_bytes: int = DEFAULT_CHUNK_BYTES
) -> Iterator[bytes]:
    """Cut a byte stream anew, so that every chunk holds whole documents only.

    Args:
        chunks: The stream; its borders mean nothing and empty pieces are welcome.
        target_bytes: No chunk is larger, except for a larger document, which travels alone.

    Yields:
        Chunks that joined together are the stream, byte for byte.

    Raises:
        MalformedBsonError: For an impossible length, a missing closing zero, or an end in the
            middle of a document. The offset counts from the start of the stream. What was yielded
            before is sound.
    """
    held: list[bytes] = []
    held_bytes, wanted, base = 0, target_bytes, 0
    for piece in chunks:
        held.append(piece)
        held_bytes += len(piece)
        if held_bytes < wanted:
            continue
        data = b"".join(held)
        cut = 0
        for stop in _cuts(data, target_bytes, base):
            yield data[cut:stop]
            cut = stop
        base += cut
        rest = data[cut:]
        held, held_bytes = [rest], len(rest)
        wanted = max(target_bytes, _first_length(rest))
    yield from _last_chunks(b"".join(held), target_bytes, base)


def iter_documents(chunk: bytes) -> Iterator[bytes]:
    """Yield the documents of one chunk.

    Raises:
        MalformedBsonError: If the lengths do not add up to the chunk.
    """
    pos, end = 0, len(chunk)
    while pos < end:
        after = document_end(chunk, pos)
        yield chunk[pos:after]
        pos = after


def document_end(chunk: bytes, pos: int, base: int = 0) -> int:
    """Return where the document at ``pos`` stops; it must lie in the chunk as a whole.

    Raises:
        MalformedBsonError: If it does not, with ``base`` added to the offset.
    """
    if len(chunk) - pos < MIN_DOCUMENT_BYTES:
        raise _cut_short(base + pos)
    after = pos + _checked_length(chunk, pos, base)
    if after > len(chunk):
        raise _cut_short(base + pos)
    if chunk[after - 1] != 0:
        raise _not_closed(base + after - 1)
    return after


def element_of(document: bytes, name: bytes) -> bytes | None:
    """Return a top-level element's type byte followed by its raw value; None if it has none.

    With a name used twice, the first wins, as it does in the server.

    Raises:
        MalformedBsonError: If the document is damaged before the element.
    """
    end = whole_document_end(document)
    pos = 4
    while pos < end:
        start = value_start(document, pos, end)
        after = value_end(document, document[pos], start, end)
        if document[pos + 1 : start - 1] == name:
            return document[pos : pos + 1] + document[start:after]
        pos = after
    return None


def _cuts(data: bytes, target_bytes: int, base: int) -> Iterator[int]:
    """Yield the ends of the full chunks in ``data``; what is left may still grow.

    Every document of every restore and verification comes by here, so the loop calls nothing.
    """
    pos, cut, end = 0, 0, len(data)
    last, most = end - MIN_DOCUMENT_BYTES, target_bytes
    while pos <= last:
        length = _unpack_length(data, pos)[0]
        if length < MIN_DOCUMENT_BYTES or length > MAX_DOCUMENT_BYTES:
            raise _impossible(length, base + pos)
        after = pos + length
        if after > most and pos > cut:
            yield pos
            cut, most = pos, pos + target_bytes
        if after > end:
            return
        if data[after - 1]:
            raise _not_closed(base + after - 1)
        pos = after
        if pos >= most:
            yield pos
            cut, most = pos, pos + target_bytes


def _last_chunks(data: bytes, target_bytes: int, base: int) -> Iterator[bytes]:
    cut = 0
    for stop in _cuts(data, target_bytes, base):
        yield data[cut:stop]
        cut = stop
    pos = cut
    while pos < len(data):
        pos = document_end(data, pos, base)
    if cut < pos:
        yield data[cut:]


def _first_length(data: bytes) -> int:
    if len(data) < MIN_DOCUMENT_BYTES:
        return MIN_DOCUMENT_BYTES
    length: int = _unpack_length(data, 0)[0]
    return length


def _checked_length(data: bytes, pos: int, base: int) -> int:
    length: int = _unpack_length(data, pos)[0]
    if length < MIN_DOCUMENT_BYTES or length > MAX_DOCUMENT_BYTES:
        raise _impossible(length, base + pos)
    return length


def _impossible(length: int, offset: int) -> MalformedBsonError:
    return MalformedBsonError(
        f"a document at byte {offset} states an impossible length of {length}", offset=offset
    )


def _cut_short(offset: int) -> MalformedBsonError:
    return MalformedBsonError(
        f"the data ends in the middle of the document at byte {offset}", offset=offset
    )


def _not_closed(offset: int) -> MalformedBsonError:
    return MalformedBsonError(
        f"a document ends at byte {offset} without its closing zero", offset=offset
    )
