"""The typed values of Extended JSON: `{"$oid": …}` and its kind, turned into raw BSON values.

Source: MongoDB specification "Extended JSON", version 2: table "Conversion table" and section
"Parsing". `$regex`, `$options`, `$ref` and `$id` are no types here: they stay plain fields, as in
mongorestore, because a validator or a view may hold them as query operators.
"""

import math
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final, NamedTuple

from mangrove.engine import bson_walk
from mangrove.engine.decimal128 import decimal128_bytes

_pack_int32 = Struct("<i").pack
_pack_double = Struct("<d").pack
_pack_timestamp = Struct("<II").pack

_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,9})?")
_SPECIAL_DOUBLES: Final = ("Infinity", "-Infinity", "NaN")
_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{24}")
_SUBTYPE: Final = re.compile(r"[0-9a-fA-F]{1,2}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ISO_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UUID_SUBTYPE: Final = 4
_INT32_BITS: Final = 32
_INT64_BITS: Final = 64
_MAX_UINT32: Final = 2**32 - 1


class Value(NamedTuple):
    """One parsed value.

    Attributes:
        kind: BSON type byte.
        raw: BSON value bytes.
        members: The fields it was written with if it was an object in the text, else None.
    """

    kind: int
    raw: bytes
    members: Sequence[tuple[str, "Value"]] | None = None


Members = Mapping[str, Value]


def typed_value(members: Sequence[tuple[str, Value]]) -> Value | None:
    """Return the typed value an object stands for; None if it is a plain document.

    Only the first key decides, as in mongorestore.

    Raises:
        ValueError: If the object starts like a typed value and is none.
    """
    if not members or members[0][0] not in _TYPE_KEYS:
        return None
    by_name = dict(members)
    if len(by_name) != len(members) or (maker := _MAKERS.get(frozenset(by_name))) is None:
        raise ValueError(f"the fields beside {members[0][0]} do not belong there")
    value = maker(by_name)
    return Value(value.kind, value.raw, members)


def string_value(text: str) -> Value:
    """Return a BSON string.

    Raises:
        ValueError: If the text holds half a surrogate pair, which UTF-8 cannot express.
    """
    raw = text.encode() + b"\0"
    return Value(bson_walk.STRING, _pack_int32(len(raw)) + raw)


def number_value(text: str) -> Value:
    """Return the BSON number for a plain JSON number: int32, else int64, else double.

    Raises:
        ValueError: If it is too large for a double.
    """
    if _INTEGER.fullmatch(text):
        number = int(text)
        if _fits(number, _INT32_BITS):
            return Value(bson_walk.INT32, _pack_int32(number))
        if _fits(number, _INT64_BITS):
            return Value(bson_walk.INT64, number.to_bytes(8, "little", signed=True))
    return Value(bson_walk.DOUBLE, _pack_double(_finite(text)))


def document_bytes(members: Sequence[tuple[str, Value]]) -> bytes:
    """Return the BSON document of these fields, in this order.

    Raises:
        ValueError: If a name holds a zero character or half a surrogate pair.
    """
    parts = [b""]
    for name, value in members:
        parts.append(b"%c%b%b" % (value.kind, _c_string(name), value.raw))
    body = b"".join(parts)
    return _pack_int32(len(body) + 5) + body + b"\0"


def _fits(number: int, bits: int) -> bool:
    return -(1 << bits - 1) <= number < 1 << bits - 1


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number too large for a double")
    return number


def _c_string(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("a zero character in a name or pattern, which BSON cannot hold")
    return text.encode() + b"\0"


def _text(value: Value) -> str:
    if value.kind != bson_walk.STRING:
        raise ValueError("a string is missing in a typed value")
    return value.raw[4:-1].decode()


def _matching(value: Value, pattern: re.Pattern[str], what: str) -> str:
    text = _text(value)
    if pattern.fullmatch(text) is None:
        raise ValueError(f"not {what}")
    return text


def _fields(value: Value, *names: str) -> Members:
    """Return the fields of an inner object that must have exactly these, in any order."""
    if value.members is None or sorted(name for name, _ in value.members) != sorted(names):
        raise ValueError(f"not an object with exactly {' and '.join(names)}")
    return dict(value.members)


def _fixed_integer(value: Value, bits: int) -> bytes:
    number = int(_matching(value, _INTEGER, "a whole number"))
    if not _fits(number, bits):
        raise ValueError(f"a whole number that does not fit into {bits} bits")
    return number.to_bytes(bits // 8, "little", signed=True)


def _object_id(members: Members) -> Value:
    text = _matching(members["$oid"], _OBJECT_ID, "24 hexadecimal digits")
    return Value(bson_walk.OBJECT_ID, bytes.fromhex(text))


def _double(members: Members) -> Value:
    text = _text(members["$numberDouble"])
    if text in _SPECIAL_DOUBLES:
        return Value(bson_walk.DOUBLE, _pack_double(float(text)))
    return Value(
        bson_walk.DOUBLE,
        _pack_double(_finite(_matching(members["$numberDouble"], _DOUBLE, "a double"))),
    )


def _binary_value(payload: bytes, subtype: int) -> Value:
    if subtype == bson_walk.OLD_BINARY_SUBTYPE:
        payload = _pack_int32(len(payload)) + payload
    return Value(bson_walk.BINARY, b"%b%c%b" % (_pack_int32(len(payload)), subtype, payload))


def _binary(members: Members) -> Value:
    inner = _fields(members["$binary"], "base64", "subType")
    return _legacy_binary({"$binary": inner["base64"], "$type": inner["subType"]})


def _legacy_binary(members: Members) -> Value:
    subtype = int(_matching(members["$type"], _SUBTYPE, "a binary subtype"), 16)
    return _binary_value(b64decode(_text(members["$binary"]), validate=True), subtype)


def _uuid(members: Members) -> Value:
    text = _matching(members["$uuid"], _UUID, "a UUID")
    return _binary_value(bytes.fromhex(text.replace("-", "")), _UUID_SUBTYPE)


def _date(members: Members) -> Value:
    value = members["$date"]
    if value.kind == bson_walk.INT64 and value.members is not None:
        return Value(bson_walk.DATE, value.raw)
    moment = datetime.fromisoformat(_matching(value, _ISO_DATE, "a date"))
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return Value(bson_walk.DATE, milliseconds.to_bytes(8, "little", signed=True))


def _regex(members: Members) -> Value:
    inner = _fields(members["$regularExpression"], "pattern", "options")
    options = "".join(sorted(_text(inner["options"])))
    return Value(bson_walk.REGEX, _c_string(_text(inner["pattern"])) + _c_string(options))


def _db_pointer(members: Members) -> Value:
    inner = _fields(members["$dbPointer"], "$ref", "$id")
    if inner["$id"].kind != bson_walk.OBJECT_ID:
        raise ValueError("a database pointer without an object id")
    _text(inner["$ref"])
    return Value(bson_walk.DB_POINTER, inner["$ref"].raw + inner["$id"].raw)


def _code(members: Members) -> Value:
    _text(members["$code"])
    return Value(bson_walk.CODE, members["$code"].raw)


def _code_with_scope(members: Members) -> Value:
    scope = members["$scope"]
    if scope.kind != bson_walk.DOCUMENT:
        raise ValueError("a scope that is no document")
    raw = _code(members).raw + scope.raw
    return Value(bson_walk.CODE_WITH_SCOPE, _pack_int32(len(raw) + 4) + raw)


def _symbol(members: Members) -> Value:
    _text(members["$symbol"])
    return Value(bson_walk.SYMBOL, members["$symbol"].raw)


def _timestamp(members: Members) -> Value:
    inner = _fields(members["$timestamp"], "t", "i")
    return Value(bson_walk.TIMESTAMP, _pack_timestamp(_uint32(inner["i"]), _uint32(inner["t"])))


def _uint32(value: Value) -> int:
    number = int.from_bytes(value.raw, "little", signed=True)
    is_integer = value.kind in (bson_walk.INT32, bson_walk.INT64) and value.members is None
    if not is_integer or not 0 <= number <= _MAX_UINT32:
        raise ValueError("a timestamp part that is no unsigned 32-bit number")
    return number


def _only(value: Value, kind: int, raw: bytes) -> bytes:
    if (value.kind, value.raw, value.members) != (kind, raw, None):
        raise ValueError("a typed value with another content than the one it may have")
    return b""


def _key_maker(name: str, kind: int) -> Callable[[Members], Value]:
    return lambda members: Value(kind, _only(members[name], bson_walk.INT32, _pack_int32(1)))


def _integer_maker(name: str, kind: int, bits: int) -> Callable[[Members], Value]:
    return lambda members: Value(kind, _fixed_integer(members[name], bits))


def _undefined(members: Members) -> Value:
    return Value(bson_walk.UNDEFINED, _only(members["$undefined"], bson_walk.BOOLEAN, b"\1"))


def _decimal(members: Members) -> Value:
    return Value(bson_walk.DECIMAL128, decimal128_bytes(_text(members["$numberDecimal"])))


_MAKERS: Final[dict[frozenset[str], Callable[[Members], Value]]] = {
    frozenset(("$oid",)): _object_id,
    frozenset(("$numberInt",)): _integer_maker("$numberInt", bson_walk.INT32, _INT32_BITS),
    frozenset(("$numberLong",)): _integer_maker("$numberLong", bson_walk.INT64, _INT64_BITS),
    frozenset(("$numberDouble",)): _double,
    frozenset(("$numberDecimal",)): _decimal,
    frozenset(("$binary",)): _binary,
    frozenset(("$binary", "$type")): _legacy_binary,
    frozenset(("$uuid",)): _uuid,
    frozenset(("$date",)): _date,
    frozenset(("$regularExpression",)): _regex,
    frozenset(("$dbPointer",)): _db_pointer,
    frozenset(("$code",)): _code,
    frozenset(("$code", "$scope")): _code_with_scope,
    frozenset(("$symbol",)): _symbol,
    frozenset(("$timestamp",)): _timestamp,
    frozenset(("$undefined",)): _undefined,
    frozenset(("$minKey",)): _key_maker("$minKey", bson_walk.MIN_KEY),
    frozenset(("$maxKey",)): _key_maker("$maxKey", bson_walk.MAX_KEY),
}
_TYPE_KEYS: Final = frozenset().union(*_MAKERS) - {"$type"}
