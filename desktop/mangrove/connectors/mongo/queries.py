"""Queries of a filtered dump: which collections take one, and what the server thinks of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.errors import ExecutionTimeout, OperationFailure, PyMongoError

from mangrove.connectors.mongo.bson_elements import elements
from mangrove.connectors.mongo.client import RAW, Connection
from mangrove.connectors.mongo.error_map import server_words, while_working
from mangrove.connectors.mongo.listing import TIME_SERIES, VIEW, Listed
from mangrove.connectors.mongo.raw_reply import OpaqueDocument
from mangrove.core.documents import document_of
from mangrove.core.errors import InvalidSelectionError, MangroveError
from mangrove.core.namespace import Namespace

META = b"meta"
_SCAN = "COLLSCAN"


@dataclass(frozen=True, slots=True)
class Filter:
    """A query as it is asked of the collection that holds the documents.

    Attributes:
        scans: Whether no index helps it, so that the server goes through the whole collection.
    """

    query: bytes
    scans: bool


def filters_of(
    queries: Mapping[Namespace, bytes], chosen: Iterable[Listed]
) -> dict[Namespace, bytes]:
    """Return what each queried collection's documents are found with, where they are stored.

    Raises:
        InvalidSelectionError: If a collection is not dumped at all, or its kind takes no query.
    """
    found = {listed.namespace: listed for listed in chosen}
    for namespace in queries:
        if namespace not in found:
            raise InvalidSelectionError(
                f"there is a query for {namespace}, which is not selected; nothing was read",
                namespace=str(namespace),
            )
    return {n: filter_for(found[n], query) for n, query in queries.items()}


def filter_for(listed: Listed, query: bytes) -> bytes:
    """Return a query as it is asked of the collection that holds the documents.

    Source: mongo-tools, mongodump (timeseries.go): a time series is filtered by whole buckets,
    so only its metaField can be asked for; inside the buckets it is called ``meta``.

    Raises:
        InvalidSelectionError: If it is a view, or asks a time series for anything else.
    """
    if listed.kind == VIEW:
        raise InvalidSelectionError(
            f"{listed.namespace} is a view: its definition is dumped, no documents; "
            "nothing was read",
            hint="put the query on the collection that the view stands on",
        )
    if listed.kind != TIME_SERIES:
        return query
    meta = _meta_field(listed)
    parts = []
    for element in elements(query):
        if not meta or (element.name != meta and not element.name.startswith(meta + b".")):
            raise _refused_time_series(listed, meta)
        name = META + element.name[len(meta) :]
        value = query[element.value : element.end]
        parts.append(bytes([element.kind]) + name + b"\0" + value)
    return document_of(*parts)


def planned_filter(connection: Connection, where: Namespace, query: bytes) -> Filter:
    """Let the server plan a query without running it.

    Raises:
        InvalidSelectionError: With the server's words, if it does not understand it.
    """
    find = {"find": where.collection, "filter": OpaqueDocument(query)}
    try:
        told = connection.run(where.database, {"explain": find, "verbosity": "queryPlanner"})
    except PyMongoError as error:
        raise refusal(error, connection.hosts, where) from error
    return Filter(query, is_scan(told))


def is_scan(explained: Mapping[str, Any]) -> bool:
    """Whether a query that was explained goes through the whole collection; False if unsure.

    Source: MongoDB manual, "Explain Results": a plan is a chain of stages, the innermost one
    reads; MongoDB 5.1 and newer may put it below ``queryPlan`` (slot-based engine). A plan with
    branches (``inputStages``) is by indexes, and so is CLUSTERED_IXSCAN. Measured on 4.4, 5.0, 6.0.
    """
    plan = explained.get("queryPlanner", {}).get("winningPlan", {})
    stage = plan.get("queryPlan", plan)
    while "inputStage" in stage:
        stage = stage["inputStage"]
    return bool(stage.get("stage") == _SCAN)


def count(connection: Connection, namespace: Namespace, query: bytes, limit_ms: int) -> int | None:
    """Count what matches; None when it takes longer than the limit."""
    command = {
        "count": namespace.collection,
        "query": OpaqueDocument(query),
        "maxTimeMS": limit_ms,
    }
    try:
        return int(connection.run(namespace.database, command)["n"])
    except ExecutionTimeout:
        return None
    except PyMongoError as error:
        raise refusal(error, connection.hosts, namespace) from error


def refusal(error: PyMongoError, hosts: str, where: Namespace) -> MangroveError:
    """Return our error; what the server says of a query is about what the person typed."""
    ours = while_working(error, hosts)
    if not (isinstance(error, OperationFailure) and ours.code == "source"):
        return ours
    said = server_words(error)
    return InvalidSelectionError(
        f"the server does not take the query of {where}: {said}; nothing was read",
        namespace=str(where),
    )


def _meta_field(listed: Listed) -> bytes:
    series = RawBSONDocument(listed.options, RAW).get("timeseries")
    return str(series.get("metaField", "")).encode() if series is not None else b""


def _refused_time_series(listed: Listed, meta: bytes) -> InvalidSelectionError:
    what = (
        f"can be filtered by its metaField {meta.decode()} only, without $and and the like"
        if meta
        else "has no metaField, so it cannot be filtered"
    )
    return InvalidSelectionError(
        f"{listed.namespace} is a time series and {what}; nothing was read",
        namespace=str(listed.namespace),
    )
