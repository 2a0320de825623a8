"""The checksum of mongodump archives: CRC-64/XZ, as a signed number.

Source: mongo-tools `common/archive` (Go `hash/crc64`, table ECMA); the parameters are those of
CRC-64/XZ in the CRC RevEng catalogue, check value 0x995DC9BBDF1939FA.
"""

from typing import Final

from fastcrc import crc64

_SIGN_BIT: Final = 1 << 63
_MODULUS: Final = 1 << 64


def crc64_xz(data: bytes | memoryview, before: int = 0) -> int:
    """Return the checksum of what ``before`` is the checksum of, followed by ``data``."""
    return crc64.xz(data, before)


def as_int64(checksum: int) -> int:
    """Return an unsigned checksum as the signed number that stands in an archive."""
    return checksum - _MODULUS if checksum & _SIGN_BIT else checksum


def from_int64(stored: int) -> int:
    """Return the unsigned checksum that a signed number in an archive stands for."""
    return stored % _MODULUS
