"""Users and roles as BSON documents: read for names and databases, never for credentials.

Source: MongoDB manual, "system.users Collection" and "system.roles Collection".
"""

from collections.abc import Iterable, Iterator

from mangrove.core.accounts import Account, AccountKind
from mangrove.core.errors import MalformedBsonError
from mangrove.engine.bson_walk import ARRAY, DOCUMENT, INT32, INT64, STRING, elements

_AUTH_SCHEMA = b"authSchema"


def account_of(document: bytes, kind: AccountKind) -> Account:
    """Return which user or role a document describes.

    Raises:
        MalformedBsonError: If it has no name or no database.
    """
    fields = {name: (tag, value) for tag, name, value in elements(document)}
    name, database = _text(fields, kind.value.encode()), _text(fields, b"db")
    if name is None or database is None:
        raise MalformedBsonError(f"a {kind} has no name or no database")
    return Account(kind, database, name, frozenset(_databases(fields)) - {database})


def auth_schema_of(documents: Iterable[bytes]) -> int | None:
    """Return what the ``authSchema`` document of ``system.version`` says, None without one."""
    for document in documents:
        fields = {name: (tag, value) for tag, name, value in elements(document)}
        if _text(fields, b"_id") == _AUTH_SCHEMA.decode():
            tag, value = fields.get(b"currentVersion", (0, b""))
            return int.from_bytes(value, "little", signed=True) if tag in (INT32, INT64) else None
    return None


def _databases(fields: dict[bytes, tuple[int, bytes]]) -> Iterator[str]:
    """Yield every database that granted roles or privileges name."""
    for item in _documents(fields, b"roles"):
        yield _text(item, b"db") or ""
    for item in _documents(fields, b"privileges"):
        tag, resource = item.get(b"resource", (0, b""))
        if tag == DOCUMENT:
            inner = {name: (kind, value) for kind, name, value in elements(resource)}
            yield _text(inner, b"db") or ""


def _documents(
    fields: dict[bytes, tuple[int, bytes]], name: bytes
) -> Iterator[dict[bytes, tuple[int, bytes]]]:
    tag, value = fields.get(name, (0, b""))
    if tag != ARRAY:
        return
    for kind, _, item in elements(value):
        if kind == DOCUMENT:
            yield {field: (inner, raw) for inner, field, raw in elements(item)}


def _text(fields: dict[bytes, tuple[int, bytes]], name: bytes) -> str | None:
    tag, value = fields.get(name, (0, b""))
    return value[4:-1].decode(errors="replace") if tag == STRING else None
