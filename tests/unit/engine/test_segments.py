from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mangrove.engine.segments import SegmentCutter

chunks = st.lists(st.binary(max_size=40), max_size=40)
limits = st.integers(min_value=1, max_value=100)


@given(chunks, limits)
def test_segments_joined_are_the_stream_and_keep_the_limit(parts: list[bytes], limit: int) -> None:
    cutter = SegmentCutter(parts, limit)
    segments = []
    for segment in cutter.segments():
        held = list(segment)
        assert cutter.segment_bytes == sum(map(len, held))
        segments.append(held)

    assert b"".join(b"".join(s) for s in segments) == b"".join(parts)
    for held in segments:
        assert held
        assert len(held) == 1 or sum(map(len, held)) <= limit


@given(chunks, limits)
def test_a_segment_is_only_cut_when_the_next_chunk_would_not_fit(
    parts: list[bytes], limit: int
) -> None:
    segments = [list(s) for s in SegmentCutter(parts, limit).segments()]

    for held, following in pairwise(segments):
        assert sum(map(len, held)) + len(following[0]) > limit


def test_no_documents_make_no_segment() -> None:
    assert [list(s) for s in SegmentCutter([]).segments()] == []
    assert [list(s) for s in SegmentCutter([b"", b""]).segments()] == []


def test_chunks_are_taken_one_at_a_time() -> None:
    taken: list[int] = []

    def stream() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"x" * 10

    segments = SegmentCutter(stream(), 30).segments()
    list(next(segments))

    assert len(taken) == 4  # three inside, and the one that did not fit
