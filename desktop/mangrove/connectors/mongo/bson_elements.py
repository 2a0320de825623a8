"""Walks over the elements of a BSON document without decoding them."""

from collections.abc import Iterator
from dataclasses import dataclass

# Source: bsonspec.org, version 1.1: type byte to size of the value.
_FIXED = {
    0x01: 8,
    0x06: 0,
    0x07: 12,
    0x08: 1,
    0x09: 8,
    0x0A: 0,
    0x10: 4,
    0x11: 8,
    0x12: 8,
    0x13: 16,
    0x7F: 0,
    0xFF: 0,
}
_STRINGS = frozenset({0x02, 0x0D, 0x0E})
_WITH_WHOLE_LENGTH = frozenset({0x03, 0x04, 0x0F})
_BINARY, _REGEX, _DB_POINTER = 0x05, 0x0B, 0x0C
SMALLEST_DOCUMENT = 5


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a document: type byte, name, and where it and its value lie."""

    kind: int
    name: bytes
    start: int
    value: int
    end: int


def elements(document: bytes, start: int = 0) -> Iterator[Element]:
    """Yield the top-level elements of one BSON document, in order.

    Args:
        document: Bytes that hold the document.
        start: Where in them it begins; positions count from the first byte.

    Raises:
        ValueError: If the bytes are no BSON.
    """
    at = start + 4
    while document[at]:
        name_end = document.index(0, at + 1)
        end = _value_end(document, document[at], name_end + 1)
        yield Element(document[at], document[at + 1 : name_end], at, name_end + 1, end)
        at = end


def find_element(document: bytes, name: bytes) -> Element | None:
    """Return the first top-level element of that name."""
    return next((e for e in elements(document) if e.name == name), None)


def id_element(document: bytes) -> bytes:
    """Return the raw ``_id`` element (type, name, value); empty when there is none."""
    found = find_element(document, b"_id")
    return document[found.start : found.end] if found else b""


def id_of_anything(document: bytes) -> bytes:
    """Return the ``_id`` element of what may be no BSON at all; empty where there is none."""
    try:
        return id_element(document)
    except (ValueError, IndexError):
        return b""


def int32_at(data: bytes, at: int) -> int:
    """Return the little-endian int32 at a position."""
    return int.from_bytes(data[at : at + 4], "little", signed=True)


def _value_end(data: bytes, kind: int, at: int) -> int:
    if (size := _FIXED.get(kind)) is not None:
        return at + size
    if kind in _STRINGS:
        return at + 4 + _length(data, at, 1)
    if kind in _WITH_WHOLE_LENGTH:
        return at + _length(data, at, SMALLEST_DOCUMENT)
    if kind == _BINARY:
        return at + 5 + _length(data, at, 0)
    if kind == _REGEX:
        return data.index(0, data.index(0, at) + 1) + 1
    if kind == _DB_POINTER:
        return at + 4 + _length(data, at, 1) + 12
    raise ValueError(f"type {kind:#04x} is no BSON type")


def _length(data: bytes, at: int, least: int) -> int:
    """Return a stated length; a negative one would lead back, and round and round."""
    length = int32_at(data, at)
    if not least <= length <= len(data):
        raise ValueError(f"the value at byte {at} has an impossible length of {length}")
    return length
