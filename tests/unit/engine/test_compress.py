import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from isal import igzip

from mangrove.core.backup import Compression
from mangrove.core.errors import BackupTruncatedError, CorruptBackupError, MangroveError
from mangrove.engine.stages.compress import compressed, decompressed

PACKED = (Compression.ZSTD, Compression.GZIP)
EXAMPLE = b"".join(b"document %d " % n for n in range(5000))
LIMIT_BYTES = 200 << 20

chunks = st.lists(st.binary(max_size=300), max_size=30)


def pack(content: bytes, compression: Compression) -> bytes:
    return b"".join(compressed([content], compression))


def unpack(data: bytes, compression: Compression, piece: int = 1 << 20) -> bytes:
    pieces = (data[start : start + piece] for start in range(0, len(data), piece))
    return b"".join(decompressed(pieces, compression))


@given(chunks, st.sampled_from(Compression), st.integers(min_value=1, max_value=500))
def test_what_is_packed_unpacks_whatever_the_borders(
    parts: list[bytes], compression: Compression, piece: int
) -> None:
    packed = b"".join(compressed(parts, compression))

    assert unpack(packed, compression, piece) == b"".join(parts)


def test_ordinary_programs_read_what_is_packed() -> None:
    frame = zstandard.ZstdDecompressor().decompressobj()
    assert frame.decompress(pack(EXAMPLE, Compression.ZSTD)) == EXAMPLE
    assert igzip.decompress(pack(EXAMPLE, Compression.GZIP)) == EXAMPLE
    assert pack(EXAMPLE, Compression.NONE) == EXAMPLE


@pytest.mark.parametrize("compression", PACKED)
def test_every_compression_shrinks_what_repeats_itself(compression: Compression) -> None:
    assert len(pack(EXAMPLE, compression)) < len(EXAMPLE) / 3


@pytest.mark.parametrize("compression", PACKED)
@given(data=st.data())
def test_an_end_that_comes_too_early_is_noticed(
    compression: Compression, data: st.DataObject
) -> None:
    whole = pack(EXAMPLE, compression)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))

    with pytest.raises(BackupTruncatedError):
        unpack(whole[:cut], compression)


@pytest.mark.parametrize("compression", PACKED)
@pytest.mark.parametrize("rubbish", [b"x", b"\0" * 10, b"x" * 300_000])
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_something_after_the_end_is_refused(
    compression: Compression, rubbish: bytes, piece: int
) -> None:
    whole = pack(EXAMPLE[:100], compression)
    pieces = itertools.chain([whole], (rubbish[i : i + piece] for i in range(0, 5, piece)))

    with pytest.raises(CorruptBackupError):
        list(decompressed(pieces, compression))
    with pytest.raises(CorruptBackupError):
        unpack(whole + rubbish, compression)


@pytest.mark.parametrize("compression", PACKED)
def test_a_second_frame_after_the_first_is_refused(compression: Compression) -> None:
    whole = pack(EXAMPLE, compression)

    with pytest.raises(CorruptBackupError):
        unpack(whole + whole, compression)


@pytest.mark.parametrize("compression", PACKED)
@given(data=st.data())
def test_a_flipped_bit_never_passes_for_other_content(
    compression: Compression, data: st.DataObject
) -> None:
    whole = bytearray(pack(EXAMPLE, compression))
    # the first ten bytes of gzip hold a time and a system that nobody checks
    place = data.draw(st.integers(min_value=10, max_value=len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(min_value=0, max_value=7))

    try:
        unpacked = unpack(bytes(whole), compression)
    except (BackupTruncatedError, CorruptBackupError):
        return
    assert unpacked == EXAMPLE  # a few bits of zstd only say the same in another way


def test_other_bytes_are_refused() -> None:
    for compression in PACKED:
        with pytest.raises(MangroveError):
            unpack(b"this was never compressed", compression)


@pytest.mark.parametrize("compression", PACKED)
def test_a_failure_upstream_leaves_a_stream_that_is_not_whole(compression: Compression) -> None:
    def breaks() -> Iterator[bytes]:
        yield EXAMPLE
        raise ConnectionResetError

    stored = bytearray()

    def store() -> None:
        for piece in compressed(breaks(), compression):
            stored.extend(piece)

    with pytest.raises(ConnectionResetError):
        store()
    with pytest.raises(BackupTruncatedError):
        unpack(bytes(stored), compression)


def rle_bomb() -> bytes:
    """Return a zstd frame whose blocks of 4 bytes each unfold to 128 KiB.

    Source: RFC 8878, 3.1.1 (frame) and 3.1.1.2.2 (RLE_Block).
    """
    header = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x38"  # no size, no checksum, a window of 128 KiB
    size = 128 << 10
    block = ((size << 3) | (1 << 1)).to_bytes(3, "little") + b"a"
    return header + block * 16_000 + (1).to_bytes(3, "little")


@pytest.mark.slow
def test_a_bomb_unfolds_in_bounded_pieces() -> None:
    bomb = rle_bomb()  # 64 kB that become 2 GB
    largest = 0
    tracemalloc.start()
    try:
        for piece in itertools.islice(decompressed([bomb], Compression.ZSTD), 10):
            largest = max(largest, len(piece))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0 < largest <= 64 << 20
    assert peak < LIMIT_BYTES


@pytest.mark.slow
def test_a_gzip_bomb_unfolds_in_bounded_pieces() -> None:
    bomb = igzip.compress(bytes(200 << 20))
    pieces = decompressed([bomb], Compression.GZIP)

    assert max(map(len, itertools.islice(pieces, 10))) <= 80 << 20
