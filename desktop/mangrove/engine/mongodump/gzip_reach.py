"""How far broken gzip data can be unpacked, for people who have to decide what it is worth."""

import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

MOST_BYTES: Final = 1 << 30
"""Larger files are not read a second time only to say where they break."""
_PACKED_BYTES: Final = 16 << 10
_PLAIN_BYTES: Final = 64 << 10
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(slots=True)
class Reach:
    """Where the data break.

    Attributes:
        packed_bytes: How much of the file was used, to about 16 KiB.
        content_bytes: What that was unpacked to.
        is_cut: Whether the data end too early, and are sound as far as they go.
    """

    packed_bytes: int = 0
    content_bytes: int = 0
    is_cut: bool = True


def reach_of(file: BinaryIO) -> Reach:
    """Unpack a file from its beginning until it breaks; nothing is kept.

    Source: RFC 1952, section 2.2 (members follow each other); zero padding as GNU gzip takes it.
    """
    file.seek(0)
    reach = Reach()
    member = zlib.decompressobj(_GZIP)
    while packed := file.read(_PACKED_BYTES):
        while packed:
            if member.eof and not (packed := packed.lstrip(b"\0")):
                break
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            try:
                reach.content_bytes += len(member.decompress(packed, _PLAIN_BYTES))
            except zlib.error:
                reach.is_cut = False
                return reach
            packed = member.unconsumed_tail or member.unused_data
        reach.packed_bytes = file.tell()
    return reach
