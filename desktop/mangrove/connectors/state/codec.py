"""Frozen core values to JSON and back, read strictly: whatever does not fit is refused."""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mangrove.core.secret import Secret

Value = TypeVar("Value")
_MICROSECOND = timedelta(microseconds=1)


class CodecError(ValueError):
    """A stored value is not what we wrote; the text says where, never what stood there."""


def encoded(value: object) -> str:
    """Return a core value as JSON.

    Raises:
        TypeError: If it holds a secret or a kind of value that has no JSON form here.
    """
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))


def decoded(kind: type[Value], text: str) -> Value:
    """Read back what ``encoded`` made of a value of this class.

    Raises:
        CodecError: If the text is no JSON, or a field is missing, unknown or of another type.
    """
    try:
        data = json.loads(text, parse_constant=_refused_constant)
    except (ValueError, RecursionError):
        raise CodecError("the record is not JSON") from None
    try:
        return cast(Value, _value(kind, data, kind.__name__))
    except OverflowError:
        raise CodecError(f"{kind.__name__} holds a number out of range") from None


def sortable(moment: datetime) -> str:
    """Write a moment so that its text sorts as its time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _refused_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case timedelta():
            return value // _MICROSECOND
        case tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type | Secret):
            return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} is not stored")


def _value(kind: object, data: object, place: str) -> object:
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _optional(get_args(kind), data, place)
    if origin is tuple:
        return _tuple(get_args(kind), data, place)
    if isinstance(kind, type):
        return _of_class(kind, data, place)
    raise TypeError(f"{place}: no way to read {kind}")


def _optional(kinds: tuple[object, ...], data: object, place: str) -> object:
    if data is None and type(None) in kinds:
        return None
    wanted = [kind for kind in kinds if kind is not type(None)]
    return _value(wanted[0], data, place)


def _tuple(kinds: tuple[object, ...], data: object, place: str) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise CodecError(f"{place} is not a list")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    if len(kinds) != len(data):
        raise CodecError(f"{place} has {len(data)} entries instead of {len(kinds)}")
    pairs = zip(kinds, data, strict=True)
    return tuple(_value(kind, item, f"{place}[{n}]") for n, (kind, item) in enumerate(pairs))


def _of_class(kind: type, data: object, place: str) -> object:
    if is_dataclass(kind):
        return _record(kind, data, place)
    if issubclass(kind, StrEnum):
        return _member(kind, data, place)
    if kind is datetime:
        return _moment(data, place)
    if kind is timedelta and type(data) is int:
        return data * _MICROSECOND
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is kind:  # exact, so that true is no 1
        return data
    raise CodecError(f"{place} is not of type {kind.__name__}")


def _record(kind: type, data: object, place: str) -> object:
    if not isinstance(data, dict):
        raise CodecError(f"{place} is not an object")
    known = {f.name: f for f in fields(kind)}
    if not known.keys() >= data.keys():
        raise CodecError(f"{place} has a field we do not know")
    missing = [name for name, field in known.items() if name not in data and _is_needed(field)]
    if missing:
        raise CodecError(f"{place} lacks {', '.join(missing)}")
    hints = _hints(kind)
    found = {n: _value(hints[n], item, f"{place}.{n}") for n, item in data.items()}
    return cast(object, kind(**found))


@cache
def _hints(kind: type) -> Mapping[str, object]:
    """Return the types of a class's fields; to work them out takes longer than to read a value."""
    return get_type_hints(kind)


def _is_needed(field: Field[object]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _member(kind: type[StrEnum], data: object, place: str) -> StrEnum:
    try:
        return kind(str(data))
    except ValueError:
        raise CodecError(f"{place} is none of {', '.join(kind)}") from None


def _moment(data: object, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(data) if isinstance(data, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CodecError(f"{place} is not a moment with its time zone")
    return moment.astimezone(UTC)
