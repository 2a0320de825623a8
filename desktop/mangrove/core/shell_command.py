"""Database commands as a person pastes them into mongosh.

Source: MongoDB manual, "mongosh" (data types) and "db.runCommand"; the forms are those that the
older ``mongo`` shell takes as well.
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

DATABASE = "$db"
_LARGEST_MS = 8_640_000_000_000_000
"""Source: ECMAScript, "Time Values": further from 1970 no ``Date`` can be."""
Fields: TypeAlias = Mapping[str, object]


def shell_command(canonical: str) -> str:
    """Write a command for the shell.

    Args:
        canonical: The command as canonical extended JSON; ``$db`` names its database.
    """
    command = json.loads(canonical)
    database = json.dumps(command.pop(DATABASE), ensure_ascii=False)
    return f"db.getSiblingDB({database}).runCommand({_text(command)})"


def _text(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    write = _TYPES.get(frozenset(value))
    if write is not None:
        return write(value)
    fields = (f"{json.dumps(n, ensure_ascii=False)}: {_text(v)}" for n, v in value.items())
    return f"{{{', '.join(fields)}}}"


def _called(name: str, field: str) -> Callable[[Fields], str]:
    return lambda value: f"{name}({json.dumps(value[field], ensure_ascii=False)})"


def _number(value: Fields) -> str:
    return str(*value.values())


def _date(value: Fields) -> str:
    inner = value["$date"]
    ms = int(str(*inner.values())) if isinstance(inner, dict) else 0
    return f"new Date({ms})" if abs(ms) <= _LARGEST_MS else _text(inner)


def _inner(value: Fields) -> Fields:
    (inner,) = value.values()
    return inner if isinstance(inner, dict) else {}


def _binary(value: Fields) -> str:
    inner = _inner(value)
    return f"BinData({int(str(inner['subType']), 16)}, {json.dumps(inner['base64'])})"


def _timestamp(value: Fields) -> str:
    inner = _inner(value)
    return f"Timestamp({inner['t']}, {inner['i']})"


def _expression(value: Fields) -> str:
    inner = _inner(value)
    return f"RegExp({json.dumps(inner['pattern'])}, {json.dumps(inner['options'])})"


def _scoped(value: Fields) -> str:
    return f"Code({json.dumps(value['$code'])}, {_text(value['$scope'])})"


def _pointer(value: Fields) -> str:
    inner = _inner(value)
    return f"DBPointer({json.dumps(inner['$ref'])}, {_text(inner['$id'])})"


# Source: MongoDB specification "Extended JSON", version 2, canonical.
_TYPES: Mapping[frozenset[str], Callable[[Fields], str]] = {
    frozenset({"$numberInt"}): _number,
    frozenset({"$numberDouble"}): _number,
    frozenset({"$numberLong"}): _called("NumberLong", "$numberLong"),
    frozenset({"$numberDecimal"}): _called("NumberDecimal", "$numberDecimal"),
    frozenset({"$oid"}): _called("ObjectId", "$oid"),
    frozenset({"$symbol"}): lambda value: json.dumps(value["$symbol"], ensure_ascii=False),
    frozenset({"$code"}): _called("Code", "$code"),
    frozenset({"$code", "$scope"}): _scoped,
    frozenset({"$date"}): _date,
    frozenset({"$binary"}): _binary,
    frozenset({"$timestamp"}): _timestamp,
    frozenset({"$regularExpression"}): _expression,
    frozenset({"$dbPointer"}): _pointer,
    frozenset({"$minKey"}): lambda _: "MinKey()",
    frozenset({"$maxKey"}): lambda _: "MaxKey()",
    frozenset({"$undefined"}): lambda _: "undefined",
}
