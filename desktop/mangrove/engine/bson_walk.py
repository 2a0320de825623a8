"""BSON taken apart element by element, and the strict check of a whole document.

Nothing here builds Python values: it finds where things begin and end. Damage is met with an error
that names the offset, never with recursion or a second pass over the same bytes.

Source: BSON specification 1.1 (bsonspec.org); nesting limit of the server, 200 levels
(`BSONDepth::kDefaultMaxAllowableDepth` in the server; users are promised 100).
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final

from mangrove.core.errors import MalformedBsonError

MAX_DEPTH: Final = 200
MIN_DOCUMENT_BYTES: Final = 5

DOUBLE: Final = 0x01
STRING: Final = 0x02
DOCUMENT: Final = 0x03
ARRAY: Final = 0x04
BINARY: Final = 0x05
UNDEFINED: Final = 0x06
OBJECT_ID: Final = 0x07
BOOLEAN: Final = 0x08
DATE: Final = 0x09
NULL: Final = 0x0A
REGEX: Final = 0x0B
DB_POINTER: Final = 0x0C
CODE: Final = 0x0D
SYMBOL: Final = 0x0E
CODE_WITH_SCOPE: Final = 0x0F
INT32: Final = 0x10
TIMESTAMP: Final = 0x11
INT64: Final = 0x12
DECIMAL128: Final = 0x13
MIN_KEY: Final = 0xFF
MAX_KEY: Final = 0x7F

OLD_BINARY_SUBTYPE: Final = 2
"""Binary subtype whose payload starts with a second, inner length (BSON 1.1, `subtype`)."""

_unpack_length = Struct("<i").unpack_from
_OBJECT_ID_BYTES: Final = 12
_MIN_CODE_WITH_SCOPE: Final = 4 + 5 + 5

_FIXED_BYTES: Final[dict[int, int]] = {
    DOUBLE: 8,
    UNDEFINED: 0,
    OBJECT_ID: _OBJECT_ID_BYTES,
    DATE: 8,
    NULL: 0,
    INT32: 4,
    TIMESTAMP: 8,
    INT64: 8,
    DECIMAL128: 16,
    MIN_KEY: 0,
    MAX_KEY: 0,
}


def validate_document(document: bytes, *, check_utf8: bool = False) -> None:
    """Refuse anything that is not exactly one well-formed BSON document.

    Takes time in proportion to the length and no stack. Array keys and the order of regular
    expression options are not looked at: a server stores them as they come, and so do we.

    Args:
        document: The bytes of one document.
        check_utf8: Whether names and strings must be valid UTF-8. Servers do store text that is
            not, so a backup of it is whole; ask for this only where the text will be read.

    Raises:
        MalformedBsonError: With the offset of the damage.
    """
    end = whole_document_end(document)
    pos = 4
    open_ends: list[int] = []
    while True:
        if not check_utf8:
            pos = _skip_simple(document, pos, end)
        kind = document[pos]
        if pos == end:
            if not open_ends:
                return
            pos += 1
            end = open_ends.pop()
            continue
        start = value_start(document, pos, end)
        if check_utf8:
            _check_text(document, pos + 1, start - 1)
        if kind in _NESTED_HEADS:
            pos, inner = _enter(document, kind, start, end)
            if len(open_ends) + 1 >= MAX_DEPTH:
                raise MalformedBsonError(
                    f"documents are nested more than {MAX_DEPTH} levels deep", offset=pos
                )
            if check_utf8 and kind == CODE_WITH_SCOPE:
                _check_text(document, start + 8, pos - 5)
            open_ends.append(end)
            end = inner
        else:
            pos = value_end(document, kind, start, end)
            if check_utf8:
                _check_value_text(document, kind, start, pos)


def whole_document_end(document: bytes) -> int:
    """Return the position of the closing zero of a document that fills ``document`` exactly.

    Raises:
        MalformedBsonError: If the stated length is not the real one, or the last byte is not zero.
    """
    size = len(document)
    if size < MIN_DOCUMENT_BYTES:
        raise MalformedBsonError(f"{size} bytes are too few for a document", offset=0)
    stated: int = _unpack_length(document, 0)[0]
    if stated != size:
        raise MalformedBsonError(f"a document states {stated} bytes but has {size}", offset=0)
    if document[size - 1] != 0:
        raise MalformedBsonError("a document does not end with a zero byte", offset=size - 1)
    return size - 1


def elements(document: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the top-level elements in order as (type, name, raw value).

    Nested values are skipped by their stated length and not looked into.

    Raises:
        MalformedBsonError: If the top level does not add up.
    """
    end = whole_document_end(document)
    pos = 4
    while pos < end:
        kind = document[pos]
        start = value_start(document, pos, end)
        after = value_end(document, kind, start, end)
        yield kind, document[pos + 1 : start - 1], document[start:after]
        pos = after


def value_start(document: bytes, pos: int, end: int) -> int:
    """Return where the value of the element at ``pos`` starts: after its type byte and its name."""
    name_end = document.find(b"\0", pos + 1, end)
    if name_end < 0:
        raise MalformedBsonError("a field name runs over the end of its document", offset=pos + 1)
    return name_end + 1


def value_end(document: bytes, kind: int, start: int, end: int) -> int:
    """Return where a value stops, checked to lie within ``end`` (the enclosing closing zero).

    Documents and arrays are measured by their stated length only.

    Raises:
        MalformedBsonError: For an unknown type or a length that does not fit.
    """
    fixed = _FIXED_BYTES.get(kind)
    if fixed is None:
        measure = _MEASURES.get(kind)
        if measure is None:
            raise MalformedBsonError(f"element of unknown type 0x{kind:02x}", offset=start)
        return measure(document, start, end)
    if start + fixed > end:
        raise _too_long(start)
    return start + fixed


def nested_bounds(document: bytes, start: int, end: int) -> int:
    """Return the position of the closing zero of the document or array starting at ``start``.

    Raises:
        MalformedBsonError: If it does not fit into ``end`` or is not closed.
    """
    size = _length_at(document, start, end)
    if size < MIN_DOCUMENT_BYTES or start + size > end:
        raise _too_long(start)
    last = start + size - 1
    if document[last] != 0:
        raise MalformedBsonError("an inner document does not end with a zero byte", offset=last)
    return last


def scope_start(document: bytes, start: int, end: int) -> int:
    """Return where the scope document of the code-with-scope value at ``start`` begins.

    Raises:
        MalformedBsonError: If the three lengths of such a value do not add up.
    """
    size = _length_at(document, start, end)
    if size < _MIN_CODE_WITH_SCOPE or start + size > end:
        raise _too_long(start)
    scope = _string_end(document, start + 4, start + size)
    if nested_bounds(document, scope, start + size) != start + size - 1:
        raise MalformedBsonError("a code with scope has an unfitting scope", offset=scope)
    return scope


def _skip_simple(document: bytes, pos: int, end: int) -> int:
    """Step over sound strings and fixed-size values, most of any document, as fast as Python can.

    Stops without judging at everything else, and at anything odd: the careful loop has the word.
    """
    find, unpack, fixed_bytes = document.find, _unpack_length, _FIXED_BYTES
    while True:
        kind = document[pos]
        name_end = find(b"\0", pos + 1, end)
        if name_end < 0:
            return pos
        if kind == STRING and name_end + 5 < end:
            (size,) = unpack(document, name_end + 1)
            after: int = name_end + 5 + size
            if size < 1 or after > end or document[after - 1] != 0:
                return pos
        else:
            after = name_end + 1 + fixed_bytes.get(kind, end)
            if after > end:
                return pos
        pos = after


def _enter(document: bytes, kind: int, start: int, end: int) -> tuple[int, int]:
    head = scope_start(document, start, end) if kind == CODE_WITH_SCOPE else start
    return head + 4, nested_bounds(document, head, end)


def _length_at(document: bytes, pos: int, end: int) -> int:
    if pos + 4 > end:
        raise _too_long(pos)
    length: int = _unpack_length(document, pos)[0]
    return length


def _too_long(pos: int) -> MalformedBsonError:
    return MalformedBsonError(f"the value at offset {pos} has an impossible length", offset=pos)


def _string_end(document: bytes, start: int, end: int) -> int:
    size = _length_at(document, start, end)
    after = start + 4 + size
    if size < 1 or after > end:
        raise _too_long(start)
    if document[after - 1] != 0:
        raise MalformedBsonError("a string does not end with a zero byte", offset=after - 1)
    return after


def _nested_end(document: bytes, start: int, end: int) -> int:
    return nested_bounds(document, start, end) + 1


def _code_with_scope_end(document: bytes, start: int, end: int) -> int:
    return nested_bounds(document, scope_start(document, start, end), end) + 1


def _binary_end(document: bytes, start: int, end: int) -> int:
    size = _length_at(document, start, end)
    after = start + 5 + size
    if size < 0 or after > end:
        raise _too_long(start)
    is_old = document[start + 4] == OLD_BINARY_SUBTYPE
    if is_old and _length_at(document, start + 5, after) != size - 4:
        raise MalformedBsonError("the two lengths of a binary differ", offset=start + 5)
    return after


def _boolean_end(document: bytes, start: int, end: int) -> int:
    if start >= end or document[start] > 1:
        raise MalformedBsonError("a boolean is neither true nor false", offset=start)
    return start + 1


def _regex_end(document: bytes, start: int, end: int) -> int:
    options = value_start(document, start - 1, end)
    return value_start(document, options - 1, end)


def _db_pointer_end(document: bytes, start: int, end: int) -> int:
    after = _string_end(document, start, end) + _OBJECT_ID_BYTES
    if after > end:
        raise _too_long(start)
    return after


def _check_text(document: bytes, start: int, stop: int) -> None:
    try:
        document[start:stop].decode()
    except UnicodeDecodeError as error:
        raise MalformedBsonError("a text is not valid UTF-8", offset=start + error.start) from error


def _check_value_text(document: bytes, kind: int, start: int, after: int) -> None:
    match kind:
        case 0x02 | 0x0D | 0x0E:
            _check_text(document, start + 4, after - 1)
        case 0x0C:
            _check_text(document, start + 4, after - _OBJECT_ID_BYTES - 1)
        case 0x0B:
            _check_text(document, start, after)
        case _:
            pass


_NESTED_HEADS: Final = frozenset((DOCUMENT, ARRAY, CODE_WITH_SCOPE))
_MEASURES: Final[dict[int, Callable[[bytes, int, int], int]]] = {
    STRING: _string_end,
    CODE: _string_end,
    SYMBOL: _string_end,
    DOCUMENT: _nested_end,
    ARRAY: _nested_end,
    BINARY: _binary_end,
    BOOLEAN: _boolean_end,
    REGEX: _regex_end,
    DB_POINTER: _db_pointer_end,
    CODE_WITH_SCOPE: _code_with_scope_end,
}
