"""BSON documents as canonical Extended JSON v2 text, exactly as mongodump writes it.

Source: MongoDB specification "Extended JSON", version 2, canonical; the formatting of numbers and
strings is that of the Go driver's `bsonrw` extended JSON writer, which mongodump's metadata has.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from struct import Struct
from typing import Final

from mangrove.engine import bson_walk
from mangrove.engine.decimal128 import decimal128_text

_unpack_length = Struct("<i").unpack_from
_unpack_double = Struct("<d").unpack
_unpack_timestamp = Struct("<II").unpack

_NEEDS_ESCAPE: Final = re.compile('[\x00-\x1f"\\\\\u2028\u2029]')
_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_PLAIN_EXPONENTS: Final = range(-4, 6)
"""Decimal exponents that Go's shortest 'G' form writes without an `E` (strconv.FormatFloat)."""


def to_canonical(document: bytes) -> str:
    """Write one BSON document as one line of canonical Extended JSON.

    Key order and duplicate keys are kept; array keys, which carry nothing, are not. Bytes that are
    not UTF-8 become U+FFFD.

    Raises:
        MalformedBsonError: If the document is damaged.
    """
    bson_walk.validate_document(document)
    out: list[str] = ["{"]
    open_levels: list[tuple[int, bool, str]] = []
    pos, end, is_array, closing, separator = 4, len(document) - 1, False, "}", ""
    while True:
        if pos == end:
            out.append(closing)
            if not open_levels:
                return "".join(out)
            pos, separator = end + 1, ","
            end, is_array, closing = open_levels.pop()
            continue
        kind = document[pos]
        start = bson_walk.value_start(document, pos, end)
        out.append(separator)
        if not is_array:
            out.append(json_string(_text(document[pos + 1 : start - 1])) + ":")
        if kind in _OPENINGS:
            open_levels.append((end, is_array, closing))
            is_array = kind == bson_walk.ARRAY
            head, opening, closing = _OPENINGS[kind](document, start, end)
            out.append(opening)
            pos, end, separator = head + 4, head + _length(document, head) - 1, ""
        else:
            pos = bson_walk.value_end(document, kind, start, end)
            out.append(_VALUES[kind](document[start:pos]))
            separator = ","


def json_string(text: str) -> str:
    """Quote ``text`` as mongodump does: non-ASCII raw, controls and U+2028/2029 escaped."""
    return '"' + _NEEDS_ESCAPE.sub(_escape, text) + '"'


def double_text(value: float) -> str:
    """Write a double in the shortest form that reads back the same, in Go's notation.

    Source: Go `strconv.FormatFloat(value, 'G', -1, 64)`, with `.0` added to whole numbers.
    """
    shortest = repr(value)
    if shortest in _SPECIAL_DOUBLES:
        return _SPECIAL_DOUBLES[shortest]
    mantissa, _, exponent_text = shortest.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    exponent = int(exponent_text or "0") - len(fraction) + len(digits) - 1 if digits else 0
    digits = digits.rstrip("0") or "0"
    return ("-" if shortest[0] == "-" else "") + _go_notation(digits, exponent)


def _go_notation(digits: str, exponent: int) -> str:
    if exponent not in _PLAIN_EXPONENTS:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}E{exponent:+03d}"
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{whole}.{digits[exponent + 1 :] or '0'}"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _length(document: bytes, pos: int) -> int:
    length: int = _unpack_length(document, pos)[0]
    return length


def _string(raw: bytes) -> str:
    return json_string(_text(raw[4:-1]))


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _double(raw: bytes) -> str:
    return f'{{"$numberDouble":"{double_text(_unpack_double(raw)[0])}"}}'


def _binary(raw: bytes) -> str:
    subtype = raw[4]
    payload = raw[9:] if subtype == bson_walk.OLD_BINARY_SUBTYPE else raw[5:]
    encoded = b64encode(payload).decode("ascii")
    return f'{{"$binary":{{"base64":"{encoded}","subType":"{subtype:02x}"}}}}'


def _regex(raw: bytes) -> str:
    pattern, options, _ = raw.split(b"\0")
    flags = json_string("".join(sorted(_text(options))))
    return f'{{"$regularExpression":{{"pattern":{json_string(_text(pattern))},"options":{flags}}}}}'


def _timestamp(raw: bytes) -> str:
    increment, seconds = _unpack_timestamp(raw)
    return f'{{"$timestamp":{{"t":{seconds},"i":{increment}}}}}'


def _db_pointer(raw: bytes) -> str:
    reference, identifier = _string(raw[:-12]), raw[-12:].hex()
    return f'{{"$dbPointer":{{"$ref":{reference},"$id":{{"$oid":"{identifier}"}}}}}}'


def _open_document(_document: bytes, start: int, _end: int) -> tuple[int, str, str]:
    return start, "{", "}"


def _open_array(_document: bytes, start: int, _end: int) -> tuple[int, str, str]:
    return start, "[", "]"


def _open_scope(document: bytes, start: int, end: int) -> tuple[int, str, str]:
    scope = bson_walk.scope_start(document, start, end)
    return scope, f'{{"$code":{_string(document[start + 4 : scope])},"$scope":{{', "}}"


_SPECIAL_DOUBLES: Final = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
_OPENINGS: Final[dict[int, Callable[[bytes, int, int], tuple[int, str, str]]]] = {
    bson_walk.DOCUMENT: _open_document,
    bson_walk.ARRAY: _open_array,
    bson_walk.CODE_WITH_SCOPE: _open_scope,
}
_VALUES: Final[dict[int, Callable[[bytes], str]]] = {
    bson_walk.DOUBLE: _double,
    bson_walk.STRING: _string,
    bson_walk.BINARY: _binary,
    bson_walk.UNDEFINED: lambda _raw: '{"$undefined":true}',
    bson_walk.OBJECT_ID: lambda raw: f'{{"$oid":"{raw.hex()}"}}',
    bson_walk.BOOLEAN: lambda raw: "true" if raw[0] else "false",
    bson_walk.DATE: lambda raw: f'{{"$date":{{"$numberLong":"{_integer(raw)}"}}}}',
    bson_walk.NULL: lambda _raw: "null",
    bson_walk.REGEX: _regex,
    bson_walk.DB_POINTER: _db_pointer,
    bson_walk.CODE: lambda raw: f'{{"$code":{_string(raw)}}}',
    bson_walk.SYMBOL: lambda raw: f'{{"$symbol":{_string(raw)}}}',
    bson_walk.INT32: lambda raw: f'{{"$numberInt":"{_integer(raw)}"}}',
    bson_walk.TIMESTAMP: _timestamp,
    bson_walk.INT64: lambda raw: f'{{"$numberLong":"{_integer(raw)}"}}',
    bson_walk.DECIMAL128: lambda raw: f'{{"$numberDecimal":"{decimal128_text(raw)}"}}',
    bson_walk.MIN_KEY: lambda _raw: '{"$minKey":1}',
    bson_walk.MAX_KEY: lambda _raw: '{"$maxKey":1}',
}
