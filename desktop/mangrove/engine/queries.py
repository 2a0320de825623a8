"""Queries that a person types as extended JSON: read strictly, kept as canonical text."""

from mangrove.core.backup import CollectionQuery, Selection
from mangrove.core.errors import InvalidSelectionError, MalformedMetadataError
from mangrove.core.namespace import Namespace
from mangrove.engine.extended_json_read import from_extended
from mangrove.engine.extended_json_write import to_canonical

_HINT = 'write a document such as {"status": "open"}; names need double quotes'


def query_bytes(text: str) -> bytes:
    """Return a query as BSON, its fields in the order they were written.

    Args:
        text: Strict extended JSON v2, canonical or relaxed.

    Raises:
        InvalidSelectionError: With the position of what is wrong.
    """
    try:
        return from_extended(text)
    except MalformedMetadataError as error:
        raise InvalidSelectionError(
            f"the query is not understood: {error.message}", hint=_HINT, **error.details
        ) from error


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
    name, _, text = option.partition("={")
    if not text:
        name, _, text = option.partition("=")
        return collection_query(Namespace.parse(name), text)
    return collection_query(Namespace.parse(name), "{" + text)


def queries_of(selection: Selection) -> dict[Namespace, bytes]:
    """Return a selection's queries as a source takes them."""
    return {query.namespace: query_bytes(query.text) for query in selection.queries}
