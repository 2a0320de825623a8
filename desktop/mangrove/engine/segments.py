"""Cuts a collection's documents into segments of bounded size."""

from collections.abc import Iterable, Iterator

SEGMENT_BYTES = 256 << 20


class SegmentCutter:
    """Hands out one segment after the other from a stream of document chunks.

    Shapes: takes chunks of whole BSON documents; each segment is an iterator over such chunks
        and holds at most ``limit`` bytes, unless a single chunk is larger.

    Each segment must be used up before the next is asked for.
    """

    def __init__(self, chunks: Iterable[bytes], limit: int = SEGMENT_BYTES) -> None:
        self._chunks = iter(chunks)
        self._limit = limit
        self._held: bytes | None = None
        self.segment_bytes = 0

    def segments(self) -> Iterator[Iterator[bytes]]:
        """Yield segments; none at all when there are no documents."""
        while self._peek() is not None:
            self.segment_bytes = 0
            yield self._segment()

    def _peek(self) -> bytes | None:
        while not self._held:
            try:
                self._held = next(self._chunks)
            except StopIteration:
                return None
        return self._held

    def _segment(self) -> Iterator[bytes]:
        while (chunk := self._peek()) is not None:
            if self.segment_bytes and self.segment_bytes + len(chunk) > self._limit:
                return
            self._held = None
            self.segment_bytes += len(chunk)
            yield chunk
