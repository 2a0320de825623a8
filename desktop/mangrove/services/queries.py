"""Queries as a person types them, for backups that hold a part of a collection only."""

import re

from mangrove.core.backup import CollectionQuery
from mangrove.core.namespace import Namespace
from mangrove.engine.extended_json_write import to_canonical
from mangrove.engine.queries import query_bytes

_OPTION = re.compile(r"(.+?)=(\s*\{.*)", re.DOTALL)


def collection_query(namespace: Namespace, text: str) -> CollectionQuery:
    """Return a query for a collection, in canonical form.

    Raises:
        InvalidSelectionError: If the text is no document.
    """
    return CollectionQuery(namespace, to_canonical(query_bytes(text)))


def parse_query(option: str) -> CollectionQuery:
    """Read ``DATABASE.COLLECTION=JSON``; names may hold an equals sign, JSON begins with ``{``.

    Raises:
        InvalidSelectionError: If it has not that form, or the JSON is no document.
    """
    if found := _OPTION.fullmatch(option):
        return collection_query(Namespace.parse(found[1]), found[2])
    name, _, text = option.partition("=")
    return collection_query(Namespace.parse(name), text)
