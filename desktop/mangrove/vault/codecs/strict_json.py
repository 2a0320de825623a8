"""Writing JSON that is always the same, and reading it so that a hostile text can only fail."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import NoReturn, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)
MAX_INTEGER = 2**63 - 1
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class MalformedDocumentError(ValueError):
    """Raised when a JSON document is not what its format says; codecs turn it into theirs."""


def encode_document(value: Mapping[str, object]) -> bytes:
    """Return JSON with sorted names, one to a line, in UTF-8."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def encode_moment(moment: datetime) -> str:
    """Write an aware moment as ISO 8601 in UTC with microseconds."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone is not written")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def encode_duration(duration: timedelta) -> float:
    """Write a duration as seconds."""
    return duration.total_seconds()


def decode_document(data: bytes, limit_bytes: int) -> "Node":
    """Read one JSON document.

    Raises:
        MalformedDocumentError: If it is too large, too deep, not UTF-8, not JSON, or names
            anything twice.
    """
    if len(data) > limit_bytes:
        raise MalformedDocumentError(f"it is larger than {limit_bytes} bytes")
    try:
        value: object = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise MalformedDocumentError("it is nested too deeply") from None
    except ValueError as error:
        raise MalformedDocumentError(f"it is not JSON: {str(error).partition(':')[0]}") from None
    return Node(value, "document")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise MalformedDocumentError("it names a field twice")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedDocumentError(f"{name} is not a JSON number")


@dataclass(frozen=True, slots=True)
class Node:
    """A value inside a document, and the way to it for error messages."""

    value: object
    path: str

    def fail(self, problem: str) -> NoReturn:
        """Raise MalformedDocumentError about this value."""
        raise MalformedDocumentError(f"{self.path} {problem}")

    def record(self, names: Collection[str], optional: Collection[str] = ()) -> "Record":
        """Read an object with exactly these fields, and perhaps the optional ones."""
        found = self.fields()
        if found.keys() - set(optional) != set(names):
            strange = ", ".join(sorted(found.keys() - set(optional) ^ set(names))[:5])
            self.fail(f"lacks fields or has strange ones: {strange!r}")
        return Record({name: Node(value, f"{self.path}.{name}") for name, value in found.items()})

    def fields(self) -> dict[str, object]:
        """Read an object with any fields."""
        if not isinstance(self.value, dict):
            self.fail("is not an object")
        return self.value

    def items(self) -> "tuple[Node, ...]":
        """Read a list."""
        if not isinstance(self.value, list):
            self.fail("is not a list")
        return tuple(Node(item, f"{self.path}[{i}]") for i, item in enumerate(self.value))

    def text(self) -> str:
        """Read a text."""
        if not isinstance(self.value, str):
            self.fail("is not a text")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            self.fail("is not valid Unicode")
        return self.value

    def matching(self, pattern: re.Pattern[str]) -> str:
        """Read a text of a fixed shape."""
        text = self.text()
        return text if pattern.fullmatch(text) else self.fail("has not the right form")

    def texts(self) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(item.text() for item in self.items())

    def optional_text(self) -> str | None:
        """Read a text or null."""
        return None if self.value is None else self.text()

    def integer(self, least: int = 0) -> int:
        """Read a whole number of at most 63 bits."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.fail("is not a whole number")
        if not least <= self.value <= MAX_INTEGER:
            self.fail("is out of range")
        return self.value

    def optional_number(self) -> float | None:
        """Read a finite number or null."""
        if self.value is None:
            return None
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.fail("is not a number")
        try:
            number = float(self.value)
        except OverflowError:
            self.fail("is out of range")
        return number if isfinite(number) else self.fail("is out of range")

    def flag(self) -> bool:
        """Read true or false."""
        return self.value if isinstance(self.value, bool) else self.fail("is not true or false")

    def choice(self, kind: type[Choice]) -> Choice:
        """Read one of a closed set of words."""
        text = self.text()
        return kind(text) if text in list(kind) else self.fail(f"is not one of {list(kind)}")

    def moment(self) -> datetime:
        """Read a moment as ``encode_moment`` writes it."""
        text = self.matching(_MOMENT)
        try:
            return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
        except ValueError:
            self.fail("is no moment in time")

    def duration(self) -> timedelta:
        """Read a duration as ``encode_duration`` writes it."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.fail("is not a number of seconds")
        try:
            return timedelta(seconds=self.value)
        except (OverflowError, ValueError):
            self.fail("is out of range")


@dataclass(frozen=True, slots=True)
class Record:
    """An object whose field names have been checked."""

    nodes: dict[str, Node]

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def get(self, name: str) -> Node | None:
        """Return an optional field, None when it is not there."""
        return self.nodes.get(name)
