"""Compression and decompression as pipeline stages, one frame or gzip member per blob."""

from collections.abc import Iterable, Iterator
from typing import Protocol, assert_never

import zstandard
from isal import igzip_lib, isal_zlib

from mangrove.core.backup import Compression
from mangrove.core.errors import BackupTruncatedError, CorruptBackupError

ZSTD_LEVEL = 1
GZIP_LEVEL = 2
_GZIP_WINDOW = 31  # zlib's largest window, with gzip header and trailer
_ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # isal 1.9's stub
_DAMAGED = (zstandard.ZstdError, _ISAL_ERROR)
# Bound what one call to a decompressor can unfold: an RLE block of 4 bytes becomes 128 KiB
# (RFC 8878, 3.1.1.2.2), and deflate packs at most 1032 to 1 (zlib manual, "Technical Details").
_ZSTD_PIECE = 2 << 10
_GZIP_PIECE = 64 << 10


class Packer(Protocol):
    """Packs what it is given piece by piece into one frame; ``flush`` ends the frame."""

    def compress(self, data: bytes, /) -> bytes:
        """Take some bytes; may return nothing yet."""
        ...

    def flush(self) -> bytes:
        """End the frame."""
        ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


class _Unpacker(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def compressed(chunks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """Pack a byte stream.

    Shapes: takes and yields ``bytes`` chunks of any length; their borders mean nothing.
    Errors: none of its own. If the upstream raises, the frame stays unfinished, so that a
        reader meets a truncated stream and never a short but valid one.
    Source: RFC 8878 (Zstandard frame format), RFC 1952 (gzip file format).
    """
    if compression is Compression.NONE:
        yield from chunks
    else:
        yield from _pack(chunks, packer_of(compression))


def packer_of(compression: Compression) -> Packer:
    """Return what packs one blob."""
    match compression:
        case Compression.NONE:
            return _Plain()
        case Compression.ZSTD:
            return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
        case Compression.GZIP:
            return isal_zlib.compressobj(level=GZIP_LEVEL, wbits=_GZIP_WINDOW)
        case _:
            assert_never(compression)


def decompressed(chunks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """Unpack a byte stream.

    Raises:
        BackupTruncatedError: If the stream ends before its frame does.
        CorruptBackupError: If the frame is damaged or something follows it.
    """
    match compression:
        case Compression.NONE:
            yield from chunks
        case Compression.ZSTD:
            frame = zstandard.ZstdDecompressor().decompressobj()
            yield from _unpack(chunks, frame, _ZSTD_PIECE)
        case Compression.GZIP:
            member = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
            yield from _unpack(chunks, member, _GZIP_PIECE)
        case _:
            assert_never(compression)


def _pack(chunks: Iterable[bytes], packer: Packer) -> Iterator[bytes]:
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _unpack(chunks: Iterable[bytes], unpacker: _Unpacker, piece_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), piece_bytes):
            if unpacker.eof:
                raise CorruptBackupError("a blob holds something after its compressed content")
            try:
                plain = unpacker.decompress(chunk[start : start + piece_bytes])
            except _DAMAGED as error:
                raise CorruptBackupError("a blob's compressed content is damaged") from error
            if plain:
                yield plain
    if not unpacker.eof:
        raise BackupTruncatedError("a blob ends before its compressed content does")
    if unpacker.unused_data:
        raise CorruptBackupError("a blob holds something after its compressed content")
