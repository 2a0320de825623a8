"""Whole BSON documents as bytes: made of elements, and many in one piece, which travels fastest."""

from collections.abc import Iterator, Sequence
from typing import overload

from typing_extensions import override

_FRAME_BYTES = 5


class DocumentBatch(Sequence[bytes]):
    """Documents one after the other in one piece; taken apart only when one is asked for.

    A restore makes one for each insert command and hardly ever looks inside: a Python object for
    each document would cost more than everything else that is done with it.

    Attributes:
        joined: The documents' bytes, without anything between them.
    """

    __slots__ = ("_count", "_split", "joined")

    def __init__(self, joined: bytes, count: int) -> None:
        """Take documents that lie one after the other; ``count`` is how many they are."""
        self.joined = joined
        self._count = count
        self._split: list[bytes] | None = None

    @override
    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    @override
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        return self._documents()[index]

    @override
    def __iter__(self) -> Iterator[bytes]:
        return iter(self._documents())

    def _documents(self) -> list[bytes]:
        if self._split is None:
            self._split = split_documents(self.joined)
        return self._split


def batch_of(documents: Sequence[bytes]) -> DocumentBatch:
    """Return documents as one piece of bytes."""
    if isinstance(documents, DocumentBatch):
        return documents
    return DocumentBatch(b"".join(documents), len(documents))


def split_documents(chunk: bytes) -> list[bytes]:
    """Return the whole documents that a chunk holds, one after the other.

    Source: BSON specification 1.1: a document starts with its length, little-endian int32.
    """
    found, at = [], 0
    while at < len(chunk):
        end = at + int.from_bytes(chunk[at : at + 4], "little", signed=True)
        found.append(chunk[at:end])
        at = end
    return found


def document_of(*elements: bytes) -> bytes:
    """Build a document from raw elements, one after the other.

    Source: BSON specification 1.1: length, elements, and a zero byte.
    """
    body = b"".join(elements)
    return (len(body) + _FRAME_BYTES).to_bytes(4, "little") + body + b"\0"


def raw_element(kind: int, name: bytes, value: bytes) -> bytes:
    """Build an element from its type byte, its name and its value."""
    return bytes([kind]) + name + b"\0" + value
