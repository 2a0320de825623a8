"""Queries as extended JSON, read strictly into BSON."""

from mangrove.core.backup import Selection
from mangrove.core.errors import InvalidSelectionError, MalformedMetadataError
from mangrove.core.namespace import Namespace
from mangrove.engine.extended_json_read import from_extended

HINT = 'write a document such as {"status": "open"}; names need double quotes'


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
            f"the query is not understood: {error.message}", hint=HINT, **error.details
        ) from error


def queries_of(selection: Selection) -> dict[Namespace, bytes]:
    """Return a selection's queries as a source takes them."""
    return {query.namespace: query_bytes(query.text) for query in selection.queries}
