"""Extended JSON v2 text read into BSON bytes, with nothing lost on the way.

Key order and duplicate keys stay. Canonical form is expected; plain JSON numbers and ISO dates,
which older tools and people write, are understood too. The parser keeps its own stack, so that no
text can exhaust Python's.

Source: RFC 8259 (JSON); MongoDB specification "Extended JSON", version 2.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from mangrove.core.errors import MalformedBsonError, MalformedMetadataError
from mangrove.engine import bson_walk
from mangrove.engine.extended_json_values import (
    Value,
    document_bytes,
    number_value,
    string_value,
    typed_value,
)

_MAX_TEXT_CHARACTERS: Final = 256 << 20
_MAX_NUMBER_CHARACTERS: Final = 1100
_DEEPEST_TYPED_VALUE: Final = 3
_MAX_TEXT_DEPTH: Final = bson_walk.MAX_DEPTH + _DEEPEST_TYPED_VALUE

_SPACE: Final = re.compile(r"[ \t\n\r]*+")
_STRING: Final = re.compile(
    r'"((?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+)"',
)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_ESCAPES: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4})++|\\.")
_SHORT_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final = {
    "true": Value(bson_walk.BOOLEAN, b"\1"),
    "false": Value(bson_walk.BOOLEAN, b"\0"),
    "null": Value(bson_walk.NULL, b""),
}


def from_extended(text: str) -> bytes:
    """Read one Extended JSON object into one BSON document.

    Raises:
        MalformedMetadataError: With the position, counted in characters, of what is wrong.
    """
    if len(text) > _MAX_TEXT_CHARACTERS:
        raise MalformedMetadataError(f"a JSON text of {len(text)} characters is too long")
    value = _read(_Scanner(text))
    if value.kind != bson_walk.DOCUMENT:
        raise _refusal("the text holds no document", 0)
    try:
        bson_walk.validate_document(value.raw)
    except MalformedBsonError as error:
        raise MalformedMetadataError(f"the text makes no document: {error}") from error
    return value.raw


def _read(scanner: "_Scanner") -> Value:
    frames: list[_Frame] = []
    while True:
        if frame := scanner.opened():
            if len(frames) >= _MAX_TEXT_DEPTH:
                raise _refusal("objects are nested too deeply", frame.position)
            if not scanner.took(frame.closing):
                frames.append(frame)
                scanner.read_name(frame)
                continue
            value = frame.closed()
        else:
            value = scanner.scalar()
        while frames:
            frame = frames[-1]
            frame.add(value)
            if scanner.took(","):
                scanner.read_name(frame)
                break
            scanner.expect(frame.closing)
            value = frames.pop().closed()
        else:
            scanner.expect_end()
            return value


def _refusal(what: str, position: int) -> MalformedMetadataError:
    return MalformedMetadataError(f"{what}, at character {position}", position=position)


@dataclass(slots=True)
class _Frame:
    """An object or array whose end has not been read yet."""

    closing: str
    position: int
    name: str = ""
    members: list[tuple[str, Value]] = field(default_factory=list)

    def add(self, value: Value) -> None:
        name = self.name if self.closing == "}" else str(len(self.members))
        self.members.append((name, value))

    def closed(self) -> Value:
        try:
            if self.closing == "]":
                return Value(bson_walk.ARRAY, document_bytes(self.members))
            return typed_value(self.members) or Value(
                bson_walk.DOCUMENT, document_bytes(self.members), self.members
            )
        except ValueError as error:
            raise _refusal(_reason(error), self.position) from error


class _Scanner:
    """The text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pos = 0

    def took(self, mark: str) -> bool:
        """Step over ``mark`` if it comes next."""
        self._skip_space()
        if not self._text.startswith(mark, self._pos):
            return False
        self._pos += len(mark)
        return True

    def expect(self, mark: str) -> None:
        """Step over ``mark``, which must come next."""
        if not self.took(mark):
            raise _refusal(f"'{mark}' is missing", self._pos)

    def expect_end(self) -> None:
        """Refuse anything but space in the rest of the text."""
        self._skip_space()
        if self._pos != len(self._text):
            raise _refusal("something follows after the end of the document", self._pos)

    def opened(self) -> _Frame | None:
        """Step over an opening bracket if one comes next."""
        self._skip_space()
        position = self._pos
        if self.took("{"):
            return _Frame("}", position)
        return _Frame("]", position) if self.took("[") else None

    def read_name(self, frame: _Frame) -> None:
        """Read the name of the next member, and the colon; array items have none."""
        if frame.closing == "}":
            self._skip_space()
            frame.name = self._string()
            self.expect(":")

    def scalar(self) -> Value:
        """Read a string, number, true, false or null."""
        start = self._pos
        try:
            if self._text.startswith('"', start):
                return string_value(self._string())
            if number := _NUMBER.match(self._text, start):
                self._pos = number.end()
                return number_value(_short_number(number[0]))
        except ValueError as error:
            raise _refusal(_reason(error), start) from error
        for word, value in _WORDS.items():
            if self.took(word):
                return value
        raise _refusal("a value is missing or not understood", start)

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._pos)
        self._pos = found.end() if found else self._pos

    def _string(self) -> str:
        found = _STRING.match(self._text, self._pos)
        if found is None:
            raise _refusal("a string is missing, unfinished or wrongly escaped", self._pos)
        self._pos = found.end()
        return _ESCAPES.sub(_unescaped, found[1]) if "\\" in found[1] else found[1]


def _unescaped(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] != "u":
        return _SHORT_ESCAPES.get(escape[1], escape[1])
    units = bytes.fromhex(escape.replace("\\u", ""))
    return units.decode("utf-16-be", "surrogatepass")


def _short_number(text: str) -> str:
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise ValueError("a number with too many digits")
    return text


def _reason(error: ValueError) -> str:
    if isinstance(error, UnicodeError):
        return "text with half a surrogate pair"
    return str(error)
